"""A domain with a seed state of 5 MB, whose tools are plain Python functions written for plain dicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import ccgym
from ccgym.domain import Domain
from ccgym.plugins import Toolset

ROWS = 18_000
SCANNED = 1_000


def get_order(state: dict[str, Any], order_id: str) -> dict[str, Any]:
    """One order."""
    return state["orders"][order_id]


def set_address(state: dict[str, Any], order_id: str, street: str, city: str) -> dict[str, Any]:
    """Change where an order goes."""
    order = state["orders"][order_id]
    order["address"] = {"street": street, "city": city}
    order["history"].append({"event": "address", "city": city})
    del order["history"][:-3]
    return {"order_id": order_id, "address": order["address"]}


def count_open(state: dict[str, Any]) -> dict[str, Any]:
    """Read a thousand rows."""
    rows = islice(state["orders"].values(), SCANNED)
    return {"open": sum(row["status"] == "open" and row["total"] > 0 for row in rows)}


FUNCTIONS: list[Callable[..., Any]] = [get_order, set_address, count_open]
ORDER_ID = {"type": "string", "pattern": "^W[0-9]{5}$", "description": "Order number."}
TEXT = {"type": "string", "minLength": 1, "maxLength": 120}


def _schema(name: str, effect: str, **properties: Any) -> dict[str, Any]:
    parameters = {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip
    return {"name": name, "description": name, "parameters": parameters, "x-ccgym": {"effect": effect}}


SCHEMAS = [
    _schema("get_order", "read", order_id=ORDER_ID),
    _schema("set_address", "write", order_id=ORDER_ID, street=TEXT, city=TEXT),
    _schema("count_open", "read"),
]


class BigDeskPlugin:
    """Registers the toolset."""

    @ccgym.hookimpl
    def register_tools(self, register: Callable[[Toolset], None]) -> None:
        """The three tools."""
        register(Toolset("bigdesk", FUNCTIONS, schemas=SCHEMAS))


def state() -> dict[str, Any]:
    """The seed state, about 5 MB as JSON."""
    orders = {
        f"W{i:05d}": {
            "order_id": f"W{i:05d}",
            "status": ("open", "shipped", "delivered")[i % 3],
            "total": round(9.5 + i % 300, 2),
            "address": {"street": f"{i % 400} Long Lane of the North", "city": "Springfield"},
            "items": [{"sku": f"S{i % 977:04d}", "name": "A thing of some kind", "quantity": 1 + i % 3}],
            "history": [{"event": "placed", "city": "Springfield"}, {"event": "paid", "city": "Springfield"}],
        }
        for i in range(ROWS)
    }
    return {"tables": {"orders": orders}, "user": {}}


REFERENCE = [
    {"name": "get_order", "args": {"order_id": "W00042"}},
    {"name": "set_address", "args": {"order_id": "W00042", "street": "7 Hill Road", "city": "Hue"}},
]


def load(folder: Path) -> Domain:
    """Write the domain into an empty folder and load it."""
    ccgym.register(BigDeskPlugin())
    folder.mkdir(parents=True, exist_ok=True)
    limits = "{max_steps: 100000000, max_chars: 10000000000, max_errors: 100}"
    (folder / "domain.yaml").write_text(
        f"name: BigDesk\ntools: bigdesk\nlimits: {limits}\nrewards: {{weights: {{correctness: 1.0}}}}\n"
    )
    (folder / "sop.md").write_text("# Desk\n\nFind the order, change it, say so.\n")
    (folder / "state.json").write_text(json.dumps(state()))
    task = {
        "id": "move",
        "user": {"first_message": "Please send W00042 to 7 Hill Road, Hue."},
        "expect": {"actions": REFERENCE, "say": ["Hill Road"]},
    }
    (folder / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    return ccgym.load_domain(folder)
