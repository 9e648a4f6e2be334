"""Writes `state.json` and `tasks.jsonl`: `python -m ccgym_envs.orderdesk.make`. The same files every time."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from ccgym_envs.orderdesk import people, written
from ccgym_envs.orderdesk.cases import task_of

FOLDER = Path(__file__).parent
SEED = 20260105
ORDERS = 320
WRITTEN = {"train": written.TRAIN, "test": written.TEST}


def make_state() -> dict[str, Any]:
    """The orders of the written cases, and others up to `ORDERS`; nobody verified yet."""
    orders: dict[str, Any] = {}
    customers: dict[str, Any] = {}
    for cases in WRITTEN.values():
        for case in cases.values():
            _add(orders, customers, case.order_id, case.order, case.customer)
    rng = Random(SEED)
    while len(orders) < ORDERS:
        language, order_id = rng.choice(("en", "vi")), people.digits(rng)
        if order_id not in orders:
            person = {"name": people.name(rng, language), "phone": people.digits(rng)}
            _add(orders, customers, order_id, people.order(rng, language), person)
    tables = {"orders": dict(sorted(orders.items())), "customers": dict(sorted(customers.items()))}
    return {"tables": {**tables, "session": {}, "transfers": {}}}


def _add(orders: dict[str, Any], customers: dict[str, Any], order_id: str, order: Any, person: Any) -> None:
    owner = f"C{order_id}"
    orders[order_id] = {"customer": owner, **order}
    customers[owner] = person


def make_tasks() -> list[dict[str, Any]]:
    """The written cases as tasks."""
    return [
        {"id": name, "split": split, **task_of(case, Random(name), own_order=False)}
        for split, cases in WRITTEN.items()
        for name, case in cases.items()
    ]


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
