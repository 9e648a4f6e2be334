"""Writes `state.json` and `tasks.jsonl`: `python -m ccgym_envs.nganhang.make`. The same files every time."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from ccgym_envs.nganhang.cases import task_of
from ccgym_envs.nganhang.worlds import World, bystander
from ccgym_envs.nganhang.written import CASES

FOLDER = Path(__file__).parent
SEED = 20260316
CUSTOMERS = 260
TABLES = ("khach_hang", "tai_khoan", "the", "giao_dich", "phi", "uy_quyen", "khieu_nai", "chuyen_tiep")


def make_state() -> dict[str, Any]:
    """The rows of the written cases, and other customers up to `CUSTOMERS`."""
    tables: dict[str, dict[str, Any]] = {name: {} for name in TABLES}
    for name, (_, draw) in CASES.items():
        _add(tables, draw(Random(name)).world)
    rng = Random(SEED)
    while len(tables["khach_hang"]) < CUSTOMERS:
        _add(tables, bystander(rng))
    return {"tables": {name: dict(sorted(rows.items())) for name, rows in tables.items()}}


def _add(tables: dict[str, dict[str, Any]], world: World) -> None:
    for name, rows in world.tables().items():
        taken = rows.keys() & tables[name].keys()
        assert not taken, (name, taken)
        tables[name].update(rows)


def make_tasks() -> list[dict[str, Any]]:
    """The written cases as tasks."""
    return [{"id": name, "split": split, **task_of(draw(Random(name)))} for name, (split, draw) in CASES.items()]


def state_text(state: dict[str, Any]) -> str:
    """The state as JSON with a row a line, so that a changed row is a changed line."""
    tables = []
    for name, rows in state["tables"].items():
        lines = ",\n".join(f"{_json(key)}: {_json(row)}" for key, row in rows.items())
        tables.append(f"{_json(name)}: {{\n{lines}\n}}" if rows else f"{_json(name)}: {{}}")
    return '{"tables": {\n' + ",\n".join(tables) + "\n}}\n"


def tasks_text(tasks: list[dict[str, Any]]) -> str:
    """The tasks, one a line."""
    return "".join(_json(task) + "\n" for task in tasks)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    (FOLDER / "state.json").write_text(state_text(make_state()), encoding="utf-8")
    (FOLDER / "tasks.jsonl").write_text(tasks_text(make_tasks()), encoding="utf-8")
