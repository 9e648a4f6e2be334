"""The rules of Telecom: each is broken by some changed action, and no step of a reference can be changed unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from ccgym_envs import TELECOM
from mutation import call, mutate, player, verdicts

import ccgym

DOMAIN = ccgym.load_domain(TELECOM)
SEEDS = 2  # of each of 12 templates
OTHERS: dict[str, Any] = {
    "phone": ["0912300101", "0912300102"],
    "birth": ["1984-03-17", "1979-11-02"],
    "area": ["Meadows", "Harbour"],
    "bill_id": ["B10114", "B10116"],
    "iccid": ["894410020111", "894410020121"],
    "gb": [10, 5],
    "amount": [7, 2],
    "enabled": [False, True],
}
"""Argument to two values that the schema lets through."""
BY_THE_BOOK = "by-the-book"


@pytest.fixture(scope="module")
def play():
    """Enact actions in one environment that all tests of this file share."""
    return player(DOMAIN)


@pytest.fixture(scope="module")
def tasks():
    drawn = [DOMAIN.draw(name, "train", seed) for name in DOMAIN.templates for seed in range(SEEDS)]
    return [*DOMAIN.tasks.values(), *drawn]


def agents(task) -> list[dict[str, Any]]:
    """What the agent does in the reference; the customer does the rest when asked."""
    return [a for a in (action.as_json() for action in task.expect.actions) if a.get("requestor") != "user"]


def altered(action: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The action with one thing changed: each argument to another that the schema lets through, or other words."""
    if "say" in action:
        yield {"say": "One moment, please."}
        return
    for name, value in action["args"].items():
        if name == "reason":
            choices = ["lost", "stolen"] if action["name"] == "suspend_line" else ["other", "contract"]
            other = next(each for each in choices if each != value)
        else:
            other = next(each for each in OTHERS[name] if each != value)
        yield {**action, "args": {**action["args"], name: other}}


def test_every_reference_keeps_every_rule(tasks, play):
    for task in tasks:
        episode = play(task, agents(task))
        assert episode.rewards["correctness"] == 1.0, task.id
        assert verdicts(episode, "violated", "error") == [], task.id


def test_every_rule_is_exercised_by_some_reference(tasks, play):
    kept = {name for task in tasks for name in verdicts(play(task, agents(task)), "ok")}
    assert kept >= {rule.id for rule in DOMAIN.rules} | {BY_THE_BOOK}


def test_a_changed_step_is_caught_by_state_words_or_a_rule(tasks, play):
    mutate(tasks, play, altered, agents).holds(at_least=1000)


# Each clause, broken by hand.


def breaks(play, task_id, *actions):
    """What is broken when these actions are made, and the talk ends; without the rule of the task's own steps."""
    found = verdicts(play(DOMAIN.tasks[task_id], [*actions, {"say": "Done."}]), "violated")
    return [each for each in found if each != BY_THE_BOOK]


def opened(task_id, *actions):
    """A verified caller, the line looked at, and then these actions."""
    facts = DOMAIN.tasks[task_id].user.known
    ask = {"say": "Your phone number and date of birth, please?"}
    check = call("verify_customer", phone=facts["phone"], birth=facts["birth"])
    filled = [{**a, "args": {**a["args"], "phone": facts["phone"]}} if a.pop("line", False) else a for a in actions]
    return [ask, check, call("get_line", phone=facts["phone"]), *filled]


def line(name, **args):
    """A call about the line of the task."""
    return {"line": True, "name": name, "args": args}


YES = {
    "say": "On holiday: a pack of 10 GB or 2 GB costs 30, 8 or 6 dollars, roaming 5 or 3 dollars a day. Do you agree?"
}
CASES: list[tuple[str, str, list[dict[str, Any]]]] = [
    ("owner-only", "user-wants-a-pack", [line("get_usage"), YES, line("add_data", gb=10)]),
    ("owner-only", "user-wants-it-open", [line("list_bills"), line("resume_line")]),
    ("resumed-paid", "bill-forgotten", [line("list_bills"), line("resume_line")]),
    ("bills-seen", "bill-forgotten", [line("resume_line")]),
    ("link-agreed", "bill-forgotten", [line("list_bills"), call("send_payment_link", bill_id="B10114")]),
    ("link-overdue", "bill-forgotten", [line("list_bills"), call("send_payment_link", bill_id="B10115")]),
    ("link-seen", "bill-forgotten", [call("send_payment_link", bill_id="B10114")]),
    ("resume-holiday-agreed", "back-from-the-year-abroad", [line("resume_line")]),
    ("resume-lost-agreed", "found-under-the-sofa", [line("resume_line")]),
    ("stolen-new-card", "stolen-and-replaced", [line("resume_line")]),
    ("fraud-stays", "suspended-for-fraud", [line("resume_line")]),
    ("suspend-stolen-agreed", "taken-on-the-tram", [line("suspend_line", reason="stolen")]),
    ("suspend-lost-agreed", "lost-by-the-daughter", [line("suspend_line", reason="lost")]),
    ("suspend-holiday-agreed", "half-a-year-at-sea", [line("suspend_line", reason="holiday")]),
    ("holiday-paid", "holiday-with-a-debt", [YES, line("suspend_line", reason="holiday")]),
    ("holiday-owner", "lost-by-the-daughter", [YES, line("suspend_line", reason="holiday")]),
    ("credit-due", "credit-after-six-hours", [call("check_outage", area="Harbour"), line("give_credit", amount=1)]),
    (
        "credit-amount",
        "credit-for-three-days",
        [call("check_outage", area="Stonebridge"), line("give_credit", amount=4)],
    ),
    ("credit-amount", "credit-is-capped", [call("check_outage", area="Meadows"), line("give_credit", amount=6)]),
    ("credit-looked", "credit-for-three-days", [line("give_credit", amount=3)]),
    ("credit-once", "second-credit", [call("check_outage", area="Stonebridge"), line("give_credit", amount=3)]),
    ("pack-agreed", "data-gone-before-payday", [line("get_usage"), line("add_data", gb=2)]),
    ("pack-needed", "crawling-since-monday", [line("get_usage"), YES, line("add_data", gb=10)]),
    ("two-packs", "third-pack", [line("get_usage"), YES, line("add_data", gb=2)]),
    ("pack-paid", "pack-with-a-debt", [line("get_usage"), YES, line("add_data", gb=10)]),
    ("roaming-allowed", "young-line-and-a-wedding", [line("list_bills"), YES, line("set_roaming", enabled=True)]),
    ("roaming-allowed", "basic-goes-abroad", [line("list_bills"), YES, line("set_roaming", enabled=True)]),
    ("roaming-paid", "roaming-with-a-debt", [line("list_bills"), YES, line("set_roaming", enabled=True)]),
    ("roaming-bills", "abroad-both-sides", [YES, line("set_roaming", enabled=True)]),
    ("roaming-agreed", "roaming-too-dear", [line("list_bills"), YES, line("set_roaming", enabled=True)]),
    ("puk-asked-for", "puk-in-advance", [line("get_puk")]),
    ("card-three-days", "card-changed-yesterday", [line("swap_sim", iccid="894410020136")]),
    ("card-told", "card-is-dead-new-one-bought", [line("swap_sim", iccid="894410020121")]),
    ("card-agreed", "card-is-dead-new-one-bought", [line("swap_sim", iccid="894410020111")]),
    ("card-checked", "card-is-dead-new-one-bought", [line("swap_sim", iccid="894410020111")]),
    ("restarted", "second-hand-phone", [{"say": "Please enter basic.lines as the APN."}]),
    ("device-fault-proved", "phone-is-broken", [line("escalate", reason="device_fault")]),
    ("network-fault-proved", "network-does-not-see-it", [line("escalate", reason="network_fault")]),
    ("billing-seen", "disputes-the-bill", [line("escalate", reason="billing")]),
    ("blocked-seen", "ten-wrong-puks", [line("escalate", reason="sim_blocked")]),
]
"""Rule, task, and what breaks the rule once the caller is verified and the line was looked at."""


@pytest.mark.parametrize(("rule", "task", "actions"), CASES, ids=[f"{rule}-{task}" for rule, task, _ in CASES])
def test_each_clause_is_broken(play, rule, task, actions):
    assert rule in breaks(play, task, *opened(task, *[dict(action) for action in actions]))


def test_before_the_caller_is_known_nothing_is_looked_at(play):
    phone = DOMAIN.tasks["bill-forgotten"].user.known["phone"]
    birth = DOMAIN.tasks["bill-forgotten"].user.known["birth"]
    assert "verified" in breaks(play, "bill-forgotten", call("get_line", phone=phone))
    assert "caller-known" in breaks(play, "bill-forgotten", call("send_payment_link", bill_id="B10114"))
    verify = call("verify_customer", phone=phone, birth=birth)
    assert breaks(play, "bill-forgotten", verify, call("get_usage", phone=phone)) == ["line-first"]
    unasked = call("verify_customer", phone="0912300101", birth="1984-03-17")
    assert breaks(play, "airplane-after-the-flight", unasked) == ["told"]


@pytest.mark.parametrize(("reason", "rule"), [
    ("unverified", "handed-over-unverified"), ("fraud", "fraud-seen"), ("contract", "contract-seen"),
])  # fmt: skip
def test_a_reason_code_needs_its_proof(play, reason, rule):
    assert breaks(play, "bill-forgotten", call("escalate", phone="0912300114", reason=reason)) == [rule]


@pytest.mark.parametrize(
    ("task", "step", "rule"),
    [
        ("bill-forgotten", "send_payment_link", "link-once"),
        ("abroad-both-sides", "set_roaming", "roaming-once"),
        ("three-wrong-pins", "get_puk", "puk-once"),
        ("bill-forgotten", "resume_line", "resume-once"),
    ],
)
def test_what_is_done_once_is_not_done_twice(play, task, step, rule):
    actions = agents(DOMAIN.tasks[task])
    at = next(i for i, action in enumerate(actions) if action.get("name") == step)
    twice = [*actions[: at + 1], actions[at], *actions[at + 1 :]]
    if step == "resume_line":  # a second one is refused by the console; another suspension makes it possible
        phone = actions[at]["args"]["phone"]
        twice = [*actions[: at + 1], call("suspend_line", phone=phone, reason="lost"), actions[at], *actions[at + 1 :]]
    assert rule in verdicts(play(DOMAIN.tasks[task], twice), "violated")


def test_every_rule_has_been_broken():
    by_hand = {rule for rule, _, _ in CASES} | {
        "verified", "caller-known", "line-first", "told", "handed-over-unverified", "fraud-seen", "contract-seen",
        "link-once", "roaming-once", "puk-once", "resume-once",
    }  # fmt: skip
    assert by_hand == {rule.id for rule in DOMAIN.rules}


def test_no_rule_is_kept_by_luck(tasks):
    """Every task that ends with a deed or a refusal says its steps."""
    shares = Counter(bool(task.rules) for task in tasks)
    assert shares[True] > 0.9 * len(tasks)
