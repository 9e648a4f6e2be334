"""Values that a JSON Schema accepts: the smallest one, or random ones. Made for fuzzing, not for every corner."""

from __future__ import annotations

import random
import re
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_DEPTH = 8
_FORMATS = {
    "date": "2024-05-03", "date-time": "2024-05-03T10:00:00Z", "time": "10:00:00Z", "email": "a@example.org",
    "uri": "https://example.org", "uuid": "00000000-0000-4000-8000-000000000000", "ipv4": "127.0.0.1",
}  # fmt: skip
_WORDS = ("a", "order", "W1", "yes", "0", "xin chào", "refund", "Nguyễn", "two words", "12")


def smallest(schema: dict[str, Any]) -> Any:
    """The smallest value that the schema accepts: only what is required, as short and as low as it may be."""
    return _Maker(schema, None).make(schema, 0)


def draw(schema: dict[str, Any], rng: random.Random) -> Any:
    """A random value that the schema accepts."""
    return _Maker(schema, rng).make(schema, 0)


class _Maker:
    def __init__(self, root: dict[str, Any], rng: random.Random | None) -> None:
        self.root, self.rng = root, rng

    def make(self, schema: Any, depth: int) -> Any:
        """A value for a schema at a depth; past `_DEPTH` (schemas may refer to themselves) null."""
        if not isinstance(schema, dict) or depth > _DEPTH:
            return None
        if "$ref" in schema:
            return self.make(self._resolve(schema["$ref"]), depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choice(schema["enum"])
        for key in ("anyOf", "oneOf"):
            if schema.get(key):
                rest = {name: value for name, value in schema.items() if name != key}
                return self.make({**rest, **self._choice(schema[key])}, depth + 1)
        if schema.get("allOf"):
            merged: dict[str, Any] = {name: value for name, value in schema.items() if name != "allOf"}
            for part in schema["allOf"]:
                part = self._resolve(part["$ref"]) if "$ref" in part else part
                properties = {**merged.get("properties", {}), **part.get("properties", {})}
                required = [*merged.get("required", ()), *part.get("required", ())]
                merged = {**merged, **part}
                if properties:
                    merged |= {"properties": properties, "required": required}
            return self.make(merged, depth + 1)
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = self._choice(kind)
        if kind is None:
            kind = "object" if "properties" in schema else "string"
        return getattr(self, f"_{kind}")(schema, depth)

    def _resolve(self, pointer: str) -> Any:
        place: Any = self.root
        for part in pointer.removeprefix("#").split("/")[1:]:
            place = place[part.replace("~1", "/").replace("~0", "~")]
        return place

    def _choice(self, options: Any) -> Any:
        return options[0] if self.rng is None else self.rng.choice(options)

    def _null(self, schema: dict[str, Any], depth: int) -> None:
        return None

    def _boolean(self, schema: dict[str, Any], depth: int) -> bool:
        return False if self.rng is None else self.rng.random() < 0.5

    def _integer(self, schema: dict[str, Any], depth: int) -> int:
        step = schema.get("multipleOf", 1)
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0) + 1001 * step) - 1)
        first = -(-low // step)
        last = max(first, high // step)
        return int(step * (first if self.rng is None else self.rng.randint(int(first), int(last))))

    def _number(self, schema: dict[str, Any], depth: int) -> float:
        if self.rng is None or "multipleOf" in schema:
            return self._integer(schema, depth)
        low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        high = schema.get("maximum", schema.get("exclusiveMaximum", max(low, 0) + 1000))
        return round(low + (high - low) * (0.01 + 0.98 * self.rng.random()), 2)

    def _string(self, schema: dict[str, Any], depth: int) -> str:
        shortest = schema.get("minLength", 0)
        if "pattern" in schema:
            return self._matching(schema["pattern"])
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = "" if self.rng is None else self.rng.choice(_WORDS)
        return text.ljust(shortest, "a")[: schema.get("maxLength")]

    def _array(self, schema: dict[str, Any], depth: int) -> list[Any]:
        count = schema.get("minItems", 0)
        if self.rng is not None:
            count += self.rng.randint(0, max(0, min(2, schema.get("maxItems", count + 2) - count)))
        first = schema.get("prefixItems", [])
        items = schema.get("items", {"type": "string"})
        return [self.make(first[i] if i < len(first) else items, depth + 1) for i in range(count)]

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        properties = schema.get("properties", {})
        made = {}
        for name, part in properties.items():
            if name in required or (self.rng is not None and self.rng.random() < 0.5):
                made[name] = self.make(part, depth + 1)
        return {**made, **{name: None for name in required if name not in made}}

    def _matching(self, pattern: str) -> str:
        try:
            return self._text(parser.parse(pattern))
        except (re.error, KeyError, IndexError, OverflowError):
            return ""  # a pattern in another dialect: the tool's error is then the observation

    def _text(self, parsed: Any) -> str:
        return "".join(self._piece(op, value) for op, value in parsed)

    def _piece(self, op: Any, value: Any) -> str:
        if op is ops.LITERAL:
            return chr(value)
        if op is ops.NOT_LITERAL:
            return "b" if value == ord("a") else "a"
        if op is ops.ANY:
            return "a"
        if op is ops.IN:
            return self._member(value)
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            low, high, inner = value
            count = low if self.rng is None else self.rng.randint(low, min(high, low + 3))
            return "".join(self._text(inner) for _ in range(count))
        if op is ops.SUBPATTERN:
            return self._text(value[-1])
        if op is ops.BRANCH:
            return self._text(self._choice(value[1]))
        return ""

    def _member(self, options: Any) -> str:
        if options[0][0] is ops.NEGATE:
            text = "".join(chr(code) for code in range(97, 123) if not _within(chr(code), options[1:]))
            return self._choice(text or "~")
        op, value = self._choice(options)
        if op is ops.RANGE:
            return chr(value[0] if self.rng is None else self.rng.randint(*value))
        if op is ops.CATEGORY:
            return {ops.CATEGORY_DIGIT: "0", ops.CATEGORY_SPACE: " "}.get(value, "a")
        return chr(value)


def _within(char: str, options: Any) -> bool:
    code = ord(char)
    for op, value in options:
        if op is ops.RANGE and value[0] <= code <= value[1]:
            return True
        if op is ops.LITERAL and value == code:
            return True
        if op is ops.CATEGORY and value in (ops.CATEGORY_WORD, ops.CATEGORY_NOT_DIGIT, ops.CATEGORY_NOT_SPACE):
            return True
    return False
