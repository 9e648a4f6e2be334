"""What a policy earned on a task: the means over the episodes of a group, as training would see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ccgym.audit.case import Case
from ccgym.audit.gambits import Gambit
from ccgym.evaluate import SUCCESS
from ccgym.rollouts.runner import Group
from ccgym.types import Episode, Message, RewardEvent


@dataclass(frozen=True, slots=True)
class Outcome:
    """One policy on one task."""

    won: float | None
    """Share of the episodes with correctness above 0; None where it could not be scored."""
    rewards: dict[str, float | None]
    """Reward to its mean, gated, before weights; None where it applied to no episode, or was not scored."""
    total: float | None
    """Mean weighted total; None where all episodes left the group."""
    episode: Episode
    """The one that earned most."""
    path: str | None
    failed: dict[str, str]
    """Reward that failed, to why."""
    unsteady: frozenset[str] = frozenset()
    """Rewards that differ between episodes that are alike in every line."""

    @property
    def wins(self) -> bool:
        """Whether half of the episodes or more earn correctness."""
        return self.won is not None and self.won >= 0.5


def outcome_of(group: Group) -> Outcome:
    """The outcome that a group comes to."""
    score = group.score
    correct = [episode.rewards.get(SUCCESS) for episode in group.episodes]
    paid = [
        (right or 0.0, total if total is not None else 0.0) for right, total in zip(correct, score.totals, strict=True)
    ]
    best = max(range(len(paid)), key=paid.__getitem__)
    failed = {
        event.name: event.explanation
        for episode in group.episodes
        for event in episode.of(RewardEvent)
        if event.status == "failed"
    }
    return Outcome(
        won=mean(None if value is None else float(value > 0) for value in correct),
        rewards={name: mean(column) for name, column in score.columns.items()},
        total=mean(score.totals),
        episode=group.episodes[best],
        path=f"{group.path}#{best}" if group.path else None,
        failed=failed,
        unsteady=_unsteady(group.episodes),
    )


def _unsteady(episodes: Sequence[Episode]) -> frozenset[str]:
    seen: dict[tuple[object, ...], dict[str, float | None]] = {}
    found: set[str] = set()
    for episode in episodes:
        talk = tuple(event.content if type(event) is Message else event.hash for event in episode.events)
        first = seen.setdefault(talk, dict(episode.rewards))
        found.update(name for name, value in episode.rewards.items() if value != first.get(name))
    return frozenset(found)


@dataclass(frozen=True)
class Outcomes:
    """Everything that was played."""

    cases: Sequence[Case]
    weights: Mapping[str, float]
    ranges: Mapping[str, tuple[float, float]]
    """Reward to its declared range."""
    grouped: frozenset[str]
    """The rewards that only a group has."""
    played: dict[Gambit, dict[int, Outcome]] = field(default_factory=dict)
    """Policy to place of the task among `cases` to outcome."""

    def pay(self, outcome: Outcome, name: str) -> float:
        """What a reward pays: gated and weighted; what does not apply pays nothing."""
        return self.weights[name] * (outcome.rewards.get(name) or 0.0)


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is not None, or None."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def highest(values: Iterable[float | None]) -> float | None:
    """The highest of what is not None, or None."""
    return max((value for value in values if value is not None), default=None)
