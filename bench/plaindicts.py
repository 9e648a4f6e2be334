"""Episodes of a domain that knows nothing of ccgym: functions for plain dicts that answer with `json.dumps(row)`.

The state is of 3 MB, its rows nested, as shops keep them; a look-up by name reads hundreds of rows; and an episode is
short, so that what a reset and the first call of an episode cost weighs as much as the calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccgym
from bench.bare import rated
from bench.measure import Result, cpu_seconds
from ccgym import seeds
from ccgym.domain import Domain
from ccgym.plugins import Toolset
from ccgym.turns import render_call

TASKS = 665
ORDERS, USERS, PRODUCTS, VARIANTS = 3_300, 500, 50, 12
ASKED = 10_000


def find_user(state: dict[str, Any], first: str, last: str) -> str:
    """The id of a user, by name."""
    for user_id, user in state["users"].items():
        if user["name"]["first"].lower() == first.lower() and user["name"]["last"].lower() == last.lower():
            return user_id
    return "Error: user not found"


def get_order(state: dict[str, Any], order_id: str) -> str:
    """One order."""
    orders = state["orders"]
    return json.dumps(orders[order_id]) if order_id in orders else "Error: order not found"


def get_product(state: dict[str, Any], product_id: str) -> str:
    """One product, with its variants."""
    products = state["products"]
    return json.dumps(products[product_id]) if product_id in products else "Error: product not found"


def cancel_order(state: dict[str, Any], order_id: str, reason: str) -> str:
    """Cancel an order and pay it back."""
    order = state["orders"][order_id]
    if order["status"] != "pending":
        return "Error: order cannot be cancelled"
    methods = state["users"][order["user_id"]]["payment_methods"]
    refunds = []
    for payment in order["payments"]:
        method = methods[payment["method"]]
        refunds.append({"kind": "refund", "amount": payment["amount"], "method": payment["method"]})
        if method["source"] == "gift_card":
            method["balance"] = round(method["balance"] + payment["amount"], 2)
    order["status"], order["cancel_reason"] = "cancelled", reason
    order["payments"].extend(refunds)
    return json.dumps(order)


def change_item(state: dict[str, Any], order_id: str, item_id: str, new_item_id: str) -> str:
    """Another variant of an item."""
    order = state["orders"][order_id]
    for item in order["items"]:
        if item["item_id"] == item_id:
            variants = state["products"][item["product_id"]]["variants"]
            if new_item_id not in variants or not variants[new_item_id]["available"]:
                return "Error: not available"
            price = variants[new_item_id]["price"]
            paid = {"kind": "payment", "amount": round(price - item["price"], 2), "method": "card"}
            order["payments"].append(paid)
            item["item_id"], item["price"], item["options"] = new_item_id, price, variants[new_item_id]["options"]
            order["status"] = "pending (item changed)"
            return json.dumps(order)
    return "Error: item not found"


FUNCTIONS: list[Callable[..., str]] = [find_user, get_order, get_product, cancel_order, change_item]
ARGUMENTS = {
    "find_user": ["first", "last"],
    "get_order": ["order_id"],
    "get_product": ["product_id"],
    "cancel_order": ["order_id", "reason"],
    "change_item": ["order_id", "item_id", "new_item_id"],
}


class PlainDictsPlugin:
    """Registers the toolset."""

    @ccgym.hookimpl
    def register_tools(self, register: Callable[[Toolset], None]) -> None:
        """Its tools."""
        schemas = [
            {"name": name, "description": name, "x-ccgym": {"effect": "write" if name[0] == "c" else "read"},
             "parameters": {"type": "object", "properties": {text: {"type": "string"} for text in wanted},
                            "required": wanted}}
            for name, wanted in ARGUMENTS.items()
        ]  # fmt: skip
        register(Toolset("plaindicts", FUNCTIONS, schemas=schemas))


def _state() -> dict[str, Any]:
    rng = seeds.stream("plaindicts")
    products = {
        f"P{p:03d}": {
            "product_id": f"P{p:03d}", "name": f"A thing of kind {p}",
            "variants": {
                f"V{p:03d}{v:02d}": {
                    "item_id": f"V{p:03d}{v:02d}", "available": v % 5 != 4, "price": round(rng.uniform(5, 500), 2),
                    "options": {"colour": rng.choice(["đỏ", "xanh"]), "size": rng.choice("SML"), "material": "wool"},
                }
                for v in range(VARIANTS)
            },
        }
        for p in range(PRODUCTS)
    }  # fmt: skip
    users = {
        f"U{u:04d}": {
            "name": {"first": f"Đức {u % 20}", "last": f"Nguyễn {u // 20}"},
            "address": {"street": f"{u} Long Lane", "city": "Huế", "country": "Vietnam", "zip": f"{10000 + u}"},
            "email": f"user{u}@example.com",
            "payment_methods": {"card": {"source": "credit_card", "brand": "any", "last_four": "1234"},
                                "gift": {"source": "gift_card", "balance": 50.0}},
            "orders": [f"W{o:05d}" for o in range(u, ORDERS, USERS)],
        }
        for u in range(USERS)
    }  # fmt: skip
    return {"tables": {"users": users, "products": products, "orders": _orders(rng, products)}, "user": {}}


def _orders(rng: Any, products: dict[str, Any]) -> dict[str, Any]:
    orders = {}
    for o in range(ORDERS):
        items = []
        for _ in range(rng.randint(1, 5)):
            product = products[f"P{rng.randrange(PRODUCTS):03d}"]
            variant = product["variants"][rng.choice(list(product["variants"]))]
            kept = {key: variant[key] for key in ("item_id", "price", "options")}
            items.append({"name": product["name"], "product_id": product["product_id"], **kept})
        total = round(sum(item["price"] for item in items), 2)
        orders[f"W{o:05d}"] = {
            "order_id": f"W{o:05d}", "user_id": f"U{o % USERS:04d}", "status": "pending", "items": items,
            "address": {"street": f"{o % USERS} Long Lane", "city": "Huế", "country": "Vietnam", "zip": "10000"},
            "parcels": [{"tracking": [f"T{o:06d}"], "items": [item["item_id"] for item in items]}],
            "payments": [{"kind": "payment", "amount": total, "method": ("card", "gift")[o % 2]}],
        }  # fmt: skip
    return orders


def _tasks(state: dict[str, Any]) -> list[dict[str, Any]]:
    """Two writes to one read; one in ten begins by finding the customer by name."""
    rng, tables = seeds.stream("plaindicts", "tasks"), state["tables"]
    tasks = []
    for number in range(TASKS):
        order = tables["orders"][f"W{rng.randrange(ORDERS):05d}"]
        item = order["items"][0]
        calls: list[tuple[str, dict[str, str]]] = []
        if number % 10 == 0:
            name = tables["users"][order["user_id"]]["name"]
            calls.append(("find_user", {"first": name["first"], "last": name["last"]}))
        if number % 2:
            calls.append(("get_order", {"order_id": order["order_id"]}))
        if number % 4 == 0:
            calls.append(("get_product", {"product_id": item["product_id"]}))
        new = f"V{item['product_id'][1:]}{rng.choice([0, 1, 2, 3]):02d}"
        change = {"order_id": order["order_id"], "item_id": item["item_id"], "new_item_id": new}
        calls.append(
            ("change_item", change)
            if number % 3
            else ("cancel_order", {"order_id": order["order_id"], "reason": "late"})
        )
        actions = [{"name": name, "args": args} for name, args in calls]
        tasks.append({"id": f"t{number}", "user": {"first_message": "Hello."}, "expect": {"actions": actions}})
    return tasks


def load(folder: Path) -> Domain:
    """Write the domain into an empty folder and load it."""
    ccgym.register(PlainDictsPlugin())
    folder.mkdir(parents=True, exist_ok=True)
    state = _state()
    (folder / "domain.yaml").write_text("name: PlainDicts\ntools: plaindicts\nrewards: {weights: {correctness: 1.0}}\n")
    (folder / "sop.md").write_text("# Shop\n\nDo what is asked.\n")
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in _tasks(state)))
    return ccgym.load_domain(folder)


def measure(folder: Path, rounds: int = 7) -> Result:
    """Every task's calls, each episode with its reset and the hash of where it ends."""
    env = ccgym.make(load(folder / "shop"))
    games = [
        (task, [render_call(action.name, action.args) for action in task.expect.actions])
        for task in env.unwrapped.domain.tasks.values()
    ]  # fmt: skip

    def play() -> set[str]:
        ends = set()
        for task, turns in games:
            env.reset(options={"task": task, "seed": 0})
            for turn in turns:
                *_, info = env.step(turn)
            ends.add(info["state_hash"])
        return ends

    play()  # finds the targets
    steps, best = sum(len(turns) for _, turns in games), min(cpu_seconds(play) for _ in range(rounds))
    return rated(
        "steps per CPU-second of functions for plain dicts on 3 MB, reset and end-state hash included",
        steps / best,
        ASKED,
        f"{steps:,} calls in {len(games)} episodes",
        {"steps": steps, "episodes": len(games), "seconds": best},
    )
