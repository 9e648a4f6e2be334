"""What a run measures, step by step: `metrics.jsonl`, TensorBoard, the hook `train_step`, and the collapse alarm."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ccgym.plugins import registry
from ccgym.train.checkpoints import write_bytes
from ccgym.train.config import EarlyStop

TIMES = ("time",)
"""Fields of a line of `metrics.jsonl` that differ between two runs that are otherwise the same."""


class Metrics:
    """The metrics of one run. Each line names its stage and step; `time` holds seconds, and nothing else does.

    Args:
        run: the run directory.
    """

    def __init__(self, run: str | Path) -> None:
        self.run = Path(run)
        self.path = self.run / "metrics.jsonl"
        self.lines: list[dict[str, Any]] = read_metrics(self.path)
        self._board: Any = None

    def record(self, stage: str, step: int, values: dict[str, float | None], time: dict[str, float]) -> dict[str, Any]:
        """Append one line, show it to TensorBoard, and call the plugins' `train_step`."""
        line = {"stage": stage, "step": step, **values, "time": {key: round(value, 3) for key, value in time.items()}}
        with open(self.path, "ab") as file:
            file.write(_encode(line))
        self.lines.append(line)
        self._show(line)
        numbers = {key: value for key, value in values.items() if value is not None}
        registry().notify("train_step", step=step, metrics=numbers)
        return line

    def rewind(self, keep: Callable[[dict[str, Any]], bool]) -> None:
        """Keep only some lines, drop a torn tail, and write TensorBoard's files anew to match."""
        self.lines = [line for line in self.lines if keep(line)]
        write_bytes(self.path, b"".join(map(_encode, self.lines)))
        self.close()
        shutil.rmtree(self.run / "tb", ignore_errors=True)
        for line in self.lines:
            self._show(line)

    def stage(self, name: str) -> list[dict[str, Any]]:
        """The lines of one stage."""
        return [line for line in self.lines if line["stage"] == name]

    def close(self) -> None:
        """Close TensorBoard's file."""
        if self._board is not None:
            self._board.close()
            self._board = None

    def _show(self, line: dict[str, Any]) -> None:
        if self._board is None:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(self.run / "tb"))
        for key, value in line.items():
            if key not in ("stage", "step", *TIMES) and value is not None:
                self._board.add_scalar(f"{line['stage']}/{key}", value, line["step"])
        self._board.flush()


def read_metrics(path: str | Path) -> list[dict[str, Any]]:
    """The whole lines of a `metrics.jsonl`; what a killed process left half-written at its end is left out."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in data.split(b"\n")[:-1]]


def without_times(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines with everything that measures time left out: what two equal runs agree on."""
    return [{key: value for key, value in line.items() if key not in TIMES} for line in lines]


class Collapse:
    """The alarm for collapsed diversity. Feed it the lines of GRPO in order.

    Args:
        settings: when an iteration counts as collapsed; None: never.
        lines: what was recorded before a run was taken up again.
    """

    def __init__(self, settings: EarlyStop | None, lines: Iterable[dict[str, Any]] = ()) -> None:
        self.settings, self._row = settings, 0
        for line in lines:
            self.update(line)

    def update(self, line: dict[str, Any]) -> str | None:
        """Take in one iteration. Returns why the run should stop, or None."""
        rule = self.settings
        unique, cosine, correct = (line.get(key) for key in ("diversity/unique", "diversity/cosine", "correctness"))
        if rule is None or unique is None or cosine is None:
            return None
        collapsed = unique < rule.unique and cosine > rule.cosine and (correct or 0.0) < rule.correctness
        self._row = self._row + 1 if collapsed else 0
        if self._row < rule.patience:
            return None
        return (
            f"diversity collapsed: for {self._row} iterations the share of unique tool sequences was below "
            f"{rule.unique:g} and their mean cosine above {rule.cosine:g}, with correctness below {rule.correctness:g}"
        )


def _encode(line: dict[str, Any]) -> bytes:
    return json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"
