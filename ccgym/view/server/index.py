"""The episodes of a run as columns: read from `index.jsonl` once, then row by row as they come.

An episode costs about 120 bytes with five rewards: texts that repeat are kept once, cut to `LONGEST_TEXT`, and numbers
stand in arrays.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
import numpy as np

from ccgym.turns import fold

LONGEST_TEXT = 300
"""Characters of a text that the table keeps."""
LONGEST_PATH = 4_096
"""Characters of a path; a longer one names no file."""
MOST_REWARDS = 64
"""Rewards that get a column; the others are counted as left out."""
MOST_IN_SET = 64
"""Tags, and broken clauses, of one episode that are kept."""
MOST_ROWS = 2_000_000
"""Episodes that are kept; further ones are counted."""
UNFINISHED = "unfinished"
_CALLED_WITH = re.compile(r"\([^()]*\)")
_QUOTED = re.compile(r'"[^"]*\d[^"]*"')
_NUMBER = re.compile(r"\d{1,9}(?=-)")

Count = Annotated[int, msgspec.Meta(ge=-1, lt=2**31)]
Ints = np.ndarray[Any, np.dtype[np.int32]]


class Entry(msgspec.Struct):
    """One line of `index.jsonl`. What it does not say is empty."""

    file: str
    episode: Count
    task: str
    tags: list[str] = []
    policy: str = ""
    seed: int | str = ""
    sample: Count = 0
    reason: str | None = None
    steps: Count = 0
    rewards: dict[str, float | None] = {}
    violated: list[str] = []
    clauses: list[str] = []
    """Headings of the clauses that were broken; older runs lack them, and `violated` stands in."""


_decode = msgspec.json.Decoder(Entry).decode


class Names:
    """Texts by number: each kept once, cut to so many characters."""

    def __init__(self, longest: int = LONGEST_TEXT) -> None:
        self._longest = longest
        self.texts: list[str] = []
        self._number: dict[str, int] = {}

    def add(self, text: str) -> int:
        """The number of a text, which is new where it was not there."""
        if len(text) > self._longest:
            text = text[: self._longest - 1] + "…"
        number = self._number.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
        return number

    def number(self, text: str) -> int:
        """The number of a text, or -1."""
        return self._number.get(text, -1)

    def ranks(self) -> Ints:
        """For each number, where its text stands among all when sorted."""
        order = sorted(range(len(self.texts)), key=lambda n: (natural(self.texts[n]), self.texts[n]))
        ranks = np.empty(len(order), np.int32)
        ranks[order] = np.arange(len(order), dtype=np.int32)
        return ranks

    def matching(self, word: str) -> Ints:
        """The numbers of the texts in which a folded word stands."""
        return np.array([n for n, text in enumerate(self.texts) if word in fold(text)], np.int32)


def natural(text: str) -> list[tuple[int, str]]:
    """A key by which `task/9` stands before `task/10`."""
    parts = re.split(r"(\d{1,18})", fold(text))
    return [(int(part), "") if place % 2 else (-1, part) for place, part in enumerate(parts) if part]


class Sets:
    """Small sets of texts by number: each combination kept once."""

    def __init__(self) -> None:
        self.names = Names()
        self.members: list[tuple[int, ...]] = []
        self._number: dict[tuple[int, ...], int] = {}

    def add(self, texts: Iterable[str]) -> int:
        """The number of a set of texts."""
        members = tuple(dict.fromkeys(map(self.names.add, islice(texts, MOST_IN_SET))))
        number = self._number.setdefault(members, len(self.members))
        if number == len(self.members):
            self.members.append(members)
        return number

    def texts(self, number: int) -> list[str]:
        """The texts of a set."""
        return [self.names.texts[member] for member in self.members[number]]

    def holding(self, names: Iterable[int]) -> Ints:
        """The numbers of the sets that hold any of the names."""
        wanted = set(names)
        return np.array([n for n, members in enumerate(self.members) if not wanted.isdisjoint(members)], np.int32)


class Index:
    """The columns of a run's episodes. Row numbers count from 0 in the order of the index."""

    def __init__(self) -> None:
        self.files, self.stages, self.tasks = Names(LONGEST_PATH), Names(), Names()
        self.policies, self.seeds, self.reasons = Names(), Names(), Names()
        self.tags, self.clauses = Sets(), Sets()
        self.stage_of_file, self.iteration_of_file = array("i"), array("i")
        self.columns = {
            name: array("i")
            for name in ("file", "episode", "task", "policy", "seed", "sample", "reason", "steps", "tags", "clauses")
        }
        self.rewards: dict[str, array[float]] = {}
        self.damaged = 0
        """Lines that are no entry."""
        self.left_out = 0
        """Episodes beyond `MOST_ROWS`."""

    def __len__(self) -> int:
        return len(self.columns["file"])

    def add_line(self, line: bytes) -> None:
        """Take in one line; one that is damaged is counted."""
        try:
            entry = _decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.damaged += bool(line.strip())
            return
        self.add(entry)

    def add(self, entry: Entry) -> None:
        """Take in one episode."""
        number = len(self)
        if number >= MOST_ROWS:
            self.left_out += 1
            return
        put = self.columns
        put["file"].append(self._file(entry.file))
        put["episode"].append(entry.episode)
        put["task"].append(self.tasks.add(entry.task))
        put["policy"].append(self.policies.add(entry.policy))
        put["seed"].append(self.seeds.add(str(entry.seed)))
        put["sample"].append(entry.sample)
        put["reason"].append(self.reasons.add(entry.reason or UNFINISHED))
        put["steps"].append(entry.steps)
        put["tags"].append(self.tags.add(entry.tags))
        put["clauses"].append(self.clauses.add(entry.clauses or map(without_arguments, entry.violated)))
        for name, value in entry.rewards.items():
            column = self.rewards.get(name)
            if column is None:
                if len(self.rewards) == MOST_REWARDS or len(name) > LONGEST_TEXT:
                    continue
                column = self.rewards[name] = array("d", [math.nan]) * number
            column.append(math.nan if value is None else value)
        for column in self.rewards.values():
            if len(column) == number:
                column.append(math.nan)

    def _file(self, file: str) -> int:
        number = self.files.add(file)
        if number == len(self.stage_of_file):
            stage, iteration = place_of(file)
            self.stage_of_file.append(self.stages.add(stage))
            self.iteration_of_file.append(iteration)
        return number

    def column(self, name: str) -> Ints:
        """A column of whole numbers, as it is now. `stage` and `iteration` follow from the file."""
        if name in ("stage", "iteration"):
            of_file = self.stage_of_file if name == "stage" else self.iteration_of_file
            return np.array(of_file, np.int32)[np.array(self.columns["file"], np.int32)]
        return np.array(self.columns[name], np.int32)

    def members(self, file: str, episode: int) -> list[dict[str, Any]]:
        """The group of an episode, by episode number: the rows of its file that are of its task and seed."""
        rows = list(map(self.row, np.flatnonzero(self.column("file") == self.files.number(file)).tolist()))
        own = {(row["task"], row["seed"]) for row in rows if row["episode"] == episode}
        return sorted((row for row in rows if (row["task"], row["seed"]) in own), key=lambda row: row["episode"])

    def row(self, number: int) -> dict[str, Any]:
        """One row as JSON."""
        at = {name: column[number] for name, column in self.columns.items()}
        file = at["file"]
        rewards = {name: column[number] for name, column in self.rewards.items()}
        return {
            "row": number,
            "file": self.files.texts[file],
            "stage": self.stages.texts[self.stage_of_file[file]],
            "iteration": self.iteration_of_file[file],
            "episode": at["episode"],
            "task": self.tasks.texts[at["task"]],
            "tags": self.tags.texts(at["tags"]),
            "policy": self.policies.texts[at["policy"]],
            "seed": self.seeds.texts[at["seed"]],
            "sample": at["sample"],
            "reason": self.reasons.texts[at["reason"]],
            "steps": at["steps"],
            "clauses": self.clauses.texts(at["clauses"]),
            "rewards": {name: value if math.isfinite(value) else None for name, value in rewards.items()},
        }


def place_of(file: str) -> tuple[str, int]:
    """The stage that an episode file belongs to, which is its folder, and the number of its rollout; -1: none."""
    folders, _, name = file.rpartition("/")
    stage = unquote(folders.rpartition("/")[2])
    found = _NUMBER.match(name)
    return ("" if stage == "episodes" else stage), int(found.group()) if found else -1


def without_arguments(detail: str) -> str:
    """What a broken rule says, without the arguments that differ from episode to episode."""
    return _QUOTED.sub("…", _CALLED_WITH.sub("", detail[: 4 * LONGEST_TEXT]))
