"""Text in the one form in which words are compared."""

from __future__ import annotations

import re
import unicodedata

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """NFC, case-folded, whitespace collapsed."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.casefold().split())


def mask(text: str) -> str:
    """Folded, with every number as 0: two lines that differ only in an order's number are the same line."""
    return _NUMBER.sub("0", fold(text))


def words(text: str) -> list[str]:
    """The words of a folded text."""
    return _WORD.findall(text)
