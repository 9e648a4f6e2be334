"""What rescoring changed, over any number of groups: by reward, in the advantages, and where most."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ccgym.rescore import Rescored
from ccgym.scoring import Scored
from ccgym.types import RewardEvent

SAME = 1e-6
"""Two advantages, or two totals, that differ by no more than this are the same."""
Pair = tuple[float | None, float | None]
"""Recorded, and now."""
KEPT = 100
"""How many of the biggest changes are remembered."""


@dataclass(slots=True)
class Sum:
    """A mean in the making."""

    total: float = 0.0
    count: int = 0

    def add(self, value: float | None) -> None:
        """Take in a value; None counts for nothing."""
        if value is not None:
            self.total += value
            self.count += 1

    @property
    def mean(self) -> float | None:
        """None where there was no value."""
        return self.total / self.count if self.count else None


@dataclass(slots=True)
class RewardChange:
    """One reward over all episodes, before gaps, gates and weights."""

    recorded: Sum = field(default_factory=Sum)
    now: Sum = field(default_factory=Sum)
    episodes: int = 0
    """Episodes that have the reward on record."""
    changed: int = 0
    """Those of them whose value or status is another now."""
    statuses: Counter[str] = field(default_factory=Counter)
    """Status to the number of episodes that have it now."""
    weights: set[float] = field(default_factory=set)
    recorded_weights: set[float] = field(default_factory=set)

    def add(self, event: RewardEvent | None, scored: Scored) -> bool:
        """Take in one episode; says whether it differs."""
        self.now.add(scored.value)
        self.statuses[scored.status] += 1
        self.weights.add(scored.weight)
        if event is None:
            return scored.value is not None
        self.episodes += 1
        self.recorded.add(event.value)
        self.recorded_weights.add(event.weight)
        differs = event.value != scored.value or event.status != scored.status
        self.changed += differs
        return differs

    def json(self) -> dict[str, Any]:
        """The figures as plain data."""
        return {
            "weight": sorted(self.weights), "recorded_weight": sorted(self.recorded_weights),
            "recorded_episodes": self.episodes, "recorded_mean": self.recorded.mean, "mean": self.now.mean,
            "changed": self.changed, "statuses": dict(self.statuses),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One episode that came out differently."""

    episode: str
    """`FILE#k`."""
    total: Pair
    """None: the member had left its group."""
    advantage: Pair
    rewards: dict[str, Pair]
    """The rewards that differ."""
    why: str
    """What the rewards that differ say now."""

    def json(self) -> dict[str, Any]:
        """The change as plain data."""
        rewards = {name: list(values) for name, values in self.rewards.items()}
        return {
            "episode": self.episode, "total": list(self.total), "advantage": list(self.advantage), "rewards": rewards,
            "why": self.why,
        }  # fmt: skip


@dataclass(slots=True)
class Changes:
    """Gathers groups as they are rescored."""

    groups: int = 0
    episodes: int = 0
    ungrouped: int = 0
    """Groups whose log has no group line: nothing is known of their advantages."""
    rewards: dict[str, RewardChange] = field(default_factory=dict)
    advantages: int = 0
    """Episodes whose advantage is another now."""
    flips: int = 0
    """Those of them whose advantage has changed its sign."""
    largest: float = 0.0
    """The largest change of an advantage."""
    recorded_dropped: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Why members leave their groups now, to how many do."""
    newly_dropped: list[str] = field(default_factory=list)
    """Episodes that leave their group now, and did not."""
    recorded_total: Sum = field(default_factory=Sum)
    total: Sum = field(default_factory=Sum)
    _biggest: list[tuple[Any, int, Change]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything came out differently."""
        return bool(self._biggest)

    @property
    def biggest(self) -> list[Change]:
        """The biggest changes, the biggest first: by advantage, then by total, then by the rewards themselves."""
        return [change for *_, change in sorted(self._biggest, key=lambda each: each[:2], reverse=True)]

    def add(self, group: Rescored) -> None:
        """Take in one group."""
        self.groups += 1
        self.ungrouped += group.group is None
        for index in range(len(group.numbers)):
            self._member(group, index)

    def _member(self, group: Rescored, index: int) -> None:
        self.episodes += 1
        recorded, scores = group.recorded[index], group.score.scores[index]
        differing = {}
        for scored in scores:
            event = recorded.get(scored.name)
            if self.rewards.setdefault(scored.name, RewardChange()).add(event, scored):
                differing[scored.name] = (event.value if event else None, scored.value)
        totals: Pair = (None, None)
        advantages: Pair = (None, None)
        delta_total = delta = 0.0
        if group.group is not None and index < len(group.group.totals):
            totals = group.group.totals[index], group.score.totals[index]
            advantages = group.group.advantages[index], group.score.advantages[index]
            self.recorded_total.add(totals[0])
            self.total.add(totals[1])
            delta_total, delta = _distance(*totals), _distance(*advantages)
            self._advantage(*advantages, delta)
        self._dropped(group, index)
        if not differing and delta <= SAME and delta_total <= SAME:
            return
        moved = sum(_distance(was, now) for was, now in differing.values() if was is not None)
        size = ((delta, delta_total, moved), -self.episodes)
        if len(self._biggest) == KEPT and size < self._biggest[0][:2]:
            return
        said = (f"{s.name}: {s.explanation}" for s in scores if s.name in differing and s.explanation)
        change = Change(group.name(index), totals, advantages, differing, "; ".join(said))
        (heapq.heappush if len(self._biggest) < KEPT else heapq.heappushpop)(self._biggest, (*size, change))

    def _advantage(self, was: float | None, now: float | None, delta: float) -> None:
        self.advantages += delta > SAME
        if was is not None and now is not None:
            self.flips += abs(was) > SAME and abs(now) > SAME and (was > 0) != (now > 0)
            self.largest = max(self.largest, delta)

    def _dropped(self, group: Rescored, index: int) -> None:
        was = str(index) in group.group.dropped if group.group is not None else False
        self.recorded_dropped += was
        if index in group.score.dropped:
            self.dropped[group.score.dropped[index]] += 1
            if not was:
                self.newly_dropped.append(group.name(index))

    def json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "episodes": self.episodes,
            "groups": self.groups,
            "groups_without_advantages": self.ungrouped,
            "rewards": {name: change.json() for name, change in self.rewards.items()},
            "total": {"recorded_mean": self.recorded_total.mean, "mean": self.total.mean},
            "advantages": {"changed": self.advantages, "sign_flips": self.flips, "largest_change": self.largest},
            "dropped": {
                "recorded": self.recorded_dropped,
                "now": sum(self.dropped.values()),
                "reasons": dict(self.dropped),
                "new": self.newly_dropped,
            },
            "changes": [change.json() for change in self.biggest],
        }


def _distance(was: float | None, now: float | None) -> float:
    """How far apart; infinitely, where one of them is not there."""
    if was is None or now is None:
        return 0.0 if was is now else math.inf
    return abs(was - now)
