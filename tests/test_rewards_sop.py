"""The reward `sop`, and how verdicts are cited."""

from __future__ import annotations

import pytest
from test_sop_rules import call, desk, play

import ccgym
from ccgym.types import RewardEvent

SOP = """# Desk

## Refunds

Verify the customer first.

```rules
id: verify-first
before: [refund, cancel]
require: {call: verify, same: [order_id]}
```

- Refund an order once only.

  ```rules
  at_most: 1
  call: refund
  ```

## Never

Never cancel what has shipped.

```rules
never: cancel
if: row('orders', args.order_id).status == 'shipped'
```
"""


@pytest.fixture
def domain(tmp_path):
    return desk(tmp_path / "desk", SOP)


def sop(episode):
    return ccgym.score([episode], ["sop"])[0]["sop"]


def test_the_value_is_the_share_of_the_clauses_that_applied_and_were_kept(domain):
    kept = sop(play(domain, call("verify"), call("refund")))
    assert (kept.value, kept.explanation) == (1.0, "2 of 2 clauses kept")
    assert sop(play(domain, call("refund"))).value == 0.5
    assert sop(play(domain, call("refund"), call("refund"))).value == 0.0


def test_the_clause_broken_most_often_comes_first_with_heading_and_line(domain):
    found = sop(play(domain, call("refund"), call("refund"), call("cancel", "W2")))
    first, second, third = found.explanation.split("; ")[1:]
    assert first.startswith('Refunds (sop.md:5): refund before verify(order_id="W1") [event ')
    assert first.endswith(", 3 times]")
    assert second.startswith("Refunds (sop.md:13): refund for the 2nd time, at most 1 allowed")
    assert third.startswith("Never (sop.md:22): cancel is never to be called")
    assert len(found.evidence) == 5


def test_it_does_not_apply_where_no_clause_did(domain):
    assert sop(play(domain, call("verify"))).status == "not_applicable"


def test_correctness_cites_the_clause(domain):
    episode = play(domain, call("refund"))
    told = next(event for event in episode.of(RewardEvent) if event.name == "correctness")
    assert told.parts["sop"] == 0.0
    assert told.explanation == 'sop: Refunds (sop.md:5): refund before verify(order_id="W1")'
    event = episode.events[told.evidence[0]]
    assert (event.cause, event.clause["id"], event.clause["text"]) == (
        "c1",
        "verify-first",
        "Verify the customer first.",
    )
