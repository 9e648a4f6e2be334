"""What can be said of a seed state: rows that contradict each other, and tables that nothing reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ccgym import jsontext
from ccgym.domain.domain import Domain
from ccgym.domain.findings import Findings, pointer, show

ROWS = 20_000
"""How many rows of a table are looked at."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_WORDS = ("true", "false")
_WHOLE = re.compile(r"\{/(?:row|rows|rows/\*|tables|tables/[^/{}]*)\}")
"""A pointer to whole rows."""
Rows = dict[str, dict[str, Any]]


def look_at_state(domain: Domain, findings: Findings) -> None:
    """Warnings and notices about the seed state."""
    tables: dict[str, Rows] = {
        table: {key: row for (key, row), _ in zip(rows.items(), range(ROWS), strict=False)}
        for table, rows in domain.state["tables"].items()
    }
    for table, rows in tables.items():
        place = _place(domain, table)
        _mixed(place, rows, findings)
        _keys(table, place, rows, findings)
        _links(table, place, rows, domain.state["tables"], findings)
    _unused(domain, tables, findings)


def _place(domain: Domain, table: str) -> str:
    file = f"tables/{table}.csv"
    return file if (domain.path / file).is_file() else f"state.json {pointer(['tables', table])}"


def _in(place: str, *path: str) -> str:
    return place + (pointer(path) if " /" in place else f" {pointer(path)}")


def _columns(rows: Rows) -> dict[str, list[tuple[str, Any]]]:
    """Column to (key, value), without nulls."""
    columns: dict[str, list[tuple[str, Any]]] = {}
    for key, row in rows.items():
        for column, value in row.items():
            if value is not None:
                columns.setdefault(column, []).append((key, value))
    return columns


def _mixed(place: str, rows: Rows, findings: Findings) -> None:
    """`"12"` among numbers, `"true"` among booleans."""
    for column, values in _columns(rows).items():
        numbers = any(isinstance(value, int | float) and not isinstance(value, bool) for _, value in values)
        flags = any(isinstance(value, bool) for _, value in values)
        for key, value in values if numbers or flags else ():
            if isinstance(value, str) and (
                (numbers and _NUMBER.fullmatch(value)) or (flags and value.lower() in _WORDS)
            ):
                findings.add("mixed-column", _in(place, key, column),
                             f"found the text {show(value)} in a column of {'numbers' if numbers else 'booleans'}",
                             f"Write {value.lower()} without quotes")  # fmt: skip
                break


def _keys(table: str, place: str, rows: Rows, findings: Findings) -> None:
    """Rows whose id is not the key they stand under, where most rows' is."""
    for column in _id_names(table):
        wrong = [(key, row[column]) for key, row in rows.items() if isinstance(row.get(column), str | int)
                 and str(row[column]) != key]  # fmt: skip
        having = sum(column in row for row in rows.values())
        if wrong and len(wrong) * 2 < having:
            key, value = wrong[0]
            findings.add("key-mismatch", _in(place, key, column),
                         f"found {show(value)} in the row of key '{key[:60]}'; elsewhere the two are equal",
                         "Correct the one that is wrong")  # fmt: skip


def _links(table: str, place: str, rows: Rows, tables: dict[str, Any], findings: Findings) -> None:
    """Ids that name no row of the table they point into, where others do."""
    for column, values in _columns(rows).items():
        other = next((name for name in tables if name != table and column in _id_names(name)[2:]), None)
        if other is None or not tables[other]:
            continue
        ids = [(key, str(value)) for key, value in values if isinstance(value, str | int) and value != ""]
        lost = [(key, value) for key, value in ids if value not in tables[other]]
        if lost and len(lost) * 2 < len(ids):
            key, value = lost[0]
            findings.add("dangling-id", _in(place, key, column),
                         f"'{value[:60]}' is no key of the table '{other}'",
                         f"Add the row to '{other}', or correct the id")  # fmt: skip


def _id_names(table: str) -> list[str]:
    """What a column that names a row of a table is called: `id` and `key` in the table itself, `order_id` anywhere."""
    names = {table, *_singulars(table)}
    return ["id", "key", *sorted(f"{name}_id" for name in names), *sorted(f"{name}Id" for name in names)]


def _singulars(table: str) -> Iterator[str]:
    if table.endswith("ies"):
        yield table[:-3] + "y"
    if table.endswith("es"):
        yield table[:-2]
    if table.endswith("s"):
        yield table[:-1]


def _unused(domain: Domain, tables: dict[str, Rows], findings: Findings) -> None:
    """Tables and columns that no mock, task or rule names. Python may read anything, so then nothing is said."""
    python = domain.functions or domain.probes or domain.templates
    if python or any(tool.mock.get("kind") == "python" for tool in domain.tools.values()):
        return
    mocks = [{**tool.mock, "answers": None} for tool in domain.tools.values()]
    texts = [jsontext.dumps([mocks, [list(tool.touches or ()) for tool in domain.tools.values()]])]
    texts += [jsontext.dumps(task.as_json()) for task in domain.tasks.values()]
    texts += domain.sop_sources.values()
    words = set(re.findall(r"\w+", "\n".join(texts)))
    whole = {mock.get("table") for mock in mocks if _shows_rows(mock)}
    for table, rows in tables.items():
        if table not in words and not set(re.findall(r"\w+", table)) <= words:
            findings.add(
                "unused-table", _place(domain, table), "no mock, task or rule reads it", "Remove it, or use it"
            )
            continue
        for column in _columns(rows) if table not in whole else ():
            if not set(re.findall(r"\w+", column)) <= words and column not in _id_names(table):
                findings.add("unused-column", _place(domain, table),
                             f"no mock, task or rule reads the column '{column[:60]}'",
                             "Remove it, or use it")  # fmt: skip


def _shows_rows(mock: dict[str, Any]) -> bool:
    """Whether a mock may answer with a whole row, in which every column counts."""
    if "table" in mock and "return" not in mock:
        return True
    return bool(mock.get("let")) or bool(_WHOLE.search(jsontext.dumps(mock)))
