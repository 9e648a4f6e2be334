"""Rules of an SOP, judged while an episode is played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import ccgym
from ccgym.domain import load_domain
from ccgym.types import Episode, RuleEvent

ID = {"order_id": {"type": "string", "description": "Order number."}}
AMOUNT = {"amount": {"type": "number", "description": "How much."}}


def tool(name: str, effect: str = "read", more: dict[str, Any] | None = None, **mock: Any) -> dict[str, Any]:
    properties = {**ID, **(more or {})}
    parameters = {"type": "object", "properties": properties, "required": list(ID), "additionalProperties": False}
    return {"name": name, "description": name, "parameters": parameters, "x-ccgym": {"effect": effect, "mock": mock}}


def lookup(name: str) -> dict[str, Any]:
    missing = {"code": "not_found", "message": "No such order."}
    return tool(name, kind="lookup", table="orders", match={"order_id": "{/args/order_id}"}, missing=missing)


TOOLS = [
    lookup("verify"),
    lookup("get_order"),
    tool("refund", "write", AMOUNT, kind="respond", **{"return": {"done": True}}),
    tool("cancel", "write", kind="respond", **{"return": {"done": True}}),
]
STATE = {"tables": {"orders": {
    "W1": {"order_id": "W1", "status": "paid", "total": 30, "lines": [{"sku": "A", "n": 1}]},
    "W2": {"order_id": "W2", "status": "shipped", "total": 55.5, "lines": []},
}}}  # fmt: skip


def desk(folder: Path, sop: str, rules: list[Any] | None = None, **task: Any) -> Any:
    """A domain of two orders with this SOP, and the task `t`."""
    folder.mkdir(exist_ok=True)
    (folder / "domain.yaml").write_text("name: Desk\nlimits: {max_steps: 20, max_errors: 9}\n")
    (folder / "sop.md").write_text(sop, encoding="utf-8")
    (folder / "tools.json").write_text(json.dumps(TOOLS))
    (folder / "state.json").write_text(json.dumps(STATE))
    line = {"id": "t", "user": {"first_message": "Hello."}, "expect": {"say": ["bye"]}, "rules": rules or []} | task
    (folder / "tasks.jsonl").write_text(json.dumps(line, ensure_ascii=False) + "\n")
    return load_domain(folder)


def sop(rule: str) -> str:
    return f"# Desk\n\n## Refunds\n\nBe careful.\n\n```rules\n{rule}\n```\n"


def call(name: str, order: str = "W1", **args: Any) -> dict[str, Any]:
    return {"name": name, "args": {"order_id": order, **args}}


def play(domain: Any, *actions: Any) -> Episode:
    actions = tuple({"say": action} if isinstance(action, str) else action for action in actions)
    return ccgym.enact(domain, "t", actions, ["bye"])


def verdicts(episode: Episode) -> list[str]:
    return [event.verdict for event in episode.of(RuleEvent)]


def judged(tmp_path: Path, rule: str, *actions: Any) -> list[str]:
    return verdicts(play(desk(tmp_path / "desk", sop(rule)), *actions))


TOTAL = "before: refund\nwhen: args.amount <= row('orders', args.order_id).total"
SHIPPED = "never: refund\nif: row('orders', args.order_id).status == 'shipped'"
PAID = "before: refund\nrequire: {call: get_order, result: result.status == 'paid'}"
TERMS = "before: refund\nconfirm: {terms: [order_id, amount]}"
IN_TURN = "before: refund\nrequire: {sequence: [verify, get_order]}"
BEFORE = "before: refund\nrequire: {call: verify, same: [order_id]}"


@pytest.mark.parametrize(
    ("rule", "actions", "expected"),
    [
        (BEFORE, [call("verify"), call("refund")], ["ok"]),
        (BEFORE, [call("refund")], ["violated"]),
        (BEFORE, [call("verify", "W2"), call("refund")], ["violated"]),
        (BEFORE, [call("verify", "W9"), call("refund", "W9")], ["violated"]),
        (BEFORE, [], ["not_applicable"]),
        ("before: refund\nrequire: {tried: verify}", [call("verify", "W9"), call("refund")], ["ok"]),
        (TOTAL, [call("refund", amount=30)], ["ok"]),
        (TOTAL, [call("refund", amount=31)], ["violated"]),
        ("before: refund\nwhen: row('orders', args.order_id).total > 1", [call("refund", "W9")], ["error"]),
        ("before: refund\nwhen: args.amount > 1", [call("refund")], ["error"]),
        ("at_most: 1\ncall: refund\nper: [order_id]", [call("refund"), call("refund", "W2"), call("refund")],
         ["ok", "ok", "violated"]),
        (SHIPPED, [call("refund", "W2")], ["violated"]),
        (SHIPPED, [call("refund")], ["not_applicable"]),
        ("finally: {any: [refund, cancel]}", [call("verify")], ["violated"]),
        ("finally: {any: [refund, cancel]}", [call("cancel")], ["ok"]),
        (IN_TURN, [call("get_order"), call("verify"), call("refund")],
         ["violated"]),
        (IN_TURN, [call("verify"), call("get_order"), call("refund")],
         ["ok"]),
        (TERMS,
         ["Shall I refund 30 for W1, do you agree?", call("refund", amount=30)], ["ok"]),
        (TERMS,
         ["Shall I refund 30 for W1, do you agree?", call("refund", amount=31)], ["violated"]),
        (PAID, [call("get_order"), call("refund")],
         ["ok"]),
        (PAID,
         [call("get_order", "W2"), call("refund")], ["violated"]),
        ('before: "*"\nrequire: verify', [call("verify"), call("cancel")], ["ok"]),
        ('before: "*"\nrequire: verify', [call("cancel"), call("verify")], ["violated"]),
    ],
)  # fmt: skip
def test_each_kind_of_rule_is_judged_at_the_call(tmp_path, rule, actions, expected):
    assert judged(tmp_path, rule, *actions) == expected
