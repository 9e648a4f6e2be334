"""Scoring: statuses, time limits, steps, gates, groups and advantages. A reward that fails is never a score of 0."""

from __future__ import annotations

import math
import random
import signal
import threading
import time

import msgspec
import numpy as np
import pytest
from helpers import call, rule, say, talk

import ccgym
from ccgym.errors import ConfigError, PluginError, RewardError
from ccgym.scoring import Scored, Scorer, advantages, score, with_rewards
from ccgym.scoring.guard import Guard
from ccgym.types import AnyEvent, Episode, GroupEvent, RewardEvent, RewardResult


def rewarding(name, returns, **declared):
    """A reward of this name: `returns(episode)` is what it returns."""

    class Given:
        def score_episode(self, episode):
            return returns(episode)

    Given.name = name
    return ccgym.reward(**declared)(Given)


def constant(name, value, **declared):
    return rewarding(name, lambda episode: RewardResult(value), **declared)


def by_sample(name, values):
    return rewarding(name, lambda episode: RewardResult(values[episode.begin.sample]))


def group_reward(name, returns):
    class Given:
        def score_group(self, episodes):
            return returns(episodes)

    Given.name = name
    return ccgym.reward()(Given)


def raises(error):
    def method(_episode):
        raise error

    return method


def members(n):
    return [talk(say("Hello."), sample=sample) for sample in range(n)]


def only(scored):
    assert len(scored) == 1
    return scored[0]


EPISODE = talk(call("look"), say("Done."))


# --- what a reward may return ---------------------------------------------------------------------------------------


def test_a_result_is_kept_with_its_weight_explanation_evidence_and_parts():
    result = RewardResult(0.5, "half", (3, 4), {"a": 1.0, "b": None})
    scored = only(Scorer({rewarding("r", lambda e: result): 2.0}).score_episode(EPISODE))
    assert scored == Scored("r", 0.5, "ok", 2.0, "half", (3, 4), {"a": 1.0, "b": None}, False)


def test_none_is_not_applicable_and_a_value_of_none_is_unscored():
    scorer = Scorer({rewarding("a", lambda e: None): 1, rewarding("b", lambda e: RewardResult(None, "no judge")): 1})
    assert [(s.status, s.value, s.explanation) for s in scorer.score_episode(EPISODE)] == [
        ("not_applicable", None, ""),
        ("unscored", None, "no judge"),
    ]


@pytest.mark.parametrize(
    ("returns", "says"),
    [
        (raises(ZeroDivisionError("oh")), "raised ZeroDivisionError: oh"),
        (raises(RewardError("mine")), "raised RewardError: mine"),
        (lambda e: RewardResult(math.nan), "not a finite number"),
        (lambda e: RewardResult(math.inf), "not a finite number"),
        (lambda e: RewardResult(1.5), "outside its range 0 to 1"),
        (lambda e: RewardResult(-0.1), "outside its range 0 to 1"),
        (lambda e: RewardResult("1"), "value is str"),
        (lambda e: 0.5, "write RewardResult(0.5)"),
        (lambda e: "good", "returned str"),
        (lambda e: RewardResult(1.0, None), "explanation is NoneType"),
        (lambda e: RewardResult(1.0, "", 3), "evidence"),
        (lambda e: RewardResult(1.0, "", ("a",)), "evidence"),
        (lambda e: RewardResult(1.0, "", (), {"a": math.nan}), "not a finite number"),
        (lambda e: RewardResult(1.0, "", (), {"a": "x"}), "a is str"),
        (lambda e: RewardResult(1.0, "", (), None), "parts is NoneType"),
    ],
)
def test_a_failing_reward_is_a_status_with_a_reason_and_never_a_score(returns, says):
    scored = only(Scorer({rewarding("r", returns): 1.0}).score_episode(EPISODE))
    assert (scored.status, scored.value) == ("failed", None)
    assert says in scored.explanation


def test_one_failing_reward_leaves_the_others_their_scores():
    scorer = Scorer({rewarding("bad", raises(KeyError("x"))): 1.0, constant("good", 1.0): 1.0})
    assert [(s.name, s.status) for s in scorer.score_episode(EPISODE)] == [("bad", "failed"), ("good", "ok")]


@pytest.mark.parametrize("value", [1, True, np.float32(0.5), np.float64(0.5), 1 + 1e-12, -1e-12])
def test_any_real_number_in_range_becomes_a_plain_float(value):
    scored = only(Scorer({constant("r", value): 1.0}).score_episode(EPISODE))
    assert type(scored.value) is float
    assert 0 <= scored.value <= 1


def test_a_declared_range_is_what_counts():
    assert only(Scorer({constant("r", -3, range=(-5, 5)): 1.0}).score_episode(EPISODE)).value == -3.0


# --- time -----------------------------------------------------------------------------------------------------------


def test_a_reward_that_hangs_is_interrupted_even_when_it_catches_everything():
    def hang(_episode):
        while True:
            try:
                time.sleep(60)
            except Exception:
                continue

    scored = only(Scorer({rewarding("r", hang, seconds=0.05): 1.0}).score_episode(EPISODE))
    assert scored.status == "failed"
    assert "interrupted" in scored.explanation


def test_outside_the_main_thread_a_slow_reward_fails_when_it_returns():
    def slow(_episode):
        time.sleep(0.2)
        return RewardResult(1.0)

    scorer, found = Scorer({rewarding("r", slow, seconds=0.01): 1.0}), []
    thread = threading.Thread(target=lambda: found.extend(scorer.score_episode(EPISODE)))
    thread.start()
    thread.join()
    assert only(found).status == "failed"


def test_the_timer_of_an_earlier_call_neither_ends_a_later_one_nor_lets_it_hang():
    with Guard() as guard:
        guard.call(lambda: None, 0.05, trusted=True)
        guard.call(time.sleep, 60.0, 0.2, trusted=True)
        with pytest.raises(RewardError, match="interrupted"):
            guard.call(time.sleep, 0.05, 60, trusted=True)


def test_a_reward_that_stops_the_timer_does_not_stop_that_of_the_next():
    with Guard() as guard:
        guard.call(signal.setitimer, 60.0, signal.ITIMER_REAL, 0)
        with pytest.raises(RewardError, match="interrupted"):
            guard.call(time.sleep, 0.05, 60)


def test_a_timer_that_was_running_goes_on_after_scoring():
    rang = []
    handler = signal.signal(signal.SIGALRM, lambda *_: rang.append(1))
    before = signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        Scorer({constant("r", 1.0): 1.0}).score_episode(EPISODE)
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 900 < left <= 1000
        signal.raise_signal(signal.SIGALRM)
        assert rang == [1]
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
        signal.signal(signal.SIGALRM, handler)


def test_a_reward_may_score_with_rewards_of_its_own():
    inner = Scorer({constant("inner", 0.25): 1.0})
    outer = Scorer({rewarding("outer", lambda e: RewardResult(only(inner.score_episode(e)).value)): 1.0})
    assert only(outer.score_episode(EPISODE)).value == 0.25


# --- making a scorer ------------------------------------------------------------------------------------------------


def test_rewards_are_given_by_name_class_or_instance():
    cls = constant("mine", 1.0)
    assert list(Scorer({"format": 1, cls: 2}).weights.items()) == [("format", 1.0), ("mine", 2.0)]
    assert only(Scorer({cls(): 1}).score_episode(EPISODE)).value == 1.0


def test_an_unknown_reward_gets_did_you_mean():
    with pytest.raises(PluginError, match="Did you mean 'efficiency'"):
        Scorer({"eficiency": 1.0})


@pytest.mark.parametrize("weight", [math.nan, math.inf, "1", None, True])
def test_a_weight_is_a_finite_number(weight):
    with pytest.raises(ConfigError, match="no weight"):
        Scorer({"format": weight})


def test_a_reward_cannot_be_given_twice():
    with pytest.raises(ConfigError, match="twice"):
        Scorer({constant("r", 1.0): 1, constant("r", 0.0): 1})


@pytest.mark.parametrize("gates", [{"style": "format"}, {"format": "style"}])
def test_a_gate_must_be_among_the_rewards(gates):
    with pytest.raises(ConfigError, match="'style' is not among the rewards"):
        Scorer({"format": 1.0, "efficiency": 1.0}, gates)


def test_a_gate_cannot_be_gated_itself():
    with pytest.raises(ConfigError, match="gated itself"):
        Scorer({constant(name, 1.0): 1 for name in "abc"}, {"a": "b", "b": "c"})


def test_prepare_is_called_once_with_the_domain_and_its_digest_is_kept():
    calls = []

    class Fitting:
        def prepare(self, domain):
            calls.append(domain)
            return "abc"

        def score_episode(self, episode): ...

    cls = ccgym.reward()(Fitting)
    scorer = Scorer({cls: 1.0}, domain="a domain")
    scorer.score_episode(EPISODE)
    assert (calls, scorer.fitted) == (["a domain"], {"fitting": "abc"})
    assert Scorer({cls: 1.0}).fitted == {}


def test_a_reward_that_cannot_be_made_or_prepared_stops_at_once():
    class Unmade:
        def __init__(self):
            raise OSError("no model")

        def score_episode(self, episode): ...

    class Unprepared:
        def prepare(self, domain):
            raise OSError("no replies")

        def score_episode(self, episode): ...

    with pytest.raises(RewardError, match=r"reward 'unmade'.*no model"):
        Scorer({ccgym.reward()(Unmade): 1.0})
    with pytest.raises(RewardError, match=r"reward 'unprepared'.*no replies"):
        Scorer({ccgym.reward()(Unprepared): 1.0}, domain=type("Domain", (), {"name": "d"}))


# --- steps ----------------------------------------------------------------------------------------------------------


@ccgym.reward(range=(-1, 1))
class Calls:
    """1 for a step with a call, None for any other; sees nothing of later steps."""

    def score_step(self, episode, step):
        assert max(event.step for event in episode.events) == step
        assert episode.end is None
        called = any(c.step == step for c in episode.calls)
        return RewardResult(1.0, "called", (len(episode.events) - 1,)) if called else None


def test_a_step_reward_scores_steps_and_sums_over_the_episode_as_it_was_then():
    episode = talk(call("a"), say("Hm."), call("b"), say("Done."), rule("ok"), rule("ok", "sop"))
    scorer = Scorer({Calls: 0.5, constant("r", 1.0): 1.0})
    assert scorer.stepwise
    total = scorer.score_episode(episode)[0]
    assert (total.value, total.stepwise, total.weight) == (2.0, True, 0.5)
    assert total.explanation == "step 1: called; step 3: called"
    prefix = Episode([event for event in episode.events if event.step <= 1])
    assert only(scorer.score_step(prefix, 1)).value == 1.0


def test_replies_read_in_the_middle_of_an_episode_are_complete_at_its_end():
    whole = talk(say("One."), call("look"), say("Two."))
    growing = Episode()
    for event in whole.events:
        growing.events.append(event)
        assert growing.replies == Episode(list(growing.events)).replies
    assert [text for _, text in growing.replies] == ["One.", "Two."]


def test_a_step_reward_that_applies_to_no_step_does_not_apply():
    assert only(Scorer({Calls: 1.0}).score_episode(talk(say("Hello.")))).status == "not_applicable"


def test_a_step_reward_that_fails_once_has_failed():
    @ccgym.reward()
    class Sometimes:
        def score_step(self, episode, step):
            return RewardResult(1.0 if step == 1 else 7.0)

    scored = only(Scorer({Sometimes: 1.0}).score_episode(talk(say("a"), say("b"))))
    assert scored.status == "failed"
    assert scored.explanation.startswith("step 2: ")


def test_the_end_pays_gated_episode_rewards_but_no_steps_again():
    scorer = Scorer({Calls: 1.0, constant("half", 0.5): 1.0, constant("style", 0.8): 0.5}, {"style": "half"})
    assert scorer.total(scorer.score_episode(EPISODE)) == pytest.approx(0.5 + 0.5 * 0.8 * 0.5)


def test_what_its_gate_leaves_unknown_pays_nothing():
    for nothing in (lambda e: RewardResult(None), raises(KeyError())):
        scorer = Scorer({constant("style", 1.0): 1.0, rewarding("gate", nothing): 1.0}, {"style": "gate"})
        assert scorer.total(scorer.score_episode(EPISODE)) == 0.0


# --- groups ---------------------------------------------------------------------------------------------------------


def test_columns_totals_and_advantages_of_a_group():
    scorer = Scorer({by_sample("a", [0, 1, 1, 0]): 1.0, by_sample("b", [1, 1, 0, 0]): 0.5})
    group = scorer.score_group(members(4))
    assert group.columns == {"a": [0, 1, 1, 0], "b": [1, 1, 0, 0]}
    assert group.totals == [0.5, 1.5, 1.0, 0.0]
    spread = np.std([0.5, 1.5, 1.0, 0.0], ddof=1)
    assert group.advantages == pytest.approx([(t - 0.75) / (spread + 1e-4) for t in group.totals])
    assert not group.dropped


def test_not_applicable_takes_the_mean_of_its_group():
    values = [RewardResult(0.0), None, RewardResult(0.5), None]
    scorer = Scorer({rewarding("r", lambda e: values[e.begin.sample]): 1.0})
    group = scorer.score_group(members(4))
    assert group.columns["r"] == [0.0, 0.25, 0.5, 0.25]
    assert [scored[0].value for scored in group.scores] == [0.0, None, 0.5, None], "the record keeps the gaps"


def test_a_column_that_applies_to_nobody_counts_for_nothing():
    group = Scorer({rewarding("r", lambda e: None): 1.0, by_sample("a", [0, 1]): 1.0}).score_group(members(2))
    assert group.columns["r"] == [None, None]
    assert group.totals == [0.0, 1.0]


def test_a_failure_takes_the_member_out_before_the_group_is_scored():
    def sometimes(episode):
        if episode.begin.sample == 1:
            raise ValueError("broke")
        return RewardResult(1.0)

    sizes = []
    counting = group_reward("g", lambda episodes: sizes.append(len(episodes)) or [RewardResult(1.0)] * len(episodes))
    group = Scorer({rewarding("r", sometimes): 1.0, constant("c", 0.5): 1.0, counting: 1.0}).score_group(members(3))
    assert sizes == [2]
    assert group.columns == {"r": [1, None, 1], "c": [0.5, None, 0.5], "g": [1, None, 1]}
    assert (group.totals[1], group.advantages[1]) == (None, None)
    assert "r failed: the reward raised ValueError: broke" in group.dropped[1]
    assert [only(scored).status for scored in group.events] == ["ok", "unscored", "ok"]


def test_an_unscored_member_leaves_the_group_and_never_counts_as_0():
    values = [RewardResult(1.0), RewardResult(None, "no judge"), RewardResult(0.0)]
    group = Scorer({rewarding("r", lambda e: values[e.begin.sample]): 1.0}).score_group(members(3))
    assert group.totals == [1.0, None, 0.0]
    assert group.dropped == {1: "r unscored: no judge"}


def test_what_is_only_shown_may_stay_unscored():
    shown = rewarding("shown", lambda e: RewardResult(None))
    group = Scorer({shown: 0.0, constant("r", 1.0): 1.0}).score_group(members(2))
    assert group.totals == [1.0, 1.0]
    assert not group.dropped


def test_gates_multiply_columns_after_gaps_are_filled():
    style = [RewardResult(0.5), None, RewardResult(1.0)]
    scorer = Scorer(
        {by_sample("correctness", [1, 1, 0]): 1.0, rewarding("style", lambda e: style[e.begin.sample]): 0.5},
        {"style": "correctness"},
    )
    group = scorer.score_group(members(3))
    assert group.columns["style"] == [0.5, 0.75, 0.0]
    assert group.totals == [1.25, 1.375, 0.0]
    assert group.scores[2][1].value == 1.0, "the record keeps what the reward said"


@pytest.mark.parametrize(
    ("returns", "says"),
    [
        (raises(RuntimeError("no")), "RuntimeError"),
        (lambda episodes: [RewardResult(1.0)], "1 results for 3 members"),
        (lambda episodes: RewardResult(1.0), "RewardResult for 3 members"),
    ],
)
def test_a_group_reward_that_fails_as_a_whole_drops_every_member(returns, says):
    group = Scorer({group_reward("g", returns): 1.0, constant("c", 1.0): 1.0}).score_group(members(3))
    assert group.dropped.keys() == {0, 1, 2}
    assert says in group.dropped[0]
    assert group.totals == [None] * 3


def test_a_group_reward_that_fails_for_one_member_drops_that_one():
    group = Scorer({group_reward("g", lambda episodes: [RewardResult(1.0), RewardResult(9.0), None]): 1.0}).score_group(
        members(3)
    )
    assert group.dropped.keys() == {1}
    assert group.columns["g"] == [1.0, None, 1.0]


def test_group_rewards_find_the_other_rewards_in_each_member():
    seen = []
    reading = group_reward("g", lambda es: seen.extend(e.rewards["r"] for e in es) or [None] * len(es))
    Scorer({reading: 1.0, by_sample("r", [0.1, 0.9]): 1.0}).score_group(members(2))
    assert seen == [0.1, 0.9]


def test_recorded_rewards_are_read_and_not_computed_again_unless_asked():
    scorer = Scorer({constant("r", 1.0): 1.0})
    recorded = [with_rewards(talk(say("a"), sample=s), [Scored("r", 0.25, weight=9.0)]) for s in range(2)]
    assert scorer.score_group(recorded).columns["r"] == [0.25, 0.25]
    assert scorer.score_group(recorded).scores[0][0].weight == 1.0, "the weight is the scorer's"
    assert scorer.score_group(recorded, rescore=True).columns["r"] == [1.0, 1.0]


def test_the_order_of_the_members_changes_nothing():
    rng = random.Random(3)
    values = [rng.random() for _ in range(8)]
    scorer = Scorer({by_sample("a", values): 0.7, by_sample("b", values[::-1]): 0.1}, {"b": "a"})
    group, order = scorer.score_group(members(8)), rng.sample(range(8), 8)
    shuffled = scorer.score_group([members(8)[i] for i in order])
    assert shuffled.totals == [group.totals[i] for i in order]
    assert shuffled.advantages == [group.advantages[i] for i in order]


def test_parts_become_metrics_by_their_means():
    parts = [{"x": 1.0, "y": None}, {"x": 0.0, "y": 0.5}]
    scorer = Scorer({rewarding("r", lambda e: RewardResult(1.0, "", (), parts[e.begin.sample])): 1.0})
    assert scorer.score_group(members(2)).metrics == {"r/x": 0.5, "r/y": 0.5}


@pytest.mark.parametrize(
    ("totals", "expected"),
    [([], []), ([None, None], [None, None]), ([3.0], [0.0]), ([1.0, 1.0], [0.0, 0.0]), ([None, 2.0], [None, 0.0])],
)
def test_advantages_where_there_is_no_spread(totals, expected):
    assert advantages(totals) == expected


def test_an_empty_group_has_empty_columns():
    group = Scorer({constant("r", 1.0): 1.0}).score_group([])
    assert (group.columns, group.totals, group.dropped) == ({"r": []}, [], {})


def test_scores_become_events_that_the_log_can_hold():
    scorer = Scorer({constant("r", np.float32(0.5)): 1.0, rewarding("bad", raises(KeyError("x"))): 1.0})
    group = scorer.score_group(members(2))
    place = {"episode": 0, "n": 1, "step": 1, "hash": "h"}
    events = [RewardEvent(**place, **scored.fields()) for scored in group.scores[0]]
    events.append(GroupEvent(**place, **group.fields()))
    decode = msgspec.json.Decoder(AnyEvent).decode
    assert [decode(msgspec.json.encode(event)) for event in events] == events


# --- ccgym.score ----------------------------------------------------------------------------------------------------


def test_score_takes_names_classes_or_weights_and_answers_by_episode():
    episodes = [talk(say("Hello."), rewards={"format": 0.0}), talk(call("x", "unknown_tool"), say("Hm."))]
    found = score(episodes, ["format", constant("mine", 1.0)])
    assert [{name: s.value for name, s in each.items()} for each in found] == [
        {"format": 1.0, "mine": 1.0},
        {"format": 0.5, "mine": 1.0},
    ]
    assert score(episodes, {"format": 3.0})[0]["format"].weight == 3.0


def test_score_gives_group_rewards_the_episodes_of_one_task_and_seed():
    sizes = []
    counting = group_reward("g", lambda episodes: sizes.append(len(episodes)) or [None] * len(episodes))
    episodes = [talk(say("a"), task={"id": name}, sample=s) for s in range(2) for name in ("t1", "t2", "t3")]
    score([*episodes, talk(say("b"), task={"id": "t1"})], [counting])
    assert sorted(sizes) == [2, 2, 3]


def test_gates_of_a_domain_speak_only_of_the_rewards_that_are_asked_for():
    env = ccgym.make("ccgym/OrderDesk-v0", weights={"correctness": 1.0, "style": 0.3})
    assert env.scorer.gates == {"style": "correctness"}


@pytest.mark.parametrize("reason", ["env_error", "policy_error"])
def test_a_member_that_something_else_than_the_agent_failed_leaves_its_group(reason):
    group = [talk(say("Hello."), sample=0), talk(say("Hello."), sample=1, ended=reason), talk(say("Hello."), sample=2)]
    scorer = Scorer(
        {by_sample("r", [0.0, 0.5, 1.0]): 1.0, group_reward("seen", lambda e: [RewardResult(1.0)] * len(e)): 1}
    )
    score = scorer.score_group(group)
    assert score.dropped == {1: f"ended by {reason}"}
    assert score.columns["r"] == [0.0, None, 1.0]
    assert score.events[1][0].status == "unscored"
    assert sum(value for value in score.advantages if value is not None) == pytest.approx(0)


# --- other weights


def test_the_same_rewards_can_be_weighed_otherwise_without_being_prepared_again():
    prepared = []

    class Fitting:
        def prepare(self, domain):
            prepared.append(domain)
            return "abc"

        def score_episode(self, episode):
            return RewardResult(1.0)

    scorer = Scorer({ccgym.reward()(Fitting): 1.0, "format": 0.5}, domain="a domain")
    other = scorer.weighing({"fitting": 0.25})
    assert (other.weights, other.fitted, prepared) == (
        {"fitting": 0.25, "format": 0.5},
        {"fitting": "abc"},
        ["a domain"],
    )
    assert [scored.weight for scored in other.score_episode(EPISODE)] == [0.25, 0.5]
    assert [scored.weight for scored in scorer.score_episode(EPISODE)] == [1.0, 0.5]


@pytest.mark.parametrize(
    ("weights", "told"), [({"fromat": 1.0}, "Did you mean 'format'"), ({"format": math.nan}, "no weight")]
)
def test_other_weights_are_for_the_same_rewards(weights, told):
    with pytest.raises(ConfigError, match=told):
        Scorer({"format": 1.0}).weighing(weights)
