"""The first event and field at which two episodes differ."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from types import NoneType
from typing import Any, NamedTuple, get_args

import msgspec

from ccgym.log import BODY
from ccgym.types import (
    UNCOMPARED,
    AnyEvent,
    Begin,
    End,
    Episode,
    GroupEvent,
    Model,
    RewardEvent,
    RuleEvent,
    StateEvent,
    ToolEvent,
)

NOTICED = ("ccgym", "plugins", "fitted")
"""Fields of `begin` that name what was installed: a difference is told, and looked for in the events that follow."""
_encode = msgspec.json.Encoder().encode
_PLAIN = {str, NoneType}
"""Types of which equal values are equal JSON."""
_ANY = ("arguments", "result", "patch", "clause", "found", "task", "target", "options")
"""Fields that hold any JSON."""


def _compared(of: Any) -> list[str]:
    """The fields of a kind of event that are compared, in that order."""
    names = [name for name in of.__struct_fields__ if name not in UNCOMPARED]
    return names if of is Begin else sorted(names, key="hash".__eq__)


_FIELDS: dict[Any, list[str]] = {of: _compared(of) for of in get_args(AnyEvent)}
_OWN = ("episode", "sample", "ids", "mask", "logprobs")
"""Fields that tell an episode from another one that went the same way."""
_OWNED = frozenset((Begin, Model, End))
"""Kinds of event that have more of these than `episode`, or a time."""
_told: dict[Any, Callable[[Any], Any]] = {
    of: attrgetter(*(name for name in _FIELDS[of] if name not in _OWN)) for of in _OWNED
}
_AFTER_OWN = b',"n":'
"""Where in a line the number of the episode is over."""


class Difference(NamedTuple):
    """Where two episodes part: the event as it was, as it is now, and the first field that differs."""

    old: Any
    """None where the record has no more events."""
    new: Any
    """None where the replay has no more events."""
    field: str
    """Dotted path; `event` where not even the kinds agree."""
    expected: Any
    found: Any

    @property
    def event(self) -> Any:
        """The event that is named: the recorded one, where there is one."""
        return self.new if self.old is None else self.old


def compare(old: Episode, new: Episode, grouped: Collection[str] = ()) -> Difference | None:
    """The first difference between a recorded episode and its replay, or None.

    Args:
        old: as recorded; where it has no `end`, it is compared as far as it goes.
        new: its replay.
        grouped: rewards that only a group has, which the replay of one episode has not yet.
    """
    recorded = old.events
    if grouped:
        recorded = [e for e in recorded if type(e) is not RewardEvent or e.name not in grouped]
    ended = old.end is not None
    for was, now in zip(recorded, new.events, strict=False):
        if type(was) is type(now) is End:  # whose seconds always differ
            now = msgspec.structs.replace(now, seconds=was.seconds)
        if was == now and _alike(was, now):
            continue
        found = difference(was, now)
        if found is not None:
            return found
    have, got = len(recorded), len(new.events)
    if have > got and ended:
        return Difference(recorded[got], None, "event", kind(recorded[got]), "nothing more")
    if got > have and ended:
        return Difference(None, new.events[have], "event", "nothing more", kind(new.events[have]))
    return None


def _alike(was: Any, now: Any) -> bool:
    """Whether equal events are equal JSON too: `1`, `1.0` and `true` are equal to Python, and are not the same."""
    of = type(was)
    if of is ToolEvent:
        return _encode((was.arguments, was.result)) == _encode((now.arguments, now.result))
    if of is Begin:
        return _encode(was.options) == _encode(now.options)
    if of is StateEvent or of is End:
        return _encode(was.patch) == _encode(now.patch)
    return of is not RuleEvent or type(was.found) in _PLAIN or _encode(was.found) == _encode(now.found)


def course_of(episode: Episode, lines: Sequence[bytes]) -> tuple[Any, bytes] | None:
    """The way that a recorded episode went, to the letter, but for its tokens: a replay of one is a replay of all that
    went the same way.

    Args:
        episode: as recorded.
        lines: of its log, one an event.

    Returns:
        None: it is like no other.
    """
    begin = episode.begin
    if begin.episode != begin.sample:
        return None
    told = []
    for event, line in zip(episode.events, lines, strict=True):
        of = type(event)
        if of in _OWNED:
            if of is Model and not _well_masked(event):
                return None
            told.append(_encode(_told[of](event)))
        else:
            told.append(line[line.index(_AFTER_OWN) : BODY])
    return tuple(map(type, episode.events)), b"\n".join(told)


def _well_masked(event: Model) -> bool:
    """Whether the mask is as a replay makes it: the context's tokens first, then the turn's."""
    context = event.mask.count(0)
    return event.mask == [0] * context + [1] * (len(event.ids) - context)


def same_json(a: Any, b: Any) -> bool:
    """Whether two values are the same JSON."""
    return _encode(a) == _encode(b)


def difference(old: Any, new: Any) -> Difference | None:
    """The first field in which two events differ: the state hash only where no other does, but for `begin`."""
    if type(old) is not type(new):
        return Difference(old, new, "event", kind(old), kind(new))
    for name in _FIELDS[type(old)]:
        a, b = getattr(old, name), getattr(new, name)
        if a is b:
            continue
        if name in NOTICED and type(old) is Begin:
            continue
        if name == "domain" and type(old) is Begin:
            a, b = {"name": a["name"]}, {"name": b["name"]}
        if a == b and (name not in _ANY or _encode(a) == _encode(b)):
            continue
        a, b = plain(a), plain(b)
        if _encode(a) != _encode(b):
            return Difference(old, new, *_inside(name, a, b))
    return None


def compare_group(old: GroupEvent, new: GroupEvent) -> Difference | None:
    """The first difference between what was recorded of a group as a whole, and what is found now."""
    return None if old == new else difference(old, new)


def _inside(path: str, a: Any, b: Any) -> tuple[str, Any, Any]:
    """The first place at which two JSON values differ, as a dotted path."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in [*a, *(key for key in b if key not in a)]:
            if key not in a or key not in b:
                return f"{path}.{key}", a.get(key), b.get(key)
            if _encode(a[key]) != _encode(b[key]):
                return _inside(f"{path}.{key}", a[key], b[key])
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            if _encode(left) != _encode(right):
                return _inside(f"{path}.{index}", left, right)
    return path, a, b


def plain(value: Any) -> Any:
    """JSON form, so that what was read and what was made compare alike."""
    return msgspec.json.decode(_encode(value))


def kind(event: Any) -> str:
    """What the log calls an event's kind."""
    return event.__struct_config__.tag
