"""The episode log: one group a file, one event a line, appended, each line chained by a digest.

A line is the event as compact JSON whose last field is `digest`: BLAKE2b-128 over the previous digest of the same
episode and the line's own bytes before that field. The `group` line chains on the last digests of all its episodes.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from ccgym import jsontext
from ccgym.errors import EpisodeError
from ccgym.types import AnyEvent, Begin, Episode, GroupEvent, Model, RewardEvent, RuleEvent

_log = logging.getLogger("ccgym")
_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(AnyEvent)
decode_line = _decoder.decode
"""The event of one line. Raises msgspec.MsgspecError or UnicodeDecodeError."""
_DIGEST_BYTES = 16
_MAY_HOLD_NAN = frozenset((Begin, Model, RewardEvent, GroupEvent))
"""Kinds whose numbers nobody has looked at yet; what tools said was refused before it became an event."""
_BEFORE, _AFTER = b',"digest":"', b'"}\n'
TAIL = len(_BEFORE) + 2 * _DIGEST_BYTES + len(_AFTER) - 1
"""Bytes at the end of a line that hold its digest, the newline not counted."""
BODY = -TAIL - 1
"""Where, counted from the end of a line, newline included, the digest's field begins."""
FLUSH_SECONDS, FLUSH_EVENTS = 0.2, 256
"""Events that follow each other faster than this are flushed together, up to so many."""


class _Entry(msgspec.Struct):
    """What a line of the index must have to tell what a file should hold."""

    file: str
    episode: int
    rewards: dict[str, float | None]
    reason: str | None = None


_entry = msgspec.json.Decoder(_Entry)
GROUP = -1
"""The `episode` number of the line that speaks of the whole group."""


def body_of(event: Any) -> bytes:
    """An event's line up to its digest.

    Raises:
        EpisodeError: the event holds something that JSON cannot, such as NaN.
    """
    body = _encode(event)[:-1]
    if type(event) in _MAY_HOLD_NAN and b"null" in body:
        try:
            jsontext.refuse_nan(msgspec.to_builtins(event))
        except TypeError as error:
            raise EpisodeError(f"event {event.n} of episode {event.episode} holds {error}") from None
    return body


def chained(body: bytes, previous: bytes) -> bytes:
    """The line, newline included, of an event's bytes (up to its digest) that follows from a digest."""
    return b"".join((body, _BEFORE, _digest(previous + body), _AFTER))


def flipped_bit(body: bytes, previous: bytes, digest: bytes, reach: int) -> int | None:
    """The number of the bit, among those of the first `reach` bytes, that has to be turned for the digest to follow."""
    state = blake2b(previous, digest_size=_DIGEST_BYTES)
    for place, byte in enumerate(body[:reach]):
        rest = body[place + 1 :]
        for bit in range(8):
            turned = state.copy()
            turned.update(bytes((byte ^ (1 << bit),)) + rest)
            if turned.hexdigest().encode() == digest:
                return 8 * place + bit
        state.update(body[place : place + 1])
    return None


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=_DIGEST_BYTES).hexdigest().encode()


class EpisodeWriter:
    """Appends the events of one group to one file, in whole lines.

    What comes in quick succession is gathered, and turned into lines and flushed together, a few times a second: a
    process that is killed loses no more than that, and it takes less time than to do so at each step.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        """The log file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self.path, "wb", buffering=0)  # noqa: SIM115 (closed by close)
        self._pending: list[Any] = []
        self._lines: list[bytes] = []
        self._flushed = time.monotonic()
        self._chain: dict[int, bytes] = {}

    def write(self, events: Iterable[Any]) -> None:
        """Append events, of any of the group's episodes, each episode's in its own order.

        Raises:
            EpisodeError: an event holds something that JSON cannot, such as NaN.
        """
        pending = self._pending
        for event in events:
            pending.append((event.episode, body_of(event)) if type(event) in _MAY_HOLD_NAN else event)
        if len(pending) > FLUSH_EVENTS or (pending and time.monotonic() - self._flushed > FLUSH_SECONDS):
            self.flush()

    def flush(self) -> None:
        """Make everything written so far visible to readers."""
        pending, self._pending, self._flushed = self._pending, [], time.monotonic()
        chain, lines, failed = self._chain, self._lines, None
        for entry in pending:
            try:
                episode, body = entry if type(entry) is tuple else (entry.episode, _encode(entry)[:-1])
            except Exception as error:  # it is left out; the others are written
                failed = failed or error
                continue
            if episode == GROUP:
                previous = b"".join(chain[key] for key in sorted(chain))
            else:
                previous = chain.get(episode, b"")
            digest = chain[episode] = _digest(previous + body)
            lines += (body, _BEFORE, digest, _AFTER)
        if lines:
            self._file.write(b"".join(lines))
            lines.clear()
        if failed is not None:
            raise failed

    def close(self) -> None:
        """Flush and close the file. Writing after it is an error."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                self._file.close()

    def __enter__(self) -> EpisodeWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


@dataclass(slots=True)
class GroupLog:
    """One file, read: its episodes by number, the group line where there is one, and what had to be dropped."""

    path: Path
    episodes: dict[int, Episode] = field(default_factory=dict)
    group: GroupEvent | None = None
    notices: list[str] = field(default_factory=list)
    lines: dict[int, list[bytes]] = field(default_factory=dict)
    """The lines of each episode, one an event; none where the file is damaged."""

    def groups(self) -> list[list[int]]:
        """Numbers of the episodes, by group: one, but for a file without a group line, whose episodes may have been
        played one by one: there, those of one task and seed are a group."""
        found: dict[Any, list[int]] = {}
        for number in sorted(self.episodes):
            begin = self.episodes[number].begin
            found.setdefault((begin.task.get("id"), begin.seed) if self.group is None else None, []).append(number)
        return list(found.values())


def read_log(path: str | Path) -> GroupLog:
    """Read one log file and check its digest chain. A torn last line is dropped with a notice.

    Raises:
        EpisodeError: a line is no event, or its digest does not follow: names file and line.
    """
    path = Path(path)
    data = read_bytes(path)
    log = GroupLog(path)
    chain: dict[int, bytes] = {}
    take: dict[int, tuple[Callable[[Any], None], Callable[[bytes], None]]] = {}
    whole = data.rfind(b"\n") + 1
    for number, line in enumerate(BytesIO(data[:whole]), 1):
        try:
            event = decode_line(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise EpisodeError(f"not an event of the log: {error}", where=f"{path}:{number}") from None
        key = event.episode
        previous = chain.get(key, b"") if key != GROUP else b"".join(chain[each] for each in sorted(chain))
        digest = chain[key] = _digest(previous + line[:BODY])
        if line[BODY:] != _BEFORE + digest + _AFTER:
            told = "the digest does not follow: the line or one before it was changed"
            raise EpisodeError(told, where=f"{path}:{number}")
        if key in take:
            add, keep = take[key]
        elif type(event) is GroupEvent:
            log.group = event
            continue
        elif type(event) is Begin:
            episode, lines = Episode(), list[bytes]()
            log.episodes[key], log.lines[key] = episode, lines
            add, keep = take[key] = episode.events.append, lines.append
        else:
            raise EpisodeError(f"episode {key} starts without its `begin`", where=f"{path}:{number}")
        add(event)
        keep(line)
    if whole < len(data):
        log.notices.append(f"{path}: the last line is torn ({len(data) - whole} bytes) and was dropped")
    return log


def read_bytes(path: Path) -> bytes:
    """What a log file holds. Raises EpisodeError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise EpisodeError(f"cannot be read ({error.strerror})", where=str(path)) from None


def file_and_number(name: str | Path) -> tuple[Path, int | None]:
    """What `FILE`, `FILE#k` or a folder names: the file or folder, and k, or None where no episode is named.

    Raises:
        EpisodeError: what stands after the `#` is no number.
    """
    head, mark, tail = str(name).rpartition("#")
    if not mark or not head or Path(name).exists():
        return Path(name), None
    if not (tail.isascii() and tail.isdigit()):
        if not Path(head).exists():
            return Path(name), None
        raise EpisodeError(f"{tail!r} is no number of an episode", where=head, fix="Give FILE#k, such as FILE#0")
    return Path(head), int(tail)


def log_files(path: str | Path) -> list[Path]:
    """The log files that a path names: a file (`FILE` or `FILE#k`), or all under a run or folder, in name order.

    Raises:
        EpisodeError: there is no such file, or none in the folder; or what stands after `#` is no number.
    """
    root, _ = file_and_number(path)
    if root.is_dir():
        base = root / "episodes" if (root / "episodes").is_dir() else root
        files = sorted(f for f in base.rglob("*.jsonl") if f.name != "index.jsonl" and "superseded" not in f.parts)
        if not files:
            raise EpisodeError("holds no episodes", where=str(root), fix="Give a run directory or an episode file")
        return files
    if not root.exists():
        raise EpisodeError("no such file", where=str(root), fix="Give FILE, FILE#k or a run directory")
    return [root]


def iter_logs(path: str | Path) -> Iterator[GroupLog]:
    """Read every log file that a path names, one at a time."""
    for file in log_files(path):
        log = read_log(file)
        for notice in log.notices:
            _log.warning("%s", notice)
        yield log


def read_episodes(path: str | Path) -> list[Episode]:
    """All episodes of a file, of `FILE#k` (its episode number k), or of a run directory.

    Raises:
        EpisodeError: the file is missing or broken, or holds no episode k.
    """
    _, wanted = file_and_number(path)
    found: list[Episode] = []
    for log in iter_logs(path):
        if wanted is not None:
            if wanted not in log.episodes:
                have = ", ".join(map(str, sorted(log.episodes)))
                raise EpisodeError(f"holds no episode {wanted}", where=str(log.path), fix=f"It holds {have}")
            return [log.episodes[wanted]]
        found.extend(log.episodes[key] for key in sorted(log.episodes))
    return found


def episode_path(root: str | Path, stage: str, rollout: int, group: str | int) -> Path:
    """`<root>/episodes/<stage>/<rollout>-<group>.jsonl`, with ids percent-encoded."""
    return Path(root) / "episodes" / quote(stage, safe="") / f"{rollout:06d}-{quote(str(group), safe='')}.jsonl"


def index_entry(path: Path, root: Path, episode: Episode) -> dict[str, Any]:
    """What `index.jsonl` says of one episode: enough to list, filter and sort without opening it."""
    begin, end = episode.begin, episode.end
    broken = [e for e in episode.events if type(e) is RuleEvent and e.verdict == "violated"]
    return {
        "file": str(path.relative_to(root)),
        "episode": begin.episode,
        "task": begin.task["id"],
        "tags": begin.task.get("tags", []),
        "policy": begin.policy,
        "seed": begin.seed,
        "sample": begin.sample,
        "reason": end.reason if end else None,
        "steps": episode.steps,
        "rewards": {e.name: e.value for e in episode.events if isinstance(e, RewardEvent)},
        "violated": [e.detail for e in broken],
        "clauses": list(dict.fromkeys(str(e.clause["heading"]) for e in broken if "heading" in e.clause)),
    }


def append_index(root: str | Path, path: Path, episodes: Iterable[Episode]) -> None:
    """Append one line an episode to `<root>/index.jsonl`."""
    root = Path(root)
    lines = [json.dumps(index_entry(path, root, e), ensure_ascii=False, allow_nan=False) + "\n" for e in episodes]
    with open(root / "index.jsonl", "a", encoding="utf-8") as file:
        file.write("".join(lines))


def ending(episode: Episode) -> int:
    """How much of its end an episode has: its `end`, and its rewards."""
    return len(episode.rewards) + (episode.end is not None)


def indexed(root: str | Path) -> dict[str, dict[int, int]]:
    """What `<root>/index.jsonl` lists: file to its episodes' numbers, and to how much of its end each has: see
    `ending`. A line that is damaged lists nothing."""
    found: dict[str, dict[int, int]] = {}
    with open(Path(root) / "index.jsonl", "rb") as file:
        for line in file:
            try:
                entry = _entry.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                continue
            found.setdefault(entry.file, {})[entry.episode] = len(entry.rewards) + (entry.reason is not None)
    return found


def fsync(path: str | Path) -> None:
    """Make a finished file or folder safe against a power cut."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
