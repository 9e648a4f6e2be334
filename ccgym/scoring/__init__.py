"""Scoring: rewards with weights and gates, over steps, episodes and groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ccgym.scoring.group import advantages
from ccgym.scoring.scored import GroupScore, Scored, Status
from ccgym.scoring.scorer import RewardLike, Scorer, gates_among, with_rewards, without_rewards
from ccgym.types import Episode

__all__ = [
    "GroupScore", "Scored", "Scorer", "Status", "advantages", "gates_among", "score", "with_rewards",
    "without_rewards",
]  # fmt: skip


def score(
    episodes: Sequence[Episode],
    rewards: Mapping[RewardLike, float] | Iterable[RewardLike],
    *,
    gates: Mapping[str, str] | None = None,
    domain: Any = None,
) -> list[dict[str, Scored]]:
    """Score recorded episodes anew, whatever rewards they were played under.

    Args:
        episodes: any number of ended episodes. Those of one task and seed are one group to the group rewards.
        rewards: names, classes or instances; or a mapping of those to weights.
        gates: reward to the reward that multiplies it.
        domain: what rewards such as `style` are fitted on.

    Returns:
        For each episode, reward name to what it said.

    Raises:
        PluginError, ConfigError, RewardError: see Scorer. A reward that fails on an episode is a status, not an error.
    """
    weights = rewards if isinstance(rewards, Mapping) else dict.fromkeys(rewards, 1.0)
    scorer = Scorer(weights, gates, domain=domain)
    episodes = [without_rewards(episode) for episode in episodes]
    found: list[dict[str, Scored]] = [{} for _ in episodes]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for index, episode in enumerate(episodes):
        begin = episode.begin
        key = (begin.domain["digest"], begin.task.get("id"), begin.seed) if scorer.grouped else (index,)
        groups.setdefault(key, []).append(index)
    for indices in groups.values():
        if not scorer.grouped:
            results = [scorer.score_episode(episodes[index]) for index in indices]
        else:
            results = scorer.score_group([episodes[index] for index in indices], rescore=True).scores
        for index, scored in zip(indices, results, strict=True):
            found[index] = {result.name: result for result in scored}
    return found
