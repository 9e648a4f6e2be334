"""Reading a file of lines while somebody writes it: each line once, whole, and no more in memory than one stretch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

STRETCH = 1 << 20
"""Bytes that are read at a time."""
LONGEST = 8 << 20
"""Bytes of the longest line that is still taken; a longer one is skipped and counted."""


class Lines:
    """A file of lines, followed from where the last reading ended.

    A half-written last line waits for the next reading. A file that was replaced or cut is read anew from its start.
    """

    def __init__(self, path: Path, *, stretch: int = STRETCH, longest: int = LONGEST) -> None:
        self.path, self.stretch, self.longest = path, stretch, longest
        self._start()

    def _start(self, identity: tuple[int, int] | None = None) -> None:
        self.offset, self.skipped = 0, 0
        """Bytes read so far; lines skipped because they are too long."""
        self._identity = identity
        self._tail = b""
        self._skipping = False

    def rewound(self) -> bool:
        """Whether what was read before no longer stands in the file; reading starts anew then."""
        try:
            found = self.path.stat()
        except OSError:
            return False
        identity = (found.st_dev, found.st_ino)
        if self._identity is None:
            self._identity = identity
        if identity == self._identity and found.st_size >= self.offset:
            return False
        self._start(identity)
        return True

    def read(self) -> Iterator[bytes]:
        """The lines that are whole by now and were not read before, without their ends."""
        try:
            file = open(self.path, "rb")  # noqa: SIM115 (closed below)
        except OSError:
            return
        with file:
            file.seek(self.offset)
            while data := file.read(self.stretch):
                self.offset = file.tell()
                yield from self._split(data)

    def _split(self, data: bytes) -> list[bytes]:
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = self._tail + lines[0]
            if self._skipping:
                del lines[0]
                self._skipping = False
            self._tail = b""
        if not self._skipping:
            self._tail += rest
        kept = [line for line in lines if len(line) <= self.longest]
        self.skipped += len(lines) - len(kept)
        if len(self._tail) > self.longest:
            self._tail, self._skipping = b"", True
            self.skipped += 1
        return kept


def changed(path: Path) -> float | None:
    """When a file was last written, in seconds since the epoch; None where there is none."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return None
