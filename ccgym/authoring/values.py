"""Plausible values for the arguments and columns of a domain: from its own examples first, then from their names.

A value depends on the schema, the name and a number, and on nothing else. Each one is held against its schema.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import jsonschema_rs

from ccgym import seeds
from ccgym.authoring import stock
from ccgym.authoring.fields import MAX_DEPTH, members, resolve, types_of
from ccgym.authoring.words import identifier
from ccgym.rollouts.schema_values import draw, smallest

_EXAMPLE = re.compile(
    r"(?:\be\.g\.?|\bfor example|\bsuch as|\bexamples?:|\bex:|\blike|v[íi] d[ụu]|\bVD|\bch[ẳa]ng h[ạa]n|\bnh[ưu])"
    r"[\s:,(]*(?:[`'\"“‘]([^`'\"”’]{1,40})[`'\"”’]|([A-Za-z0-9À-ỹ@#][\w@.+/#-]{0,39}))",
    re.I,
)
_EPOCH = date(2026, 1, 5)


def fits(value: Any, schema: Any, root: dict[str, Any]) -> bool:
    """Whether a schema accepts a value; references resolve in its root."""
    if isinstance(schema, dict):
        schema = {**{key: root[key] for key in ("$defs", "definitions") if key in root}, **schema}
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, pattern_options=jsonschema_rs.RegexOptions(), offline=True
        ).is_valid(value)
    except (ValueError, jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError):
        return False


class Maker:
    """Makes values in one language. `ids` gives the keys of rows: name of an argument to its values, or None."""

    def __init__(self, language: str, seed: str = "") -> None:
        self.language, self.seed = language, seed
        self.ids: dict[str, list[Any]] = {}

    def make(self, name: str, schema: dict[str, Any], root: dict[str, Any], number: int, depth: int = 0) -> Any:
        """The value number `number` for a schema of that name. Null past a depth, as schemas may hold themselves."""
        schema = resolve(schema, root)
        if depth > MAX_DEPTH // 2:
            return None
        for value in self._offers(name, schema, root, number, depth):
            if fits(value, schema, root):
                return value
        return self._anything(name, schema, root, number)

    def _anything(self, name: str, schema: dict[str, Any], root: dict[str, Any], number: int) -> Any:
        """What the schema accepts, however implausible; null where nothing was found."""
        whole: dict[str, Any] = {key: root[key] for key in ("$defs", "definitions") if key in root}
        whole |= schema
        for attempt in range(20):
            try:
                rng = seeds.stream(self.seed, name, number, attempt)
                value = draw(whole, rng) if attempt else smallest(whole)
            except Exception:  # a schema past what the drawing of values knows
                continue
            if fits(value, schema, root):
                return value
        return None

    def _offers(
        self, name: str, schema: dict[str, Any], root: dict[str, Any], number: int, depth: int
    ) -> Iterator[Any]:
        if "const" in schema:
            yield schema["const"]
        if schema.get("enum"):
            options = [option for option in schema["enum"] if option is not None] or schema["enum"]
            yield options[number % len(options)]
        for form in [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]:
            part = resolve(form, root)
            if types_of(part, root) != {"null"}:
                rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
                yield self.make(name, {**rest, **part}, root, number, depth + 1)
        kinds = types_of(schema, root) - {"null"}
        if self.ids.get(name) and kinds <= {"string", "integer", "number"}:
            yield from self._as(kinds, self.ids[name][number % len(self.ids[name])])
        yield from examples(schema, number)
        if "object" in kinds:
            yield self._object(schema, root, number, depth, 2)
            yield self._object(schema, root, number, depth, 0)
        if "array" in kinds:
            yield self._array(name, schema, root, number, depth)
        if "boolean" in kinds:
            yield number % 2 == 0
        if kinds & {"integer", "number"}:
            yield from self._numbers(name, schema, kinds, number)
        if not kinds or "string" in kinds:
            yield from self._texts(name, schema, number)
        if "default" in schema:
            yield schema["default"]

    def _as(self, kinds: set[str], key: Any) -> Iterator[Any]:
        if isinstance(key, str) and kinds and "string" not in kinds and re.fullmatch(r"[0-9]{1,15}", key):
            yield int(key)
        elif not isinstance(key, str) and kinds and not kinds & {"integer", "number"}:
            yield str(key)
        else:
            yield key

    def _object(
        self, schema: dict[str, Any], root: dict[str, Any], number: int, depth: int, spare: int
    ) -> dict[str, Any]:
        """An object; down to the depth `spare` with members that are not required."""
        made = {}
        for item in members(schema, root):
            if item.required or depth < spare:
                value = self.make(item.name, item.schema, root, number, depth + 1)
                if value is not None or item.required:
                    made[item.name] = value
        return made

    def _array(self, name: str, schema: dict[str, Any], root: dict[str, Any], number: int, depth: int) -> list[Any]:
        least = schema.get("minItems") or 0
        most = schema.get("maxItems", max(least, 2))
        first = schema.get("prefixItems") or []
        count = max(least, min(most, len(first) or 1))
        items = resolve(schema.get("items", {}), root)
        one = identifier(name).removesuffix("s")
        for key in (name, name.removesuffix("s"), one):
            if key in self.ids:
                one = key
        parts = [first[i] if i < len(first) else items for i in range(min(count, 20))]
        return [self.make(one, part, root, number + i, depth + 1) for i, part in enumerate(parts)]

    def _numbers(self, name: str, schema: dict[str, Any], kinds: set[str], number: int) -> Iterator[Any]:
        low, high = _bounds(schema)
        step = schema.get("multipleOf") or 1
        wanted = stock.number(identifier(name).split("_"), number, self.language)
        for value in (wanted, low + number % 7 * step if low is not None else wanted, 1 + number % 5):
            if high is not None and value > high:
                value = high - (number % 3) * step
            if low is not None and value < low:
                value = low + (number % 3) * step
            value = math.ceil(value / step) * step if step else value
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            yield value
        for edge in (low, high):
            if edge is not None:
                yield math.ceil(edge) if edge == low and "integer" in kinds else edge

    def _texts(self, name: str, schema: dict[str, Any], number: int) -> Iterator[str]:
        words = identifier(name).split("_")
        if schema.get("format") == "date" and {"birth", "dob", "birthday", "birthdate", "sinh"} & set(words):
            yield stock.text(words, number, self.language, _EPOCH)
        if schema.get("format") in stock.FORMATS:
            yield stock.formatted(schema["format"], number, _EPOCH)
        if "pattern" in schema:
            told = stock.text(words, number, self.language, _EPOCH)
            yield told
            yield from self._drawn(schema, number)
        described = schema.get("description")
        if isinstance(described, str):
            yield from (date_like(hint, number) for hint in _date_hints(described))
            for found in _EXAMPLE.finditer(described):
                example = found.group(1) or found.group(2).rstrip(".,;:")
                if any(char.isdigit() for char in example):
                    yield successor(example, number)
        text = stock.text(words, number, self.language, _EPOCH)
        yield text
        shortest, longest = schema.get("minLength") or 0, schema.get("maxLength")
        yield text[:longest].strip() or "x"
        yield (text + " " + stock.FILL[self.language] * (shortest // 10 + 1))[: longest or max(shortest, 12)]

    def _drawn(self, schema: dict[str, Any], number: int) -> Iterator[str]:
        for attempt in range(8):
            try:
                yield draw(schema, seeds.stream("pattern", schema["pattern"], number, attempt))
            except Exception:  # a pattern past what can be drawn from
                return


def examples(schema: dict[str, Any], number: int) -> Iterator[Any]:
    """What the schema itself gives as examples, the one of that number first; keys are counted on from the last."""
    given = schema.get("examples", schema.get("example"))
    listed = list(given) if isinstance(given, list) else [] if given is None else [given]
    if not listed:
        return
    yield listed[number % len(listed)] if number < len(listed) else successor(listed[-1], number - len(listed) + 1)
    yield listed[number % len(listed)]


def successor(example: Any, number: int) -> Any:
    """The example with its last digits counted on: `W1001` and 2 is `W1003`. What has none comes back as it is."""
    if isinstance(example, int) and not isinstance(example, bool):
        return example + number
    if not isinstance(example, str) or re.fullmatch(r"\d{4}-\d\d-\d\d.*", example):
        return date_like(example, number) if isinstance(example, str) else example
    found = list(re.finditer(r"\d+", example))
    if not found or "@" in example:
        return example
    last = found[-1]
    width = len(last.group())
    return f"{example[: last.start()]}{(int(last.group()) + number) % 10**width:0{width}d}{example[last.end() :]}"


def date_like(example: str, number: int) -> str:
    """A date in the form of an example, such as `2024-05-01`."""
    day = _EPOCH + timedelta(days=3 + number)
    if re.match(r"\d{4}-\d\d-\d\d", example):
        return f"{day.isoformat()}{example[10:]}"
    return day.isoformat()


def _date_hints(described: str) -> Iterator[str]:
    if re.search(r"YYYY-MM-DD", described, re.I) and "T" not in described:
        yield "2026-01-01"


def _bounds(schema: dict[str, Any]) -> tuple[Any, Any]:
    low, high = schema.get("minimum"), schema.get("maximum")
    more, less = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(more, int | float) and not isinstance(more, bool):
        low = more + 1 if high is None or more + 1 <= high else more
    if isinstance(less, int | float) and not isinstance(less, bool):
        high = less - 1
    return low, high


__all__ = ["Maker", "examples", "fits", "successor"]
