"""Validation of a tool's arguments: JSON Schema 2020-12, at C speed, with nothing fetched and no pattern that hangs.

- A reference resolves inside its own document only: anything but `#…` is refused before the schema is compiled.
- Patterns run on an engine that is linear in the text; those it cannot run (lookaround, backreferences) are refused.
- Arguments that the schema does not name are errors, unless the schema itself speaks of `additionalProperties` or
  `unevaluatedProperties`: a tool is called as `fn(state, **arguments)`, which could not take them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, cast
from urllib.parse import unquote

import jsonschema_rs

from ccgym.domain.findings import did_you_mean, pointer, show
from ccgym.errors import DomainError

MAX_SENTENCE = 300
MAX_DEPTH = 64
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef", "$id", "id")
_DATA = ("const", "enum", "default", "examples", "example")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_COMPOSED = ("allOf", "anyOf", "oneOf", "if", "$ref", "$dynamicRef", "dependentSchemas")


class ArgumentValidator:
    """Compiled once a tool; `validator(arguments)` is None, or one sentence that says what is wrong.

    Args:
        parameters: the tool's schema; of type object where it names no type.
        where: what an error of the schema itself names.

    Raises:
        DomainError: the schema is not JSON Schema 2020-12, refers outside itself or in a circle, or has a pattern
            that is not linear.
    """

    __slots__ = ("_is_valid", "_names", "_required", "_validator", "schema")

    def __init__(self, parameters: dict[str, Any], where: str = "schema") -> None:
        for path, message, fix in _problems(parameters, (), 0, parameters):
            raise DomainError(message, where=_join(where, path), fix=fix)
        self.schema = closed(parameters)
        """The schema that arguments are held against: closed to arguments that it does not name."""
        self._validator = compile_schema(self.schema, where)
        self._is_valid = self._validator.is_valid
        self._names = list(parameters.get("properties", ()))
        self._required = [name for name in parameters.get("required", ()) if isinstance(name, str)]

    def __call__(self, arguments: dict[str, Any]) -> str | None:
        """None if the arguments fit, else a sentence of at most 300 characters for the agent to read."""
        try:
            if self._is_valid(arguments):
                return None
            self._validator.validate(arguments)
        except jsonschema_rs.ValidationError as error:
            return _cut(self._explain(error, arguments))
        except ValueError as error:
            return _cut(f"the arguments are not JSON: {str(error)[:100]}")
        return "the arguments do not fit the schema"

    def _explain(self, error: jsonschema_rs.ValidationError, arguments: Any) -> str:
        path = error.instance_path
        place, found = _place(path), show(_at(arguments, path))
        name, facts = error.kind.name, cast(Any, error.kind)
        if name == "required":
            missing = f"{facts.property!r} is missing" + (f" in {place}" if path else "")
            return missing if path else f"{missing}; required: {', '.join(self._required[:12]) or facts.property}"
        if name in ("additionalProperties", "unevaluatedProperties"):
            extra = [key for key in facts.unexpected if path or key not in self._names] or facts.unexpected
            unknown = ", ".join(repr(key[:60]) for key in extra[:3]) + (", …" if len(extra) > 3 else "")
            fix = did_you_mean(extra[0], self._names) if not path else None
            return f"unknown argument {unknown}" + (f" in {place}" if path else "") + (f". {fix}" if fix else "")
        if name == "type":
            return f"{place}: found {found}, must be of type {' or '.join(facts.types)}"
        if name == "enum":
            return f"{place}: found {found}, must be one of {', '.join(show(option) for option in facts.options[:12])}"
        if name == "const":
            return f"{place}: found {found}, must be {show(facts.expected_value)}"
        if name == "pattern":
            return f"{place}: found {found}, must match {facts.pattern[:100]}"
        if name in _LIMITS:
            return f"{place}: found {found}, must {_LIMITS[name].format(getattr(facts, 'limit', ''))}"
        if name in ("anyOf", "oneOf"):
            first = [branch[0].kind for branch in facts.context if branch]
            if first and all(kind.name == "type" for kind in first):
                return f"{place}: found {found}, must be of type {' or '.join(t for kind in first for t in kind.types)}"
            several = type(facts).__name__ == "OneOfMultipleValid"
            return f"{place}: found {found}, which fits {'more than one' if several else 'none'} of the allowed forms"
        return f"{place}: found {found}, which breaks {name!r} of the schema"


_LIMITS = {
    "minimum": "be at least {}",
    "maximum": "be at most {}",
    "exclusiveMinimum": "be above {}",
    "exclusiveMaximum": "be below {}",
    "minLength": "have at least {} characters",
    "maxLength": "have at most {} characters",
    "minItems": "have at least {} items",
    "maxItems": "have at most {} items",
    "minProperties": "have at least {} fields",
    "maxProperties": "have at most {} fields",
    "uniqueItems": "hold no item twice",
}


def closed(parameters: dict[str, Any]) -> dict[str, Any]:
    """The schema as it is enforced: of type object, and closed to arguments that it does not name."""
    schema = {"type": "object", **parameters}
    schema.pop("$schema", None)
    if "additionalProperties" not in schema and "unevaluatedProperties" not in schema:
        schema["unevaluatedProperties" if any(key in schema for key in _COMPOSED) else "additionalProperties"] = False
    return schema


def compile_schema(schema: dict[str, Any], where: str) -> jsonschema_rs.Draft202012Validator:
    """Compile a schema, offline and with the linear-time engine. Raises DomainError with the place in the schema."""
    try:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions(), offline=True)
    except jsonschema_rs.ValidationError as error:
        path, reason = error.instance_path, error.message[:160]
        found = _at(schema, path)
        message, fix = f"not JSON Schema 2020-12: {reason}", None
        if error.kind.name == "pattern" or (path and path[-1] == "pattern") or "patternProperties" in path:
            message = f"pattern {show(found if isinstance(found, str) else path[-1])} cannot run in linear time"
            fix = "Write it without lookaround, backreferences and huge repeats"
        raise DomainError(message, where=_join(where, path), fix=fix) from None
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise DomainError(f"not JSON Schema 2020-12: {str(error)[:160]}", where=where) from None


def _problems(
    schema: Any, path: tuple[Any, ...], depth: int, root: Any
) -> Iterator[tuple[tuple[Any, ...], str, str | None]]:
    """References that lead out of the document or in a circle, and nesting past all reason. Values that are data are
    not schemas."""
    if depth > MAX_DEPTH:
        yield path, f"nested deeper than {MAX_DEPTH}", None
        return
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _problems(item, (*path, index), depth + 1, root)
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in _REFERENCES and isinstance(value, str) and not value.startswith("#"):
            fix = "Remove it" if key in ("$id", "id") else "Copy what it refers to into $defs, and refer to #/$defs/…"
            yield (*path, key), f"{key} {show(value)} leads out of the schema", fix
        elif key == "$ref" and isinstance(value, str) and _circles(value, root):
            told = f"$ref {show(value)} leads to nothing but itself"
            yield (*path, key), told, "Refer to a schema that says something"
        elif key in _MAPS and isinstance(value, dict):
            for name, item in value.items():
                yield from _problems(item, (*path, key, name), depth + 1, root)
        elif key not in _DATA:
            yield from _problems(value, (*path, key), depth + 1, root)


def _circles(reference: str, root: Any) -> bool:
    """Whether a reference within the schema leads from reference to reference, and back to where it was."""
    seen: set[str] = set()
    while reference not in seen:
        seen.add(reference)
        if reference != "#" and not reference.startswith("#/"):  # an anchor
            return False
        path = [part.replace("~1", "/").replace("~0", "~") for part in unquote(reference[1:]).split("/")[1:]]
        target = _at(root, path)
        if not isinstance(target, dict) or not isinstance(target.get("$ref"), str):
            return False
        reference = target["$ref"]
    return True


def _join(where: str, path: Iterable[Any]) -> str:
    """A place in a schema that itself stands at a place, which may end in a pointer already."""
    return f"{where}{'' if ' /' in where else ' '}{pointer(path)}".rstrip()


def _at(value: Any, path: Iterable[str | int]) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _place(path: list[str | int]) -> str:
    text = pointer(path) or "the arguments"
    return text if len(text) <= 80 else text[:60] + "…"


def _cut(text: str) -> str:
    text = re.sub(r"[\x00-\x1f\x7f]", " ", text)
    return text if len(text) <= MAX_SENTENCE else text[: MAX_SENTENCE - 1] + "…"
