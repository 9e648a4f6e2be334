"""The curves of a run: the numbers of `metrics.jsonl` by stage and name, with few enough points to draw."""

from __future__ import annotations

import math
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from ccgym.view.server.following import Lines

POINTS = 400
"""Points of one curve; where there are more, each is the mean of as many as needed."""
MOST_CURVES = 200
"""Curves of one stage."""
_HIDDEN = ("score/", "weight/", "stage", "step", "time")
"""What stands in the report and would only crowd the page."""


class Stage:
    """The steps of one stage and what was measured at each; NaN where nothing was."""

    def __init__(self) -> None:
        self.steps: array[float] = array("d")
        self.values: dict[str, array[float]] = {}

    def add(self, line: dict[str, Any]) -> None:
        """Take in one step."""
        number = len(self.steps)
        self.steps.append(line["step"])
        for name, value in line.items():
            if name.startswith(_HIDDEN) or not isinstance(value, int | float):
                continue
            if name not in self.values and len(self.values) < MOST_CURVES:
                self.values[name] = array("d", [math.nan]) * number
            if name in self.values:
                self.values[name].append(value)
        for column in self.values.values():
            if len(column) == number:
                column.append(math.nan)

    def drawn(self) -> dict[str, Any]:
        """Steps and curves with at most `POINTS` points, as JSON."""
        size = -(-len(self.steps) // POINTS) or 1
        steps = np.array(self.steps)[size - 1 :: size]
        if len(self.steps) % size:
            steps = np.append(steps, self.steps[-1])
        return {
            "steps": steps.tolist(),
            "values": {name: _means(np.array(column), size) for name, column in self.values.items()},
        }


class Curves:
    """All stages of a `metrics.jsonl`, followed while it grows."""

    def __init__(self, path: Path) -> None:
        self.lines = Lines(path)
        self.stages: dict[str, Stage] = {}
        self.damaged = 0
        """Lines that are no step."""

    def refresh(self) -> None:
        """Take in what was written since."""
        if self.lines.rewound():
            self.stages, self.damaged = {}, 0
        for line in self.lines.read():
            try:
                found = orjson.loads(line)
                step, stage = found["step"], found["stage"]
                if not isinstance(stage, str) or not isinstance(step, int) or len(self.stages) > MOST_CURVES:
                    raise TypeError
                self.stages.setdefault(stage[:100], Stage()).add(found)
            except (orjson.JSONDecodeError, KeyError, TypeError):
                self.damaged += bool(line.strip())


def _means(values: Any, size: int) -> list[float | None]:
    found = []
    for start in range(0, len(values), size):
        known = values[start : start + size]
        known = known[np.isfinite(known)]
        found.append(float(known.mean()) if len(known) else None)
    return found
