"""Text in the one form in which words are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """NFC, case-folded, whitespace collapsed."""
    return _fold_short(text) if len(text) <= 300 else _fold(text)


def _fold(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().split())


_fold_short = lru_cache(maxsize=4096)(_fold)
"""The members of a group say much the same."""


def mask(text: str) -> str:
    """Folded, with every number as 0: two lines that differ only in an order's number are the same line."""
    return _NUMBER.sub("0", fold(text))


def words(text: str) -> list[str]:
    """The words of a folded text."""
    return _WORD.findall(text)
