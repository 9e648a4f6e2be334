"""The clause that a rule belongs to: the prose before its block, under the nearest heading; and who agreed to what."""

from __future__ import annotations

import pytest
from test_sop_rules import call, desk, play, sop, verdicts

from ccgym.domain.rules import split_rules
from ccgym.sop.agreement import agrees, forms, said
from ccgym.turns import fold
from ccgym.types import RuleEvent

SOP = """# Desk

Intro.

## Hoàn tiền

Only for paid orders,
and once.

```rules
never: refund
```

```rules
never: cancel
```

1. First step.
2. Second step,
   continued.

   ~~~~rules
   never: refund
   ~~~~

Setext heading
==============

```rules
never: refund
```

```markdown
Not ours:
```rules
```

Tail.
"""


def clauses(text):
    return [(b.clause.heading, b.clause.line, b.clause.text) for b in split_rules(text, "sop.md")[1]]


def test_a_block_belongs_to_the_prose_directly_before_it():
    assert clauses(SOP) == [
        ("Hoàn tiền", 7, "Only for paid orders, and once."),
        ("Hoàn tiền", 7, "Only for paid orders, and once."),
        ("Hoàn tiền", 19, "Second step, continued."),
        ("Setext heading", 26, "Setext heading"),
    ]


def test_the_agent_reads_everything_but_the_rules(tmp_path):
    domain = desk(tmp_path / "desk", SOP)
    assert "never" not in domain.sop
    assert "Not ours" in domain.sop
    assert domain.sop.endswith("Tail.")
    assert [rule.id for rule in domain.rules] == ["hoàn-tiền-1", "hoàn-tiền-2", "hoàn-tiền-3", "setext-heading-1"]


def test_a_clause_at_the_top_of_the_file_has_no_heading():
    assert clauses("Be quick.\n```rules\nnever: x\n```") == [("", 1, "Be quick.")]


def test_a_verdict_cites_the_clause_and_the_call(tmp_path):
    episode = play(desk(tmp_path / "desk", sop("never: refund")), call("verify"), call("refund"))
    (event,) = episode.of(RuleEvent)
    assert event.clause == {"id": "refunds-1", "file": "sop.md", "heading": "Refunds", "line": 5, "text": "Be careful."}
    assert event.cause == "c2"
    before = episode.events[event.n - 1]
    assert (before.id if hasattr(before, "id") else before.cause) == "c2"


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("Yes, please.", True), ("OK go ahead", True), ("Vâng, đúng rồi.", True), ("Dạ được ạ", True), ("ừ", True),
        ("No problem, do it", True), ("Không vấn đề gì, làm đi", True),
        ("Yes. Don't forget the receipt.", True),
        ("No, please don't.", False), ("I don't agree", False), ("Không, thôi ạ.", False), ("Khoan đã", False),
        ("Dạ không", False), ("not yet", False), ("How much is it?", None), ("W1", None), ("Yesterday", None),
        ("", None),
    ],
)  # fmt: skip
def test_the_first_word_of_either_kind_decides(line, answer):
    assert agrees(fold(line)) is answer


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        (30, "that is 30 dollars", True), (30, "that is 300 dollars", False), (30, "30.50 in all", False),
        (30, "$30.00", True), (1200, "1,200 đồng", True), (1200, "1.200đ", True), (1200000, "1.200.000 đồng", True),
        (1500000, "phí 1.500.000đ, nhé", True), (1500000, "1.500.000vnd", True), (1500, "1.500.000đ", False),
        (1500000, "11.500.000đ", False), (12, "12đơn", False),
        (19.5, "19.50", True), (19.5, "19,5 euro", True), ("W1", "order w1, yes", True), ("W1", "order w12", False),
        ("no_longer_needed", "since it is no longer needed", True), ("Lê Lợi", "đường lê lợi?", True), (True, "", True),
    ],
)  # fmt: skip
def test_a_value_is_said_as_people_write_it(value, text, found):
    assert all(said(text, ways) for ways in forms(value)) is found


CONFIRM = "before: refund\nconfirm: {terms: [order_id, amount]}"
ASK = "Shall I refund 30 for W1? Please confirm."


@pytest.mark.parametrize(
    ("confirm", "actions", "expected"),
    [
        ("yes", [ASK, call("refund", amount=30)], ["ok"]),
        ("no", [ASK, call("refund", amount=30)], ["violated"]),
        ("yes", ["I will refund 30 for W1; please confirm.", call("refund", amount=30)], ["violated"]),
        ("yes", ["Do you agree?", call("refund", amount=30)], ["violated"]),
        ("yes", [call("refund", amount=30), ASK], ["violated"]),
        ("yes", [ASK, call("refund", "W2", amount=30)], ["violated"]),
        ("yes", [ASK, call("verify"), call("refund", amount=30), call("refund", amount=30)], ["ok", "ok"]),
    ],
)
def test_agreement_is_a_yes_to_a_question_after_the_terms(tmp_path, confirm, actions, expected):
    user = {"first_message": "Hello.", "sim": {"confirm": confirm, "done": ["bye"], "patience": 9}}
    assert verdicts(play(desk(tmp_path / "desk", sop(CONFIRM), user=user), *actions)) == expected
