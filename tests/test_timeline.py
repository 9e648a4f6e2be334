"""The timeline tells of an episode what its events say, whatever they say."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hostile_episode import ALL, MEGABYTE, STEPS, hostile_events, write_hostile
from hypothesis import given
from hypothesis import strategies as st

import ccgym
from ccgym.backend.patch import diff
from ccgym.errors import EpisodeError
from ccgym.log import iter_logs
from ccgym.types import Episode
from ccgym.view.rows import ABSENT, Rows
from ccgym.view.timeline import Timeline, read_timeline


@pytest.fixture(scope="module")
def cancelled():
    """An order cancelled without asking who is there, in a mix of calls that work, fail and are none."""
    env = ccgym.make("ccgym/OrderDesk-v0")
    env.reset(seed=1, options={"task": "cancel-en/test/0"})
    order = env.episode.task["user"]["known"]["order_id"]
    call = '<tool_call>{"name": "%s", "arguments": {"order_id": "%s"}}</tool_call>'
    env.step("<think>Look it up.</think>" + call % ("get_order", order))
    env.step(call % ("get_order", "none"))
    env.step("<tool_call>{</tool_call> and words")
    env.step(call % ("cancel_order", order))
    env.step("Your order has been cancelled, thank you.")
    return Timeline(env.episode, "x#0")


def test_steps_hold_thought_call_answer_change_verdict_and_customer(cancelled):
    start, look, miss, broken, cancel, reply = cancelled.steps
    assert start.lines[-1].who == "customer"
    assert (look.thought, look.calls[0].name, look.calls[0].failed) == ("Look it up.", "get_order", False)
    assert miss.calls[0].failed
    assert "text outside" in broken.format_error
    assert not broken.calls
    assert cancel.calls[0].patch == cancel.patch
    assert [verdict.verdict for verdict in cancel.calls[0].verdicts].count("violated") == 2
    assert cancel.calls[0].verdicts[0].place.startswith("3. Who may change an order (sop.md:")
    assert reply.reply.startswith("Your order")
    assert reply.lines[0].who == "customer"
    assert reply.notes[-1].text == cancelled.termination


def test_errors_writes_and_violations_are_places_to_jump_to(cancelled):
    assert (cancelled.errors, cancelled.writes, cancelled.violations) == ((2, 3), (4,), (4,))


def test_the_state_is_known_before_and_after_the_step_that_changed_it(cancelled):
    before, after = ({row.key: row for row in cancelled.state_at(step)} for step in (3, 4))
    (order,) = [row for row in after.values() if row.changes]
    assert (order.table, order.changes[0].path) == ("orders", "status")
    assert (order.changes[0].old, order.changes[0].new) == ("placed", "cancelled")
    assert (before[order.key].value["status"], order.value["status"]) == ("placed", "cancelled")
    assert not before[order.key].changes
    assert not cancelled.state_at(5)[0].changes


def test_evidence_of_a_reward_leads_to_the_steps_of_its_events(cancelled):
    (correctness,) = [reward for reward in cancelled.rewards if reward.name == "correctness"]
    assert 4 in correctness.steps
    assert correctness.parts["sop"] == 0.0


def test_contributions_are_value_times_gate_times_weight_and_make_the_groups_total(tmp_path):
    ccgym.rollout("ccgym/OrderDesk-v0", "oracle", ["track-en/test/0"], group=4, out=tmp_path)
    (log,) = iter_logs(tmp_path)
    for number, episode in log.episodes.items():
        timeline = Timeline(episode, "", log.group)
        style = next(reward for reward in timeline.rewards if reward.name == "style")
        assert (style.gate, style.contribution) == ("correctness", style.value * style.factor * style.weight)
        assert sum(reward.contribution for reward in timeline.rewards) == pytest.approx(timeline.total)
        assert timeline.advantage == log.group.advantages[number]


def test_search_minds_neither_letter_case_nor_unicode_form_nor_white_space(cancelled):
    events = hostile_events()
    timeline = Timeline(Episode(events), "x")
    for text in ("tiếng việt", unicodedata.normalize("NFD", "TIẾNG  VIỆT"), "Tiếng\nViệt"):
        assert 0 in timeline.search(text)
    assert timeline.search("nowhere at all") == timeline.search("  ") == ()
    assert 4 in cancelled.search("CANCEL_ORDER")


def test_every_beginning_of_a_hostile_episode_has_a_timeline():
    events = hostile_events()
    for length in range(1, len(events) + 1):
        timeline = Timeline(Episode(events[:length]), "x")
        assert timeline.facts["task"].startswith("hostile")
        assert [timeline.state_at(step.number) for step in timeline.steps]
        assert len(timeline.rewards) <= 3
    assert timeline.steps[-1].number == STEPS
    assert (timeline.errors, timeline.writes, timeline.violations) == ((2, 4), (3,), (3,))
    assert timeline.search(MEGABYTE[:100]) == (0, 1, 2, 3, 4)


def test_the_hostile_state_is_rebuilt_forwards_and_backwards():
    timeline = Timeline(Episode(hostile_events()), "x")
    before, after = ({(row.table, row.key): row for row in timeline.state_at(step)} for step in (2, 3))
    assert (before[ALL, ALL].value["note"], after[ALL, ALL].value["note"]) == (MEGABYTE, ALL)
    assert (before["orders", "W1"].value, after["orders", "W1"].value) == (ABSENT, {"status": ALL})


def test_a_name_that_is_not_of_one_episode_is_refused_with_those_that_are_there(tmp_path):
    path = write_hostile(tmp_path / "two.jsonl", members=2)
    assert read_timeline(f"{path}#1").name == f"{path}#1"
    with pytest.raises(EpisodeError, match=r"holds 2 episodes.*it holds 0, 1"):
        read_timeline(path)
    with pytest.raises(EpisodeError, match=r"holds no episode 7.*it holds 0, 1"):
        read_timeline(f"{path}#7")
    with pytest.raises(EpisodeError, match="is a folder"):
        read_timeline(tmp_path)


# ---- the law of rows: whatever happened, what is said to be known is true

KEYS = st.sampled_from(["a", "b", "0", "x/y", "~", ""])
VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["", "đ"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.dictionaries(KEYS, VALUES, max_size=3)
DOCUMENTS = st.fixed_dictionaries({
    "tables": st.fixed_dictionaries({"t": st.dictionaries(KEYS, ROWS, max_size=3)}),
    "user": st.dictionaries(KEYS, VALUES, max_size=2),
})  # fmt: skip


def agrees(known, truth) -> bool:
    """Whether all that is known is so. A list known in part is told as an object by index."""
    if isinstance(known, dict) and isinstance(truth, list):
        return all(int(key) < len(truth) and agrees(item, truth[int(key)]) for key, item in known.items())
    if isinstance(known, dict):
        return isinstance(truth, dict) and all(k in truth and agrees(item, truth[k]) for k, item in known.items())
    return known == truth and type(known) is type(truth)


@given(st.lists(DOCUMENTS, min_size=2, max_size=5))
def test_what_is_told_of_a_row_is_true_at_every_step(documents):
    patches = [[], *(diff(old, new) for old, new in pairwise(documents))]
    rows = Rows({}, patches)
    for place, document in reversed(list(enumerate(documents))):
        for row in rows.at(place):
            table = document["user"] if row.table == "user" else document["tables"]["t"]
            truth = table.get(row.key, ABSENT)
            if row.whole:
                assert row.value == truth
            else:
                assert truth is not ABSENT
                assert agrees(row.value, truth)
