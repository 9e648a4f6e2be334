"""A space of Unicode text: `gymnasium.spaces.Text` refuses everything outside its character set."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

_ALPHABET = "abcdefghijklmnopqrstuvwxyz 0123456789?.,ăâđêôơưắềọữ中文😀"


class UnicodeText(spaces.Space[str]):
    """All strings of at most `max_length` characters that UTF-8 can hold."""

    def __init__(self, max_length: int, seed: int | np.random.Generator | None = None) -> None:
        self.max_length = max_length
        super().__init__(shape=None, dtype=None, seed=seed)

    @property
    def is_np_flattenable(self) -> bool:
        """Text has no flat array form."""
        return False

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        """A short random text, Vietnamese letters included."""
        length = int(self.np_random.integers(1, min(self.max_length, 40) + 1))
        return "".join(_ALPHABET[i] for i in self.np_random.integers(0, len(_ALPHABET), length))

    def contains(self, x: Any) -> bool:
        """Whether `x` is a string within the length."""
        return isinstance(x, str) and len(x) <= self.max_length

    def to_jsonable(self, sample_n: Any) -> list[str]:
        """Strings are JSON already."""
        return list(sample_n)

    def from_jsonable(self, sample_n: Any) -> list[str]:
        """Strings are JSON already."""
        return list(sample_n)

    def __repr__(self) -> str:
        return f"UnicodeText({self.max_length})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UnicodeText) and other.max_length == self.max_length

    def __hash__(self) -> int:
        return hash((UnicodeText, self.max_length))
