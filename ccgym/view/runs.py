"""Two runs against each other, by stage and task, from their indices: no episode is opened."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
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


Entries = dict[str, list[tuple[str, Entry]]]
"""Task to its episodes, each as `FILE#k` and what the index says of it."""


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
    """The tasks whose success rate differs: the largest losses, in episodes, first, the largest gains last."""
    templates: tuple[TaskDiff, ...]
    """The templates whose tasks together succeed at another rate, in the same order. Runs draw other tasks of them."""
    notices: tuple[str, ...]


def diff_runs(a: str | Path, b: str | Path, stages: Collection[str] | None = None) -> RunsDiff:
    """Compare two runs by their indices.

    Args:
        a: the folder of the one run.
        b: of the other.
        stages: those to look at; None: all that both have.

    Raises:
        EpisodeError: a run has no index, or a line of it is no entry; or no such stage.
    """
    notices: list[str] = []
    left, right = read_stages(a, notices.append), read_stages(b, notices.append)
    both = [stage for stage in left if stage in right]
    for stage in stages or ():
        if stage not in both:
            raise EpisodeError(f"{stage!r} is no stage of both runs", fix=f"Take one of {', '.join(both) or 'none'}")
    chosen = [stage for stage in both if stages is None or stage in stages]
    found, tasks, templates = [], [], []
    for stage in chosen:
        common = _diffs(stage, left[stage], right[stage])
        found.append(_stage(stage, common, left[stage].keys(), right[stage].keys()))
        tasks += common
        templates += _diffs(stage, _by_template(left[stage]), _by_template(right[stage]))
    if stages is None:
        missing = sorted(left.keys() ^ right.keys())
        notices += [f"Only {a if stage in left else b} has the stage {stage}" for stage in missing]
    return RunsDiff(tuple(found), _changed(tasks), _changed(templates), tuple(notices))


def _diffs(stage: str, a: Entries, b: Entries) -> list[TaskDiff]:
    return [TaskDiff(stage, task, _side(a[task]), _side(b[task])) for task in a if task in b]


def _changed(tasks: list[TaskDiff]) -> tuple[TaskDiff, ...]:
    """Those that differ, by how many episodes of one side's tries that makes."""
    changed = (task for task in tasks if task.change)
    return tuple(sorted(changed, key=lambda t: (t.change * min(t.a.tries, t.b.tries), t.stage, t.task)))


def _by_template(entries: Entries) -> Entries:
    """The entries of tasks that templates made (`name/split/seed`), by template."""
    found: Entries = {}
    for task, some in entries.items():
        name, *rest = task.split("/")
        if len(rest) == 2 and rest[1].isdigit():
            found.setdefault(name, []).extend(some)
    return found


def _stage(stage: str, tasks: list[TaskDiff], a: Iterable[str], b: Iterable[str]) -> StageDiff:
    a, b = set(a), set(b)
    return StageDiff(
        stage, len(tasks), sum(task.change > 0 for task in tasks), sum(task.change < 0 for task in tasks),
        _mean([task.a.rate for task in tasks]), _mean([task.b.rate for task in tasks]), len(a - b), len(b - a),
    )  # fmt: skip


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def read_stages(run: str | Path, note: Callable[[str], None] = lambda _: None) -> dict[str, Entries]:
    """Stage to task to the run's episodes of it, each with its file as it is found from here."""
    found: dict[str, Entries] = {}
    for entry in read_index(run, note):
        named = (f"{Path(run) / entry.file}#{entry.episode}", entry)
        found.setdefault(entry.stage, {}).setdefault(entry.task, []).append(named)
    return found


def _side(entries: list[tuple[str, Entry]]) -> Side:
    named = {entry.success: name for name, entry in reversed(entries)}
    return Side(len(entries), sum(entry.success for _, entry in entries), named.get(True, ""), named.get(False, ""))


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
