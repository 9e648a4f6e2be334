"""Two episodes against each other: where they part, and what that did to the state and the rewards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ccgym.compare import equal
from ccgym.view.acting import action_of, answer_of
from ccgym.view.rows import ABSENT, RowView
from ccgym.view.timeline import Timeline

Place = tuple[str, str, str]
"""Table, key and field."""
_ASIDE = ("steps", "ended", "tags", "goal")
"""Facts that are told elsewhere, or follow from the task."""


@dataclass(frozen=True, slots=True)
class Parting:
    """The first step in which two episodes differ."""

    step: int
    what: Literal["start", "action", "answer", "end"]
    """Already what came before the first turn; what the agent did; what it was answered; one had ended."""
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """A value that two final states differ in. ABSENT where it is not there."""

    table: str
    key: str
    field: str
    """"" where one has the row and the other has not, or where the row is no object."""
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class RewardDiff:
    """One reward of two episodes; None where one has no value. Components that differ: name to both values."""

    name: str
    a: float | None
    b: float | None
    a_part: float | None
    """Its part of the total: value × gate × weight."""
    b_part: float | None
    parts: dict[str, tuple[float | None, float | None]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that two episodes differ in."""

    setting: dict[str, tuple[str, str]]
    """What was played differently: facts of the two headers that differ."""
    common: int
    """Steps of the agent, from the first, that are the same in both."""
    parting: Parting | None
    """None: they are the same, turn for turn."""
    ended: tuple[str, str]
    steps: tuple[int, int]
    states: tuple[FieldDiff, ...]
    """How the final states differ, in the rows that either episode knows."""
    rewards: tuple[RewardDiff, ...]
    """All rewards of either, those that differ and those that do not."""
    totals: tuple[float | None, float | None]


def compare(a: Timeline, b: Timeline) -> Comparison:
    """Lay two episodes side by side."""
    facts = {**a.facts, **b.facts}
    setting = {
        label: (a.facts.get(label, ""), b.facts.get(label, ""))
        for label in facts
        if label not in _ASIDE and a.facts.get(label) != b.facts.get(label)
    }
    common, parting = _parting(a, b)
    return Comparison(
        setting, common, parting, (a.termination, b.termination), (a.steps[-1].number, b.steps[-1].number),
        tuple(_states(a, b)), tuple(_rewards(a, b)), (a.total, b.total),
    )  # fmt: skip


def _parting(a: Timeline, b: Timeline) -> tuple[int, Parting | None]:
    common = 0
    for mine, other in zip(a.steps, b.steps, strict=False):
        does, did = action_of(mine), action_of(other)
        if does != did:
            return common, Parting(mine.number, "action", str(does), str(did))
        hears, heard = answer_of(mine), answer_of(other)
        if hears != heard:
            return common, Parting(mine.number, "answer" if mine.number else "start", hears, heard)
        common += mine.number > 0
    place = min(len(a.steps), len(b.steps))
    if len(a.steps) == len(b.steps):
        if a.termination == b.termination:
            return common, None
        return common, Parting(a.steps[-1].number, "end", f"ends: {a.termination}", f"ends: {b.termination}")
    longer = a if len(a.steps) > place else b
    goes_on = str(action_of(longer.steps[place]))
    told = [goes_on if each is longer else f"has ended: {each.termination}" for each in (a, b)]
    return common, Parting(longer.steps[place].number, "end", *told)


def _states(a: Timeline, b: Timeline) -> Iterator[FieldDiff]:
    left, right = _final(a, b), _final(b, a)
    for place in left | right:
        mine, other = left.get(place, ABSENT), right.get(place, ABSENT)
        if ABSENT in (mine, other) or not equal(mine, other):
            yield FieldDiff(*place, a=mine, b=other)


def _final(mine: Timeline, other: Timeline) -> dict[Place, Any]:
    """The values that an episode ends with. What it never touched stands there as the other one knew it at first."""
    last = mine.state_at(mine.steps[-1].number)
    known, start = {(row.table, row.key): row for row in last}, _fields(mine.state_at(0))
    found = _fields(last)
    for place, value in _fields(other.state_at(0)).items():
        row = known.get(place[:2])
        if row is None or not (row.whole or row.value is ABSENT or place in start):
            found.setdefault(place, value)
    return found


def _fields(rows: tuple[RowView, ...]) -> dict[Place, Any]:
    found: dict[Place, Any] = {}
    for row in rows:
        if isinstance(row.value, dict):
            found |= {(row.table, row.key, str(field)): value for field, value in row.value.items()}
        elif row.value is not ABSENT:
            found[row.table, row.key, ""] = row.value
    return found


def _rewards(a: Timeline, b: Timeline) -> Iterator[RewardDiff]:
    left, right = ({reward.name: reward for reward in each.rewards} for each in (a, b))
    for name in left | right:
        mine, other = left.get(name), right.get(name)
        parts = [each.parts if each else {} for each in (mine, other)]
        both = {part: (parts[0].get(part), parts[1].get(part)) for part in parts[0] | parts[1]}
        yield RewardDiff(
            name,
            mine.value if mine else None,
            other.value if other else None,
            mine.contribution if mine else None,
            other.contribution if other else None,
            {part: values for part, values in both.items() if values[0] != values[1]},
        )
