"""A desk that is all checks, over a backend of its own: each task brings a tree of checks and the service it is for.

Where the tree can be completed the service is due; where it cannot, the right thing is to make the checks and refuse.
1. The reference keeps every rule and earns 1.
2. The service call alone earns nothing.
3. Leaving out the first check earns nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

import ccgym
from ccgym.domain.findings import Findings
from ccgym.domain.rules import Names, read_task_rules
from ccgym.plugins import unregister
from ccgym.types import RuleEvent, Tool

MEMBERS = {
    "ana": {"pin": "1111", "card": True, "score": 700, "owes": 0},
    "bảo": {"pin": "2222", "card": False, "score": 500, "owes": 90},
}
CHECKS = ("log_in", "check_card", "read_score", "read_debts")


class Ledger:
    """The whole world: it enforces nothing, and answers false where a check fails."""

    def __init__(self) -> None:
        self.granted: list[str] = []

    def call(self, name: str, arguments: dict[str, Any], requestor: str = "assistant") -> Any:
        member = MEMBERS[arguments["member"]]
        if name == "grant":
            self.granted.append(arguments["member"])
            return True
        return {
            "log_in": arguments.get("pin") == member["pin"], "check_card": member["card"],
            "read_score": {"score": member["score"]}, "read_debts": {"owes": member["owes"]},
        }[name]  # fmt: skip

    probe = call

    def state(self) -> dict[str, Any]:
        return {"tables": {"members": MEMBERS}, "user": {"granted": self.granted}}

    def digest(self) -> str:
        return f"{len(self.granted):064x}"

    def snapshot(self) -> Any:
        return list(self.granted)

    def restore(self, snapshot: Any) -> None:
        self.granted = list(snapshot)


class LedgerPlugin:
    @ccgym.hookimpl
    def make_backend(self, domain: Any, state: Any, task: Any) -> Any:
        return Ledger() if domain.name == "Ledger" else None


def leaf(name: str, member: str, **more: Any) -> dict[str, Any]:
    return {"call": name, "args": {"member": member}, **more}


def tree(member: str) -> dict[str, Any]:
    """Log in; prove who you are by card or by score; only then the debts."""
    either = {"any": [leaf("check_card", member), leaf("read_score", member)]}
    return {"all": [leaf("log_in", member), {"sequence": [either, leaf("read_debts", member)]}]}


def do(name: str, member: str) -> dict[str, Any]:
    pin = {"pin": MEMBERS[member]["pin"]} if name == "log_in" else {}
    return {"name": name, "args": {"member": member, **pin}}


def due(by: str) -> dict[str, Any]:
    actions = [do(name, "ana") for name in ("log_in", by, "read_debts", "grant")]
    rules = [{"before": "grant", "require": tree("ana")}, {"before": "read_debts", "require": leaf("log_in", "ana")}]
    return {"id": f"due-{by}", "rules": rules, "expect": {"actions": actions, "say": ["granted"]}}


def refused(id: str, ending: dict[str, Any], *checks: str) -> dict[str, Any]:
    rules = [{"never": "grant"}, {"finally": ending}, {"before": "read_debts", "require": leaf("log_in", "bảo")}]
    actions = [do(name, "bảo") for name in checks]
    return {"id": id, "rules": rules, "expect": {"actions": actions, "say": ["cannot"], "refuse": True}}


NO_CARD = leaf("check_card", "bảo", result="result == false")
ALL = ("log_in", "check_card", "read_debts")
TASKS = [
    due("check_card"),
    due("read_score"),
    refused("after-all-checks", tree("bảo"), *ALL),
    refused("after-the-first-no", {"sequence": [leaf("log_in", "bảo"), NO_CARD]}, "log_in", "check_card"),
    refused("owes", {"all": [tree("bảo"), {"holds": "row('members', 'bảo').owes > 0"}]}, *ALL),
]


@pytest.fixture(scope="module")
def domain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ledger")
    properties = {"member": {"type": "string"}, "pin": {"type": "string"}}
    parameters = {"type": "object", "properties": properties, "required": ["member"], "additionalProperties": False}
    tools = [{"name": name, "description": name, "parameters": parameters} for name in (*CHECKS, "grant")]
    (folder / "domain.yaml").write_text("name: Ledger\nlimits: {max_steps: 20}\n")
    (folder / "sop.md").write_text("# Ledger\n\nCheck everything before you grant anything.\n")
    (folder / "tools.json").write_text(json.dumps(tools))
    lines = [{"user": {"first_message": "A loan, please."}, **task} for task in TASKS]
    (folder / "tasks.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    plugin = LedgerPlugin()
    ccgym.register(plugin)
    yield ccgym.load_domain(folder)
    unregister(plugin)


@pytest.fixture(params=[task["id"] for task in TASKS])
def task(request, domain):
    return domain.task(request.param)


def earned(domain, task, actions):
    episode = ccgym.enact(domain, task, actions, task.expect.say)
    broken = {
        event.kind for event in episode.of(RuleEvent) if event.verdict != "ok" and event.verdict != "not_applicable"
    }
    return episode.rewards["correctness"], broken


def test_the_reference_keeps_every_rule(domain, task):
    assert earned(domain, task, task.expect.actions) == (1.0, set())


def test_the_service_call_alone_earns_nothing(domain, task):
    member = task.expect.actions[0].args["member"]
    reward, broken = earned(domain, task, [do("grant", member)])
    assert reward == 0.0
    assert broken == ({"never", "finally"} if task.expect.refuse else {"before"})


def test_leaving_out_the_first_check_earns_nothing(domain, task):
    reward, broken = earned(domain, task, task.expect.actions[1:])
    assert reward == 0.0
    assert broken


def test_checks_in_the_wrong_order_earn_nothing(domain):
    task = domain.task("due-check_card")
    log_in, card, debts, grant = task.expect.actions
    assert earned(domain, task, [log_in, debts, card, grant]) == (0.0, {"before"})
    assert earned(domain, task, [card, log_in, debts, grant])[0] == 1.0


def test_checks_of_another_member_do_not_count(domain):
    task = domain.task("due-check_card")
    others = [do(name, "bảo") for name in ALL]
    assert earned(domain, task, [*others, do("grant", "ana")])[0] == 0.0


def test_a_tree_may_be_as_deep_as_chains_of_prerequisites_are():
    deep: Any = leaf("log_in", "ana")
    for _ in range(10):
        deep = {"sequence": [{"any": [deep, leaf("check_card", "ana")]}, leaf("read_score", "ana")]}
    names = Names({name: Tool(name, "", {"type": "object"}, effect="read") for name in (*CHECKS, "grant")})
    assert read_task_rules([{"before": "grant", "require": deep}], "t", "tasks.jsonl:1", names, findings := Findings())
    assert not findings
