"""Two runs against each other, by stage and task, from their indices: no episode is opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ccgym.errors import EpisodeError

SUCCESS = "correctness"
"""The reward that says whether an episode succeeded: it did where the value is 1."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """What an index says of one episode."""

    file: str
    """Path within the run."""
    episode: int
    task: str
    reason: str | None = None
    steps: int = 0
    rewards: dict[str, float | None] = {}
    violated: list[str] = []
    sample: int = 0

    @property
    def stage(self) -> str:
        """The folder that the episode's file is in."""
        return self.file.rpartition("/")[0].removeprefix("episodes/")

    @property
    def success(self) -> bool:
        """Whether it was correct."""
        return self.rewards.get(SUCCESS) == 1.0


@dataclass(frozen=True, slots=True)
class Side:
    """The episodes that one run has of a task in a stage."""

    tries: int
    successes: int
    solved: str
    """An episode that succeeded, as FILE#k; "" where none did."""
    failed: str
    """One that did not."""

    @property
    def rate(self) -> float:
        """Share of the tries that succeeded."""
        return self.successes / self.tries


@dataclass(frozen=True, slots=True)
class TaskDiff:
    """A task that both runs played in a stage."""

    stage: str
    task: str
    a: Side
    b: Side

    @property
    def change(self) -> float:
        """By how much the success rate rose."""
        return self.b.rate - self.a.rate


@dataclass(frozen=True, slots=True)
class StageDiff:
    """A stage that both runs have, over the tasks that both played in it."""

    stage: str
    tasks: int
    better: int
    worse: int
    a_rate: float | None
    """Mean success rate over those tasks; None where there are none."""
    b_rate: float | None
    only_a: int
    """Tasks that only the first run played."""
    only_b: int


@dataclass(frozen=True, slots=True)
class RunsDiff:
    """What changed between two runs."""

    stages: tuple[StageDiff, ...]
    tasks: tuple[TaskDiff, ...]
    """The tasks whose success rate differs: the largest losses first, the largest gains last."""
    notices: tuple[str, ...]


def diff_runs(a: str | Path, b: str | Path) -> RunsDiff:
    """Compare two runs by their indices.

    Raises:
        EpisodeError: a run has no index, or a line of it is no entry.
    """
    notices: list[str] = []
    left, right = _sides(Path(a), notices.append), _sides(Path(b), notices.append)
    stages = [stage for stage in left if stage in right]
    tasks = [
        TaskDiff(stage, task, left[stage][task], right[stage][task])
        for stage in stages
        for task in left[stage]
        if task in right[stage]
    ]
    changed = sorted((task for task in tasks if task.change), key=lambda task: (task.change, task.stage, task.task))
    found = tuple(
        _stage(stage, [task for task in tasks if task.stage == stage], left[stage].keys(), right[stage].keys())
        for stage in stages
    )
    missing = sorted(left.keys() ^ right.keys())
    notices += [f"only {a if stage in left else b} has the stage {stage}" for stage in missing]
    return RunsDiff(found, tuple(changed), tuple(notices))


def _stage(stage: str, tasks: list[TaskDiff], a: Iterable[str], b: Iterable[str]) -> StageDiff:
    a, b = set(a), set(b)
    return StageDiff(
        stage, len(tasks), sum(task.change > 0 for task in tasks), sum(task.change < 0 for task in tasks),
        _mean([task.a.rate for task in tasks]), _mean([task.b.rate for task in tasks]), len(a - b), len(b - a),
    )  # fmt: skip


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _sides(run: Path, note: Callable[[str], None]) -> dict[str, dict[str, Side]]:
    """Stage to task to what the run has of it."""
    found: dict[str, dict[str, list[Entry]]] = {}
    for entry in read_index(run, note):
        found.setdefault(entry.stage, {}).setdefault(entry.task, []).append(entry)
    return {stage: {task: _side(run, entries) for task, entries in tasks.items()} for stage, tasks in found.items()}


def _side(run: Path, entries: list[Entry]) -> Side:
    named = {success: f"{run / e.file}#{e.episode}" for e in reversed(entries) for success in [e.success]}
    return Side(len(entries), sum(e.success for e in entries), named.get(True, ""), named.get(False, ""))


def read_index(run: str | Path, note: Callable[[str], None] = lambda _: None) -> Iterator[Entry]:
    """The entries of a run's index. A torn last line, of a run that is being written, is dropped with a note.

    Raises:
        EpisodeError: there is no index, or a line of it is no entry: names file and line.
    """
    path = Path(run) / "index.jsonl"
    decode = msgspec.json.Decoder(Entry).decode
    try:
        data = path.read_bytes()
    except OSError:
        fix = "Give a run's folder, such as runs/quickstart"
        raise EpisodeError("has no index.jsonl", where=str(run), fix=fix) from None
    *lines, torn = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            yield decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise EpisodeError(f"not an entry of the index: {error}", where=f"{path}:{number}") from None
    if torn:
        note(f"{path}: the last line is torn ({len(torn)} bytes) and was dropped")
