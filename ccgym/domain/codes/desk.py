"""The desk that the catalogue's examples change: one that `ccgym check` finds nothing to say about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ccgym.domain.codes.entry import Example

_BIKE_ID = {"type": "string", "pattern": "^B[0-9]{2}$", "description": "Such as B01."}


def _tool(name: str, description: str, extras: dict[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"bike_id": _BIKE_ID}, "required": ["bike_id"]}
    return {"name": name, "description": description, "parameters": parameters, "x-ccgym": extras}


_MISSING = {"code": "no_bike", "message": "There is no bike {/args/bike_id}."}
_OUT = {"code": "bike_out", "message": "{/key} is out."}
DESK: dict[str, Any] = {
    "domain.yaml": "name: BikeDesk\nlicense: MIT\n",
    "sop.md": """\
# Lending bikes

Look a bike up with `get_bike` before you lend it with `lend_bike`. A bike that is out is not lent: say so.

```rules
before: lend_bike
require: {call: get_bike, same: [bike_id]}
```
""",
    "state.json": {
        "tables": {
            "bikes": {
                "B01": {"bike_id": "B01", "model": "City", "price": 4, "out": False},
                "B02": {"bike_id": "B02", "model": "Tandem", "price": 9, "out": True},
                "B03": {"bike_id": "B03", "model": "Cargo", "price": 12, "out": False},
            }
        }
    },
    "tools.json": [
        _tool("get_bike", "Look up one bike.", {
            "effect": "read",
            "mock": {"kind": "lookup", "table": "bikes", "key": "{/args/bike_id}", "missing": _MISSING},
        }),
        _tool("lend_bike", "Lend a bike that is in.", {
            "effect": "write",
            "touches": ["bikes"],
            "mock": {
                "kind": "update", "table": "bikes", "key": "{/args/bike_id}", "missing": _MISSING,
                "require": [{"path": "/row/out", "op": "eq", "value": False, "error": _OUT}], "set": {"out": True},
            },
        }),
    ],
    "tasks.jsonl": [
        {
            "id": "city",
            "split": "train",
            "user": {"first_message": "A bike for an hour, please.", "known": {"bike": "B01"}},
            "expect": {
                "actions": [
                    {"say": "Which bike, please?"},
                    {"name": "get_bike", "args": {"bike_id": "B01"}},
                    {"name": "lend_bike", "args": {"bike_id": "B01"}},
                ],
                "say": ["is yours for 4"],
            },
        },
        {
            "id": "tandem",
            "split": "test",
            "user": {"first_message": "I take the tandem, B02."},
            "expect": {
                "actions": [{"name": "get_bike", "args": {"bike_id": "B02"}}], "say": ["it is out"], "refuse": True,
            },
        },
    ],
}  # fmt: skip
"""File to its text, or to its JSON value; that of tasks.jsonl is a list of lines."""


def files(example: Example) -> dict[str, bytes]:
    """The desk's files with an example's changes in them."""
    content = json.loads(json.dumps(DESK))
    for place, value in example.edits.items():
        file, _, path = place.partition(" /")
        if path:
            _put(content.setdefault(file, {}), path.split("/"), value)
        else:
            content[file] = value
    return {file: _bytes(file, value) for file, value in content.items() if value is not None}


def write(example: Example, folder: Path) -> Path:
    """Write the desk with an example's changes into a folder."""
    for file, data in files(example).items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def _put(document: Any, path: list[str], value: Any) -> None:
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in path]
    for part in parents:
        document = document[int(part)] if isinstance(document, list) else document.setdefault(part, {})
    key: Any = int(last) if isinstance(document, list) and last != "-" else last
    if value is ...:
        del document[key]
    elif key == "-":
        document.append(value)
    else:
        document[key] = value


def _bytes(file: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        lines = value if file.endswith(".jsonl") else [value]
        value = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return value.encode("utf-8", "surrogatepass")
