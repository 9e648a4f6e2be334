"""The comparisons that guards of mocks and asserts of tasks are written in, and that of recorded calls."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import jsonschema_rs

from ccgym import jsontext


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """An order between two numbers or two texts; False between anything else."""

    def compare(found: Any, wanted: Any) -> bool:
        numbers = _number(found) and _number(wanted)
        return (numbers or (isinstance(found, str) and isinstance(wanted, str))) and test(found, wanted)

    return compare


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _equal(a: Any, b: Any) -> bool:
    """Equality of JSON values: 1 equals 1.0, but True is not 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b)


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(found, str):
        return isinstance(wanted, str) and wanted in found
    if isinstance(found, dict):
        return wanted in found if isinstance(wanted, str) else False
    return isinstance(found, list) and any(_equal(item, wanted) for item in found)


@lru_cache(maxsize=1024)
def pattern(text: str) -> Callable[[str], bool]:
    """A search for a regular expression, on an engine whose time is linear in the text.

    Raises:
        ValueError: the engine does not know the syntax: look-around and back-references among it.
    """
    options = jsonschema_rs.RegexOptions()
    try:
        validator = jsonschema_rs.Draft202012Validator({"pattern": text}, pattern_options=options)
    except jsonschema_rs.ValidationError as error:
        raise ValueError(f"pattern {text!r} is not in the linear-time syntax ({str(error).splitlines()[0]})") from None
    return validator.is_valid


def _matches(found: Any, wanted: Any) -> bool:
    return isinstance(found, str) and pattern(wanted)(found)


OPS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda a, b: not _equal(a, b),
    "lt": _ordered(lambda a, b: a < b),
    "le": _ordered(lambda a, b: a <= b),
    "gt": _ordered(lambda a, b: a > b),
    "ge": _ordered(lambda a, b: a >= b),
    "in": lambda a, b: _contains(b, a),
    "not_in": lambda a, b: not _contains(b, a),
    "contains": _contains,
    "matches": _matches,
}
"""Operator to test `(found, wanted)`. `exists` and `absent` ask only whether a place is there, and stand apart."""

equal = _equal


def call_key(arguments: dict[str, Any]) -> bytes:
    """A call's arguments in the form in which recorded calls are found: sorted keys, and 1.0 is 1."""
    return jsontext.canonical(_tidy(arguments))


def _tidy(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {key: _tidy(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tidy(item) for item in value]
    return value
