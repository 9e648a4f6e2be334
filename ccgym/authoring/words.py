"""Words: of identifiers in any style, of English and Vietnamese text, and their plain form for comparing."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^0-9A-Za-zÀ-ỹĐđ]+")
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.I)
_FUNCTION_WORDS = word_set(
    "khach hang khong truoc phai duoc neu don cua cho cac nhung khi thi va voi la nay yeu cau ma so"
)
_IRREGULAR = {
    "people": "person", "children": "child", "data": "data", "news": "news", "series": "series", "status": "status",
    "address": "address", "addresses": "address", "bus": "bus", "buses": "bus", "analyses": "analysis",
    "statuses": "status", "movies": "movie", "invoices": "invoice", "leaves": "leave", "access": "access",
    "business": "business", "process": "process", "pass": "pass", "class": "class", "diagnosis": "diagnosis",
    "info": "info", "premises": "premises",
}  # fmt: skip


def split(name: str) -> list[str]:
    """The words of an identifier in lower case: `getOrderID`, `get_order_id` and `get-order-id` are the same."""
    return [word.lower() for word in _JOINT.split(name) if word]


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Lower case without Vietnamese marks, character for character: positions stay those of the text in NFC."""
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return text.lower()
    return "".join(_base(char) for char in text)


@lru_cache(maxsize=2048)
def _base(char: str) -> str:
    if char in "đĐ":
        return "d"
    return unicodedata.normalize("NFD", char)[0].lower()[:1] or char


def singular(word: str) -> str:
    """The singular of an English noun; a word that is none comes back as it is, more or less."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if re.search(r"(?:s|x|z|ch|sh)es$", word) and len(word) > 4:
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        return word[:-1]
    return word


def plural(word: str) -> str:
    """The plural of an English noun in the singular."""
    for many, one in _IRREGULAR.items():
        if one == word and many != one:
            return many
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"


def is_plural(word: str) -> bool:
    """Whether an English word looks like a plural."""
    return singular(word) != word


def language_of(text: str) -> str:
    """`vi` or `en`: what a text is written in, also where Vietnamese is written without its marks."""
    words = re.findall(r"[^\W\d_]+", text)
    if not words:
        return "en"
    marked = sum(bool(_VIETNAMESE.search(word)) for word in words)
    bare = sum(word.lower() in _FUNCTION_WORDS for word in words)
    return "vi" if marked / len(words) > 0.15 or bare / len(words) > 0.25 else "en"


def has_marks(text: str) -> bool:
    """Whether a text has letters that only Vietnamese has."""
    return bool(_VIETNAMESE.search(text))


def spoken(name: str) -> str:
    """An identifier as people would say it: `order_id` is `order id`."""
    return " ".join(split(name))


def identifier(name: str) -> str:
    """A name for a table or column, in snake case."""
    return "_".join(plain(word) for word in split(name)) or "item"
