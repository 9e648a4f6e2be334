"""Rules on what the customer told, and rules of a task that cite a clause of the SOP."""

from __future__ import annotations

import pytest
from test_sop_rules import call, desk, play, sop, verdicts

from ccgym.errors import DomainError
from ccgym.types import RuleEvent

TOLD = "before: refund\nrequire: {told: [order_id]}"


@pytest.mark.parametrize(
    ("first", "actions", "expected"),
    [
        ("Please refund W1.", [call("refund")], ["ok"]),
        ("Xin hoàn tiền đơn w1 nhé!", [call("refund")], ["ok"]),
        ("Please refund W1.", [call("refund", "W2")], ["violated"]),
        ("Please refund W12.", [call("refund")], ["violated"]),
        ("Refund my order.", [call("refund")], ["violated"]),
        ("Refund my order.", ["What is your order number?", call("refund")], ["ok"]),
        ("Refund my order.", [call("refund"), "What is your order number?"], ["violated"]),
    ],
)
def test_a_value_counts_as_told_once_the_customer_has_said_it(tmp_path, first, actions, expected):
    user = {
        "first_message": first, "known": {"order_id": "W1"},
        "sim": {"asks": {"order_id": ["order number"]}, "tell": {"order_id": "It is {order_id}."}},
    }  # fmt: skip
    assert verdicts(play(desk(tmp_path / "desk", sop(TOLD), user=user), *actions)) == expected


def test_a_broken_rule_says_what_the_customer_never_told(tmp_path):
    (event,) = play(desk(tmp_path / "desk", sop(TOLD)), call("refund")).of(RuleEvent)
    assert event.detail == 'refund before the customer told order_id "W1"'


def test_what_stands_in_the_transcript_already_was_told(tmp_path):
    init = {"messages": [{"role": "user", "content": "W1 it is."}, {"role": "assistant", "content": "One moment."}]}
    assert verdicts(play(desk(tmp_path / "desk", sop(TOLD), init=init), call("refund"))) == ["ok"]


def test_a_rule_of_a_task_cites_the_clause_under_the_heading_it_names(tmp_path):
    domain = desk(tmp_path / "desk", sop("never: cancel"), [{"finally": "refund", "clause": "refunds"}])
    events = play(domain, call("verify")).of(RuleEvent)
    cited = [(event.clause["heading"], event.clause["line"], event.clause["text"], event.verdict) for event in events]
    assert ("Refunds", 3, "Be careful.", "violated") in cited


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"finally": "refund", "clause": "Refund"}, "the SOP has no heading 'Refund'"),
        ({"finally": "refund", "clause": 3}, "must be a heading of the SOP"),
        ({"finally": {"told": ["order_id"]}}, "no call is judged at the end"),
        ({"before": "refund", "require": {"told": ["order"]}}, "no argument 'order' of 'refund'"),
        ({"before": "refund", "require": {"told": []}}, "a text is missing"),
    ],
)
def test_a_wrong_clause_or_argument_is_named(tmp_path, rule, said):
    with pytest.raises(DomainError, match=said):
        desk(tmp_path / "desk", sop("never: cancel"), [rule])


def test_programs_of_tasks_share_what_their_rules_do_not_touch(tmp_path):
    from ccgym.sop import rule_program

    both = sop("- before: refund\n  when: args.amount < 9\n- before: cancel\n  require: verify")
    domain = desk(tmp_path / "desk", both, [{"at_most": 1, "call": "cancel"}])
    task = domain.tasks["t"]
    own, plain = rule_program(domain, task), rule_program(domain, task.replace(rules=()))
    assert own is not None
    assert plain is not None
    assert own.plan("refund") is plain.plan("refund")
    assert [len(program.plan("cancel").rules) for program in (own, plain)] == [2, 1]
