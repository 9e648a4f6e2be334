"""What every viewer shows of one episode, made of its events alone: steps, verdicts, rewards, and the state as it went.

No environment and no plugin is needed. Whatever the events say is kept as it is: a viewer cleans what it prints.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from ccgym.damage import Damage, salvage
from ccgym.errors import EpisodeError
from ccgym.log import GroupLog, file_and_number, log_files, read_log
from ccgym.turns import fold
from ccgym.types import BranchEvent, Episode, GroupEvent, RewardEvent, RuleEvent
from ccgym.view.rows import Rows, RowView
from ccgym.view.steps import Mark, StepView, VerdictView, step_view, texts, verdict_view

_log = logging.getLogger("ccgym")


@dataclass(frozen=True, slots=True)
class RewardView:
    """One line of the reward waterfall."""

    name: str
    value: float | None
    """None where `status` is not `ok`."""
    status: str
    weight: float
    gate: str
    """The reward that multiplies it; "" where none does."""
    factor: float
    """The gate's value: 1 where there is none, or where it did not apply."""
    contribution: float | None
    """value × factor × weight: its part of the total."""
    explanation: str
    evidence: tuple[int, ...]
    """Numbers of the events that the value rests on."""
    steps: tuple[int, ...]
    """The steps of that evidence, in order, each once."""
    parts: dict[str, float | None]
    """Components of the value, by name."""


@dataclass(frozen=True)
class Timeline:
    """One episode as it is read: facts, steps, verdicts, rewards; the state at any step; places to jump to."""

    episode: Episode
    name: str
    """`FILE#k`, or whatever names it for its reader."""
    group: GroupEvent | None = None
    """What its file says of the whole group."""
    damage: tuple[Damage, ...] = ()
    """What is wrong with other episodes of its file."""

    # ---- facts

    @property
    def task(self) -> str:
        """Id of the task."""
        return str(self.episode.task.get("id", "?"))

    @property
    def domain(self) -> str:
        """Name and version of the domain."""
        domain = self.episode.begin.domain
        return f"{domain.get('name', '?')} {domain.get('version', '')}".strip()

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags of the task."""
        tags = self.episode.task.get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()

    @property
    def termination(self) -> str:
        """Why it ended, or `unfinished`."""
        end = self.episode.end
        return end.reason if end else "unfinished"

    @property
    def facts(self) -> dict[str, str]:
        """What was played and by whom: label to text, in the order in which it is shown."""
        begin = self.episode.begin
        user = self.episode.task.get("user")
        goal = user.get("goal") if isinstance(user, dict) else None
        branch = next(iter(self.episode.of(BranchEvent)), None)
        found = {
            "task": self.task, "domain": self.domain, "environment": begin.env, "policy": begin.policy,
            "seed": str(begin.seed), "sample": str(begin.sample), "tags": ", ".join(self.tags),
            "goal": str(goal) if goal else "", "ended": self.termination, "steps": str(self.steps[-1].number),
            "forked from": f"{branch.parent or '?'} at step {branch.at}" if branch else "", "ccgym": begin.ccgym,
            "plugins": ", ".join(f"{name} {which.get('version', '')}".strip() for name, which in begin.plugins.items()),
            "beside it in the file": "; ".join(map(str, self.damage)),
        }  # fmt: skip
        return {label: text for label, text in found.items() if text}

    # ---- steps

    @cached_property
    def steps(self) -> tuple[StepView, ...]:
        """All steps that have events, in order; the first is step 0."""
        by_step: dict[int, list[Any]] = {}
        for event in self.episode:
            by_step.setdefault(event.step, []).append(event)
        return tuple(step_view(number, by_step[number], self.episode) for number in sorted(by_step))

    def place(self, number: int) -> int:
        """Where a step stands in `steps`: of step `number`, or of the next that there is."""
        return min(bisect_left(self.steps, number, key=lambda step: step.number), len(self.steps) - 1)

    def step_of(self, n: int) -> int | None:
        """The step of event number `n`; None where there is no such event."""
        return self._step_of_event.get(n)

    @cached_property
    def _step_of_event(self) -> dict[int, int]:
        return {event.n: event.step for event in self.episode}

    @cached_property
    def verdicts(self) -> tuple[VerdictView, ...]:
        """All verdicts, in the order of their events."""
        return tuple(verdict_view(event) for event in self.episode.of(RuleEvent))

    # ---- rewards

    @cached_property
    def rewards(self) -> tuple[RewardView, ...]:
        """The waterfall: each reward's part of the total, in the order of the record."""
        events: list[RewardEvent] = self.episode.of(RewardEvent)
        gates = self.episode.begin.options.get("gates")
        gates = gates if isinstance(gates, Mapping) else {}
        values = {event.name: event.value for event in events}
        return tuple(self._reward(event, str(gates.get(event.name) or ""), values) for event in events)

    def _reward(self, event: RewardEvent, gate: str, values: Mapping[str, float | None]) -> RewardView:
        factor = values.get(gate)
        factor = 1.0 if factor is None else factor
        paid = None if event.value is None else event.value * factor * event.weight
        steps = {step for n in event.evidence if (step := self.step_of(n)) is not None}
        return RewardView(
            event.name, event.value, event.status, event.weight, gate, factor, paid, event.explanation,
            tuple(event.evidence), tuple(sorted(steps)), dict(event.parts),
        )  # fmt: skip

    @property
    def total(self) -> float | None:
        """The weighted sum: the group's figure where the file has it, as gaps are filled from the group there."""
        known = self._of_group("totals")
        if known is not None or not self.rewards:
            return known
        return sum(reward.contribution or 0.0 for reward in self.rewards)

    @property
    def advantage(self) -> float | None:
        """Against the other members of its group; None where the file does not say."""
        return self._of_group("advantages")

    @property
    def dropped(self) -> str:
        """Why it left its group; "" where it did not."""
        return self.group.dropped.get(str(self.episode.begin.episode), "") if self.group else ""

    def _of_group(self, what: Literal["totals", "advantages"]) -> float | None:
        column = getattr(self.group, what) if self.group else []
        number = self.episode.begin.episode
        return column[number] if 0 <= number < len(column) else None

    # ---- state

    @cached_property
    def _rows(self) -> Rows:
        target, end = self.episode.begin.target, self.episode.end
        net = [*((target and target.patch) or ()), *((end and end.patch) or ())]
        return Rows(self.episode.task, [step.patch for step in self.steps], net)

    def state_at(self, number: int) -> tuple[RowView, ...]:
        """The rows that the task sets or the episode ever changes, as they stood after a step, which says what it
        changed in them. A row that the seed state holds is known only as far as it was changed."""
        return self._rows.at(self.place(number))

    # ---- navigation

    def marked(self, mark: Mark) -> tuple[int, ...]:
        """The steps with an error, a write or a violation."""
        return tuple(step.number for step in self.steps if mark in step.marks)

    @property
    def errors(self) -> tuple[int, ...]:
        """Steps with a failed call, a fault, a broken format, a limit or another error."""
        return self.marked("error")

    @property
    def writes(self) -> tuple[int, ...]:
        """Steps that changed the state."""
        return self.marked("write")

    @property
    def violations(self) -> tuple[int, ...]:
        """Steps at which a clause or an assert was found broken."""
        return self.marked("violation")

    def search(self, text: str) -> tuple[int, ...]:
        """The steps in which a text stands: in what was thought, said, called, answered, changed or judged. Letter
        case, Unicode form and runs of white space make no difference."""
        wanted = fold(text)
        return tuple(number for number, known in self._folded.items() if wanted in known) if wanted else ()

    @cached_property
    def _folded(self) -> dict[int, str]:
        return {step.number: fold("\n".join(texts(step))) for step in self.steps}


def names_one(name: str | Path) -> bool:
    """Whether a name is that of one episode: `FILE#k`, or a file that holds no other."""
    return file_and_number(name)[1] is not None or len(read_log(_file(name)).episodes) == 1


def _file(name: str | Path) -> Path:
    first = log_files(name)[0]
    if Path(name).is_dir():
        raise EpisodeError("is a folder", where=str(name), fix=f"Name one episode of it, such as {first}#0")
    return first


def read_file(path: Path) -> GroupLog:
    """Read a log file; what had to be dropped of it is a warning."""
    log = read_log(path)
    for notice in log.notices:
        _log.warning("%s", notice)
    return log


def read_timeline(name: str | Path) -> Timeline:
    """The timeline of `FILE#k`, or of a file's only episode. Damage to other episodes of the file is a warning,
    and one of its facts.

    Raises:
        EpisodeError: the file is missing, the episode is broken, or the file does not hold that one episode.
    """
    path, (_, number) = _file(name), file_and_number(name)
    log, damage = salvage(path)
    for each in damage:
        if number is None or each.episode in (number, None):
            where = f"{path}:{each.line}" if each.line else str(path)
            raise EpisodeError(f"{each.what}: {each.detail}", where=where, fix=f"`ccgym replay {path}` tells more")
        _log.warning("%s", each)
    if number is None and len(log.episodes) == 1:
        number = next(iter(log.episodes))
    if number is None or number not in log.episodes:
        have = ", ".join(map(str, sorted(log.episodes))) or "none"
        told = f"holds {len(log.episodes)} episodes" if number is None else f"holds no episode {number}"
        raise EpisodeError(told, where=str(path), fix=f"Name one as FILE#k; it holds {have}")
    return Timeline(log.episodes[number], f"{path}#{number}", log.group, tuple(damage))
