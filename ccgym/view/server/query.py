"""Which episodes are wanted, in which order, and what else could be chosen: over columns, not over files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ccgym.turns import fold
from ccgym.view.server.index import Index, Names, Sets

MOST_CHOICES = 100
"""Choices that are told of one kind, those with the most episodes first."""
ORDERS = ("row", "stage", "iteration", "task", "episode", "reason", "steps", "clauses")
"""What rows can be sorted by, beside `reward.NAME`."""
Mask = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Query:
    """What is asked of the table. Empty: everything."""

    text: str = ""
    """Words that must each stand somewhere: in the task, the file, a tag, the policy, the end, or a broken clause."""
    stage: tuple[str, ...] = ()
    """Any of these."""
    reason: tuple[str, ...] = ()
    """Ended for any of these."""
    tag: tuple[str, ...] = ()
    """All of these."""
    clause: tuple[str, ...] = ()
    """All of these were broken."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Least and greatest of `iteration`, `steps` or `reward.NAME`, both included; unscored episodes are in none."""
    sort: str = "row"
    descending: bool = True


@dataclass(frozen=True)
class Selection:
    """The rows that a query finds, in its order."""

    rows: np.ndarray[Any, np.dtype[np.int64]]
    choices: dict[str, list[tuple[str, int]]]
    """For `stage`, `reason`, `tag`, `clause`: text and number of episodes, as if nothing of that one-of-many kind
    were chosen yet."""
    means: dict[str, float | None]
    """Mean of each reward over the rows where it is scored."""


def select(index: Index, query: Query) -> Selection:
    """Answer a query."""
    size = len(index)
    masks = {"rest": _text(index, query.text, size) & _ranges(index, query.ranges, size)}
    stages, reasons = index.column("stage"), index.column("reason")
    tags, clauses = index.column("tags"), index.column("clauses")
    masks["stage"] = _any_of(stages, index.stages, query.stage)
    masks["reason"] = _any_of(reasons, index.reasons, query.reason)
    masks["tag"] = _all_of(tags, index.tags, query.tag)
    masks["clause"] = _all_of(clauses, index.clauses, query.clause)
    found = np.logical_and.reduce(list(masks.values()))
    but = {kind: np.logical_and.reduce([m for k, m in masks.items() if k != kind]) for kind in ("stage", "reason")}
    rows = np.flatnonzero(found)
    return Selection(
        _sorted(index, rows, query),
        {
            "stage": _choices(index.stages.texts, _count(stages[but["stage"]], index.stages)),
            "reason": _choices(index.reasons.texts, _count(reasons[but["reason"]], index.reasons)),
            "tag": _choices(index.tags.names.texts, _members(index.tags, tags[rows])),
            "clause": _choices(index.clauses.names.texts, _members(index.clauses, clauses[rows])),
        },
        {name: _mean(np.array(column)[rows]) for name, column in index.rewards.items()},
    )


def _any_of(column: Any, names: Names, wanted: Iterable[str]) -> Mask:
    numbers = [names.number(text) for text in wanted]
    return np.isin(column, numbers) if numbers else np.ones(len(column), np.bool_)


def _all_of(column: Any, sets: Sets, wanted: Iterable[str]) -> Mask:
    mask = np.ones(len(column), np.bool_)
    for text in wanted:
        mask &= np.isin(column, sets.holding([sets.names.number(text)]))
    return mask


def _text(index: Index, text: str, size: int) -> Mask:
    mask = np.ones(size, np.bool_)
    plain = {"task": index.tasks, "file": index.files, "policy": index.policies, "reason": index.reasons}
    for word in fold(text).split()[:20]:
        here = np.zeros(size, np.bool_)
        for name, names in plain.items():
            here |= np.isin(index.column(name), names.matching(word))
        for name, sets in {"tags": index.tags, "clauses": index.clauses}.items():
            here |= np.isin(index.column(name), sets.holding(sets.names.matching(word).tolist()))
        mask &= here
    return mask


def _ranges(index: Index, ranges: Mapping[str, tuple[float, float]], size: int) -> Mask:
    mask = np.ones(size, np.bool_)
    for name, (least, most) in ranges.items():
        values = _values(index, name)
        mask &= (values >= least) & (values <= most)
    return mask


def _values(index: Index, name: str) -> Any:
    """The numbers of a column; NaN where there is none."""
    if name.startswith("reward."):
        column = index.rewards.get(name.removeprefix("reward."))
        return np.full(len(index), np.nan) if column is None else np.array(column)
    if name == "row":
        return np.arange(len(index))
    if name == "clauses":
        return np.array([len(members) for members in index.clauses.members], np.int32)[index.column("clauses")]
    return index.column(name)


def _sorted(index: Index, rows: Any, query: Query) -> Any:
    names = {"stage": index.stages, "task": index.tasks, "reason": index.reasons}.get(query.sort)
    if names is not None:
        values = names.ranks()[index.column(query.sort)[rows]]
    else:
        values = np.asarray(_values(index, query.sort), float)[rows]
    return rows[np.argsort(-values if query.descending else values, kind="stable")]


def _count(column: Any, names: Names) -> Any:
    return np.bincount(column, minlength=len(names.texts))


def _members(sets: Sets, column: Any) -> Any:
    counts = np.zeros(len(sets.names.texts), np.int64)
    for number, count in enumerate(np.bincount(column, minlength=len(sets.members))):
        if count:
            counts[list(sets.members[number])] += count
    return counts


def _choices(texts: list[str], counts: Any) -> list[tuple[str, int]]:
    found = [(text, int(count)) for text, count in zip(texts, counts, strict=True) if count]
    return sorted(found, key=lambda choice: (-choice[1], choice[0]))[:MOST_CHOICES]


def _mean(values: Any) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None
