"""The episodes that a name stands for, to choose from: a run by its index, without opening its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ccgym.errors import EpisodeError
from ccgym.log import file_and_number, index_entry, log_files, read_log
from ccgym.turns import fold


class _Entry(msgspec.Struct):
    """What a line of `index.jsonl` says, as far as the list shows it."""

    file: str
    episode: int | None = None
    task: str = ""
    policy: str = ""
    steps: int | None = None
    reason: str | None = None
    rewards: dict[str, float | None] = {}
    violated: list[str] = []


_decode = msgspec.json.Decoder(_Entry).decode


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list: an episode, or a file whose episodes are not listed anywhere yet."""

    file: Path
    episode: int | None
    task: str
    policy: str
    steps: int | None
    end: str
    correctness: float | None
    violated: int

    @property
    def name(self) -> str:
        """`FILE#k`, or `FILE`."""
        return str(self.file) if self.episode is None else f"{self.file}#{self.episode}"


@dataclass(frozen=True, slots=True)
class Choices(Sequence[Choice]):
    """Choices that are read when they are looked at: tens of thousands cost as little as a few."""

    root: Path
    lines: Sequence[bytes]
    """JSON objects as in `index.jsonl`."""

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, at: Any) -> Any:
        try:
            entry = _decode(self.lines[at])
            inside = not (Path(entry.file).is_absolute() or ".." in Path(entry.file).parts)
        except msgspec.MsgspecError:
            inside = False
        if not inside:
            return Choice(self.root / "index.jsonl", None, "(not a line of the index)", "", None, "", None, 0)
        end, correctness = entry.reason or "unfinished", entry.rewards.get("correctness")
        file, broken = self.root / entry.file, len(entry.violated)
        return Choice(file, entry.episode, entry.task, entry.policy, entry.steps, end, correctness, broken)

    def matching(self, text: str) -> Choices:
        """Those whose line of the index holds all words of the text, in whatever case."""
        words = [fold(word) for word in text.split()]
        kept = [line for line in self.lines if _holds(line, words)]
        return Choices(self.root, kept)


def _holds(line: bytes, words: list[str]) -> bool:
    text = fold(line.decode(errors="replace"))
    return all(word in text for word in words)


def choices(name: str) -> Choices:
    """What there is to choose from under a name: the index of a run, the episodes of a file, the files of a folder.

    Raises:
        EpisodeError: there is nothing, or the file is broken.
    """
    root = Path(name)
    if (root / "index.jsonl").is_file():
        *lines, _torn = (root / "index.jsonl").read_bytes().split(b"\n")
        if lines:
            return Choices(root, lines)
    files = log_files(name)
    if (wanted := file_and_number(name)[1]) is not None:
        entries = [{"file": files[0].name, "episode": wanted}]
    elif root.is_dir():
        entries = [{"file": str(file.relative_to(root)), "task": file.stem} for file in files]
    else:
        episodes = read_log(root).episodes
        entries = [index_entry(root, root.parent, episodes[key]) for key in sorted(episodes)]
    if not entries:
        raise EpisodeError("holds no episodes", where=name)
    return Choices(root if root.is_dir() else files[0].parent, [msgspec.json.encode(entry) for entry in entries])
