"""What a run says while it goes: live on a terminal, plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

SHOWN = {
    "correctness": "correct", "reward": "reward", "diversity/unique": "unique", "diversity/cosine": "cosine",
    "kl": "kl", "length": "tokens", "zero_variance": "flat", "sop_breaks": "sop breaks", "loss": "loss",
    "accuracy": "accuracy", "lr": "lr",
}  # fmt: skip
"""Metric to the word that stands for it on the terminal, in order."""
_EVERY = 10
"""In a pipe, one step of the warm start in so many is told."""


class Console(Protocol):
    """Where a run speaks. The command line's own output is one."""

    @property
    def rich(self) -> bool:
        """Whether a person watches."""
        ...

    def line(self, text: str = "", style: str | None = None) -> None:
        """A line of text."""
        ...

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
        """A table."""
        ...

    def progress(self, label: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """Gives `advance(n)`."""
        ...


class Plain:
    """Plain lines on stdout."""

    rich = False

    def line(self, text: str = "", style: str | None = None) -> None:
        """A line of text."""
        print(text, flush=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
        """A table, columns aligned."""
        cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        if title:
            self.line(title)
        for row in cells:
            self.line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Says what begins; nothing more."""
        self.line(f"{label}: {total} episodes")
        yield lambda n: None


class Steps:
    """Tells the steps of one stage as they are recorded. Used as a context, called with each line of metrics.

    Args:
        say: where.
        stage: `sft` or `grpo`.
        total: how many steps there will be.
        done: how many were done before the run was taken up again.
    """

    def __init__(self, say: Console, stage: str, total: int, done: int = 0) -> None:
        self.say, self.stage, self.total, self.done = say, stage, total, done
        self._bar: Any = None

    def __enter__(self) -> Steps:
        if self.say.rich:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}", markup=False), BarColumn(bar_width=24), MofNCompleteColumn())
            more = TextColumn("{task.fields[told]}", markup=False, style="dim")
            self._bar = Progress(*columns, TimeRemainingColumn(), more)
            self._bar.start()
            self._task = self._bar.add_task(self.stage, total=self.total, completed=self.done, told="")
        return self

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, line: dict[str, Any]) -> None:
        """Tell one step."""
        told = "  ".join(f"{word} {_number(line[key])}" for key, word in SHOWN.items() if line.get(key) is not None)
        step = line["step"]
        regular = self.stage != "sft" or step % _EVERY == 0 or step in (1, self.total)
        if self._bar is not None:
            self._bar.update(self._task, completed=step, told=told)
            if regular and self.stage != "sft":
                self._bar.console.print(f"{self.stage} {step:>4}  {told}", markup=False, highlight=False)
        elif regular:
            took = line["time"]["seconds"]
            self.say.line(f"{self.stage} {step}/{self.total}  {told}  {took:.1f} s")


def _number(value: float) -> str:
    if value != 0 and abs(value) < 0.001:
        return f"{value:.0e}"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.0f}"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
