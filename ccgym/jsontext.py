"""Strict JSON for hostile text, and the one canonical form that digests are taken of.

Limits: 256 KB, depth 64, 64-bit integers, finite numbers, no duplicate keys, no lone surrogates.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import orjson

MAX_BYTES = 256 * 1024
MAX_DEPTH = 64

_SORTED = orjson.OPT_SORT_KEYS


class JsonError(ValueError):
    """The text is not acceptable JSON. `str(error)` says what was found and where."""


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces.

    Raises:
        TypeError: a value that JSON cannot hold: NaN, infinity, integers past 64 bits, lone surrogates, other types.
    """
    data = orjson.dumps(value, option=_SORTED)
    if b"null" in data:
        refuse_nan(value)
    return data


def dumps(value: Any) -> str:
    """Compact JSON in the order given. Raises TypeError as `canonical` does."""
    data = orjson.dumps(value)
    if b"null" in data:
        refuse_nan(value)
    return data.decode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, as 64 hex digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def clean(value: Any) -> Any:
    """A fresh plain copy of a JSON value that shares nothing mutable with it. Raises TypeError as `canonical` does."""
    kind = type(value)
    if kind is bool or value is None or (kind is str and value.isascii()) or (kind is int and value.bit_length() < 64):
        return value
    data = orjson.dumps(value)
    if b"null" in data:
        refuse_nan(value)
    return orjson.loads(data)


def parse(text: str, max_bytes: int = MAX_BYTES) -> Any:
    """Parse one JSON value out of untrusted text. Files of a domain may be larger than what a model says: `max_bytes`.

    Raises:
        JsonError: the text breaks JSON or one of the limits named at the top of this module.
    """
    if len(text) > max_bytes or (len(text) * 4 > max_bytes and len(text.encode("utf-8", "surrogatepass")) > max_bytes):
        raise JsonError(f"longer than {max_bytes // 1024} KB")
    value = _quick(text) if max_bytes == MAX_BYTES else _UNSURE
    if value is not _UNSURE:
        return value
    depth = _depth(text)
    if depth > MAX_DEPTH:
        raise JsonError(f"nested deeper than {MAX_DEPTH}")
    try:
        value = _DECODER.decode(text)
    except JsonError:
        raise
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} at character {error.pos}") from None
    except (ValueError, RecursionError) as error:
        raise JsonError(str(error)) from None
    if "\\u" in text or not text.isascii():
        try:
            orjson.dumps(value)
        except TypeError as error:
            raise JsonError(f"text that is not valid Unicode ({error})") from None
    return value


_UNSURE = object()
_SIMPLE = frozenset((str, bool, type(None)))


def _quick(text: str) -> Any:
    """What the text holds, by a parser that looks at no limits, where it is plain that none is broken; else `_UNSURE`.

    A key that stands twice is lost in parsing: then there are more colons than keys.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return _UNSURE
    keys = _keys(value, 4)
    return value if keys == text.count(":") else _UNSURE


def _keys(value: Any, levels: int) -> int:
    """How many keys the objects in a value have; below 0 where it holds a float, a large integer or many levels."""
    kind = type(value)
    if kind is dict or kind is list:
        count = len(value) if kind is dict else 0
        for item in value.values() if kind is dict else value:
            if type(item) not in _SIMPLE:
                more = _keys(item, levels - 1) if levels else -1
                if more < 0:
                    return -1
                count += more
        return count
    if kind is int:
        return 0 if -(2**63) <= value < 2**63 else -1
    return 0 if kind in _SIMPLE else -1


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise JsonError(f"duplicate key {key!r}")
            seen.add(key)
    return result


def _int(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= (value := int(text)) < 2**63:
        raise JsonError(f"an integer past 64 bits: {text[:24]}")
    return value


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonError(f"a number out of range: {text[:24]}")
    return value


def _constant(text: str) -> Any:
    raise JsonError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_int, parse_float=_float, parse_constant=_constant)


def _depth(text: str) -> int:
    """An upper bound of the nesting depth: exact outside strings, and cheap for the common shallow text."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    in_string = escaped = False
    for char in text:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                return depth
            deepest = max(deepest, depth)
        elif char in "}]":
            depth -= 1
    return deepest


def refuse_nan(value: Any) -> None:
    """Raise TypeError where a float is NaN or infinite: orjson writes those as null."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                raise TypeError(f"{item} is not JSON")
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)
