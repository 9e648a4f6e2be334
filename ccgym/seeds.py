"""Random streams, each derived from names and numbers: never from global state, a clock or an address."""

from __future__ import annotations

import random
from hashlib import blake2b


def derive(*parts: str | int) -> int:
    """A 63-bit seed that depends on all parts, in order, and on nothing else."""
    text = "\x1f".join([f"{type(part).__name__}:{part}" for part in parts])
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def stream(*parts: str | int) -> random.Random:
    """A generator of its own, seeded by `derive(*parts)`."""
    return random.Random(derive(*parts))
