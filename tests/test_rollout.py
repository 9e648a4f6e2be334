"""The episode runner: many episodes at once, the same whatever the batch, and one bad rollout is data.

1. What a scripted policy gets depends on run seed, task, sample and step, never on batch size or order.
2. Members of a group share task, seed and initial state.
3. A policy or environment that fails ends its own episode and no other.
4. A blocking tool holds up its own episode only.
5. Every group is a file, flushed as it is played, and reads back as what was returned.
"""

from __future__ import annotations

import threading

import pytest

import ccgym
from ccgym.errors import CcgymError
from ccgym.log import read_log
from ccgym.rollouts import iter_groups, make_policy
from ccgym.rollouts.scripted import Scripted
from ccgym.scoring import Scorer
from ccgym.seeds import derive
from ccgym.turns import render_call
from ccgym.types import End, ErrorEvent, GroupEvent, RewardEvent, Turn

ALL = ["cancel", "note", "refuse", "hand"]


def signature(episodes):
    """Everything of the episodes that may be compared: all events, without times."""
    return [
        [(type(e).__name__, {f: getattr(e, f) for f in e.__struct_fields__ if f != "seconds"}) for e in episode]
        for episode in episodes
    ]


def reason(episode):
    return episode.end.reason


def test_the_oracle_earns_correctness_on_every_task(desk):
    episodes = ccgym.rollout(desk, "oracle", ALL)
    assert [episode.task["id"] for episode in episodes] == ALL
    assert [episode.rewards["correctness"] for episode in episodes] == [1.0] * 4


@pytest.mark.parametrize("policy", ["oracle", "random", "spam", "null"])
def test_1_results_do_not_depend_on_the_batch_size(desk, policy):
    wide = ccgym.rollout(desk, policy, ALL, 3, seed=5, batch=64)
    narrow = ccgym.rollout(desk, policy, ALL, 3, seed=5, batch=1)
    assert signature(wide) == signature(narrow)


def test_1_results_do_not_depend_on_the_order_of_the_tasks(desk):
    forward = ccgym.rollout(desk, "random", ALL, 2, seed=5)
    backward = ccgym.rollout(desk, "random", ALL[::-1], 2, seed=5)
    by_task = {(e.task["id"], e.begin.sample): signature([e]) for e in backward}
    assert all(signature([e]) == by_task[e.task["id"], e.begin.sample] for e in forward)


def test_1_another_seed_gives_other_random_episodes(desk):
    one, other = (ccgym.rollout(desk, "random", ["cancel"], 4, seed=seed) for seed in (1, 2))
    assert [e.turns[0].content for e in one] != [e.turns[0].content for e in other]


def test_1_each_turn_has_a_seed_of_its_own(desk):
    seen = []

    def line(request):
        seen.append((request.env.episode.begin.sample, request.env.episode.steps, request.seed))
        return render_call("get_order", {"order_id": "W1"})

    ccgym.rollout(desk, Scripted("look", line), ["cancel"], 2, seed=3)
    assert len({seed for _, _, seed in seen}) == len(seen)
    assert all(seed == derive(3, "cancel", sample, step) for sample, step, seed in seen)


def test_2_members_of_a_group_share_seed_and_state_and_are_numbered(desk):
    episodes = ccgym.rollout(desk, "random", ["note"], 4, seed=9)
    assert [e.begin.sample for e in episodes] == [0, 1, 2, 3]
    assert len({(e.begin.seed, e.begin.hash) for e in episodes}) == 1
    assert [event.episode for event in episodes[2].events] == [2] * len(episodes[2].events)


def test_3_a_policy_that_raises_for_one_request_ends_only_that_episode(desk):
    oracle = make_policy("oracle")

    def line(request):
        if request.env.episode.task["id"] == "note":
            raise ValueError("no idea")
        return oracle.line(request)

    episodes = ccgym.rollout(desk, Scripted("moody", line), ALL)
    assert [reason(e) for e in episodes] == ["customer_done", "policy_error", "customer_done", "terminal_tool"]
    (error,) = episodes[1].of(ErrorEvent)
    assert "ValueError: no idea" in error.message
    assert episodes[1].rewards["correctness"] == 0.0


def test_3_a_turn_with_an_error_ends_the_episode_with_policy_error(desk):
    class Failing(Scripted):
        def act(self, requests):
            return [Turn("", error="the server is gone") for _ in requests]

    (episode,) = ccgym.rollout(desk, Failing("failing", str), ["cancel"])
    assert reason(episode) == "policy_error"


def test_3_too_few_turns_from_a_policy_are_its_own_failure(desk):
    class Short(Scripted):
        def act(self, requests):
            return []

    episodes = ccgym.rollout(desk, Short("short", str), ["cancel", "note"])
    assert [reason(e) for e in episodes] == ["policy_error"] * 2


def test_3_an_environment_that_fails_to_begin_is_an_episode_that_ended(desk, monkeypatch):
    env = ccgym.make(desk)
    reset = type(env).reset

    def broken(self, **kwargs):
        if kwargs["options"]["task"].id == "note":
            raise RuntimeError("no disk")
        return reset(self, **kwargs)

    monkeypatch.setattr(type(env), "reset", broken)
    episodes = ccgym.rollout(env, "oracle", ALL)
    assert [reason(e) for e in episodes] == ["customer_done", "env_error", "customer_done", "terminal_tool"]
    assert "no disk" in episodes[1].of(ErrorEvent)[0].message
    assert episodes[1].task["id"] == "note"
    assert not episodes[1].earning


def test_3_an_environment_that_fails_in_a_step_ends_its_episode(desk, monkeypatch, tmp_path):
    env = ccgym.make(desk)
    play = type(env).play

    def broken(self, turn):
        if self.task.id == "cancel" and self.episode.steps == 1:
            raise RuntimeError("no memory")
        return play(self, turn)

    monkeypatch.setattr(type(env), "play", broken)
    episodes = ccgym.rollout(env, "oracle", ["cancel", "note"], out=tmp_path)
    assert [reason(e) for e in episodes] == ["env_error", "customer_done"]
    assert read_log(tmp_path / "episodes" / "rollout" / "000000-0000.jsonl").episodes[0].end.reason == "env_error"


def test_3_the_keyboard_still_interrupts(desk):
    def line(request):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ccgym.rollout(desk, Scripted("interrupted", line), ALL)


def test_4_a_blocking_tool_does_not_hold_up_the_others(desk, monkeypatch):
    """The slow call returns only after the other episodes have ended: run in line, it would never return."""
    others_over = threading.Event()
    ended = []

    def slow(state, seconds):
        assert others_over.wait(30)
        return {"ok": True}

    env = ccgym.make(desk)
    monkeypatch.setitem(env.domain.functions, "slow", slow)
    for cache in (env.domain._cache,):
        cache.clear()
    tool = env.domain.tools["slow"]
    object.__setattr__(tool, "seconds", 60.0)
    oracle = make_policy("oracle")

    class Policy(Scripted):
        def close(self, key):
            ended.append(key)
            if len(ended) == 3:
                others_over.set()

    def line(request):
        if request.env.task.id == "note" and not request.env.episode.steps:
            return render_call("slow", {"seconds": 0})
        return oracle.line(request)

    try:
        episodes = ccgym.rollout(env, Policy("mixed", line), ALL)
    finally:
        object.__setattr__(tool, "seconds", 0.2)
    (call,) = [call for call in episodes[1].calls if call.name == "slow"]
    assert call.result == {"ok": True}


def test_4_a_blocking_tool_past_its_limit_is_an_error_observation(desk):
    def line(request):
        return "Done." if request.env.episode.steps else render_call("slow", {"seconds": 30})

    (episode,) = ccgym.rollout(desk, Scripted("slow", line), ["refuse"])
    assert episode.calls[0].error["code"] == "timeout"
    assert reason(episode) == "customer_done"


class Streaming(Scripted):
    """Answers one request a call, the newest first: the others are in the middle of their turns."""

    def __init__(self, line):
        super().__init__("streaming", line)
        self.asked = []

    def submit(self, requests):
        self.asked += requests

    def collect(self):
        request = self.asked.pop()
        return [(request.key, Turn(self.line(request)))]


def test_a_policy_may_answer_some_requests_while_others_are_under_way(desk):
    streamed = ccgym.rollout(desk, Streaming(make_policy("oracle").line), ALL, 3)
    assert [e.rewards["correctness"] for e in streamed] == [1.0] * 12


@pytest.mark.parametrize("method", ["submit", "collect"])
def test_a_policy_that_streams_and_fails_ends_what_is_under_way(desk, method):
    def fail(*args):
        raise OSError("gone")

    policy = Streaming(str)
    setattr(policy, method, fail)
    episodes = ccgym.rollout(desk, policy, ALL, batch=2)
    assert [reason(e) for e in episodes] == ["policy_error"] * 4


def test_a_policy_that_streams_nothing_is_not_waited_for_forever(desk):
    policy = Streaming(str)
    policy.collect = list
    (episode,) = ccgym.rollout(desk, policy, ["cancel"])
    assert "without a turn" in episode.of(ErrorEvent)[0].message


def test_5_every_group_is_a_file_that_reads_back_as_what_was_returned(desk, tmp_path):
    groups = list(iter_groups(desk, "random", ALL, 3, seed=2, batch=5, out=tmp_path, stage="try", number=7))
    assert sorted(group.index for group in groups) == [0, 1, 2, 3]
    for group in groups:
        assert group.path == tmp_path / "episodes" / "try" / f"000007-{group.index:04d}.jsonl"
        log = read_log(group.path)
        assert signature(log.episodes.values()) == signature(group.episodes)
        assert log.group == group.event
    assert len((tmp_path / "index.jsonl").read_text().splitlines()) == 12


def test_5_events_are_in_the_file_while_the_episode_is_played(desk, tmp_path, monkeypatch):
    monkeypatch.setattr("ccgym.log.FLUSH_SECONDS", 0.0)  # as when turns come slowly
    sizes = []

    def line(request):
        log = read_log(tmp_path / "episodes" / "rollout" / "000000-0000.jsonl")
        sizes.append(len(log.episodes[0]) - len(request.env.episode))
        return render_call("get_order", {"order_id": "W1"})

    ccgym.rollout(desk, Scripted("look", line), ["cancel"], out=tmp_path)
    assert set(sizes) == {0}


def test_5_group_rewards_and_totals_stand_behind_the_episodes(desk, tmp_path):
    class Spread:
        name = "spread"

    @ccgym.reward(range=(0.0, 1.0))
    class Place:
        """Pays a member by its place in the group."""

        def score_group(self, episodes):
            return [ccgym.RewardResult(index / 10) for index, _ in enumerate(episodes)]

    from ccgym.scoring import Scorer

    env = ccgym.make(desk)
    scorer = Scorer({"correctness": 1.0, Place: 1.0}, domain=env.domain)
    (group,) = iter_groups(env, "oracle", ["cancel"], 3, scorer=scorer, out=tmp_path)
    assert [e.rewards["place"] for e in group.episodes] == [0.0, 0.1, 0.2]
    assert group.event.totals == pytest.approx([1.0, 1.1, 1.2])
    assert isinstance(group.event, GroupEvent)
    for episode in group.episodes:
        kinds = [type(event) for event in episode.events]
        assert kinds.index(End) < kinds.index(RewardEvent)
        assert [event.n for event in episode.events] == list(range(len(episode.events)))
    assert read_log(group.path).group.totals == group.event.totals


def test_the_environment_given_is_left_alone(desk):
    env = ccgym.make(desk)
    env.reset(options={"task": "note", "seed": 1})
    episode = env.episode
    ccgym.rollout(env, "oracle", ["cancel"])
    assert env.episode is episode
    assert env.policy == ""


def test_observers_hear_of_each_episode_and_their_failures_stop_nothing(desk):
    heard = []

    class Observer:
        @ccgym.hookimpl
        def episode_end(self, episode):
            heard.append(episode.task["id"])
            raise RuntimeError("observer broke")

    from ccgym.plugins import registry, unregister

    observer = Observer()
    ccgym.register(observer)
    try:
        ccgym.rollout(desk, "oracle", ALL)
    finally:
        unregister(observer)
    assert sorted(heard) == sorted(ALL)
    assert registry()


def test_tasks_may_be_ids_objects_or_json(desk):
    domain = ccgym.load_domain(desk)
    given = ["cancel", domain.tasks["note"], {**domain.tasks["hand"].as_json(), "id": "mine"}]
    assert [e.task["id"] for e in ccgym.rollout(domain, "oracle", given)] == ["cancel", "note", "mine"]


def test_an_unknown_task_is_refused_before_anything_is_played(desk):
    with pytest.raises(CcgymError, match="cancel"):
        ccgym.rollout(desk, "oracle", ["cancle"])


def test_a_group_of_none_is_refused(desk):
    with pytest.raises(CcgymError, match="at least 1"):
        ccgym.rollout(desk, "oracle", ["cancel"], 0)


def test_begin_names_the_plugins_of_the_rewards_that_score_and_not_of_those_that_they_replace(desk):
    @ccgym.reward(range=(0.0, 1.0))
    class Foreign:
        def score_episode(self, episode):
            return ccgym.RewardResult(1.0)

    class ForeignPlugin:
        @ccgym.hookimpl
        def register_rewards(self, register):
            register(Foreign)

    plugin = ForeignPlugin()
    ccgym.register(plugin)
    try:
        owner = ccgym.plugins.registry().owner("reward", "foreign").distribution
        env = ccgym.make(desk)
        (episode,) = ccgym.rollout(env, "oracle", ["cancel"])
        assert owner not in episode.begin.plugins
        (episode,) = ccgym.rollout(env, "oracle", ["cancel"], scorer=Scorer({"correctness": 1.0, "foreign": 0.5}))
        assert owner in episode.begin.plugins
        assert episode.begin.options["weights"] == {"correctness": 1.0, "foreign": 0.5}
    finally:
        ccgym.plugins.unregister(plugin)
