"""Tables from CSV files: `tables/orders.csv` is the table `orders`.

- The first line names the columns. The key is the column `key` if there is one, else the first. A row has all columns.
- A column has one type, found from its non-empty cells: `int` (no leading zeros), else `float`, else `bool`
  (`true`/`false`), else text. An empty cell is null, and in a text column the empty text.
- Keys are text in the state document, as JSON wants them; the key's own column keeps its type.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from typing import Any

from ccgym.domain.files import Folder
from ccgym.domain.findings import Findings, show
from ccgym.turns import nfc

_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")
_OTHER = re.compile(r"[;\t|]")
"""What some programs put between cells."""
_BOOL = {"true": True, "false": False}

Table = dict[str, dict[str, Any]]


def read_tables(folder: Folder, findings: Findings) -> dict[str, Table]:
    """All tables of the folder's `tables/*.csv`, by name."""
    root = folder.path / "tables"
    folder.asked.add("tables")
    if not root.is_dir():
        return {}
    tables: dict[str, Table] = {}
    for path in sorted(root.iterdir()):
        if path.suffix.lower() != ".csv":
            continue
        name = f"tables/{path.name}"
        text = folder.text(name)
        if text is not None and (table := parse_table(text, name, findings)) is not None:
            tables[nfc(path.stem)] = table
    return tables


def parse_table(text: str, file: str, findings: Findings) -> Table | None:
    """The rows of one CSV text by key; None (with findings) where it is no table."""
    reader = csv.reader(io.StringIO(nfc(text), newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        if not header or "" in header or len(set(header)) != len(header):
            findings.add("bad-table", f"{file}:1", f"found columns {show(','.join(header))}",
                         "The first line names each column, once")  # fmt: skip
            return None
        if len(header) == 1 and (other := _OTHER.search(header[0])):
            findings.add("bad-table", f"{file}:1", f"found one column, {show(header[0])}",
                         f"Separate cells by commas, not by {show(other.group())}")  # fmt: skip
            return None
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        findings.add("bad-table", f"{file}:{reader.line_num}", f"bad CSV: {error}")
        return None
    before = len(findings)
    for line, row in rows:
        if len(row) != len(header):
            findings.add("bad-table", f"{file}:{line}", f"found {len(row)} cells, must be {len(header)}: one a column")
    if len(findings) > before:
        return None
    columns = [_typed([row[index] for _, row in rows]) for index in range(len(header))]
    key_at = header.index("key") if "key" in header else 0
    table: Table = {}
    for number, (line, row) in enumerate(rows):
        key = row[key_at]
        if not key or key in table:
            found = f"a second row '{key[:60]}'" if key else "no key"
            findings.add("bad-table", f"{file}:{line}", f"{found} in column '{header[key_at]}'", "Keys are unique")
            continue
        table[key] = {name: column[number] for name, column in zip(header, columns, strict=True)}
    return table if len(findings) == before else None


def _typed(cells: list[str]) -> list[Any]:
    given = [cell for cell in cells if cell]
    convert: Callable[[str], Any]
    if not given:
        return list(cells)
    if all(_INT.fullmatch(cell) for cell in given):
        convert = int
    elif all(_FLOAT.fullmatch(cell) and math.isfinite(float(cell)) for cell in given):
        convert = float
    elif all(cell.lower() in _BOOL for cell in given):
        convert = lambda cell: _BOOL[cell.lower()]  # noqa: E731
    else:
        return list(cells)
    return [convert(cell) if cell else None for cell in cells]
