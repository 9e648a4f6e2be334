"""The runs under a folder, and what is known of each so far: its index and its curves, followed while it is written."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ccgym.errors import EpisodeError
from ccgym.log import index_entry, log_files, read_log
from ccgym.view.server.curves import Curves
from ccgym.view.server.following import Lines, changed
from ccgym.view.server.index import Entry, Index

DEPTH = 3
"""How many folders deep runs are looked for."""
MOST_RUNS = 1_000
MOST_NOTICES = 50
QUIET_SECONDS = 1.0
"""An episode file without an index is read once nobody has written to it for so long."""


class Run:
    """One run, as far as it is written. Its methods may be called from several threads.

    Args:
        path: its folder.
        name: what the page calls it.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        self.lock = threading.RLock()
        """Hold it while reading `index` or `curves`."""
        self._lines = Lines(path / "index.jsonl")
        self._reader: threading.Thread | None = None
        self._forget()
        self.curves = Curves(path / "metrics.jsonl")

    def _forget(self) -> None:
        self.index = Index()
        self._notices: list[str] = []
        self._read: set[Path] = set()
        self.to_read = 0
        """Episode files that are still to be read, of a run without an index."""

    def refresh(self) -> None:
        """Take in what was written since: the whole index the first time, new lines after that."""
        with self.lock:
            if self._lines.path.exists():
                if self._lines.rewound() or self._read:
                    self._forget()
                for line in self._lines.read():
                    self.index.add_line(line)
            else:
                self._read_files()
            self.curves.refresh()

    def _read_files(self) -> None:
        """Start reading the episode files that are finished and not yet read, in the background."""
        if self._reader is not None and self._reader.is_alive():
            return
        now = time.time()
        files = [f for f in _files(self.path) if f not in self._read and now - (changed(f) or now) > QUIET_SECONDS]
        if files:
            self.to_read = len(files)
            self._reader = threading.Thread(target=self._read_all, args=(files,), daemon=True)
            self._reader.start()

    def _read_all(self, files: list[Path]) -> None:
        for file in files:
            entries, notices = _entries(file, self.path)
            with self.lock:
                if self._lines.path.exists():
                    return
                self._read.add(file)
                self.to_read -= 1
                self._notices += notices
                for entry in entries:
                    self.index.add(entry)

    @property
    def notices(self) -> list[str]:
        """What a reader should know: what was damaged, left out, or is still being read."""
        index, found = self.index, []
        damaged = index.damaged + self._lines.skipped
        if self.to_read:
            found.append(f"There is no index.jsonl: {self.to_read:,} episode files are still to be read")
        if damaged:
            found.append(f"Damaged lines of index.jsonl, skipped: {damaged:,}")
        if damaged := self.curves.damaged + self.curves.lines.skipped:
            found.append(f"Damaged lines of metrics.jsonl, skipped: {damaged:,}")
        if index.left_out:
            found.append(f"{index.left_out:,} episodes are beyond what the table holds and were left out")
        more = len(self._notices) - MOST_NOTICES
        return [*found, *self._notices[:MOST_NOTICES], *([f"and {more:,} more notices"] if more > 0 else [])]

    @property
    def version(self) -> list[int]:
        """Changes whenever there is something new to show."""
        return [self._lines.offset, len(self.index), self.curves.lines.offset, self.to_read]

    @property
    def written(self) -> float | None:
        """Seconds since anything was added to it; None where nothing ever was."""
        times = [t for name in ("index.jsonl", "metrics.jsonl") if (t := changed(self.path / name)) is not None]
        return max(0.0, time.time() - max(times)) if times else None

    def episode_file(self, file: str) -> Path:
        """The file of that name in the index.

        Raises:
            EpisodeError: it is not inside the run, or is no episode file. An index may come from anywhere.
        """
        path = self.path / file
        if not file.endswith(".jsonl") or "\0" in file or not path.resolve().is_relative_to(self.path.resolve()):
            raise EpisodeError("is no episode file of this run", where=file)
        return path


def _files(run: Path) -> list[Path]:
    try:
        return log_files(run)
    except EpisodeError:
        return []


def _entries(file: Path, run: Path) -> tuple[list[Entry], list[str]]:
    try:
        log = read_log(file)
    except EpisodeError as error:
        return [], [str(error)]
    entries = [index_entry(file, run, episode) for episode in log.episodes.values()]
    return [Entry(**entry) for entry in entries], log.notices


def is_run(folder: Path) -> bool:
    """Whether a folder holds an index or episodes of its own."""
    return (folder / "index.jsonl").is_file() or (folder / "episodes").is_dir()


class Runs:
    """The runs that a path names: itself, or those in its folders.

    Args:
        root: a run's folder, or a folder of such.

    Raises:
        EpisodeError: there is no run.
    """

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()
        if not self.root.is_dir():
            told = "is a file" if self.root.exists() else "no such folder"
            fix = f"For one episode: ccgym replay '{root}' --html FILE" if self.root.exists() else None
            raise EpisodeError(told, where=str(root), fix=fix or "Give a run's folder, such as runs/quickstart")
        if not self.names():
            raise EpisodeError(
                "holds no run: no index.jsonl and no episodes/",
                where=str(root), fix="Give a run's folder, such as runs/quickstart, or a folder of runs",
            )  # fmt: skip

    def names(self) -> list[str]:
        """Names of all runs that are there by now, the one that was written last first."""
        with self._lock:
            for folder in _folders(self.root):
                name = self.root.resolve().name if folder == self.root else str(folder.relative_to(self.root))
                if name not in self._runs:
                    self._runs[name] = Run(folder, name)
            return sorted(self._runs, key=lambda name: self._runs[name].written or float("inf"))

    def get(self, name: str) -> Run | None:
        """A run by its name; "" is the first."""
        if not name:
            name = self.names()[0]
        return self._runs.get(name) or (self._runs.get(name) if name in self.names() else None)


def _folders(root: Path, depth: int = DEPTH) -> Iterator[Path]:
    """The folders that are runs: the root alone where it is one, else those below it."""
    if is_run(root):
        yield root
        return
    if not depth:
        return
    found = 0
    for folder in sorted(root.iterdir()):
        if folder.is_dir() and not folder.is_symlink() and not folder.name.startswith("."):
            for run in _folders(folder, depth - 1):
                found += 1
                if found > MOST_RUNS:
                    return
                yield run
