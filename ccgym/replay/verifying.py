"""Verifying: is what a replay gives event by event what was recorded, and if not, where do they part?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from ccgym.env import CcgymEnv
from ccgym.log import GroupLog, read_log
from ccgym.replay.playing import env_for, replay
from ccgym.scoring import Scorer
from ccgym.types import UNCOMPARED, Begin, End, Episode, RewardEvent

_NOTICED = ("ccgym", "plugins", "fitted")
"""Fields of `begin` that name what was installed: a difference is told, and looked for in the events that follow."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first place where a replay parts from the record."""

    path: str
    episode: int
    event: int
    """Number of the event, from 0."""
    kind: str
    field: str
    expected: Any
    found: Any
    cause: str = ""
    """What differs of what is installed, and probably is why."""

    def __str__(self) -> str:
        where = f"{self.path}#{self.episode} event {self.event} ({self.kind})"
        cause = f". Probably because {self.cause}" if self.cause else ""
        return f"{where}: {self.field} was {_short(self.expected)}, and is now {_short(self.found)}{cause}"


@dataclass(slots=True)
class Verified:
    """What a verification of one log file came to."""

    path: Path
    episodes: int = 0
    steps: int = 0
    divergence: Divergence | None = None
    notices: list[str] = field(default_factory=list)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else text[:157] + "…"


def verify(path: str | Path, *, only: int | None = None, envs: dict[Any, CcgymEnv] | None = None) -> Verified:
    """Re-execute the episodes of one log file and find the first event and field that differ.

    Args:
        path: a log file.
        only: the one episode to verify.
        envs: environments to reuse between files; filled as they are needed.

    Raises:
        EpisodeError: the file is broken. CcgymError: its domain is not installed.
    """
    log = read_log(path)
    done = Verified(log.path, notices=list(log.notices))
    envs = {} if envs is None else envs
    again: dict[int, Episode] = {}
    for number, episode in sorted(log.episodes.items()):
        if only is not None and number != only:
            continue
        begin = episode.begin
        perturb = (begin.options.get("perturb") or {}).get("asked")
        shape = [begin.options.get("weights"), begin.options.get("faults"), perturb]
        key = (begin.env, msgspec.json.encode(shape), begin.policy)
        env = envs.get(key) or envs.setdefault(key, env_for(begin))
        replay(episode, env)
        again[number] = env.episode
        done.episodes += 1
        done.steps += episode.steps
        done.divergence = _compare(log, number, episode, env.episode, done.notices)
        if done.divergence is not None:
            done.divergence = _because(done.divergence, episode, env.episode)
            return done
        if episode.end is None:
            done.notices.append(f"{log.path}#{number} is unfinished: verified as far as it goes")
    if only is None:
        done.divergence = _compare_group(log, again, envs)
        if done.divergence is not None:
            number = done.divergence.episode
            done.divergence = _because(done.divergence, log.episodes[number], again[number])
    return done


def _because(divergence: Divergence, old: Episode, new: Episode) -> Divergence:
    """The divergence with its likely cause."""
    return replace(divergence, cause="; ".join(_changes(old.begin, new.begin)))


def _compare(log: GroupLog, number: int, old: Episode, new: Episode, notices: list[str]) -> Divergence | None:
    grouped = {e.name for e in new.events if isinstance(e, RewardEvent)}
    recorded = [e for e in old.events if not (isinstance(e, RewardEvent) and e.name not in grouped)]
    if old.end is None:
        del recorded[len(new.events) :]
    for i, event in enumerate(recorded):
        if i >= len(new.events):
            return Divergence(str(log.path), number, event.n, _kind(event), "event", _kind(event), "nothing more")
        difference = _difference(event, new.events[i], notices)
        if difference is not None:
            return Divergence(str(log.path), number, event.n, _kind(event), *difference)
    if len(new.events) > len(recorded) and old.end is not None:
        extra = new.events[len(recorded)]
        return Divergence(str(log.path), number, extra.n, _kind(extra), "event", "nothing more", _kind(extra))
    return None


def _difference(old: Any, new: Any, notices: list[str]) -> tuple[str, Any, Any] | None:
    """Field, expected and found of the first difference between two events, or None."""
    if type(old) is not type(new):
        return "event", _kind(old), _kind(new)
    for name in old.__struct_fields__:
        if name in UNCOMPARED:
            continue
        a, b = getattr(old, name), getattr(new, name)
        if a == b and type(a) is type(b):
            continue
        a, b = _plain(a), _plain(b)
        if a == b:
            continue
        if isinstance(old, Begin) and (name in _NOTICED or (name == "domain" and a["digest"] != b["digest"])):
            for text in _changes(old, new):
                _notice(notices, text)
            continue
        return (name, a, b) if not isinstance(a, dict) or not isinstance(b, dict) else _inside(name, a, b)
    return None


def _changes(old: Begin, new: Begin) -> list[str]:
    """What was installed when an episode was recorded, and what is now: a sentence a difference."""
    told = []
    if old.ccgym != new.ccgym:
        told.append(f"ccgym was {old.ccgym}, and is {new.ccgym}")
    for name in sorted(old.plugins.keys() | new.plugins.keys()):
        was, now = (_installed(begin.plugins.get(name)) for begin in (old, new))
        if was != now:
            told.append(f"the plugin {name} was {was}, and is {now}")
    if old.domain["digest"] != new.domain["digest"]:
        was, now = (f"{begin.domain['version']} ({begin.domain['digest'][:12]})" for begin in (old, new))
        told.append(f"the domain {old.domain['name']} was {was}, and is {now}")
    for name in sorted(old.fitted.keys() | new.fitted.keys()):
        if old.fitted.get(name) != new.fitted.get(name):
            told.append(f"what the reward {name} has fitted on the domain is not the same")
    return told


def _installed(plugin: dict[str, str] | None) -> str:
    return "not there" if plugin is None else f"{plugin['version']} ({plugin['digest'][:12]})"


def _inside(path: str, a: dict[str, Any], b: dict[str, Any]) -> tuple[str, Any, Any]:
    """The first key at which two objects differ, as a dotted path."""
    for key in [*a, *(key for key in b if key not in a)]:
        if a.get(key) != b.get(key):
            left, right = a.get(key), b.get(key)
            if isinstance(left, dict) and isinstance(right, dict):
                return _inside(f"{path}.{key}", left, right)
            return f"{path}.{key}", left, right
    return path, a, b


def _compare_group(log: GroupLog, again: dict[int, Episode], envs: dict[Any, CcgymEnv]) -> Divergence | None:
    """Score the group anew and compare the rewards that only a group has."""
    ended = all(isinstance(e.end, End) for e in again.values())
    if not again or log.group is None or not ended:
        return None
    scorer: Scorer = next(iter(envs.values())).scorer
    numbers = sorted(again)
    for env in envs.values():
        if env.episode is again[numbers[-1]]:
            scorer = env.scorer
    scored = scorer.score_group([again[number] for number in numbers])
    for number, events in zip(numbers, scored.events, strict=True):
        old = {e.name: e for e in log.episodes[number].events if isinstance(e, RewardEvent)}
        for result in events:
            event = old.get(result.name)
            if event is not None and event.value != result.value:
                return Divergence(
                    str(log.path), number, event.n, "reward", f"{event.name}.value", event.value, result.value
                )
    return None


def _notice(notices: list[str], text: str) -> None:
    if text not in notices:
        notices.append(text)


def _plain(value: Any) -> Any:
    """JSON form, so that what was read and what was made compare alike."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _kind(event: Any) -> str:
    return event.__struct_config__.tag
