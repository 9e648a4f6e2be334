"""The rules of OrderDesk: each is broken by one changed action, and no step of a reference can be changed unseen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from ccgym_envs import ORDERDESK
from mutation import actions_of, call, mutate, player, verdicts

import ccgym
from ccgym.types import RuleEvent

DOMAIN = ccgym.load_domain(ORDERDESK)
SEEDS = 6  # of each of 20 templates
CHANGES = ("cancel_order", "return_order", "change_address")


@pytest.fixture(scope="module")
def play():
    """Enact actions in one environment that all tests of this file share."""
    return player(DOMAIN)


@pytest.fixture(scope="module")
def tasks():
    drawn = [DOMAIN.draw(name, "train", seed) for name in DOMAIN.templates for seed in range(SEEDS)]
    return [*DOMAIN.tasks.values(), *drawn]


def altered(action: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The action with one thing changed: each argument to another that the schema lets through, or other words."""
    if "say" in action:
        yield {"say": "One moment, please."}
        return
    for name, value in action["args"].items():
        if name == "reason":
            others = ["other", "broken" if action["name"] == "return_order" else "unverified"]
            other = next(each for each in others if each != value)
        elif name == "address":
            other = "1 Elsewhere Road, Nowhere"
        else:
            other = "4821" if value != "4821" else "2096"
        yield {**action, "args": {**action["args"], name: other}}


def test_every_reference_keeps_every_rule(tasks, play):
    for task in tasks:
        episode = play(task, actions_of(task))
        assert verdicts(episode, "violated", "error") == [], task.id
        assert verdicts(episode, "ok"), task.id


def test_every_rule_is_exercised_by_some_reference(tasks, play):
    kept = {name for task in tasks for name in verdicts(play(task, actions_of(task)), "ok")}
    assert kept >= {rule.id for rule in DOMAIN.rules} | {"tracked", "checked", "decided"}


def test_every_rule_is_broken_by_changing_one_action_of_a_written_task(play):
    broken: Counter[str] = Counter()
    for task in DOMAIN.tasks.values():
        actions = actions_of(task)
        known = task.user.known["order_id"]
        swaps = [
            call("cancel_order", order_id=known),
            call("return_order", order_id=known, reason="other"),
            call("change_address", order_id=known, address="2 Elm Street"),
            call("transfer_to_human", reason="unverified"),
        ]
        for i in range(len(actions)):
            for other in [*altered(actions[i]), *swaps]:
                episode = play(task, [*actions[:i], other, *actions[i + 1 :]])
                broken.update(set(verdicts(episode, "violated")))
    assert set(broken) == {rule.id for rule in DOMAIN.rules} | {"tracked", "checked", "decided"}


def test_a_changed_step_is_caught_by_state_words_or_a_rule(tasks, play):
    mutate(tasks, play, altered).holds(at_least=1000)


# Each clause, by hand.


def breaks(play, task_id, *actions):
    return verdicts(play(DOMAIN.tasks[task_id], [*actions, {"say": "Done."}]), "violated")


def served(play, task_id, order_id, phone, change):
    """What is broken when the customer is asked, verified and looked up by the book, and then this is done."""
    return breaks(
        play, task_id, {"say": "The last 4 digits of your phone?"},
        call("verify_customer", order_id=order_id, phone=phone), call("get_order", order_id=order_id), change,
    )  # fmt: skip


def test_a_change_without_verification_is_cited_with_heading_and_line(play):
    episode = play(DOMAIN.tasks["cancel-bought-twice"], [call("cancel_order", order_id="4821"), {"say": "Done."}])
    event = next(event for event in episode.of(RuleEvent) if event.clause["id"] == "verified")
    lines = (ORDERDESK / "sop.md").read_text(encoding="utf-8").split("\n")
    assert (event.verdict, event.clause["heading"]) == ("violated", "3. Who may change an order")
    assert lines[event.clause["line"] - 1].startswith("Before any cancellation")


def test_a_verification_for_one_order_does_not_count_for_another(play):
    found = served(play, "cancel-bought-twice", "4821", "3358", call("cancel_order", order_id="7350"))
    assert found == ["verified", "looked-up"]


def test_digits_that_the_customer_never_told_are_a_break_even_where_they_are_right(play):
    assert breaks(play, "cancel-bought-twice", call("verify_customer", order_id="4821", phone="3358")) == ["told"]


@pytest.mark.parametrize(
    ("task", "order", "phone", "change", "found"),
    [
        ("cancel-after-shipping", "2096", "7714", call("cancel_order"), ["cancel-placed"]),
        ("return-on-day-30", "9034", "8811", call("return_order", reason="other"), []),
        ("return-on-day-31", "7293", "9506", call("return_order", reason="other"), ["return-in-time"]),
        ("return-before-delivery", "4016", "1748", call("return_order", reason="other"), ["return-delivered"]),
        ("address-after-shipping", "5561", "3217", call("change_address", address="5 Elm"), ["address-placed"]),
    ],
)
def test_what_may_be_done_depends_on_the_order(play, task, order, phone, change, found):
    change = {**change, "args": {"order_id": order, **change["args"]}}
    assert [each for each in served(play, task, order, phone, change) if each != "decided"] == found


def test_reading_is_no_break_and_a_second_change_is_one(play):
    task = "cancel-bought-twice"
    read = call("get_order", order_id="4821"), call("track_order", order_id="4821")
    assert breaks(play, task, *read, call("transfer_to_human", reason="other")) == []
    cancel = call("cancel_order", order_id="4821")
    actions = [*actions_of(DOMAIN.tasks[task])[:3], cancel, cancel]
    assert verdicts(play(DOMAIN.tasks[task], actions), "violated") == ["cancel-placed", "once"]


def test_handing_over_unverified_needs_a_check_that_failed_or_a_question(play):
    give_up = call("transfer_to_human", reason="unverified")
    assert breaks(play, "quen-so-dien-thoai", give_up) == ["handed-over"]
    assert breaks(play, "quen-so-dien-thoai", {"say": "Cho mình xin 4 số cuối điện thoại?"}, give_up) == []
