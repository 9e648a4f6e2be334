"""Comparing what an episode changed with what its target changes, path by path."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from ccgym_rewards._calls import equal

Effects = dict[str, list[Any]]
"""Path to what is left there: [value], or [] for nothing."""


def differences(
    found: list[dict[str, Any]], wanted: list[dict[str, Any]], tolerance: float, exclude: Iterable[str]
) -> list[str]:
    """What differs between two net patches against the same state, a sentence a path; empty where nothing does.

    Args:
        found: the episode's patch; its operations may hold the replaced value as `old`.
        wanted: the target's patch.
        tolerance: numbers may differ by this much, from each other and from what they were.
        exclude: JSON pointers of places that do not count; `*` stands for any one segment.
    """
    places = [_segments(path) for path in exclude]
    left, right = _effects(found, tolerance, places), _effects(wanted, tolerance, places)
    told = []
    for path in dict.fromkeys([*right, *left]):
        if path not in left:
            told.append(f"{path} is not changed to {_left(right[path])}")
        elif path not in right:
            told.append(f"{path} should not change, and is {_left(left[path])}")
        elif not equal(left[path], right[path], tolerance):
            told.append(f"{path} is {_left(left[path])}, not {_left(right[path])}")
    return told


def short(value: Any) -> str:
    """JSON text of a value, for an explanation."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:59] + "…"


def _left(effect: list[Any]) -> str:
    return short(effect[0]) if effect else "gone"


def _effects(patch: list[dict[str, Any]], tolerance: float, exclude: list[list[str]]) -> Effects:
    effects: Effects = {}
    for op in patch:
        path = _segments(op["path"])
        inside = [place[len(path) :] for place in exclude if _match(path, place)]
        if any(not rest for rest in inside):
            continue
        left = [] if op["op"] == "remove" else [op.get("value")]
        for rest in inside:
            left = [_without(value, rest) for value in left]
        if not (tolerance and left and "old" in op and equal(left[0], op["old"], tolerance)):
            effects[op["path"]] = left
    return effects


def _segments(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _match(path: Sequence[str], place: Sequence[str]) -> bool:
    """Whether one of the two leads to or through the other."""
    return all(b in (a, "*") for a, b in zip(path, place, strict=False))


def _without(value: Any, rest: Sequence[str]) -> Any:
    """A copy of a value without the place that the remaining segments name."""
    head, *tail = rest
    if not isinstance(value, dict):
        return value
    if tail:
        return {key: _without(item, tail) if head in (key, "*") else item for key, item in value.items()}
    return {key: item for key, item in value.items() if head not in (key, "*")}
