"""Reward columns beside each other: what each can tell apart, how they go together, and where they disagree.

All figures are of recorded values, before gaps, gates and weights. A pair is compared over the episodes that both gave
a value; within groups, over members of the same group, whose common level is taken out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ccgym.log import GroupLog
from ccgym.plugins import registry, reward_mark
from ccgym.types import RewardEvent

NEARLY = 0.95
"""A column is called out where more than this share of its groups, or of its values, are alike."""
SAME = 1e-9
"""Values that differ by no more are alike."""
Floats = NDArray[np.float64]


@dataclass(slots=True)
class Columns:
    """The recorded rewards of many episodes, by column. Rows are episodes."""

    episodes: list[str] = field(default_factory=list)
    """`FILE#k`."""
    groups: list[int] = field(default_factory=list)
    """The row's group."""
    events: dict[str, list[RewardEvent | None]] = field(default_factory=dict)
    """Reward name to what it said of each row; None where it has no say on record."""

    def add(self, log: GroupLog) -> None:
        """Take in the scored episodes of one file."""
        for numbers in log.groups():
            group = self.groups[-1] + 1 if self.groups else 0
            for number in numbers:
                said = {event.name: event for event in log.episodes[number].of(RewardEvent)}
                if said:
                    self._row(f"{log.path}#{number}", group, said)

    def _row(self, name: str, group: int, said: dict[str, RewardEvent]) -> None:
        for reward in said:
            self.events.setdefault(reward, [None] * len(self.episodes))
        for reward, column in self.events.items():
            column.append(said.get(reward))
        self.episodes.append(name)
        self.groups.append(group)

    def values(self, name: str) -> Floats:
        """A column; NaN where there is no value."""
        return np.array(
            [np.nan if event is None or event.value is None else event.value for event in self.events[name]]
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """One column. A share of nothing is None."""

    reward: str
    values: int
    """Episodes that have a value."""
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    at_bound: float | None
    """Share of the values that are at the bound of the range where most of them are; None: the range is not known."""
    flat_groups: float | None
    """Share of the groups, of at least two values, whose values are all alike."""
    statuses: dict[str, int]
    verdict: str
    """What is wrong with it, in a few words; "" where nothing is."""


@dataclass(frozen=True, slots=True)
class Pair:
    """How two columns go together. None where one of them does not vary."""

    a: str
    b: str
    episodes: int
    pearson: float | None
    spearman: float | None
    pearson_within: float | None
    spearman_within: float | None
    opposed: float | None
    """Of the pairs of members that both tell apart, the share that they order oppositely."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An episode that one reward ranks high, over all episodes, and another low."""

    episode: str
    high: RewardEvent
    low: RewardEvent
    gap: float
    """Difference of the two ranks, as shares of all episodes."""


def figures(columns: Columns) -> list[Figures]:
    """Each column's figures, in the order of the record."""
    return [_figures(columns, name) for name in columns.events]


def _figures(columns: Columns, name: str) -> Figures:
    values = columns.values(name)
    known = values[~np.isnan(values)]
    flat = [float(np.ptp(each) <= SAME) for each in _by_group(columns, values)]
    flat_groups = float(np.mean(flat)) if flat else None
    at_bound, bound = _at_bound(name, known)
    verdict = ""
    if known.size and np.ptp(known) <= SAME:
        verdict = f"constant: always {known[0]:.3g}"
    elif at_bound is not None and at_bound > NEARLY:
        verdict = f"saturated: {bound:g} in {at_bound:.1%}"
    elif flat_groups is not None and flat_groups > NEARLY:
        verdict = f"constant within {flat_groups:.1%} of groups"
    mean, std, low, high = (float(f(known)) if known.size else None for f in (np.mean, np.std, np.min, np.max))
    statuses = Counter(str(event.status) for event in columns.events[name] if event is not None)
    return Figures(name, int(known.size), mean, std, low, high, at_bound, flat_groups, dict(statuses), verdict)


def _at_bound(name: str, known: Floats) -> tuple[float | None, float]:
    cls = registry().rewards.get(name)
    if cls is None or not known.size or reward_mark(cls).scope == "step":  # of a step reward, the range is a step's
        return None, 0.0
    low, high = reward_mark(cls).range
    return max((float(np.mean(np.abs(known - bound) <= SAME)), bound) for bound in (low, high))


def pairs(columns: Columns) -> list[Pair]:
    """Each pair of columns that have values in the same episodes."""
    found = []
    for a, b in combinations(columns.events, 2):
        x, y = columns.values(a), columns.values(b)
        both = ~(np.isnan(x) | np.isnan(y))
        if not both.any():
            continue
        within = [(u, v) for u, v in zip(_by_group(columns, x, both), _by_group(columns, y, both), strict=True)]
        inside = [(_centred(u), _centred(v)) for u, v in within]
        ranked = [(_centred(_ranks(u)), _centred(_ranks(v))) for u, v in within]
        found.append(
            Pair(
                a, b, int(both.sum()), _correlation(x[both], y[both]),
                _correlation(_ranks(x[both]), _ranks(y[both])), _pooled(inside), _pooled(ranked), _opposed(within),
            )
        )  # fmt: skip
    return found


def disagreements(columns: Columns) -> list[Disagreement]:
    """Of each pair of columns, and in either direction, the episode where they disagree most; the widest gap first."""
    found = []
    for a, b in combinations(columns.events, 2):
        x, y = columns.values(a), columns.values(b)
        rows = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
        if not rows.size or np.ptp(x[rows]) <= SAME or np.ptp(y[rows]) <= SAME:
            continue
        gaps = (_ranks(x[rows]) - _ranks(y[rows])) / rows.size
        for high, low, at in ((a, b, int(np.argmax(gaps))), (b, a, int(np.argmin(gaps)))):
            row = int(rows[at])
            up, down = columns.events[high][row], columns.events[low][row]
            if up is not None and down is not None and gaps[at]:
                found.append(Disagreement(columns.episodes[row], up, down, abs(float(gaps[at]))))
    return sorted(found, key=lambda each: -each.gap)


def _by_group(columns: Columns, values: Floats, keep: NDArray[np.bool_] | None = None) -> list[Floats]:
    """The values to keep (else: that are there) of each group that has at least two."""
    keep = ~np.isnan(values) if keep is None else keep
    groups = np.array(columns.groups)[keep]  # in ascending order
    parts = np.split(values[keep], np.flatnonzero(np.diff(groups)) + 1)
    return [part for part in parts if part.size > 1]


def _ranks(values: Floats) -> Floats:
    """Ranks from 0; equal values share the mean of theirs."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    first: Floats = np.cumsum(count) - count + (count - 1) / 2
    return first[place]


def _centred(values: Floats) -> Floats:
    found: Floats = values - values.mean()
    return found


def _pooled(parts: Sequence[tuple[Floats, Floats]]) -> float | None:
    if not parts:
        return None
    return _correlation(*(np.concatenate(side) for side in zip(*parts, strict=True)))


def _correlation(x: Floats, y: Floats) -> float | None:
    """Pearson's r."""
    x, y = _centred(x), _centred(y)
    size = float(np.sqrt((x @ x) * (y @ y)))
    if size <= SAME:
        return None
    return max(-1.0, min(1.0, float(x @ y) / size))


def _opposed(within: Iterable[tuple[Floats, Floats]]) -> float | None:
    told = against = 0
    for x, y in within:
        orders = np.sign(x[:, None] - x[None, :]) * np.sign(y[:, None] - y[None, :])
        told += int(np.count_nonzero(orders))
        against += int(np.count_nonzero(orders < 0))
    return against / told if told else None
