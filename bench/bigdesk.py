"""A desk of any size, whose tools are plain Python functions written for plain dicts.

The schemas are of the usual kind: a look-up by id, an address of seven fields, a return of some items for a reason.
"""

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
"""Orders in a seed state of 5 MB."""
SCANNED = 1_000


def get_order(state: dict[str, Any], order_id: str) -> dict[str, Any]:
    """One order."""
    return state["orders"][order_id]


def set_address(state: dict[str, Any], order_id: str, **address: str) -> dict[str, Any]:
    """Change where an order goes."""
    order = state["orders"][order_id]
    order["address"] = address
    order["history"].append({"event": "address", "city": address["city"]})
    del order["history"][:-3]
    return {"order_id": order_id, "address": address}


def return_items(state: dict[str, Any], order_id: str, skus: list[str], reason: str, refund_to: str) -> dict[str, Any]:
    """Take items back."""
    order = state["orders"][order_id]
    order["status"] = "returning"
    order["returned"] = {"skus": skus, "reason": reason, "refund_to": refund_to}
    return {"order_id": order_id, "status": order["status"], "items": len(skus)}


def count_open(state: dict[str, Any]) -> dict[str, Any]:
    """Read a thousand rows."""
    rows = islice(state["orders"].values(), SCANNED)
    return {"open": sum(row["status"] == "open" and row["total"] > 0 for row in rows)}


FUNCTIONS: list[Callable[..., Any]] = [get_order, set_address, return_items, count_open]
ORDER_ID = {"type": "string", "pattern": "^W[0-9]{5}$", "description": "Order number."}
TEXT = {"type": "string", "minLength": 1, "maxLength": 120}
ADDRESS = {
    "name": "Lan Tran", "street": "7 Hill Road", "extra": "Flat 2", "city": "Hue", "region": "Thua Thien",
    "country": "Vietnam", "postcode": "49000",
}  # fmt: skip


def _schema(name: str, effect: str, /, **properties: Any) -> dict[str, Any]:
    parameters = {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip
    return {"name": name, "description": name, "parameters": parameters, "x-ccgym": {"effect": effect}}


SCHEMAS = [
    _schema("get_order", "read", order_id=ORDER_ID),
    _schema("set_address", "write", order_id=ORDER_ID, **dict.fromkeys(ADDRESS, TEXT)),
    _schema(
        "return_items",
        "write",
        order_id=ORDER_ID,
        skus={"type": "array", "items": {"type": "string", "pattern": "^S[0-9]{4}$"}, "minItems": 1},
        reason={"type": "string", "enum": ["damaged", "wrong item", "no longer needed", "too late"]},
        refund_to={"type": "string", "enum": ["card", "voucher", "bank account"]},
    ),
    _schema("count_open", "read"),
]


class BigDeskPlugin:
    """Registers the toolset."""

    @ccgym.hookimpl
    def register_tools(self, register: Callable[[Toolset], None]) -> None:
        """Its tools."""
        register(Toolset("bigdesk", FUNCTIONS, schemas=SCHEMAS))


def state(rows: int) -> dict[str, Any]:
    """A seed state of so many orders, about 300 bytes each as JSON."""
    orders = {
        f"W{i:05d}": {
            "order_id": f"W{i:05d}",
            "status": ("open", "shipped", "delivered")[i % 3],
            "total": round(9.5 + i % 300, 2),
            "address": {"street": f"{i % 400} Long Lane of the North", "city": "Springfield"},
            "items": [{"sku": f"S{i % 977:04d}", "name": "A thing of some kind", "quantity": 1 + i % 3}],
            "history": [{"event": "placed", "city": "Springfield"}, {"event": "paid", "city": "Springfield"}],
        }
        for i in range(rows)
    }
    return {"tables": {"orders": orders}, "user": {}}


REFERENCE = [
    {"name": "get_order", "args": {"order_id": "W00042"}},
    {"name": "set_address", "args": {"order_id": "W00042", **ADDRESS}},
]


def load(folder: Path, rows: int = ROWS) -> Domain:
    """Write the domain into an empty folder and load it."""
    ccgym.register(BigDeskPlugin())
    folder.mkdir(parents=True, exist_ok=True)
    limits = "{max_steps: 100000000, max_chars: 10000000000, max_errors: 100}"
    (folder / "domain.yaml").write_text(
        f"name: BigDesk\ntools: bigdesk\nlimits: {limits}\nrewards: {{weights: {{correctness: 1.0}}}}\n"
    )
    (folder / "sop.md").write_text("# Desk\n\nFind the order, change it, say so.\n")
    (folder / "state.json").write_text(json.dumps(state(rows)))
    task = {
        "id": "move",
        "user": {"first_message": "Please send W00042 to 7 Hill Road, Hue."},
        "expect": {"actions": REFERENCE, "say": ["Hill Road"]},
    }
    (folder / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    return ccgym.load_domain(folder)
