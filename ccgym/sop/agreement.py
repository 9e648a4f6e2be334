"""Whether a customer's line agrees, and whether a reply names a term."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ccgym.turns import fold

YES = (
    "yes", "yeah", "yep", "yup", "sure", "please do", "go ahead", "ok", "okay", "correct", "right", "i agree", "agreed",
    "confirm", "confirmed", "proceed", "do it", "absolutely", "of course", "no problem", "no objection", "why not",
    "vâng", "dạ", "ừ", "ừm", "uh", "đồng ý", "đúng", "được", "có", "chốt", "xác nhận", "tiến hành", "nhất trí",
    "làm đi",     "không vấn đề", "không sao", "không phản đối", "không thành vấn đề",
)  # fmt: skip
"""Words of agreement, in English and Vietnamese."""
NO = (
    "no", "not", "nope", "never", "don't", "dont", "do not", "won't", "cannot", "can't", "isn't", "stop", "wait",
    "rather", "không", "thôi", "đừng", "chưa", "khoan", "chờ", "dừng", "dạ không", "dạ thôi", "dạ chưa", "được không",
    "đúng không", "có được không",
)  # fmt: skip
"""Words of refusal: the first word of either kind in a line decides, the longer one where two begin together."""


def agrees(line: str, yes: tuple[str, ...] = ()) -> bool | None:
    """True for a line that agrees, False for one that refuses, None for one that does neither.

    Args:
        line: what the customer says, folded.
        yes: what counts as agreement instead of the usual words, folded.
    """
    found = _answers(yes or YES).search(line)
    return None if found is None else found.lastgroup is not None and found.lastgroup.startswith("yes")


@lru_cache(maxsize=256)
def _answers(yes: tuple[str, ...]) -> re.Pattern[str]:
    words = sorted([(word, "yes") for word in yes] + [(word, "no") for word in NO], key=lambda item: -len(item[0]))
    options = [rf"(?P<{kind}{i}>(?<!\w){re.escape(word)}(?!\w))" for i, (word, kind) in enumerate(words)]
    return re.compile("|".join(options))


def forms(value: Any) -> list[tuple[str, ...]]:
    """The ways in which a value is said: one tuple of folded texts for each part of it, of which one must occur."""
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, str):
        text = fold(value)
        return [tuple(dict.fromkeys((text, fold(re.sub(r"[_-]+", " ", text)))))] if text else []
    if isinstance(value, int | float):
        return [_numbers(value)]
    parts: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [form for part in parts for form in forms(part)]


def _numbers(value: float) -> tuple[str, ...]:
    """30, 30.00, 30,000 and 30.000 as people write them."""
    if value == int(value):
        whole = int(value)
        grouped = f"{whole:,}"
        bare = (str(whole), grouped, grouped.replace(",", "."), grouped.replace(",", " "))
        return tuple(dict.fromkeys([*bare, *(f"{text}{cents}" for text in bare for cents in (".00", ",00"))]))
    texts = (f"{value:g}", repr(value), f"{value:.2f}", f"{value:,.2f}")
    return tuple(dict.fromkeys([*texts, *(text.translate(_SWAPPED) for text in texts)]))


_SWAPPED = str.maketrans(",.", ".,")


def said(text: str, ways: tuple[str, ...]) -> bool:
    """Whether a folded reply holds one of the texts, as whole words: 12 does not occur in 120, nor in 12.50, but a sum
    does in 1.500.000đ."""
    return any(way in text and _whole(text, way) for way in ways)


_BEFORE, _AFTER = re.compile(r"(?<!\w)"), re.compile(r"(?!\w)")
_BEFORE_DIGIT = re.compile(r"(?<!\w)(?<!\d[.,])")
_AFTER_DIGIT = re.compile(r"(?=(?:đ|vnđ|vnd)(?!\w)|(?!\w|[.,]\d))")


def _whole(text: str, way: str) -> bool:
    """Whether it occurs as whole words. No pattern is compiled: most of what is looked for is looked for once."""
    before = _BEFORE_DIGIT if way[0].isdigit() else _BEFORE
    after = _AFTER_DIGIT if way[-1].isdigit() else _AFTER
    at = text.find(way)
    while at >= 0:
        if before.match(text, at) and after.match(text, at + len(way)):
            return True
        at = text.find(way, at + 1)
    return False
