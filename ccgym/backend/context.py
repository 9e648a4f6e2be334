"""What a tool may ask for besides the state: time, ids and random numbers, the same whenever the call is the same."""

from __future__ import annotations

import random
from collections.abc import MutableMapping
from hashlib import blake2b
from typing import Any

from ccgym import jsontext

DEFAULT_CLOCK = "2026-01-01T09:00:00+00:00"
Counts = MutableMapping[bytes, int]


class ToolContext:
    """The keyword-only argument `ctx` of a tool function.

    Ids and random numbers derive from the episode's seed, the tool, its canonical arguments, and how many such calls
    succeeded before: an extra call of anything else changes none of them.
    """

    __slots__ = ("_arguments", "_counts", "_drawn", "_identity", "_rng", "_seed", "_stem", "_tool", "now")

    def __init__(self, now: str, seed: int, tool: str, arguments: dict[str, Any], counts: Counts) -> None:
        self.now = now
        """The time of the episode, ISO 8601. It stands still."""
        self._seed, self._tool, self._arguments, self._counts = seed, tool, arguments, counts
        self._identity: bytes | None = None
        self._stem = b""
        self._drawn = 0
        self._rng: random.Random | None = None

    def new_id(self, prefix: str = "", digits: int = 8) -> str:
        """A new id: the prefix, then so many decimal digits.

        Raises:
            ValueError: `digits` is not in 1 … 18.
        """
        if not 1 <= digits <= 18:
            raise ValueError(f"digits={digits} is not in 1 … 18")
        stem = self._root()
        self._drawn += 1
        number = int.from_bytes(blake2b(stem + b"id%d" % self._drawn, digest_size=16).digest(), "big")
        return f"{prefix}{number % 10**digits:0{digits}d}"

    @property
    def rng(self) -> random.Random:
        """Random numbers of this call's own."""
        if self._rng is None:
            self._rng = random.Random(blake2b(self._root() + b"rng", digest_size=16).digest())
        return self._rng

    @property
    def used(self) -> bool:
        """Whether the tool asked for an id or a random number."""
        return self._identity is not None

    def succeeded(self) -> None:
        """Count the call, once it has succeeded, if it asked for anything."""
        if self._identity is not None:
            self._counts[self._identity] = self._counts.get(self._identity, 0) + 1

    def _root(self) -> bytes:
        if self._identity is None:
            call = jsontext.canonical([self._tool, self._arguments])
            self._identity = blake2b(call, digest_size=16).digest()
            nth = self._counts.get(self._identity, 0)
            self._stem = blake2b(self._identity + b"%d/%d" % (self._seed, nth), digest_size=32).digest()
        return self._stem
