"""Verifying: is what a replay gives event by event what was recorded, and if not, where do they part, and why?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ccgym.damage import Damage, salvage
from ccgym.domain import Task
from ccgym.env import CcgymEnv
from ccgym.errors import CcgymError, DomainError
from ccgym.log import GROUP, GroupLog, ending
from ccgym.plugins import registry
from ccgym.replay.causes import Cause, cause_of, changes
from ccgym.replay.comparing import (
    Difference,
    compare,
    compare_group,
    course_of,
    difference,
    kind,
    same_json,
)
from ccgym.replay.playing import Live, env_for, plays_reference, replay
from ccgym.rollouts.runner import rare_collections
from ccgym.scoring import GroupScore
from ccgym.types import Begin, Episode, GroupEvent, RewardEvent

_SHAPES_TASKS = ("tasks", "templates")
"""Parts of a domain of which a change may be one of its tasks."""
_AT_ONCE = 64
"""So many episodes are made ready together, before they are played."""
_SHORT = 160
"""Characters of a value that a message shows."""
_FILES: dict[str, Cause] = {"sop": "sop", "state": "state", "tables": "state", "tools": "tool"}
"""How the names of a domain's files begin, and what they hold."""
_OF_TOOLS = frozenset({"unknown-tool", "unknown-function", "bad-arguments"})
"""Codes of problems that all files have where a tool is not what it was."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first place where a replay parts from the record."""

    path: str
    """The log file."""
    episode: int
    """Number of the episode in its file; -1 for what the log says of the group."""
    event: int
    """Number of the event, from 0."""
    step: int
    """The step that it belongs to."""
    kind: str
    """The event's kind, as the log calls it."""
    field: str
    """Dotted path of the field; `event` where not even the kinds agree."""
    expected: Any
    """As recorded."""
    found: Any
    """As replayed."""
    cause: Cause
    """The class of what changed."""
    reason: str
    """Why it is of that class."""
    installed: tuple[str, ...] = ()
    """What of what is installed was another when the episode was recorded, a sentence each."""

    def __str__(self) -> str:
        who = self.path if self.episode == GROUP else f"{self.path}#{self.episode}"
        was, now = _apart(self.expected, self.found)
        told = f"{who} event {self.event} ({self.kind}): {self.field} was {was}, and is now {now}"
        told += f". Cause: {self.cause}: {self.reason}"
        return f"{told}. Then and now: {'; '.join(self.installed)}" if self.installed else told


@dataclass(slots=True)
class Verified:
    """What a verification of one log file came to."""

    path: Path
    """The file."""
    episodes: int = 0
    """How many were played again."""
    steps: int = 0
    """How many turns of the agent they have."""
    divergences: list[Divergence] = field(default_factory=list)
    """The first of each episode, and of the group."""
    damage: list[Damage] = field(default_factory=list)
    """What is wrong with the file itself."""
    held: dict[int, int] = field(default_factory=dict)
    """Number of each episode to how much of its end it has."""
    lacks_group: bool = False
    """Whether all its episodes are members of one group, and the `group` line is not there."""
    notices: list[str] = field(default_factory=list)
    """What is worth a word and is no divergence, such as another version of a plugin."""

    @property
    def divergence(self) -> Divergence | None:
        """The first."""
        return self.divergences[0] if self.divergences else None


def verify(
    path: str | Path, *, only: int | None = None, envs: dict[Any, CcgymEnv] | None = None, live: Collection[Live] = ()
) -> Verified:
    """Re-execute the episodes of one log file and find the first event and field of each that differ.

    Args:
        path: a log file. One that is damaged is verified as far as it can be read.
        only: the one episode to verify.
        envs: environments to reuse between files; filled as they are needed.
        live: `user` and `judge`: whom to ask anew instead of the record.

    Raises:
        CcgymError: the domain that an episode names is not installed.
    """
    with rare_collections():
        log, damage = salvage(path)
        done = Verified(log.path, damage=damage, held={n: ending(e) for n, e in log.episodes.items()})
        groups = log.groups()
        done.lacks_group = log.group is None and len(log.episodes) > 1 and len(groups) == 1
        alike = len(groups) < len(log.episodes)
        verifier = _Verifier(log, done, {} if envs is None else envs, live, alike)
        numbers = sorted(log.episodes) if only is None else [only] if only in log.episodes else []
        for first in range(0, len(numbers), _AT_ONCE):
            some = numbers[first : first + _AT_ONCE]
            if not alike:
                verifier.prepare(some)
            for number in some:
                verifier.episode(number)
        if only is None and not done.damage:
            verifier.group()
    return done


class _Verifier:
    """One file, episode by episode."""

    def __init__(
        self, log: GroupLog, done: Verified, envs: dict[Any, CcgymEnv], live: Collection[Live], alike: bool
    ) -> None:
        self.log, self.done, self.envs, self.live = log, done, envs, live
        self.alike = alike
        """Whether episodes of the file may be like one another."""
        self.again: dict[int, Episode] = {}
        """The episodes played again, where there is a group to score."""
        self.failed: dict[Any, CcgymError] = {}
        """Why environments could not be made."""
        self.tasks: dict[int, Task] = {}
        """The tasks of episodes that were made ready."""
        self.agreed: dict[Any, CcgymEnv] = {}
        """Courses that were played again, and agreed."""
        self.env: CcgymEnv | None = None

    def prepare(self, numbers: Collection[int]) -> None:
        """Have the tasks of some episodes ready. What fails is told when its episode is played."""
        self.tasks.clear()
        ready: dict[CcgymEnv, list[Task]] = {}
        for number in numbers:
            begin = self.log.episodes[number].begin
            with suppress(Exception):
                env = self.env_of(begin)
                task = self.tasks[number] = env.domain.recorded(begin.task)
                ready.setdefault(env, []).append(task)
        for env, tasks in ready.items():
            with suppress(Exception):
                env.prepare(tasks)

    def episode(self, number: int) -> None:
        """Replay one episode and compare it."""
        old = self.log.episodes[number]
        begin, done = old.begin, self.done
        done.episodes += 1
        done.steps += old.steps
        if not begin.hash:
            done.notices.append(f"{self.log.path}#{number} could not begin when it was recorded: it has no state")
            return
        course = None
        if self.alike and old.end is not None and not self.live and number in self.log.lines:
            course = course_of(old, self.log.lines[number])
        if course in self.agreed:
            self.env = self.agreed[course]
            if self.log.group is not None:
                self.again[number] = _ungrouped(old, self.env.scorer.grouped)
            return
        try:
            env = self.env = self.env_of(begin)
        except CcgymError as error:
            self.cannot_begin(number, old, error)
            return
        try:
            found = self.played(old, env, self.tasks.get(number))
        except DomainError as error:
            self.cannot_begin(number, old, error)
            return
        except Exception as error:  # a stranger's customer, backend or reward: told, and the other episodes go on
            customer = begin.task.get("user", {}).get("sim", {}).get("kind")
            cause: Cause = "customer" if customer in registry().users else "environment"
            self.cannot_begin(number, old, CcgymError(f"{type(error).__name__}: {error}"), cause)
            return
        new = env.episode
        if self.log.group is not None:
            self.again[number] = new
        if found is None or found.event.n > 0:
            found = self.own_task(old, new, env) or found
        if new.begin != begin:
            self.note(changes(begin, new.begin))
        if found is not None and found.old is None and type(found.new) is RewardEvent:
            detail = "the episode has ended, and its rewards are not there"
            done.damage.append(Damage(str(self.log.path), "truncated", None, number, found.new.n, detail))
        elif found is not None:
            self.diverged(number, found, old, new, env)
        elif old.end is None:
            done.notices.append(f"{self.log.path}#{number} is unfinished: verified as far as it goes")
        elif course is not None:
            self.agreed[course] = env

    def played(self, old: Episode, env: CcgymEnv, task: Task | None) -> Difference | None:
        """Replay an episode and compare it.

        An episode that made the reference's calls has played the reference: where it agrees to its end, so does the
        target. Whatever else was recorded, the reference is played to see whether it leads where it led.
        """
        replay(old, env, live=self.live, task=task, trusting=not self.live)  # nobody is asked twice
        found = compare(old, env.episode, env.scorer.grouped)
        if env.assumes:
            if found is None and plays_reference(old, env):
                env.confirm()
            elif found is not None or not same_json(old.begin.target, env.reference().target):
                replay(old, env, live=self.live, task=task)
                found = compare(old, env.episode, env.scorer.grouped)
        return found

    def env_of(self, begin: Begin) -> CcgymEnv:
        options = begin.options
        perturb = (options.get("perturb") or {}).get("asked")
        shape = [options.get("weights"), options.get("gates"), options.get("faults"), perturb]
        key = (begin.env, msgspec.json.encode(shape))
        found = self.envs.get(key)
        if found is None:
            if key in self.failed:
                raise self.failed[key]
            try:
                found = self.envs[key] = env_for(begin)
            except CcgymError as error:
                self.failed[key] = error
                raise
        return found

    def own_task(self, old: Episode, new: Episode, env: CcgymEnv) -> Difference | None:
        """How the task that has this id now differs from the recorded one, where it may have changed."""
        was, now = old.begin.domain, new.begin.domain
        drawn = "/" in old.begin.task.get("id", "")
        moved = any(name in was and was[name] != now.get(name) for name in _SHAPES_TASKS)
        if not moved and not (drawn and "tasks" in was and _code(old) != _code(new)):
            return None
        which, domain = old.begin.task["id"], env.domain
        if which not in domain.tasks and which.partition("/")[0] not in domain.templates:
            return None
        try:
            task = domain.task(which).as_json()
        except CcgymError:
            return None
        if task == old.begin.task:
            return None
        return difference(old.begin, msgspec.structs.replace(new.begin, task=task))

    def diverged(self, number: int, found: Difference, old: Episode, new: Episode, env: CcgymEnv) -> None:
        cause, reason = cause_of(found, old, new, env)
        event = found.event
        self.done.divergences.append(
            Divergence(
                str(self.log.path), number, event.n, event.step, kind(event), found.field, found.expected, found.found,
                cause, reason, tuple(changes(old.begin, new.begin)),
            )
        )  # fmt: skip

    def cannot_begin(self, number: int, old: Episode, error: CcgymError, cause: Cause | None = None) -> None:
        """The domain is not valid any more, the task does not fit it, or a plugin is not there."""
        begin = old.begin
        found, reason = str(error), "what was recorded cannot begin in what is installed now"
        cause = cause or _cause_in(error)
        name, expected = "task", "a task that the domain can begin"
        installed = {info.distribution for info in registry().plugins if info.state == "ok"}
        gone = [name for name in begin.plugins if name not in installed]
        if gone:
            name, expected, cause = f"plugins.{gone[0]}", begin.plugins[gone[0]]["version"], "plugin"
        elif error.data.get("kind") == "reward":
            reward = error.data["name"]
            name, cause = f"options.weights.{reward}", "reward"
            expected = begin.options.get("weights", {}).get(reward)
        elif not isinstance(error, DomainError):
            name, expected = "env", begin.env
        self.done.divergences.append(
            Divergence(str(self.log.path), number, 0, 0, "begin", name, expected, found, cause, reason)
        )

    def group(self) -> None:
        """Score the group anew, and compare what only a group has."""
        log, env, again = self.log, self.env, self.again
        members = [log.episodes[number] for number in sorted(log.episodes)]
        if log.group is None or env is None or self.done.divergences or len(again) < len(members):
            return
        if any(episode.end is None for episode in members):
            return
        numbers = sorted(again)
        score = env.scorer.score_group([again[number] for number in numbers])
        for number, scored in zip(numbers, score.events, strict=True):
            old = log.episodes[number]
            recorded = {event.name: event for event in old.events if type(event) is RewardEvent}
            for result in scored:
                event = recorded.get(result.name)
                if event is None:
                    continue
                now = msgspec.structs.replace(event, **result.fields())
                if event != now and (found := difference(event, now)) is not None:
                    self.diverged(number, found, old, again[number], env)
                    break
        if not self.done.divergences:
            found = compare_group(log.group, _group_event(log.group, score))
            if found is not None:
                number = numbers[0]
                self.diverged(GROUP, found, log.episodes[number], again[number], env)

    def note(self, texts: Collection[str]) -> None:
        self.done.notices += [text for text in texts if text not in self.done.notices]


def _ungrouped(episode: Episode, grouped: Collection[str]) -> Episode:
    """The episode as its replay leaves it: without what only a group is told."""
    return Episode([e for e in episode.events if type(e) is not RewardEvent or e.name not in grouped])


def _group_event(old: GroupEvent, score: GroupScore) -> GroupEvent:
    return msgspec.structs.replace(old, **score.fields())


def _code(episode: Episode) -> Mapping[str, Any]:
    return {name: plugin["digest"] for name, plugin in episode.begin.plugins.items()}


def _cause_in(error: CcgymError) -> Cause:
    """What a problem with a domain or a task is about: by the file that it names, where only one is complained of."""
    findings = error.findings if isinstance(error, DomainError) else []
    files = {(finding.where or "").partition(":")[0].partition(" ")[0] for finding in findings}
    if len(files) == 1:
        for name, cause in _FILES.items():
            if next(iter(files)).startswith(name):
                return cause
    codes = {finding.data.get("code") for finding in findings}
    return "tool" if codes & _OF_TOOLS else "customer" if "unknown-customer" in codes else "environment"


def _apart(expected: Any, found: Any) -> tuple[str, str]:
    """Both values in short, from a little before they part."""
    was, now = (value if isinstance(value, str) else repr(value) for value in (expected, found))
    if not (isinstance(expected, str) and isinstance(found, str)) or max(len(was), len(now)) <= _SHORT:
        return _short(repr(expected)), _short(repr(found))
    same = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    at = max(same - _SHORT // 4, 0)
    lead = "…" if at else ""
    return f"{lead}{_short(repr(was[at:]))}", f"{lead}{_short(repr(now[at:]))}"


def _short(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 3] + "…"
