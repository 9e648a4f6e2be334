"""The operations of plain conditions, as CEL defines them for the cases that are no corner; see `plain`.

Each takes and gives functions of a dict of values. Whatever is a corner raises Unclear.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from ccgym.compare import pattern

Test = Callable[[dict[str, Any]], Any]
MAX_ITEMS = 1_000
MAX_TEXT = 10_000
_NUMBER = re.compile(r"\d+|\d+\.\d+|\d+(?:\.\d+)?[eE]\d{1,2}", re.ASCII)
_TIME = re.compile(r"(?!0000)\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_SPAN = re.compile(r"(\d{1,7})([hms])", re.ASCII)
_PATTERN = re.compile(r"\^?(?:[A-Za-z0-9 _-]|\[[A-Za-z0-9-]{1,20}\](?:[+*?]|\{\d{1,2}\})?)*\$?", re.ASCII)
_SCALARS = frozenset((str, int, float, bool, type(None)))
_NUMBERS = frozenset((int, float))
_ORDERED = frozenset((str, int, float, datetime, timedelta))
_MAX = 2**63
_EXACT = 2**53


class Unclear(Exception):
    """This case is for CEL."""


def sure(value: Any) -> bool:
    """The value, which must be true or false. Raises Unclear."""
    if value is True or value is False:
        return value
    raise Unclear


def number(text: str) -> int | float:
    """A literal. Raises Unclear."""
    if not _NUMBER.fullmatch(text):
        raise Unclear
    value = int(text) if text.isdigit() else float(text)
    if value >= _MAX:
        raise Unclear
    return value


def constant(value: Any) -> Test:
    """A literal's value."""
    return lambda v: value


def variable(name: str) -> Test:
    """The value of a variable."""
    return operator.itemgetter(name)


def field(value: Test, name: str) -> Test:
    """A field of an object."""

    def read(v: dict[str, Any]) -> Any:
        found = value(v)
        if type(found) is not dict:
            raise Unclear
        return found[name]

    return read


def item(value: Test, index: Any) -> Test:
    """An item of a list. Raises Unclear where the index is no literal number."""
    if type(index) is not int:
        raise Unclear

    def read(v: dict[str, Any]) -> Any:
        found = value(v)
        if type(found) is list and 0 <= index < len(found):
            return found[index]
        raise Unclear

    return read


def has(value: Test, name: str) -> Test:
    """Whether an object has a field."""

    def asked(v: dict[str, Any]) -> bool:
        found = value(v)
        if type(found) is not dict:
            raise Unclear
        return name in found

    return asked


def choice(test: Test, yes: Test, no: Test) -> Test:
    """`test ? yes : no`."""
    return lambda v: yes(v) if sure(test(v)) else no(v)


def both(left: Test, right: Test) -> Test:
    """`left && right`."""
    return lambda v: sure(left(v)) and sure(right(v))


def either(left: Test, right: Test) -> Test:
    """`left || right`."""
    return lambda v: sure(left(v)) or sure(right(v))


def negated(test: Test) -> Test:
    """`!test`."""
    return lambda v: not sure(test(v))


def _equal(a: Any, b: Any) -> bool:
    one, other = type(a), type(b)
    if one in _SCALARS and other in _SCALARS:
        return bool(a == b) if one is other else _mixed(a, b) and bool(a == b)
    if one is other and one in _ORDERED:
        return bool(a == b)
    raise Unclear


def _mixed(a: Any, b: Any) -> bool:
    """Whether an integer and a float compare as numbers. Past 2^53 not every integer is a float: that is for CEL."""
    if type(a) not in _NUMBERS or type(b) not in _NUMBERS:
        return False
    if abs(a) > _EXACT or abs(b) > _EXACT:
        raise Unclear
    return True


def among(left: Test, members: list[Test]) -> Test:
    """`left in [members]`."""

    def within(v: dict[str, Any]) -> bool:
        found = left(v)
        listed = [each(v) for each in members]  # all of them: where one errs, the list does
        return any(_equal(found, each) for each in listed)

    return within


def compared(sign: str, left: Test, right: Test) -> Test:
    """A comparison."""
    if sign == "==":
        return lambda v: _equal(left(v), right(v))
    if sign == "!=":
        return lambda v: not _equal(left(v), right(v))
    compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[sign]

    def ordered(v: dict[str, Any]) -> bool:
        a, b = left(v), right(v)
        if (type(a) is type(b) and type(a) in _ORDERED) or _mixed(a, b):
            return bool(compare(a, b))
        raise Unclear

    return ordered


def computed(sign: str, left: Test, right: Test) -> Test:
    """Two integers or two floats reckoned with; two texts put together; a time and a span."""
    compute = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": _divided, "%": _rest}[sign]

    def result(v: dict[str, Any]) -> Any:
        a, b = left(v), right(v)
        kind, other = type(a), type(b)
        if kind is other and kind in _NUMBERS:
            value = compute(a, b)
            if kind is int and not -_MAX <= value < _MAX:
                raise Unclear
            return value
        if kind is str and other is str and sign == "+" and len(a) + len(b) <= MAX_TEXT:
            return a + b
        if kind is datetime and sign in "+-" and (other is timedelta or (other is datetime and sign == "-")):
            return compute(a, b)
        raise Unclear

    return result


def _divided(a: Any, b: Any) -> Any:
    """Towards zero for integers, as CEL divides."""
    if not b:
        raise Unclear
    if type(a) is int:
        return abs(a) // abs(b) * (1 if (a < 0) is (b < 0) else -1)
    return a / b


def _rest(a: Any, b: Any) -> Any:
    """With the sign of the dividend, as CEL has it; of integers alone."""
    if b in (0, -1) or type(a) is not int:
        raise Unclear
    return a - b * _divided(a, b)


def size(value: Test) -> Test:
    """How many characters, items or fields there are."""

    def counted(v: dict[str, Any]) -> int:
        found = value(v)
        if type(found) in (str, list, dict):
            return len(found)
        raise Unclear

    return counted


def worded(method: str, left: Test, right: Test) -> Test:
    """`startsWith`, `endsWith` or `contains` of a text."""

    def worded(v: dict[str, Any]) -> bool:
        text, part = left(v), right(v)
        if type(text) is not str or type(part) is not str:
            raise Unclear
        if method == "contains":
            return part in text
        return text.startswith(part) if method == "startsWith" else text.endswith(part)

    return worded


def each(method: str, value: Test, name: str, body: Test) -> Test:
    """`all`, `exists` or `filter` over a list: the body is judged with the variable set to each item."""
    stop = {"all": False, "exists": True}.get(method)

    def repeated(v: dict[str, Any]) -> Any:
        items = value(v)
        if type(items) is not list or len(items) > MAX_ITEMS:
            raise Unclear
        inner = dict(v)
        kept = []
        for item in items:
            inner[name] = item
            holds = sure(body(inner))
            if holds is stop:
                return stop
            if holds:
                kept.append(item)
        return kept if stop is None else not stop

    return repeated


def matches(value: Test, wanted: Any) -> Test:
    """Whether a text matches a pattern, where the engines of both sides agree on what it means."""
    if type(wanted) is not str or "--" in wanted or not _PATTERN.fullmatch(wanted):
        raise Unclear
    try:
        test = pattern(wanted)
    except ValueError:
        raise Unclear from None

    def matched(v: dict[str, Any]) -> bool:
        text = value(v)
        if type(text) is str:
            return test(text)
        raise Unclear

    return matched


def _number_as(kind: type) -> Callable[[Test], Test]:
    def function(value: Test) -> Test:
        def number(v: dict[str, Any]) -> Any:
            found = value(v)
            if type(found) in _NUMBERS and abs(found) <= _EXACT:
                return kind(found)
            raise Unclear

        return number

    return function


def string(value: Test) -> Test:
    """A text or an integer as text."""

    def text(v: dict[str, Any]) -> str:
        found = value(v)
        if type(found) is str or type(found) is int:
            return str(found)
        raise Unclear

    return text


def timestamp(value: Test) -> Test:
    """A time from a text such as 2026-01-05T09:00:00+07:00."""
    return lambda v: _time(value(v))


def duration(value: Test) -> Test:
    """A span from a text such as 48h."""
    return lambda v: _span(value(v))


PARTS: dict[str, Callable[[datetime], int]] = {
    "getFullYear": lambda time: time.year, "getMonth": lambda time: time.month - 1, "getDate": lambda time: time.day,
    "getDayOfWeek": lambda time: time.isoweekday() % 7, "getHours": lambda time: time.hour,
    "getMinutes": lambda time: time.minute,
}  # fmt: skip
"""What a time is asked for, in UTC: months and days of the week count from 0, which is January and Sunday."""


def part_of_time(name: str, value: Test) -> Test:
    """The year, hour … of a time."""
    tell = PARTS[name]

    def told(v: dict[str, Any]) -> int:
        found = value(v)
        if type(found) is datetime:
            return tell(found)
        raise Unclear

    return told


@lru_cache(maxsize=4096)
def _time(text: Any) -> datetime:
    if type(text) is not str or not _TIME.fullmatch(text):
        raise Unclear
    return datetime.fromisoformat(text).astimezone(UTC)


@lru_cache(maxsize=256)
def _span(text: Any) -> timedelta:
    found = _SPAN.fullmatch(text) if type(text) is str else None
    if found is None:
        raise Unclear
    return timedelta(seconds=int(found[1]) * {"h": 3600, "m": 60, "s": 1}[found[2]])


FUNCTIONS: dict[str, Callable[[Test], Test]] = {
    "size": size, "int": _number_as(int), "double": _number_as(float), "string": string, "timestamp": timestamp,
    "duration": duration,
}  # fmt: skip
"""Function of CEL to what it does."""
