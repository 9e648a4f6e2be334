"""Is a difference one of random draws? Found out by drawing again: the same step with other seeds."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import msgspec

from ccgym import seeds
from ccgym.backend import DomainBackend, make_backend
from ccgym.env import CcgymEnv
from ccgym.env.target import find_reference
from ccgym.errors import ToolError
from ccgym.plugins import registry
from ccgym.replay.comparing import Difference, plain
from ccgym.replay.playing import replay
from ccgym.types import Episode, StateEvent, ToolEvent, UserEvent

SAMPLES = 12
"""How often something is drawn again."""


def drawn(expected: Any, found: Any, samples: Sequence[Any]) -> bool:
    """Whether two JSON values differ only where other seeds would have given other values too.

    A number counts where it is about as far from the samples as they are from each other; a text where it is among them
    or, piece by piece, like them: of one of the same length, only characters that vary may differ.
    """
    rows = [list(_leaves(value)) for value in (expected, found, *samples)]
    rows = [rows[0], rows[1], *(row for row in rows[2:] if len(row) == len(rows[0]))]
    if len(rows) < 4 or len(rows[0]) != len(rows[1]) or rows[0] == rows[1]:
        return False
    return all(was == now or _like(was, [now, *others]) for was, now, *others in zip(*rows, strict=True))


def _like(was: Any, seen: list[Any]) -> bool:
    if all(value == seen[0] for value in seen):
        return False
    if isinstance(was, int | float) and not isinstance(was, bool):
        numbers = [value for value in seen if type(value) is type(was)]
        if not numbers:
            return False
        room = max(numbers) - min(numbers)  # a draw from a range that is not quite the same is a draw
        return min(numbers) - room <= was <= max(numbers) + room
    if was in seen:
        return type(was) in {type(value) for value in seen}
    if not isinstance(was, str) or any(not isinstance(text, str) or len(text) != len(was) for text in seen):
        return False
    return all(was[i] == seen[0][i] or any(text[i] != seen[0][i] for text in seen) for i in range(len(was)))


def _leaves(value: Any) -> Iterator[Any]:
    """Keys and values of a JSON tree, in an order that random ids do not change."""
    if isinstance(value, dict):
        for key, held in sorted(value.items(), key=lambda item: re.sub(r"\d", "0", item[0])):
            yield key
            yield from _leaves(held)
    elif isinstance(value, list):
        for held in value:
            yield from _leaves(held)
    else:
        yield value


def _ordered(patch: Any) -> Any:
    """A patch with its operations in an order that random ids do not change."""
    return sorted(patch or (), key=lambda op: (op["op"], re.sub(r"\d", "0", op["path"])))


def of_call(difference: Difference, old: Episode, new: Episode, env: CcgymEnv) -> bool:
    """Whether what a call answered, and did to the state, differs only in what the tool drew."""
    event: ToolEvent = difference.old
    backend = _before(event, old, env)
    if not isinstance(backend, DomainBackend):
        return False
    point, samples = backend.snapshot(), []
    for sample in range(SAMPLES):
        other = DomainBackend(env.domain, seeds.derive("drawn again", sample), env.task)
        other.restore(point)
        with contextlib.suppress(ToolError):
            samples.append([other.call(event.name, event.arguments, event.requestor), _ordered(other.changes)])
    return drawn(_came(event, old), _came(difference.new, new), plain(samples))


def _before(event: ToolEvent, old: Episode, env: CcgymEnv) -> Any:
    """The backend as it stood before a recorded call."""
    replay(old, env, until=max(event.step - 1, 0))
    backend = getattr(env.backend, "own", env.backend)
    done = -1 if event.step > 1 else max((e.n for e in env.episode.events), default=-1)
    for call in old.of(ToolEvent):
        if call.step == event.step and done < call.n < event.n:
            with contextlib.suppress(ToolError):
                backend.call(call.name, call.arguments, call.requestor)
    return backend


def _came(event: ToolEvent, episode: Episode) -> Any:
    following = episode.events[event.n + 1 : event.n + 2]
    patch = following[0].patch if following and type(following[0]) is StateEvent else None
    return plain([event.result, _ordered(patch)])


def of_init(env: CcgymEnv) -> bool:
    """Whether the init of the task that was played last draws anything."""
    return bool(getattr(make_backend(env.domain, env.task, 0, registry()), "seeded", False))


def of_target(old: Episode, new: Episode, env: CcgymEnv) -> bool:
    """Whether the target of the task differs only in what its reference drew."""
    was, now = old.begin.target, new.begin.target
    if was is None or now is None or was.patch is None or now.patch is None:
        return False
    samples = []
    for sample in range(SAMPLES):
        seed = seeds.derive("drawn again", sample)
        new_backend = partial(make_backend, env.domain, env.task, seed, registry())
        target = find_reference(env.domain, env.task, seed, DomainBackend, new_backend).target
        if target is not None:
            samples.append(_ordered(target.patch))
    return drawn(plain(_ordered(was.patch)), plain(_ordered(now.patch)), plain(samples))


def of_line(difference: Difference, old: Episode, env: CcgymEnv) -> bool:
    """Whether a customer's line differs only in what the customer drew."""
    line: UserEvent = difference.old
    samples = []
    for sample in range(SAMPLES):
        begin = msgspec.structs.replace(old.begin, seed=seeds.derive("drawn again", sample))
        replay(Episode([begin, *old.events[1:]]), env, until=line.step)
        said = [event for event in env.episode.of(UserEvent) if event.step == line.step]
        samples += [_said(said[-1])] if said else []
    return drawn(_said(line), _said(difference.new), samples)


def _said(line: UserEvent) -> Any:
    return [line.content, line.done, line.left]
