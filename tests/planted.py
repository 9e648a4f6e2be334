"""A shop of which every part can be changed by one character: tools, seed state, SOP, rewards, customers and draws."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import ccgym
from ccgym.plugins import unregister

CODE = """
import ccgym
from ccgym.plugins import Toolset
from ccgym.types import CustomerTurn

__version__ = "1.0.0"


def get_order(state, order_id):
    order = state["orders"].get(order_id)
    if order is None:
        raise ccgym.ToolError(f"no order {order_id}", "not_found")
    return {"status": order["status"], "total": order["total"], "open": True}


def cancel_order(state, order_id):
    state["orders"][order_id]["status"] = "cancelled"
    return {"done": "yes"}


def open_ticket(state, text, *, ctx):
    ticket = {"id": ctx.new_id("t"), "text": text, "code": ctx.rng.randint(1000, 9999)}
    state["tickets"][ticket["id"]] = ticket
    return ticket


def draw_prize(state, *, ctx):
    state["log"]["prize"] = {"prize": ctx.rng.choice(["cup", "pen", "hat", "bag", "key"])}
    return {"ok": True, "luck": ctx.rng.random()}


@ccgym.reward(range=(0.0, 1.0))
class Brief:
    name = "brief"

    def score_episode(self, episode):
        return ccgym.RewardResult(1 / (1 + len(episode.calls)), f"{len(episode.calls)} calls")


class Moody:
    def __init__(self, user, sim, rng):
        self.rng, self.lines = rng, ["Hm, let me think.", "And then?", "Thank you, bye."]

    def first(self):
        return CustomerTurn("Hello there.")

    def answer(self, reply):
        line = self.lines.pop(0)
        mood = self.rng.choice(["glad", "sad!", "calm", "fine"])
        return CustomerTurn(f"{line} I am {mood}.", done=not self.lines)


class Planted:
    @ccgym.hookimpl
    def register_tools(self, register):
        register(Toolset("Planted", [get_order, cancel_order, open_ticket, draw_prize]))

    @ccgym.hookimpl
    def register_rewards(self, register):
        register(Brief)

    @ccgym.hookimpl
    def register_users(self, register):
        register("moody", Moody)

    @ccgym.hookimpl
    def register_templates(self, register):
        register("Planted", "ask", ask)


def ask(rng):
    order = rng.choice(["W1", "W2"])
    return {"user": {"first_message": f"Cancel order {order}, please."}, "meta": {"n": rng.randrange(10**6)}}


Planted.__version__ = __version__
"""
SOP = """# Shop

Look at the order before it is cancelled.

## Cancelling

Only open orders may be cancelled, and each once.

```rules
id: looked
before: cancel_order
require: {call: get_order, same: [order_id]}
```

```rules
id: open
before: cancel_order
when: row("orders", args.order_id).status == "open" && row("orders", args.order_id).total <= 30
```
"""
ORDER = {"type": "string", "pattern": "^W[0-9]$"}


def _tool(name, properties, effect="write"):
    schema = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    function = {"name": name, "description": f"{name} of the shop", "parameters": schema}
    return {"type": "function", "function": function, "x-ccgym": {"effect": effect}}


TOOLS = [
    _tool("get_order", {"order_id": ORDER}, "read"),
    _tool("cancel_order", {"order_id": ORDER}),
    _tool("open_ticket", {"text": {"type": "string"}}),
    _tool("draw_prize", {}),
]
STATE = {
    "tables": {
        "orders": {f"W{i}": {"status": "open", "total": 10 * i} for i in (1, 2, 3)}
        | {"W9": {"status": "sent", "total": 90}},
        "tickets": {},
        "log": {},
        "hidden": {"a": {"note": "unseen"}},
    },
    "user": {},
}
USER = {"first_message": "Please cancel my order.", "known": {"order id": "W1"}}
TASKS = [
    {"id": "cancel", "split": "train", "user": USER, "expect": {"say": ["W1"]}},
    {
        "id": "target",
        "split": "train",
        "user": {"first_message": "Cancel W2."},
        "expect": {"actions": [{"name": "cancel_order", "args": {"order_id": "W2"}}]},
    },
    {
        "id": "ticket",
        "split": "train",
        "user": {"first_message": "Open a ticket."},
        "expect": {"actions": [{"name": "open_ticket", "args": {"text": "lamp"}}]},
    },
    {"id": "moody", "split": "train", "user": {"sim": {"kind": "moody"}}, "expect": {"say": ["lamp"]}},
    {
        "id": "begun",
        "split": "train",
        "user": {"first_message": "Where is it?"},
        "init": {"calls": [{"name": "open_ticket", "args": {"text": "old"}}]},
        "expect": {"say": ["W1"]},
    },
]
DOMAIN = """name: Planted
version: 1.0.0
tools: tools.json
users:
  sim:
    tell: {order id: "It is {order id}."}
    lines: {done: "Thanks, bye."}
rewards:
  weights: {correctness: 1.0, brief: 0.5, sop: 0.1}
limits: {max_steps: 6, max_errors: 3}
"""


class Shop:
    """The folder and the plugin's module; `change` plants one change and loads both anew."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.code = folder / "shop", folder / "planted_shop.py"
        self.folder.mkdir()
        self.write("domain.yaml", DOMAIN)
        self.write("sop.md", SOP)
        self.write("tools.json", json.dumps(TOOLS, indent=1))
        self.write("state.json", json.dumps(STATE, indent=1))
        self.write("tasks.jsonl", "".join(json.dumps(task) + "\n" for task in TASKS))
        self.code.write_text(CODE)
        self.load()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def load(self) -> None:
        """Import the plugin's module anew, and register what it has now."""
        spec = importlib.util.spec_from_file_location("planted_shop", self.code)
        module = importlib.util.module_from_spec(spec)
        sys.modules["planted_shop"] = module
        exec(compile(self.code.read_text(), str(self.code), "exec"), module.__dict__)
        self.plugin = module.Planted()
        ccgym.register(self.plugin)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the first occurrence of a text in a file of the folder, or in `code`."""
        path = self.code if name == "code" else self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        if name == "code":
            self.load()

    def close(self) -> None:
        """Take the plugin out again."""
        unregister(self.plugin)
        del sys.modules["planted_shop"]
