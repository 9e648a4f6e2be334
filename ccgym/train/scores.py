"""What each reward said in an iteration: whether it says anything, and whether it tells members of a group apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ccgym.rollouts.runner import Group
from ccgym.scoring import Scored

STATUSES = ("not_applicable", "unscored", "failed")


def score_metrics(groups: Sequence[Group], weights: Mapping[str, float]) -> dict[str, float | None]:
    """Of each reward: its weight, and under `score/NAME` figures of its values before gaps, gates and weights.

    `mean`, `std`, `min` and `max` are over the episodes that it gave a value; `not_applicable`, `unscored` and `failed`
    are shares of all episodes; `zero_spread` is the share of groups whose column, as it is trained on, is the same for
    every member.
    """
    results = [scored for group in groups for member in group.score.scores for scored in member]
    found: dict[str, float | None] = {}
    for name, weight in weights.items():
        mine = [scored for scored in results if scored.name == name]
        values = [scored.value for scored in mine if scored.value is not None]
        found[f"weight/{name}"] = weight
        figures: dict[str, float | None] = {**_figures(values), **{s: _share(s, mine) for s in STATUSES}}
        figures["zero_spread"] = sum(flat(group.score.columns[name]) for group in groups) / len(groups)
        found |= {f"score/{name}/{key}": value for key, value in figures.items()}
    return found


def flat(column: Sequence[float | None]) -> bool:
    """Whether no member's value differs from another's: such a column teaches nothing."""
    known = [value for value in column if value is not None]
    return not known or max(known) - min(known) < 1e-8


def _figures(values: Sequence[float]) -> dict[str, float | None]:
    if not values:
        return dict.fromkeys(("mean", "std", "min", "max"))
    mean = math.fsum(values) / len(values)
    std = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
    return {"mean": mean, "std": std, "min": min(values), "max": max(values)}


def _share(status: str, scored: Sequence[Scored]) -> float | None:
    return sum(each.status == status for each in scored) / len(scored) if scored else None
