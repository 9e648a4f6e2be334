"""Writes `state.json` and `tasks.jsonl`: `python -m ccgym_envs.retail.make`. The same files every time."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

from ccgym_envs.retail import world
from ccgym_envs.retail.talks import task_of
from ccgym_envs.retail.written import WRITTEN

FOLDER = Path(__file__).parent
SEED = 20260316
CUSTOMERS = 240
BOOKED = ("session", "returns", "refunds", "exchanges", "replacements", "goodwill", "tickets")
"""Tables that begin empty."""


def make_state() -> dict[str, Any]:
    """The catalogue, the rows of the written cases, and other customers up to `CUSTOMERS`."""
    tables: dict[str, dict[str, Any]] = {"products": world.PRODUCTS, "models": _models()}
    for _, case in WRITTEN.values():
        rows = case.world.rows()
        if _taken(tables, rows):
            raise ValueError(f"two cases have one of {rows}")
        _add(tables, rows)
    rng = Random(SEED)
    while len(tables["customers"]) < CUSTOMERS:
        rows = _drawn(rng).rows()
        if not _taken(tables, rows):
            _add(tables, rows)
    made = {name: dict(sorted(rows.items())) for name, rows in tables.items()}
    return {"tables": {**made, **{name: {} for name in BOOKED}}}


def _models() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for sku, row in world.PRODUCTS.items():
        found.setdefault(row["model"], {"skus": []})["skus"].append(sku)
    return found


def _taken(tables: dict[str, dict[str, Any]], more: dict[str, dict[str, Any]]) -> bool:
    return any(tables.get(name, {}).keys() & rows.keys() for name, rows in more.items())


def _add(tables: dict[str, dict[str, Any]], more: dict[str, dict[str, Any]]) -> None:
    for name, rows in more.items():
        tables.setdefault(name, {}).update(rows)


def _drawn(rng: Random) -> world.World:
    """A customer with one to three orders, and at times a voucher or a gift card."""
    orders = []
    for _ in range(rng.randint(1, 3)):
        items = [world.item(rng) for _ in range(rng.randint(1, 3))]
        status = rng.choice(("processing", "shipped", "delivered", "delivered", "delivered"))
        days = rng.randint(1, 90) if status == "delivered" else rng.randint(1, 9)
        orders.append(world.order(rng, *items, status=status, days=days, late=rng.choice((0, 0, 0, 1, 4))))
    vouchers, cards = {}, {}
    if rng.random() < 0.4:
        vouchers[f"V{rng.randint(400000, 899999)}"] = world.voucher(rng.randint(1, 10) * 5, rng.randint(-150, 30))
    if rng.random() < 0.2:
        cards[f"G{rng.randint(500000, 899999)}"] = world.gift_card(rng.randint(1, 20) * 10, rng.randint(-400, 40))
    return world.World(world.person(rng), tuple(orders), vouchers, cards)


def make_tasks() -> list[dict[str, Any]]:
    """The written cases as tasks."""
    return [{"id": name, "split": split, **task_of(case, own_rows=False)} for name, (split, case) in WRITTEN.items()]


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
