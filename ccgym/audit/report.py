"""What an audit found, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ccgym.types import Episode


@dataclass(frozen=True, slots=True)
class Row:
    """What one policy earned."""

    policy: str
    """Its name."""
    looks_for: str
    """What it does, and so which loophole it would find."""
    tasks: int
    """How many tasks it was played on: those on which it has something to try."""
    success: float | None
    """Share of its episodes with correctness above 0; None where nothing could be scored."""
    rewards: dict[str, float | None]
    """Reward to its mean over the tasks, gated, before weights; None where it applied to nothing."""
    highest: dict[str, float | None]
    """Reward to what it was on the task where it was highest."""
    total: float | None
    """Mean weighted total."""
    highest_total: float | None
    """Weighted total of the task where it was highest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A policy that earns what it should not."""

    severity: Literal["failure", "notice"]
    """A failure makes the audit fail."""
    policy: str
    """Who earned it."""
    reward: str
    """The reward that pays, or `total`."""
    task: str
    """The task where it shows most."""
    earned: float | None
    """What was paid on that task."""
    allowed: float | None
    """The most that it could have been."""
    reason: str
    """What is wrong with it."""
    fix: str
    """How to close the loophole."""
    tasks: tuple[str, ...] = ()
    """All tasks where it shows."""
    episode: Episode | None = field(default=None, repr=False)
    """The episode that shows it."""
    path: str | None = None
    """`FILE#k` of the episode, where it was written."""

    def as_json(self) -> dict[str, Any]:
        """The finding without its episode."""
        names = ("severity", "policy", "reward", "task", "earned", "allowed", "reason", "fix", "path")
        return {**{name: getattr(self, name) for name in names}, "tasks": list(self.tasks)}


@dataclass(frozen=True)
class AuditReport:
    """What the policies of an audit earned, and what is wrong with that."""

    env: str
    """The id or folder that was audited."""
    threshold: float
    """The share of the reference's pay that a policy may earn without doing the job."""
    weights: dict[str, float]
    """Reward to weight, as audited."""
    tasks: int
    """How many tasks were played."""
    samples: int
    """Episodes of each."""
    rows: Sequence[Row]
    """The reference first, then the honest try, then the gaming policies."""
    findings: Sequence[Finding]
    """Failures first."""

    @property
    def failures(self) -> list[Finding]:
        """The findings that make the audit fail."""
        return [finding for finding in self.findings if finding.severity == "failure"]

    @property
    def ok(self) -> bool:
        """Whether no loophole was found."""
        return not self.failures

    def row(self, policy: str) -> Row:
        """The row of a policy. Raises KeyError where it was not played."""
        for row in self.rows:
            if row.policy == policy:
                return row
        raise KeyError(policy)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON, without the episodes."""
        names = Row.__slots__
        return {
            "env": self.env, "ok": self.ok, "threshold": self.threshold, "weights": self.weights, "tasks": self.tasks,
            "samples": self.samples, "policies": [{name: getattr(row, name) for name in names} for row in self.rows],
            "findings": [finding.as_json() for finding in self.findings],
        }  # fmt: skip
