"""Opening an episode file that is damaged: what is wrong, at which event, and all that can still be read of it.

The digest chain proves more than that something is wrong: a line whose digest follows from a line that stands elsewhere
was moved, and one bit that makes it follow again is the bit that was flipped, so the line can be had back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from ccgym.errors import EpisodeError
from ccgym.log import GROUP, TAIL, GroupLog, chained, decode_line, flipped_bit, indexed, read_bytes, read_log
from ccgym.types import Begin, Episode

What = Literal["truncated", "bit flipped", "re-ordered", "lines missing", "changed", "unreadable", "missing"]
SEARCHED = 1 << 15
"""Bytes of the longest line in which a flipped bit is looked for."""
_HEAD = 120
"""Bytes of a line that hold the numbers of episode and event."""
_NUMBERS = re.compile(rb'"episode":(-?\d{1,9}),"n":(\d{1,9})')
_ENDED = re.compile(rb',"digest":"([0-9a-f]{32})"\}$')
_GLUED = re.compile(rb'"digest":"[0-9a-f]{32}"\}(.)\{"event":')
_FORMATS = {
    b"\x1f\x8b": "it is compressed with gzip: unpack it first",
    b"\x28\xb5\x2f\xfd": "it is compressed with zstd: unpack it first",
    b"\xff\xfe": "it was converted to UTF-16",
    b"\xfe\xff": "it was converted to UTF-16",
}
"""First bytes of files that hold no lines of JSON."""
_STARTS = b'{"event":'
"""First bytes of a log."""
_NEWLINE_FLIPS = [bytes([0x0A ^ (1 << bit)]) for bit in range(8)]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong with a file, at the first event that it concerns."""

    path: str
    what: What
    line: int | None
    """Number of the line, from 1; None where the file as a whole is meant."""
    episode: int | None
    """Number of the episode; None where the damage leaves it open, and -1 for the `group` line."""
    event: int | None
    """Number of the event in its episode."""
    detail: str

    def __str__(self) -> str:
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        if self.episode == GROUP:
            where += " (the group line)"
        elif self.episode is not None and self.event is not None:
            where += f" (episode {self.episode}, event {self.event})"
        return f"{where}: {self.what}: {self.detail}"


def salvage(path: str | Path) -> tuple[GroupLog, list[Damage]]:
    """Read a log file, and where it is damaged what can be had of it: never an EpisodeError.

    An episode is read up to its first damaged line; where the digests prove which bit of a line was flipped, the line
    is read as it was written, and the episode whole. So is a file whose line ends were converted.
    """
    path = Path(path)
    try:
        log = read_log(path)
    except EpisodeError:
        pass
    else:
        if not log.notices:
            return log, []
    try:
        data = read_bytes(path)
    except EpisodeError as error:
        return GroupLog(path), [Damage(str(path), "unreadable", None, None, None, error.message)]
    data, converted = _converted(path, data)
    scan = _Scan(path, data.split(b"\n"))
    scan.run()
    if not scan.placed and data[: len(_STARTS)] != _STARTS[: len(data)]:
        return scan.log, [Damage(str(path), "unreadable", None, None, None, "it is no episode log")]
    return scan.log, converted + scan.damage


def missing(run: Path) -> list[Damage]:
    """The log files that the index of a run lists, and that are not there."""
    detail = "the run's index lists it, and it is not there"
    files = [run / file for file in indexed(run)] if (run / "index.jsonl").is_file() else []
    return [Damage(str(file), "missing", None, None, None, detail) for file in files if not file.exists()]


def _converted(path: Path, data: bytes) -> tuple[bytes, list[Damage]]:
    """What a file held before some tool made something else of it, as far as that can be undone, and what was done."""
    for mark, told in _FORMATS.items():
        if data.startswith(mark):
            return b"", [Damage(str(path), "unreadable", None, None, None, told)]
    found = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        found.append("a byte order mark was put before it")
    # All of them, or it is a flipped bit: no line of a log holds a carriage return, JSON has it escaped.
    end = b"\r\n" if b"\n" in data else b"\r"
    if data.endswith(end) and data.count(b"\n") in (0, data.count(end)):
        data = data.replace(end, b"\n")
        found.append("its line ends were converted: they are no single line feeds")
    return data, [Damage(str(path), "changed", None, None, None, f"{told}; it is read as it was") for told in found]


@dataclass
class _Scan:
    path: Path
    lines: list[bytes]
    log: GroupLog = field(init=False)
    damage: list[Damage] = field(default_factory=list)
    chain: dict[int, bytes] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)
    """Episodes of which nothing more is taken."""
    placed: dict[bytes, int] = field(init=False)
    """Digest to the index of the line that ends with it."""

    def __post_init__(self) -> None:
        self.log = GroupLog(self.path)
        ends = ((_ENDED.search(line), index) for index, line in enumerate(self.lines))
        self.placed = {}
        for found, index in ends:
            if found:
                self.placed.setdefault(found[1], index)

    def run(self) -> None:
        index, last = 0, len(self.lines) - 1
        while index < last:
            index += self.take(index)
        if self.lines[last]:
            self.torn(last)

    def take(self, index: int) -> int:
        """Read one line, or find out what is wrong with it. How many lines that took."""
        line = self.lines[index]
        event = _decoded(line)
        key = event.episode if event is not None else None
        if event is not None and key is not None:
            if key in self.broken or (key == GROUP and self.broken):
                self.follow(key, line)
                if key == GROUP:
                    self.log.group = event
                return 1
            if line == chained(line[:-TAIL], self.previous(key))[:-1] and self.add(event, index):
                self.follow(key, line)
                return 1
        taken = self.unflipped(index, key)
        if taken:
            return taken
        self.report(index, event, *self.reason(index, event))
        return 1

    def previous(self, key: int) -> bytes:
        """The digest that a line of this episode follows from."""
        if key == GROUP:
            return b"".join(self.chain[each] for each in sorted(self.chain) if each != GROUP)
        return self.chain.get(key, b"")

    def follow(self, key: int, line: bytes) -> None:
        found = _ENDED.search(line)
        if found:
            self.chain[key] = found[1]

    def add(self, event: Any, index: int) -> bool:
        """Take an event into its episode; False where an episode would start without its `begin`."""
        key = event.episode
        if key == GROUP:
            self.log.group = event
            return True
        episode = self.log.episodes.get(key)
        if episode is None:
            if type(event) is not Begin:
                return False
            episode = self.log.episodes[key] = Episode()
        episode.events.append(event)
        return True

    def report(self, index: int, event: Any, what: What, detail: str) -> None:
        key, n = (event.episode, event.n) if event is not None else _numbers(self.lines[index])
        self.damage.append(Damage(str(self.path), what, index + 1, key, n, detail))
        if key is not None:
            self.broken.add(key)
            self.follow(key, self.lines[index])

    def reason(self, index: int, event: Any) -> tuple[What, str]:
        """What is wrong with a line in which no single bit is."""
        line = self.lines[index]
        ended = _ENDED.search(line)
        if event is None or ended is None:
            return "changed", "it is no event of the log"
        if self.placed[ended[1]] < index:
            return "re-ordered", f"it stands in line {self.placed[ended[1]] + 1} already"
        if event.episode == GROUP and index + 2 < len(self.lines):
            return "re-ordered", "the group line stands before lines of its episodes"
        if event.episode == GROUP:
            open_ = [str(key) for key, each in self.log.episodes.items() if each.end is None]
            which = f" (episode {', '.join(open_)} has no end)" if open_ else ""
            return "lines missing", f"it does not follow from the last lines of the episodes before it{which}"
        body = line[:-TAIL]
        for digest, place in self.placed.items():
            if chained(body, digest)[:-1] == line:
                return "re-ordered", f"it follows from line {place + 1}, and stands before or long after it"
        have = self.log.episodes.get(event.episode)
        if chained(body, b"")[:-1] == line and type(event) is Begin:
            return "re-ordered", "an episode's first event stands after others"
        following = 0 if have is None else have.events[-1].n + 1
        if event.n > following:
            few = f"event {following} is" if event.n == following + 1 else f"events {following} to {event.n - 1} are"
            return "lines missing", f"{few} not there"
        return "changed", "its digest does not follow: it is not what was written"

    # --- one flipped bit --------------------------------------------------------------------------------------------

    def unflipped(self, index: int, key: int | None) -> int:
        """Take a line as it was before one bit was flipped. How many lines that took; 0: no one bit explains it."""
        line = self.lines[index]
        for text, place, size in _line_ends(line, self.lines[index + 1 : index + 2]):
            if self.mended(index, text, key, place):
                if size == 1 and place is not None and place < len(line):  # two lines in one: the second comes next
                    self.lines[index] = line[place + 1 :]
                    return 1 if not self.lines[index] else self.take(index)
                return size
        for previous, reach in self.origins(line, key):
            found = _flipped(line, previous, reach)
            if found is not None and self.mended(index, found[0], None, found[1]):
                return 1
        return 0

    def origins(self, line: bytes, key: int | None) -> Iterator[tuple[bytes, int]]:
        """What a line may follow from, and how many of its bytes may hold the flipped bit."""
        if len(line) > SEARCHED:
            return
        told = key if key is not None else _numbers(line)[0]
        if told is not None and told not in self.broken:
            yield self.previous(told), len(line)
        for other in (*sorted(self.chain), GROUP):  # the number of the episode itself may be what was hit
            if other != told and other not in self.broken:
                yield self.previous(other), _HEAD
        yield b"", _HEAD if told is not None else len(line)

    def mended(self, index: int, line: bytes, key: int | None, place: int | None) -> bool:
        """Take a line as it was before, if it follows; and say what was wrong."""
        event = _decoded(line)
        if event is None or event.episode in self.broken:
            return False
        if line != chained(line[:-TAIL], self.previous(event.episode))[:-1] or not self.add(event, index):
            return False
        self.follow(event.episode, line)
        detail = f"one bit of byte {(place or 0) + 1} of the line; it is read as it was written"
        self.damage.append(Damage(str(self.path), "bit flipped", index + 1, event.episode, event.n, detail))
        return True

    def torn(self, index: int) -> None:
        """The bytes after the last newline."""
        line = self.lines[index]
        if line[-1:] in _NEWLINE_FLIPS and self.mended(index, line[:-1], None, len(line) - 1):
            return
        key, n = _numbers(line)
        detail = f"the last line is torn: the file ends after {len(line):,} bytes of it"
        self.damage.append(Damage(str(self.path), "truncated", index + 1, key, n, detail))


def _decoded(line: bytes) -> Any:
    try:
        return decode_line(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _numbers(line: bytes) -> tuple[int | None, int | None]:
    """Numbers of episode and event, as the head of a broken line tells them."""
    found = _NUMBERS.search(line, 0, _HEAD)
    return (int(found[1]), int(found[2])) if found else (None, None)


def _line_ends(line: bytes, following: Iterable[bytes]) -> Iterator[tuple[bytes, int | None, int]]:
    """What a line may have been if the flipped bit was in, or made, a newline: text, place of the bit, lines taken."""
    for found in _GLUED.finditer(line):
        if found[1] in _NEWLINE_FLIPS:
            yield line[: found.start(1)], found.start(1), 1
    for rest in following:
        for byte in _NEWLINE_FLIPS:
            yield line + byte + rest, len(line), 2


def _flipped(line: bytes, previous: bytes, reach: int) -> tuple[bytes, int] | None:
    """The line with the one bit turned back that makes its digest follow, and the place of the bit; None: none does."""
    body, tail = line[:-TAIL], line[-TAIL:]
    if len(line) <= TAIL:
        return None
    whole = chained(body, previous)[:-1]
    differing = [place for place in range(len(tail)) if whole[len(body) + place] != tail[place]]
    if len(differing) == 1 and (whole[len(body) + differing[0]] ^ tail[differing[0]]).bit_count() == 1:
        return whole, len(body) + differing[0]
    ended = _ENDED.search(tail)
    if ended is None:
        return None
    place = flipped_bit(body, previous, ended[1], reach)
    if place is None:
        return None
    at, bit = divmod(place, 8)
    return body[:at] + bytes([body[at] ^ (1 << bit)]) + line[at + 1 :], at
