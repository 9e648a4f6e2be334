"""What came out of scoring: one reward of one episode, and the columns of a group."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from ccgym.types import Event, RewardEvent

Status = Literal["ok", "not_applicable", "unscored", "failed"]
NO_PARTS: dict[str, float | None] = {}


class Scored(NamedTuple):
    """What one reward said of one episode (or of one step of it)."""

    name: str
    """The reward."""
    value: float | None
    """None where `status` is not `ok`."""
    status: Status = "ok"
    """See the rules of scoring."""
    weight: float = 0.0
    """What the value was weighted with."""
    explanation: str = ""
    """Why, in a few words."""
    evidence: tuple[int, ...] = ()
    """Numbers of the events that the value rests on."""
    parts: dict[str, float | None] = NO_PARTS
    """Components of the value, by name."""
    stepwise: bool = False
    """The reward scores steps: of an episode, `value` is the sum of its steps, already paid as they happened."""

    def after(self, last: Event) -> RewardEvent:
        """What the log says of it, after the last event of its episode so far."""
        return RewardEvent(
            episode=last.episode, n=last.n + 1, step=last.step, hash=last.hash, name=self.name, value=self.value,
            status=self.status, weight=self.weight, explanation=self.explanation, evidence=list(self.evidence),
            parts=self.parts,
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """The fields of a RewardEvent, without those that place it in the log."""
        return {
            "name": self.name, "value": self.value, "status": self.status, "weight": self.weight,
            "explanation": self.explanation, "evidence": list(self.evidence), "parts": self.parts,
        }  # fmt: skip


@dataclass(frozen=True)
class GroupScore:
    """The scores of a group. Lists hold one entry for each member, in the order given.

    A member whose reward failed, or could not be scored, is dropped: all its columns, its total and its advantage are
    None.
    """

    columns: dict[str, list[float | None]]
    """Reward name to values as training sees them: gaps filled with the group's mean, gates applied, not weighted.

    A column that applies to no member is None throughout and counts for nothing.
    """
    totals: list[float | None]
    """Weighted sum of the columns."""
    advantages: list[float | None]
    """(total - mean) / (sample standard deviation + 1e-4) over the members that are left."""
    dropped: dict[int, str] = field(default_factory=dict)
    """Index of a member to the reason why it left the group."""
    metrics: dict[str, float] = field(default_factory=dict)
    """`reward/part`: mean over the members that are left."""
    scores: list[list[Scored]] = field(default_factory=list)
    """What every reward said of each member, group rewards included, before gaps, gates and weights."""
    events: list[list[Scored]] = field(default_factory=list)
    """Only what the group rewards said: to be appended to the members' logs."""

    def fields(self) -> dict[str, Any]:
        """The fields of a GroupEvent, without those that place it in the log."""
        return {
            "totals": self.totals, "advantages": self.advantages, "metrics": self.metrics,
            "dropped": {str(index): reason for index, reason in self.dropped.items()},
        }  # fmt: skip
