"""Declarative mocks: their published JSON Schema, and what can be checked of them before anything runs.

A mock is a backend that needs no Python. All text in it may be a template: `{/args/order_id}`, `{/row/status}`,
`{/result/…}`, `{/now}`, `{/id}` stand for JSON pointers, and a text that is exactly one pointer keeps the value's type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from ccgym.domain.findings import Findings, did_you_mean, pointer, show
from ccgym.types import Tool

REQUIRE_OPS = ("eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "exists", "absent", "matches")
COMPUTE_OPS = ("sum", "count", "min", "max", "sub", "mul")
ROOTS = ("args", "row", "rows", "result", "now", "id", "key", "item", "tables", "user")
"""What the first segment of a template's pointer may be."""

_TEMPLATE = re.compile(r"\{(/[^{}]*)\}")
_ERROR = {
    "type": "object",
    "properties": {"code": {"type": "string", "minLength": 1}, "message": {"type": "string", "minLength": 1}},
    "required": ["code", "message"],
    "additionalProperties": False,
}
_REQUIRE = {
    "type": "array",
    "description": "Guards, in order: the first that does not hold answers with its error, and nothing changes.",
    "items": {
        "type": "object",
        "properties": {
            "path": {"type": "string", "pattern": "^/"},
            "op": {"enum": list(REQUIRE_OPS)},
            "value": {},
            "error": _ERROR,
        },
        "required": ["path", "op", "error"],
        "additionalProperties": False,
    },
}
_PARTS: dict[str, dict[str, Any]] = {
    "table": {"type": "string", "minLength": 1},
    "key": {"type": ["string", "integer"], "description": "Template of the row's key."},
    "match": {"type": "object", "minProperties": 1, "description": "Column to template: rows where all are equal."},
    "all": {"type": "boolean", "description": "All rows that match, as a list, instead of the first."},
    "require": _REQUIRE,
    "missing": {**_ERROR, "description": "The error where no row is found."},
    "row": {"type": "object", "description": "Template of the new row."},
    "set": {"type": "object", "minProperties": 1, "description": "Column to template of its new value."},
    "return": {"description": "Template of the result; absent: the row."},
    "function": {"type": "string", "minLength": 1, "description": "A registered function: `name` or `toolset:name`."},
}
_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lookup": (("table",), ("key", "match", "all", "require", "missing", "return")),
    "insert": (("table", "row"), ("key", "require", "return")),
    "update": (("table", "set"), ("key", "match", "require", "missing", "return")),
    "delete": (("table",), ("key", "match", "require", "missing", "return")),
    "compute": (("return",), ("require",)),
    "respond": (("return",), ("require",)),
    "python": ((), ("function",)),
}
_NEEDS_ROW = ("lookup", "update", "delete")


def kind_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of mock."""
    required, optional = _KINDS[kind]
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"kind": {"const": kind}, **{name: _PARTS[name] for name in (*required, *optional)}},
        "required": ["kind", *required],
        "additionalProperties": False,
    }
    if kind in _NEEDS_ROW:
        schema["oneOf"] = [{"required": ["key"]}, {"required": ["match"]}]
    return schema


def mock_schema() -> dict[str, Any]:
    """The JSON Schema of `x-ccgym.mock`."""
    return {"oneOf": [kind_schema(kind) for kind in _KINDS]}


@cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        kind_schema(kind), pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


def check_mock(tool: Tool, state: Mapping[str, Any], place: str, findings: Findings) -> None:
    """Check the shape of a tool's mock, and that the tables and arguments it names exist.

    Args:
        tool: the tool; its `touches` are checked too.
        state: the seed state. Where it has no tables, tasks bring their own, and none is unknown.
        place: the file and tool that findings name.
        findings: where problems go.
    """
    # The customer's tools see the customer's document, whose objects are their tables.
    tables = state["tables"] if tool.requestor == "assistant" else state["user"]
    for table in tool.touches or ():
        if tables and table not in tables:
            _unknown_table(table, f"{place} /x-ccgym/touches", tables, findings)
    mock = tool.mock
    at = f"{place} /x-ccgym/mock"
    kind = mock.get("kind")
    if kind not in _KINDS:
        findings.add("bad-mock", f"{at}/kind", f"found {show(kind)}, must be a kind of mock",
                     did_you_mean(kind, _KINDS))  # fmt: skip
        return
    ok = True
    for error in _validator(kind).iter_errors(mock):
        ok = False
        _shape(error, mock, kind, at, findings)
    if not ok:
        return
    if "table" in mock and tables and mock["table"] not in tables:
        _unknown_table(mock["table"], f"{at}/table", tables, findings)
    if mock.get("all") and "match" not in mock:
        findings.add("bad-mock", f"{at}/all", "`all` goes with `match`: a key names one row", "Remove it")
    if kind != "python":
        _check_pointers(tool, at, findings)


def _shape(error: Any, mock: dict[str, Any], kind: str, at: str, findings: Findings) -> None:
    where, name, facts = at + pointer(error.instance_path), error.kind.name, error.kind
    if name == "additionalProperties":
        for key in facts.unexpected[:5]:
            options = [n for part in _KINDS[kind] for n in part]
            known = options if not error.instance_path else ("code", "message", "path", "op", "value", "error")
            findings.add("bad-mock", where, f"unknown field '{key[:60]}' in a mock of kind '{kind}'",
                         did_you_mean(key, known))  # fmt: skip
    elif name == "required":
        findings.add("bad-mock", where, f"field '{facts.property}' is missing in a mock of kind '{kind}'")
    elif name in ("oneOf", "oneOfNotValid", "oneOfMultipleValid"):
        findings.add("bad-mock", where, f"a mock of kind '{kind}' has either `key` or `match`",
                     'Such as "key": "{/args/order_id}", or "match": {"email": "{/args/email}"}')  # fmt: skip
    elif name == "enum":
        value: Any = mock
        for part in error.instance_path:
            value = value[part]
        findings.add("bad-mock", where, f"found {show(value)}", did_you_mean(value, facts.options))
    else:
        findings.add("bad-mock", where, error.message[:200])


def _unknown_table(table: str, place: str, tables: Mapping[str, Any], findings: Findings) -> None:
    fix = did_you_mean(table, tables) or f"Add tables/{table}.csv, or the table to state.json"
    findings.add("unknown-table", place, f"no table '{table[:60]}'", fix)


def _check_pointers(tool: Tool, at: str, findings: Findings) -> None:
    known = tool.parameters.get("properties")
    open_ended = tool.parameters.get("additionalProperties") not in (None, False) or not isinstance(known, dict)
    for path, text in _pointers(tool.mock, ()):
        segments = text.split("/")[1:]
        root = segments[0]
        if root not in ROOTS:
            findings.add("bad-pointer", at + pointer(path), f"'{text[:60]}' begins with none of {', '.join(ROOTS)}",
                         did_you_mean(root, ROOTS))  # fmt: skip
        elif root == "args" and len(segments) > 1 and not open_ended and isinstance(known, dict):
            name = segments[1].replace("~1", "/").replace("~0", "~")
            if name not in known:
                message = f"'{text[:60]}' names no argument of '{tool.name}'"
                findings.add("unknown-argument", at + pointer(path), message, did_you_mean(name, known))


def _pointers(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every pointer in a mock's templates and guards, with the place where it stands."""
    if isinstance(value, str):
        if len(path) == 3 and path[0] == "require" and path[2] == "path":
            yield path, value
        for match in _TEMPLATE.finditer(value):
            yield path, match.group(1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not (path and path[-1] == "error"):
                yield from _pointers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pointers(item, (*path, index))
