"""A small domain for tests of the core: Python tools of every kind, written for plain dicts."""

from __future__ import annotations

import json
import time
from pathlib import Path

import ccgym
from ccgym.plugins import Toolset

SOP = "# Desk\n\nFind the order first. Cancel only open orders. Say the order's number.\n"


def get_order(state, order_id):
    return state["orders"][order_id]


def cancel_order(state, order_id):
    order = state["orders"].get(order_id)
    if order is None:
        raise ccgym.ToolError(f"no order {order_id}", "not_found")
    order["status"] = "cancelled"
    order["history"].append({"event": "cancelled"})
    return {"ok": True}


def add_note(state, order_id, text, *, ctx):
    note = {"id": ctx.new_id("n"), "order": order_id, "text": text, "at": ctx.now}
    state["notes"][note["id"]] = note
    return note


def break_halfway(state, order_id):
    state["orders"][order_id]["status"] = "half"
    state["notes"]["x"] = {"text": "half"}
    raise RuntimeError("broke halfway")


def slow(state, seconds):
    time.sleep(seconds)
    state["notes"]["slow"] = {"text": "late"}
    return {"ok": True}


def hand_over(state, reason):
    return {"ok": True, "reason": reason}


def _tool(name, properties, *, required=None, **extra):
    schema = {
        "type": "object",
        "properties": properties,
        "required": required if required is not None else list(properties),
        "additionalProperties": False,
    }
    return {
        "type": "function",
        "function": {"name": name, "description": f"{name} of the desk", "parameters": schema},
        "x-ccgym": extra,
    }


ORDER = {"type": "string", "pattern": "^[A-Z][0-9]+$"}
TOOLS = [
    _tool("get_order", {"order_id": ORDER}, effect="read"),
    _tool("cancel_order", {"order_id": ORDER}, effect="write"),
    _tool("add_note", {"order_id": ORDER, "text": {"type": "string"}}, effect="write"),
    _tool("break_halfway", {"order_id": ORDER}, effect="write"),
    _tool("slow", {"seconds": {"type": "number"}}, effect="write", blocking=True, seconds=0.2),
    _tool("hand_over", {"reason": {"type": "string"}}, effect="write", terminal=True),
]
STATE = {
    "tables": {
        "orders": {
            f"W{i}": {"status": "open", "total": 10.5 * i, "history": [{"event": "placed"}], "name": "Nguyễn Văn An"}
            for i in range(1, 9)
        },
        "notes": {},
    },
    "user": {},
}
TASKS = [
    {
        "id": "cancel",
        "split": "train",
        "user": {"first_message": "Please cancel my order.", "known": {"order id": "W1"}},
        "expect": {
            "actions": [
                {"say": "What is your order id?"},
                {"name": "get_order", "args": {"order_id": "W1"}},
                {"name": "cancel_order", "args": {"order_id": "W1"}},
            ],
            "say": ["W1"],
        },
    },
    {
        "id": "note",
        "split": "train",
        "user": {"first_message": "Ghi chú giúp tôi: giao buổi sáng.", "sim": {"language": "vi"}},
        "expect": {"actions": [{"name": "add_note", "args": {"order_id": "W2", "text": "giao buổi sáng"}}]},
    },
    {
        "id": "refuse",
        "split": "test",
        "user": {"first_message": "Give me a discount."},
        "expect": {
            "say": ["cannot"],
            "refuse": True,
            "asserts": [{"path": "/tables/notes/*", "op": "absent", "tag": "sop"}],
        },
    },
    {
        "id": "hand",
        "split": "test",
        "user": {"first_message": "I want a person."},
        "expect": {"actions": [{"name": "hand_over", "args": {"reason": "asked"}}]},
    },
]
FUNCTIONS = {f.__name__: f for f in (get_order, cancel_order, add_note, break_halfway, slow, hand_over)}


class DeskPlugin:
    """Registers the toolset `Desk`, as a plugin package would."""

    @ccgym.hookimpl
    def register_tools(self, register):
        register(Toolset("Desk", FUNCTIONS))


def write_desk(folder: Path, *, state=None, tasks=None, tools=None, **spec) -> Path:
    """Write the domain into a folder. The toolset must be registered: see the fixture `desk`."""
    folder.mkdir(parents=True, exist_ok=True)
    spec = {"name": "Desk", "version": "1.0.0", "language": "en", "tools": "tools.json", **spec}
    (folder / "domain.yaml").write_text(json.dumps(spec), encoding="utf-8")
    (folder / "sop.md").write_text(SOP, encoding="utf-8")
    (folder / "tools.json").write_text(json.dumps(tools or TOOLS), encoding="utf-8")
    (folder / "state.json").write_text(json.dumps(state or STATE), encoding="utf-8")
    lines = [json.dumps(task, ensure_ascii=False) + "\n" for task in (TASKS if tasks is None else tasks)]
    (folder / "tasks.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder
