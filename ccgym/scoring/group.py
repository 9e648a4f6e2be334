"""From the scores of a group's members to columns, totals and advantages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ccgym.scoring.scored import GroupScore, Scored

EPSILON = 1e-4
"""Added to the standard deviation, as TRL does."""
Column = list[float | None]


def combine(
    scores: list[list[Scored]],
    events: list[list[Scored]],
    dropped: dict[int, str],
    weights: Mapping[str, float],
    gates: Mapping[str, str],
) -> GroupScore:
    """Fill gaps, apply gates, weigh and normalise. Sums are exact, so the order of the members changes nothing.

    Args:
        scores: what every reward said of each member.
        events: the part of it that group rewards said.
        dropped: index of a member to the reason why it left.
        weights: reward to weight.
        gates: reward to the reward that multiplies it.
    """
    left = [index for index in range(len(scores)) if index not in dropped]
    by_name = [{result.name: result for result in scored} for scored in scores]
    filled = {name: _filled([by_name[index][name].value for index in left]) for name in weights}
    columns: dict[str, Column] = {}
    for name, values in filled.items():
        gated = _gated(values, filled[gates[name]]) if name in gates else values
        column: Column = [None] * len(scores)
        for index, value in zip(left, gated, strict=True):
            column[index] = value
        columns[name] = column
    totals: Column = [None] * len(scores)
    for index in left:
        paid = [weight * value for name, weight in weights.items() if (value := columns[name][index]) is not None]
        totals[index] = math.fsum(paid)
    metrics = _metrics([scores[index] for index in left])
    return GroupScore(columns, totals, advantages(totals), dropped, metrics, scores, events)


def advantages(totals: Sequence[float | None]) -> Column:
    """(total - mean) / (sample standard deviation + 1e-4); None stays None, and one alone has 0 (Shao et al. 2024)."""
    left = [total for total in totals if total is not None]
    if not left:
        return [None] * len(totals)
    mean = math.fsum(left) / len(left)
    spread = math.sqrt(math.fsum((total - mean) ** 2 for total in left) / (len(left) - 1)) if len(left) > 1 else 0.0
    return [None if total is None else (total - mean) / (spread + EPSILON) for total in totals]


def _filled(values: Column) -> Column:
    """Gaps take the mean of the rest; a column of gaps stays one."""
    known = [value for value in values if value is not None]
    if not known or len(known) == len(values):
        return values
    mean = math.fsum(known) / len(known)
    return [mean if value is None else value for value in values]


def _gated(values: Column, gate: Column) -> Column:
    """Values times their gate; a gate that applies to nobody is open."""
    return [
        value if value is None or factor is None else value * factor
        for value, factor in zip(values, gate, strict=True)
    ]  # fmt: skip


def _metrics(scores: list[list[Scored]]) -> dict[str, float]:
    """`reward/part` to its mean over the members that have it."""
    found: dict[str, list[float]] = {}
    for scored in scores:
        for result in scored:
            for part, value in result.parts.items():
                if value is not None:
                    found.setdefault(f"{result.name}/{part}", []).append(value)
    return {name: math.fsum(values) / len(values) for name, values in sorted(found.items())}
