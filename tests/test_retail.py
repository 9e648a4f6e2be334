"""Retail keeps its promises: every reference, every rule, every changed step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from ccgym_envs import RETAIL
from ccgym_envs.retail import make
from ccgym_envs.retail.templates import TEMPLATES
from ccgym_envs.retail.written import WRITTEN
from mutation import actions_of, call, mutate, player, verdicts

import ccgym
from ccgym.audit import audit
from ccgym.checking import check

DOMAIN = ccgym.load_domain(RETAIL)
SEEDS = 4  # of each template and split
OF_TASKS = {"read", "asked", "heard", "checked", "not-checked"}
"""Rules that tasks bring along."""
OTHER_TEXT = {"address": "1 Elsewhere Road, Nowhere", "email": "someone.else@mail.example", "postcode": "ZZ9 9ZZ"}
OTHER_ID = {"order_id": ("11001", "12007"), "item_id": ("11001-1", "12007-1"), "sku": ("HO-161", "HO-162"),
            "customer_id": ("C20001", "C20022"), "about": ("none", "11001")}  # fmt: skip


@pytest.fixture(scope="module")
def play():
    """Enact actions in one environment that all tests of this file share."""
    return player(DOMAIN)


@pytest.fixture(scope="module")
def tasks():
    drawn = [
        DOMAIN.draw(name, split, seed) for name in TEMPLATES for split in ("train", "test") for seed in range(SEEDS)
    ]
    return [*DOMAIN.tasks.values(), *drawn]


def altered(action: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The action with one thing changed: each argument to another that the schema lets through, or other words."""
    if "say" in action:
        yield {"say": "One moment, please."}
        return
    schema = DOMAIN.tools[action["name"]].parameters["properties"]
    for name, value in action["args"].items():
        if choice := schema[name].get("enum"):
            others = [each for each in choice if each != value]
        elif isinstance(value, int):
            others = [value + 1, value + 100]
        elif name == "code":
            others = ["V310882" if value.startswith("V") else "G415070"]
            others = [each for each in others if each != value] or [value[:1] + "310551"]
        else:
            others = [next(each for each in OTHER_ID.get(name, (OTHER_TEXT.get(name),)) if each != value)]
        for other in others:
            yield {**action, "args": {**action["args"], name: other}}


# Every task.


def test_every_reference_is_correct_and_keeps_every_rule(tasks, play):
    for task in tasks:
        episode = play(task, actions_of(task))
        assert episode.rewards["correctness"] == 1.0, task.id
        assert verdicts(episode, "violated", "error") == [], task.id


def test_every_rule_is_exercised_by_some_reference(tasks, play):
    kept = {name for task in tasks for name in verdicts(play(task, actions_of(task)), "ok")}
    assert sorted(({rule.id for rule in DOMAIN.rules} | OF_TASKS) - kept) == []


def test_a_changed_step_is_caught_by_state_words_or_a_rule(tasks, play):
    mutate(tasks, play, altered).holds(at_least=3000)


def swaps(task) -> Iterator[dict[str, Any]]:
    """Bookings of all kinds around what the task is about, allowed and not."""
    world = WRITTEN[task.id][1].world
    person, orders = world.person.key, [order.key for order in world.orders]
    yield call("verify_customer", email=world.person.email, postcode=world.person.postcode)
    for order in orders:
        yield call("cancel_order", order_id=order, reason="other")
        yield call("change_address", order_id=order, address="2 Elm Street, Ashford")
        yield call("credit_points", order_id=order, points=5)
        yield call("grant_goodwill", customer_id=person, order_id=order, amount=50, reason="late")
        yield call("issue_refund", order_id=order, item_id=f"{order}-1", method="gift_card", amount=900)
        yield call("issue_refund", order_id=order, item_id=f"{order}-1", method="card", amount=900)
        for reason, condition in (("changed_mind", "opened"), ("changed_mind", "used"), ("defective", "opened")):
            item = {"order_id": order, "item_id": f"{order}-1"}
            yield call("create_return", **item, reason=reason, condition=condition, fee=3, refund=900)
        yield call("send_replacement", **item, reason="damaged")
        for sku in ("CL-113", "HO-161", "HO-171"):
            yield call("create_exchange", **item, sku=sku, condition="used", difference=3)
    yield call("redeem_points", customer_id=person, points=99950)
    for code in ("V310882", "V312150", "V312377", "V312006"):
        yield call("extend_voucher", code=code)
    yield call("replace_gift_card", code="G415522")
    for reason in ("unverified", "privacy", "review", "chargeback", "inspection", "over_limit"):
        yield call("escalate", reason=reason, about=orders[0] if orders else "none")


def test_every_rule_is_broken_by_changing_one_action_of_a_written_task(play):
    broken: Counter[str] = Counter()
    for task in DOMAIN.tasks.values():
        actions = actions_of(task)
        for i in range(len(actions)):
            others = [*altered(actions[i]), *(swaps(task) if i == len(actions) - 1 else ())]
            for other in others:
                broken.update(set(verdicts(play(task, [*actions[:i], other, *actions[i + 1 :]]), "violated")))
            twice = [*actions[: i + 1], actions[i], *actions[i + 1 :]]
            broken.update(set(verdicts(play(task, twice), "violated")))
    assert sorted(({rule.id for rule in DOMAIN.rules} | OF_TASKS) - set(broken)) == []


def test_without_any_one_write_no_reference_is_correct(tasks, play):
    for task in tasks:
        actions = actions_of(task)
        for i, action in enumerate(actions):
            failed_check = action.get("name") == "verify_customer" and "identify" in task.tags
            if "name" in action and DOMAIN.tools[action["name"]].effect == "write" and not failed_check:
                assert play(task, actions[:i] + actions[i + 1 :]).rewards["correctness"] == 0.0, task.id


def test_an_added_read_changes_nothing(tasks, play):
    rng = Random(1)
    for task in tasks:
        actions = actions_of(task)
        reads = [i for i, a in enumerate(actions) if a.get("name", "").startswith("get_")]
        for i in reads:
            at = rng.randint(i, len(actions) - 1)
            assert play(task, [*actions[:at], actions[i], *actions[at:]]).rewards["correctness"] == 1.0, task.id


# What the domain is made of.


def test_the_files_are_what_the_program_makes():
    assert (RETAIL / "state.json").read_text(encoding="utf-8") == make.state_text(make.make_state())
    assert (RETAIL / "tasks.jsonl").read_text(encoding="utf-8") == make.tasks_text(make.make_tasks())


def test_the_domain_is_as_large_as_promised():
    assert sum(len(rows) for rows in DOMAIN.state["tables"].values()) >= 1000
    assert len(DOMAIN.tools) >= 12
    assert len(WRITTEN) == len(DOMAIN.tasks) >= 60
    assert len(TEMPLATES) >= 6
    assert len((RETAIL / "sop.md").read_text(encoding="utf-8").split()) >= 2000
    assert len(DOMAIN.sop_digest.split()) <= 150


def test_half_of_the_tasks_end_in_a_refusal_or_with_a_colleague():
    ends = Counter(task.tags[-1] for task in DOMAIN.tasks.values())
    assert 0.45 <= (ends["refused"] + ends["escalated"]) / sum(ends.values()) <= 0.6
    assert {task.split for task in DOMAIN.tasks.values()} == {"train", "test"}


def test_drawn_tasks_are_fair_to_both_sides(tasks):
    ends = Counter(task.tags[-1] for task in tasks if task.id not in DOMAIN.tasks)
    assert 0.4 <= (ends["refused"] + ends["escalated"]) / sum(ends.values()) <= 0.65
    sides = {split: {t.content_digest for t in tasks if t.split == split} for split in ("train", "test")}
    assert not sides["train"] & sides["test"]


def test_check_finds_neither_errors_nor_warnings():
    assert [f for f in check(RETAIL, drawn=4).findings if f.severity != "notice"] == []


def test_an_audit_of_some_tasks_finds_no_loophole():
    report = audit(RETAIL, list(DOMAIN.tasks)[::3])
    assert report.ok, report.findings
