"""The reward `correctness`: the product of what `reward_basis` names, from the Episode alone."""

from __future__ import annotations

import json
import unicodedata

import pytest
from helpers import bad, call, rule, say, talk, write
from hypothesis import given, settings
from hypothesis import strategies as st

from ccgym.scoring import Scorer
from ccgym.types import EARNING, TERMINATED, TRUNCATED, Episode, Target

SCORER = Scorer({"correctness": 1.0})


def correctness(episode):
    (scored,) = SCORER.score_episode(episode)
    assert scored.status != "failed", scored.explanation
    return scored


def value(*moves, **fields):
    return correctness(talk(*moves, **fields)).value


# --- when anything can be earned ------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", sorted(TERMINATED | TRUNCATED))
def test_only_a_satisfied_customer_or_a_terminal_tool_earns(reason):
    assert value(say("Done."), ended=reason) == (1.0 if reason in EARNING else 0.0)


def test_an_unfinished_episode_earns_nothing():
    scored = correctness(talk(say("Done."), ended=None))
    assert (scored.value, scored.explanation) == (0.0, "not ended; state: the episode has not ended")


def test_an_episode_without_a_turn_earns_nothing():
    assert value(ended="policy_error") == 0.0


# --- state ----------------------------------------------------------------------------------------------------------

OTHER = Target(hash="other")
AT = "/tables/orders/W1/total"


def test_the_final_state_must_be_the_targets():
    assert value(write("cancel"), say("Done.")) == 1.0
    assert value(say("Done."), target=Target(hash="h1")) == 0.0, "the needed write was dropped"
    assert value(write("cancel"), write("cancel"), say("Done."), target=Target(hash="h1")) == 0.0


def test_reading_more_than_the_reference_changes_nothing():
    assert value(call("look"), call("look"), call("no_tool", "unknown_tool"), write("cancel"), say("Done.")) == 1.0


def test_without_a_target_the_state_is_unscored():
    episode = talk(say("Done."))
    episode.events[0] = type(episode.events[0])(
        **{name: getattr(episode.begin, name) for name in episode.begin.__struct_fields__ if name != "target"}
    )
    scored = correctness(episode)
    assert (scored.value, scored.status, scored.explanation) == (None, "unscored", "state: the episode has no target")


def test_a_wrong_state_is_explained_by_path():
    target = Target(hash="x", patch=[{"op": "replace", "path": "/tables/orders/W1/status", "value": "cancelled"}])
    patch = [{"op": "replace", "path": "/tables/orders/W2/status", "value": "cancelled", "old": "open"}]
    scored = correctness(talk(write("cancel"), say("Done."), target=target, patch=patch))
    assert scored.explanation == (
        'state: /tables/orders/W1/status is not changed to "cancelled"; '
        '/tables/orders/W2/status should not change, and is "cancelled"'
    )
    assert len(scored.evidence) == 1


def compared(found, wanted, tolerance=0.01, **options):
    target = Target(hash="other", patch=wanted)
    return value(write("pay"), say("Done."), target=target, patch=found, tolerance=tolerance, **options)


def replaced(total, old=1.0, path=AT):
    return [{"op": "replace", "path": path, "value": total, "old": old}]


def test_numbers_within_the_tolerance_are_the_same_state():
    assert compared(replaced(10.005), replaced(10.0)) == 1.0
    assert compared(replaced(10.02), replaced(10.0)) == 0.0
    assert compared(replaced(10.005), replaced(10.0), tolerance=0.0) == 0.0


def test_a_change_within_the_tolerance_of_what_was_there_is_none():
    assert compared(replaced(1.005), []) == 1.0
    assert compared([], replaced(1.005)) == 1.0
    assert compared([], replaced(1.5)) == 0.0
    assert compared(replaced(1.5), []) == 0.0


def test_the_tolerance_reaches_into_rows_but_never_into_other_types():
    row = {"op": "add", "path": "/tables/orders/W2"}
    assert compared([{**row, "value": {"a": [1.004, {"b": 2}]}}], [{**row, "value": {"a": [1, {"b": 2.0}]}}]) == 1.0
    assert compared([{**row, "value": {"a": [1, 2]}}], [{**row, "value": {"a": [1]}}]) == 0.0
    assert compared([{**row, "value": {"a": True}}], [{**row, "value": {"a": 1}}]) == 0.0
    assert compared([{**row, "value": {"a": "1"}}], [{**row, "value": {"a": 1}}]) == 0.0
    assert compared([{**row, "value": {"a": 1}}], [{"op": "remove", "path": row["path"], "old": {}}]) == 0.0


def test_excluded_paths_count_neither_within_nor_above_them():
    exclude = ("/tables/session", "/tables/orders/*/seen")
    session = [{"op": "add", "path": "/tables/session/W1", "value": {"n": 3}}]
    assert compared(session, [], exclude=exclude) == 1.0
    assert compared(replaced(7, path="/tables/orders/W1/seen"), [], exclude=exclude) == 1.0
    row = {"op": "add", "path": "/tables/orders/W2"}
    assert compared([{**row, "value": {"seen": 1, "a": 2}}], [{**row, "value": {"a": 2}}], exclude=exclude) == 1.0
    assert compared([{**row, "value": {"seen": 1, "a": 3}}], [{**row, "value": {"a": 2}}], exclude=exclude) == 0.0


# --- say ------------------------------------------------------------------------------------------------------------


def said(wanted, *moves):
    return value(*moves, task={"expect": {"say": wanted}})


def test_words_that_are_asked_for_must_be_said():
    assert said(["refund of 20", "7 days"], say("A REFUND  of\n20 is due."), say("It takes 7 days.")) == 1.0
    assert said(["refund of 20"], say("Done.")) == 0.0
    assert said(["refund of 20"]) == 0.0, "silence"


def test_what_was_thought_or_sent_to_a_tool_was_not_said():
    assert said(["refund"], say("<think>refund</think>Done."), call("note", text="refund"), bad("refund")) == 0.0


def test_vietnamese_is_the_same_however_it_is_composed():
    text = "Đơn hàng đã được hủy ạ"
    assert said([unicodedata.normalize("NFD", text)], say(text.upper())) == 1.0
    assert said([text], say(unicodedata.normalize("NFD", text))) == 1.0


# --- actions --------------------------------------------------------------------------------------------------------


def acted(wanted, *moves):
    return value(*moves, say("Done."), task={"expect": {"actions": wanted}, "reward_basis": ["actions"]})


CANCEL = {"name": "cancel", "args": {"order_id": "W1", "reason": "late"}}


def test_actions_count_only_where_the_basis_says_so():
    task = {"expect": {"actions": [CANCEL]}}
    assert value(say("Done."), task=task) == 1.0


def test_arguments_are_compared_over_the_union_of_keys():
    assert acted([CANCEL], write("cancel", order_id="W1", reason="late")) == 1.0
    assert acted([CANCEL], write("cancel")) == 0.0, "an empty call matches nothing"
    assert acted([CANCEL], write("cancel", order_id="W1")) == 0.0
    assert acted([CANCEL], write("cancel", order_id="W1", reason="late", more=1)) == 0.0
    assert acted([{"name": "cancel"}], write("cancel", order_id="W1")) == 0.0
    assert acted([{"name": "cancel"}], write("cancel")) == 1.0


def test_only_the_arguments_in_compare_args_are_compared_where_given():
    wanted = [{**CANCEL, "compare_args": ["order_id"]}]
    assert acted(wanted, write("cancel", order_id="W1", reason="other")) == 1.0
    assert acted(wanted, write("cancel", order_id="W2", reason="late")) == 0.0
    assert acted(wanted, write("cancel", reason="late")) == 0.0
    assert acted([{**CANCEL, "compare_args": []}], write("cancel")) == 1.0


def test_a_call_satisfies_one_expectation_and_the_best_matching_is_found():
    strict, loose = CANCEL, {"name": "cancel", "args": {}, "compare_args": []}
    one, two = write("cancel", order_id="W1", reason="late"), write("cancel", order_id="W2", reason="late")
    assert acted([strict, strict], one) == 0.0
    assert acted([loose, strict], one, two) == 1.0
    assert acted([loose, strict], two, one) == 1.0
    assert acted([strict, loose], one) == 0.0


def test_a_call_that_failed_was_not_made():
    assert acted([CANCEL], call("cancel", "not_open", effect="write", order_id="W1", reason="late")) == 0.0


def test_a_write_beyond_the_expected_is_wrong_and_a_read_is_not():
    done = write("cancel", order_id="W1", reason="late")
    assert acted([CANCEL], done, call("look", order_id="W1")) == 1.0
    assert acted([CANCEL], done, write("cancel", order_id="W2", reason="late")) == 0.0
    assert acted([CANCEL], done, write("restart", requestor="user")) == 1.0, "the customer's own doing"


def test_the_requestor_must_be_the_expected_one():
    wanted = [{"name": "restart", "requestor": "user"}, {"say": "Please restart it."}]
    assert acted(wanted, write("restart", requestor="user")) == 1.0
    assert acted(wanted, write("restart")) == 0.0


# --- asserts, sop, output, judge ------------------------------------------------------------------------------------

ASSERTS = {"expect": {"asserts": [{"path": "/a", "value": 1}, {"path": "/b", "value": 1, "tag": "sop"}]}}


def test_every_assert_must_hold_and_those_tagged_sop_are_of_the_sop():
    def judged(plain, sop):
        return correctness(talk(say("Done."), rule(plain), rule(sop, "sop"), task=ASSERTS))

    assert judged("ok", "ok").value == 1.0
    assert judged("violated", "ok").parts == {"state": 1.0, "asserts": 0.0, "sop": 1.0}
    assert judged("ok", "violated").parts == {"state": 1.0, "asserts": 1.0, "sop": 0.0}
    assert judged("error", "ok").value == judged("ok", "error").value == 0.0
    assert judged("ok", "violated").evidence, "the verdict is cited"


def test_an_assert_that_nobody_judged_leaves_the_whole_unscored():
    scored = correctness(talk(say("Done."), task=ASSERTS))
    assert (scored.status, scored.value) == ("unscored", None)


def test_a_clause_that_does_not_apply_is_no_break():
    assert value(say("Done."), rule("not_applicable", "sop", "before")) == 1.0
    assert value(say("Done."), rule("violated", "sop", "before")) == 0.0


def output(reply, wanted=None):
    wanted = {"total": 3, "ok": True} if wanted is None else wanted
    return value(say("Wait."), say(reply), task={"expect": {"output": wanted}})


def test_the_last_reply_gives_the_expected_object():
    assert output('{"total": 3.0, "ok": true, "more": null}') == 1.0
    assert output('Here:\n```json\n{"total": 3, "ok": true}\n```\nBye.') == 1.0
    assert output('```\n{"total": 9}\n```\n```\n{"total": 3, "ok": true}\n```') == 1.0
    assert output('{"total": 3}') == 0.0
    assert output('{"total": 3, "ok": 1}') == 0.0
    assert output("[1]") == output("total is 3") == 0.0


def test_a_hostile_object_is_no_object():
    assert output("[" * 100_000) == 0.0
    assert output('{"total": NaN}', {"total": 1}) == 0.0
    assert output("```json\n" + "{" * 300_000 + "\n```") == 0.0


def test_an_earlier_reply_does_not_give_the_output():
    assert value(say('{"a": 1}'), say("Bye."), task={"expect": {"output": {"a": 1}}}) == 0.0


@pytest.mark.parametrize("ended", ["customer_done", "max_steps"])
def test_a_judge_without_a_model_makes_it_unscored_never_1_and_never_0(ended):
    scored = correctness(talk(say("Done."), task={"expect": {"judge": ["Was it kind?"]}}, ended=ended))
    assert (scored.status, scored.value) == ("unscored", None)
    assert scored.parts == {"state": 1.0, "judge": None, "sop": 1.0}


# --- basis ----------------------------------------------------------------------------------------------------------


def test_the_recorded_basis_is_what_counts_and_then_the_tasks():
    task = {"expect": {"say": ["never said"]}}
    assert value(say("Done."), task=task) == 0.0
    assert value(say("Done."), task={**task, "reward_basis": ["state"]}) == 1.0
    assert value(say("Done."), task=task, basis=["state"]) == 1.0
    assert value(say("Done."), task={**task, "reward_basis": ["state"]}, basis=["say"]) == 0.0


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=30).map(say),
            st.text(max_size=30).map(bad),
            st.sampled_from([call("look"), write("cancel"), call("x", "unknown_tool"), rule("ok"), rule("violated")]),
        ),
        max_size=8,
    ),
    st.sampled_from([None, *sorted(TERMINATED | TRUNCATED)]),
    st.sets(st.sampled_from(["state", "say", "actions", "asserts", "output", "sop"]), min_size=1),
)
def test_it_is_0_or_1_with_every_part_told_and_the_same_each_time(moves, ended, basis):
    task = {"expect": {"say": ["a"], "actions": [{"name": "cancel"}], "output": {"a": 1}}}
    episode = talk(*moves, ended=ended, task=task, basis=sorted(basis))
    scored = correctness(episode)
    assert scored.value in (0.0, 1.0)
    assert scored.parts.keys() == basis
    assert scored == correctness(Episode(list(episode.events)))
    assert json.dumps(scored.fields())
