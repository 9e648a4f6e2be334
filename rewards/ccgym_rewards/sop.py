"""Whether the agent kept to the procedure: the share of the clauses that applied and were kept."""

from __future__ import annotations

from ccgym import Episode, RewardResult, reward
from ccgym_rewards._clauses import by_clause, tell


@reward(range=(0.0, 1.0), seconds=30.0)
class Sop:
    """Clauses kept / clauses that applied. One that was broken once, or could not be judged once, is not kept.

    The explanation cites the clauses that were broken, the one broken most often first; the evidence is their verdicts.
    """

    def score_episode(self, episode: Episode) -> RewardResult | None:
        """None where no clause applied."""
        clauses = by_clause(episode)
        if not clauses:
            return None
        broken = sorted((r for r in clauses.values() if r.broken), key=lambda record: -len(record.broken))
        told = []
        for record in broken[:5]:
            times = f", {len(record.broken)} times" if len(record.broken) > 1 else ""
            told.append(f"{tell(record.broken[0])} [event {record.broken[0].n}{times}]")
        kept = len(clauses) - len(broken)
        text = "; ".join([f"{kept} of {len(clauses)} clauses kept", *told])
        evidence = tuple(event.n for record in broken for event in record.broken)
        return RewardResult(kept / len(clauses), text[:1000], evidence)
