"""Rewards that ask somebody else: a judge for `expect.judge`, and replays that ask nobody again."""

from __future__ import annotations

import pytest
from helpers import say, talk

import ccgym
from ccgym.replay import verify


@pytest.fixture
def judge():
    """A judge whose answers are given; it keeps what it was asked."""

    class Judge:
        answer: ccgym.RewardResult | None = None

        def __init__(self):
            self.asked = []

        @ccgym.hookimpl
        def judge_episode(self, episode, questions):
            self.asked.append(tuple(questions))
            return self.answer

    plugin = Judge()
    ccgym.register(plugin)
    yield plugin
    ccgym.plugins.unregister(plugin)


def correctness():
    episode = talk(say("Done."), task={"expect": {"judge": ["Was it kind?"]}})
    return ccgym.score([episode], ["correctness"])[0]["correctness"]


@pytest.mark.parametrize("value", [1.0, 0.0, None])
def test_what_the_judge_says_is_a_component_of_correctness(judge, value):
    judge.answer = ccgym.RewardResult(value, "it said so", (3,))
    scored = correctness()
    assert judge.asked == [("Was it kind?",)]
    assert scored.value == value
    assert scored.parts["judge"] == value
    assert value == 1.0 or "judge: it said so" in scored.explanation


def test_a_judge_that_is_not_configured_leaves_correctness_unscored(judge):
    assert correctness().status == "unscored"
    assert "no judge model is configured" in correctness().explanation


def test_a_task_without_questions_asks_nobody(judge):
    ccgym.score([talk(say("Done."))], ["correctness"])
    assert judge.asked == []


def test_a_replay_plays_back_what_the_judge_said(judge, desk_with, tmp_path):
    def change(state, tasks):
        tasks[0]["expect"]["judge"] = ["Was it kind?"]

    judge.answer = ccgym.RewardResult(1.0)
    (episode,) = ccgym.rollout(str(desk_with(change)), "oracle", ["cancel"], out=tmp_path / "run")
    assert episode.rewards == {"correctness": 1.0}
    asked = len(judge.asked)
    judge.answer = ccgym.RewardResult(0.0, "in another mood")
    (log,) = [path for path in (tmp_path / "run").rglob("*.jsonl") if path.name != "index.jsonl"]
    assert verify(log).divergence is None
    assert len(judge.asked) == asked
    found = verify(log, live=("judge",)).divergence
    assert (found.cause, found.field, found.found) == ("reward", "value", 0.0)
    assert len(judge.asked) > asked


def test_a_replay_computes_any_other_reward_anew_and_plays_back_a_live_one(desk, tmp_path):
    value = {"now": 1.0}

    def reward(called, asks):
        class Moody:
            name, live = called, asks

            def score_episode(self, episode):
                return ccgym.RewardResult(value["now"])

        return ccgym.reward()(Moody)

    class Plugin:
        @ccgym.hookimpl
        def register_rewards(self, register):
            register(reward("moody", True))
            register(reward("steady", False))

    plugin = Plugin()
    ccgym.register(plugin)
    try:
        for name, same in (("moody", True), ("steady", False)):
            value["now"] = 1.0
            env = ccgym.make(str(desk), weights={name: 1.0})
            ccgym.rollout(env, "refuse", ["cancel"], out=tmp_path / name)
            value["now"] = 0.5
            (log,) = [path for path in (tmp_path / name).rglob("*.jsonl") if path.name != "index.jsonl"]
            assert (verify(log).divergence is None) == same
    finally:
        ccgym.plugins.unregister(plugin)
