"""Ending a process in which a stranger's reward hangs where no timer reaches it: in C, or swallowing BaseException.

A small process of its own looks on. The scoring process writes down which reward it is about to ask, into memory that
both see; that costs a few microseconds. Where one call stays there for longer than it may, the watcher says which
reward it is, and kills. What the run has written until then is whole, as after any kill.
"""

from __future__ import annotations

import mmap
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

GRACE = 5.0
"""Seconds beyond a reward's own limit: the timer has failed to interrupt it by then."""
_HEAD = struct.Struct("<Qd")
_SIZE = 4096
_WATCH = """
import mmap, os, signal, struct, sys, time
shared, parent, head = mmap.mmap(int(sys.argv[1]), 4096), int(sys.argv[2]), struct.Struct("<Qd")
last = ticks = 0
while os.getppid() == parent:
    time.sleep(0.25)
    number, limit = head.unpack_from(shared)
    ticks = ticks + 1 if number and number == last else 0
    last = number
    if number and ticks * 0.25 > limit:
        text = shared[head.size:].split(bytes(1))[0].decode("utf-8", "replace")
        sys.stderr.write("Error: " + text + chr(10))
        sys.stderr.flush()
        os.kill(parent, signal.SIGKILL)
"""
"""What the watcher runs. It counts its own ticks, so a machine that slept, or a run that was stopped, is no hang."""


class Watchdog:
    """The watcher of this process; started when the first installed reward is asked."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._calls = 0
        with tempfile.TemporaryFile() as file:
            file.truncate(_SIZE)
            self._shared = mmap.mmap(file.fileno(), _SIZE)
            self._watcher = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _WATCH, str(file.fileno()), str(self.pid)],
                pass_fds=[file.fileno()], stdin=subprocess.DEVNULL,
            )  # fmt: skip

    @contextmanager
    def over(self, text: bytes, seconds: float) -> Iterator[None]:
        """While the block runs, this process is killed, with the text on stderr, when it takes too long."""
        self._calls += 1
        self._shared[_HEAD.size : _HEAD.size + len(text) + 1] = text + b"\0"
        _HEAD.pack_into(self._shared, 0, self._calls, seconds + GRACE)
        try:
            yield
        finally:
            _HEAD.pack_into(self._shared, 0, 0, 0.0)


_watchdog: Watchdog | None = None


def watchdog() -> Watchdog | None:
    """The watcher of this process, a forked one included; None where a process cannot be watched so."""
    global _watchdog
    if os.name != "posix":
        return None
    if _watchdog is None or _watchdog.pid != os.getpid():
        _watchdog = Watchdog()
    return _watchdog
