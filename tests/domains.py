"""Small domain folders for tests, each made in a temporary directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RULES = "```rules\nbefore: cancel_order\nrequire: get_order\n```"
SOP = f"# Orders\n\nOnly open orders can be cancelled.\n\n{RULES}\n\nBe brief.\n"
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "get_order",
            "description": "Look up an order.",
            "parameters": {
                "type": "object",
                "properties": {
                    "order_id": {"type": "string", "description": "Such as W1001.", "pattern": "^W[0-9]{4}$"}
                },
                "required": ["order_id"],
            },
        },
        "x-ccgym": {
            "effect": "read",
            "mock": {
                "kind": "lookup",
                "table": "orders",
                "key": "{/args/order_id}",
                "missing": {"code": "not_found", "message": "There is no order {/args/order_id}."},
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "cancel_order",
            "description": "Cancel an open order.",
            "parameters": {
                "type": "object",
                "properties": {"order_id": {"type": "string", "description": "Such as W1001."}},
                "required": ["order_id"],
            },
        },
        "x-ccgym": {
            "effect": "write",
            "touches": ["orders"],
            "mock": {
                "kind": "update",
                "table": "orders",
                "key": "{/args/order_id}",
                "require": [
                    {
                        "path": "/row/status",
                        "op": "eq",
                        "value": "open",
                        "error": {"code": "not_open", "message": "Only open orders can be cancelled."},
                    }
                ],
                "missing": {"code": "not_found", "message": "There is no order {/args/order_id}."},
                "set": {"status": "cancelled"},
            },
        },
    },
]
TASKS: list[dict[str, Any]] = [
    {
        "id": "cancel-1",
        "split": split,
        "user": {"first_message": f"Please cancel order {order}.", "known": {"order_id": order}},
        "expect": {
            "actions": [
                {"name": "get_order", "args": {"order_id": order}},
                {"name": "cancel_order", "args": {"order_id": order}},
            ],
            "say": ["cancelled"],
            "asserts": [{"path": f"/tables/orders/{order}/status", "value": "cancelled"}],
        },
    }
    | {"id": id}
    for id, split, order in (("cancel-1", "train", "W1000"), ("cancel-2", "test", "W1003"))
]


def orders_csv(rows: int = 150) -> str:
    """A table of orders: each third is open."""
    lines = ["order_id,customer,status,total,gift,zip"]
    for number in range(rows):
        status = ("open", "shipped", "delivered")[number % 3]
        gift = "true" if number % 2 else "false"
        lines.append(f"W{1000 + number},Khách {number},{status},{number}.50,{gift},0{number:04}")
    return "\n".join(lines) + "\n"


def write_domain(folder: Path, **files: Any) -> Path:
    """A domain with no Python at all. Keyword arguments replace or add files: text as it is, other values as JSON.

    In names, `__` stands for `/`, and a last `_` for `.`: `domain_yaml`, `tables__orders_csv`. None leaves a file out.
    """
    content: dict[str, Any] = {
        "domain_yaml": "name: Orders\nversion: 1.0.0\nlicense: MIT\n",
        "sop_md": SOP,
        "tools_json": TOOLS,
        "tables__orders_csv": orders_csv(),
        "tasks_jsonl": "".join(json.dumps(task) + "\n" for task in TASKS),
        **files,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in content.items():
        if value is None:
            continue
        stem, _, ending = name.replace("__", "/").rpartition("_")
        path = folder / f"{stem.replace('digest_', 'digest.').replace('_', '.')}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, bytes):
            path.write_bytes(value)
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return folder
