"""Declarative mocks: the JSON Schema of `x-ccgym.mock`, one shape for each kind.

What the kinds do, and the templates in them, are told where they are run: `ccgym.backend.mocks` and
`ccgym.backend.expressions`.
"""

from __future__ import annotations

from typing import Any, get_args

from ccgym.domain.models import Op

ROOTS = ("args", "row", "rows", "key", "id", "now", "let", "item", "tables", "user")
"""What the first segment of a template's pointer may be."""
OPERATIONS = {
    "$sum": None, "$count": None, "$min": None, "$max": None, "$sub": 2, "$div": 2, "$round": 2, "$map": 2, "$mul": 0,
}  # fmt: skip
"""Operation to the number of its operands, in a list; 0: any number, None: one, that is not listed."""

_ERROR = {
    "type": "object",
    "description": "What the agent is answered; the message is a template.",
    "properties": {"code": {"type": "string", "minLength": 1}, "message": {"type": "string", "minLength": 1}},
    "required": ["code", "message"],
    "additionalProperties": False,
}
_GUARD = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "pattern": "^/"},
        "op": {"enum": list(get_args(Op))},
        "value": {"description": "Template of what is compared with; for `matches` a fixed pattern."},
        "error": _ERROR,
    },
    "required": ["path", "op", "error"],
    "additionalProperties": False,
}
_FIND: dict[str, Any] = {
    "table": {"type": "string", "minLength": 1},
    "key": {"type": ["string", "integer"], "description": "Template of the row's key."},
    "match": {"type": "object", "minProperties": 1, "description": "Column to template: rows where all are equal."},
    "all": {"type": "boolean", "description": "All rows that match, instead of the first."},
    "missing": {**_ERROR, "description": "The error where no row is found."},
}
_ROW_OF = {"oneOf": [{"required": ["key"]}, {"required": ["match"]}]}
_LET = {
    "oneOf": [
        {"type": "object", "properties": {"value": {}}, "required": ["value"], "additionalProperties": False},
        {"type": "object", "properties": _FIND, "required": ["table"], "additionalProperties": False, **_ROW_OF},
    ]
}
_ID = {
    "type": "object",
    "description": "The form of `{/id}`.",
    "properties": {"prefix": {"type": "string"}, "digits": {"type": "integer", "minimum": 1, "maximum": 18}},
    "additionalProperties": False,
}
_PARTS: dict[str, dict[str, Any]] = {
    **_FIND,
    "let": {"type": "object", "description": "Name to a row or rows, or a value.", "additionalProperties": _LET},
    "require": {
        "type": "array",
        "description": "Guards, in order: the first that does not hold answers with its error, and nothing changes.",
        "items": _GUARD,
    },
    "row": {"type": "object", "description": "Template of the new row."},
    "exists": {**_ERROR, "description": "The error where there is a row of that key already."},
    "id": _ID,
    "set": {"type": "object", "minProperties": 1, "description": "Column, or pointer into the row, to its new value."},
    "unset": {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "Columns to remove."},
    "return": {"description": "Template of the result; absent: the row or rows."},
    "function": {"type": "string", "minLength": 1, "description": "A registered function: `name` or `toolset:name`."},
    "file": {"type": "string", "minLength": 1, "description": "JSONL file of recorded calls; `recorded.jsonl`."},
}
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lookup": (("table",), ("key", "match", "all", "let", "require", "missing", "return")),
    "insert": (("table", "row"), ("key", "id", "exists", "let", "require", "return")),
    "update": (("table",), ("key", "match", "set", "unset", "id", "let", "require", "missing", "return")),
    "delete": (("table",), ("key", "match", "let", "require", "missing", "return")),
    "compute": (("return",), ("let", "require")),
    "respond": (("return",), ("let", "require")),
    "recorded": ((), ("file", "missing")),
    "python": ((), ("function",)),
}
"""Kind to the members that it must have, and those it may have."""


def kind_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of mock."""
    required, optional = KINDS[kind]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"kind": {"const": kind}, **{name: _PARTS[name] for name in (*required, *optional)}},
        "required": ["kind", *required],
        "additionalProperties": False,
    }
    if kind in ("lookup", "update", "delete"):
        schema |= _ROW_OF
    if kind == "update":
        schema["anyOf"] = [{"required": ["set"]}, {"required": ["unset"]}]
    return schema


def mock_schema() -> dict[str, Any]:
    """The JSON Schema of `x-ccgym.mock`."""
    return {"oneOf": [kind_schema(kind) for kind in KINDS]}
