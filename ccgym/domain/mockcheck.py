"""What can be said of a declarative mock before anything runs: its shape, and whether what it names exists."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs

from ccgym.domain.findings import Findings, did_you_mean, pointer, show
from ccgym.domain.mockspec import KINDS, OPERATIONS, ROOTS, kind_schema
from ccgym.domain.models import operand_problem
from ccgym.types import Tool

_PIECE = re.compile(r"\{\{|\}\}|\{(/[^{}]*)\}")
_FIXED = ("error", "missing", "exists", "id", "kind", "table", "function", "file", "unset")
_GUARD_FIELDS = ("path", "op", "value", "error", "code", "message")
ROWS_READ = 1000
"""How many rows of a table are read to learn its columns."""


@cache
def _validator(kind: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        kind_schema(kind), pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


def check_mock(tool: Tool, state: Mapping[str, Any], place: str, findings: Findings) -> None:
    """Add an error for each thing that is wrong with a tool's mock.

    Args:
        tool: the tool; its `touches` are checked too.
        state: the seed state. Where it has no tables, tasks bring their own, and none is unknown.
        place: the file and tool that findings name.
        findings: where problems go.
    """
    tables = tables_of(tool, state)
    for table in tool.touches or ():
        _check_table(table, f"{place} /x-ccgym/touches", tables, findings)
    mock, at = tool.mock, f"{place} /x-ccgym/mock"
    kind = mock.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        findings.add("bad-mock", f"{at}/kind", f"found {show(kind)}, must be a kind of mock", did_you_mean(kind, KINDS))
        return
    before = len(findings)
    for error in _validator(kind).iter_errors(mock):
        _add_shape(error, mock, kind, at, findings)
    if len(findings) > before or kind == "python":
        return
    for path, finder in finders(mock):
        _check_table(finder["table"], f"{at}{pointer(path)}/table", tables, findings)
        if finder.get("all") and "match" not in finder:
            message = "`all` goes with `match`: a key names one row"
            findings.add("bad-mock", f"{at}{pointer(path)}/all", message, "Remove it")
    for index, guard in enumerate(mock.get("require", ())):
        if guard["op"] in ("matches", "exists", "absent") and (
            problem := operand_problem(guard["op"], guard.get("value"))
        ):
            findings.add("bad-mock", f"{at}/require/{index}/value", problem)
    for path, text in pointers(mock):
        _check_pointer(text, f"{at}{pointer(path)}", tool, findings)
    for path, name, operand in _operations(mock, ()):
        _check_operation(name, operand, f"{at}{pointer(path)}", findings)


def tables_of(tool: Tool, state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tables that a tool sees: for the customer's tools, the objects of the customer's document."""
    return state["tables"] if tool.requestor == "assistant" else state["user"]


def finders(mock: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """The mock itself and each of its `let` that looks into a table, with the path."""
    if "table" in mock:
        yield (), mock
    for name, spec in mock.get("let", {}).items():
        if "table" in spec:
            yield ("let", name), spec


def pointers(mock: Mapping[str, Any]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every pointer in a mock's templates and guards, with the path of the text that holds it."""
    for index, guard in enumerate(mock.get("require", ())):
        yield ("require", index, "path"), guard["path"]
    for path, text in _texts(mock, ()):
        for match in _PIECE.finditer(text):
            if match.group(1) is not None:
                yield path, match.group(1)


def unknown_columns(
    tool: Tool, state: Mapping[str, Any], written: Mapping[str, Collection[str]], place: str, findings: Findings
) -> None:
    """Add a warning for each column that a mock reads and that no row has and no mock writes.

    Args:
        tool: the tool.
        state: the seed state.
        written: table to the columns that mocks write.
        place: the file and tool that findings name.
        findings: where warnings go.
    """
    at = f"{place} /x-ccgym/mock"

    def look(column: str, table: str, path: Iterable[Any]) -> None:
        rows = tables_of(tool, state).get(table)
        if not isinstance(rows, dict) or not rows:
            return
        some = [row for _, row in zip(range(ROWS_READ), rows.values(), strict=False) if isinstance(row, dict)]
        known = {name for row in some for name in row} | set(written.get(table, ()))
        name = column
        if column.startswith("/"):
            name = column.split("/")[1].replace("~1", "/").replace("~0", "~")
        if name not in known and name != "*":
            findings.add("unknown-column", f"{at}{pointer(path)}", f"no row of '{table}' has '{name[:60]}'",
                         did_you_mean(name, known), severity="warning")  # fmt: skip

    for path, finder in finders(tool.mock):
        for column in finder.get("match", {}):
            look(column, finder["table"], [*path, "match"])
    if tool.mock.get("kind") in ("lookup", "update", "delete"):
        for at_path, text in pointers(tool.mock):
            segments = text.split("/")
            if segments[1] == "row" and len(segments) > 2:
                look("/" + "/".join(segments[2:]), tool.mock["table"], at_path)


def columns_written(tools: Iterable[Tool]) -> dict[str, set[str]]:
    """Table to the columns that declarative mocks write."""
    written: dict[str, set[str]] = {}
    for tool in tools:
        table = tool.mock.get("table")
        if isinstance(table, str):
            columns = [*tool.mock.get("row", ()), *tool.mock.get("set", ())]
            written.setdefault(table, set()).update(column.removeprefix("/").split("/")[0] for column in columns)
    return written


def _add_shape(error: Any, mock: Mapping[str, Any], kind: str, at: str, findings: Findings) -> None:
    """A finding for one error of the mock's schema."""
    where, name, facts = f"{at}{pointer(error.instance_path)}", error.kind.name, error.kind
    found: Any = mock
    for part in error.instance_path:
        found = found[part]
    if name == "additionalProperties":
        known = [part for parts in KINDS[kind] for part in parts] if not error.instance_path else _GUARD_FIELDS
        for key in facts.unexpected[:5]:
            findings.add("bad-mock", where, f"unknown field '{key[:60]}' in a mock of kind '{kind}'",
                         did_you_mean(key, known))  # fmt: skip
    elif name == "required":
        findings.add("bad-mock", where, f"field '{facts.property}' is missing in a mock of kind '{kind}'")
    elif name == "oneOf" and "let" in error.instance_path:
        findings.add("bad-mock", where, f"found {show(found)}, must look up a row or hold a `value`",
                     'Such as {"table": "products", "key": "{/args/product_id}"}, or {"value": "{/now}"}')  # fmt: skip
    elif name == "oneOf":
        findings.add("bad-mock", where, f"a mock of kind '{kind}' has either `key` or `match`",
                     'Such as "key": "{/args/order_id}", or "match": {"email": "{/args/email}"}')  # fmt: skip
    elif name == "anyOf":
        findings.add("bad-mock", where, "an update changes nothing", 'Give it `set`, such as {"status": "cancelled"}')
    elif name == "enum":
        findings.add("bad-mock", where, f"found {show(found)}", did_you_mean(found, facts.options))
    elif name == "type":
        findings.add("bad-mock", where, f"found {show(found)}, must be of type {' or '.join(facts.types)}")
    else:
        findings.add("bad-mock", where, error.message[:200])


def _check_table(table: str, place: str, tables: Mapping[str, Any], findings: Findings) -> None:
    if tables and table not in tables:
        fix = did_you_mean(table, tables) or f"Add tables/{table}.csv, or the table to state.json"
        findings.add("unknown-table", place, f"no table '{table[:60]}'", fix)


def _check_pointer(text: str, at: str, tool: Tool, findings: Findings) -> None:
    root, *rest = [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]
    hidden = "user" if tool.requestor == "assistant" else "tables"
    if root not in ROOTS or root == hidden:
        findings.add("bad-pointer", at, f"'{text[:60]}' leads nowhere",
                     did_you_mean(root, [name for name in ROOTS if name != hidden]))  # fmt: skip
    elif root == "let" and rest and rest[0] not in (let := tool.mock.get("let", {})):
        findings.add("bad-pointer", at, f"'{text[:60]}' names nothing in `let`", did_you_mean(rest[0], let))
    elif root == "args" and rest:
        known = tool.parameters.get("properties", {})
        # Only a schema whose properties say all has unknown arguments.
        says_all = tool.parameters.get("additionalProperties") in (None, False) and not any(
            key in tool.parameters for key in ("allOf", "anyOf", "oneOf", "$ref", "patternProperties", "if")
        )
        if says_all and rest[0] not in known:
            findings.add("unknown-argument", at, f"'{text[:60]}' names no argument of '{tool.name}'",
                         did_you_mean(rest[0], known))  # fmt: skip


def _check_operation(name: str, operand: Any, at: str, findings: Findings) -> None:
    if name not in OPERATIONS:
        findings.add("bad-mock", at, f"there is no operation '{name[:60]}'", did_you_mean(name, OPERATIONS))
        return
    count = OPERATIONS[name]
    if count is not None and (not isinstance(operand, list) or (count and len(operand) != count)):
        wanted = f"a list of {count}" if count else "a list"
        findings.add("bad-mock", f"{at}/{name}", f"found {show(operand)}, must be {wanted}")


def _texts(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text of a mock that is a template."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if not path and key in _FIXED:
                if key in ("missing", "exists"):
                    yield (key, "message"), item["message"]
            elif not (path and path[0] in ("require", "let") and key in ("code", "table", "op", "path")):
                yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _operations(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str, Any]]:
    """Every object of one member that begins with `$`."""
    if isinstance(value, dict):
        if len(value) == 1 and (name := next(iter(value))).startswith("$"):
            yield path, name, value[name]
        for key, item in value.items():
            yield from _operations(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _operations(item, (*path, index))
