"""A fork rebuilds the state of a step by replay, changes one thing, and goes on as an episode of its own.

1. The state at the fork is the recorded one, always: in every domain, with faults, other tools, customers who act.
2. A branch names its parent, holds all of it up to the fork, is scored, and verifies like any episode.
3. What is edited (an answer, the state, the customer's line) is what the agent meets; it is in the record.
4. `oracle` does what is left of the reference, from any step of it.
"""

from __future__ import annotations

import copy
import json
import random

import msgspec
import pytest

import ccgym
from ccgym.cli.transcript import transcript
from ccgym.errors import CcgymError, EpisodeError
from ccgym.log import read_log
from ccgym.replay import Change, branch_out, fork, verify, verify_files
from ccgym.replay.forking import rebuild, wilson
from ccgym.turns import render_call
from ccgym.types import BranchEvent, End, RewardEvent, RuleEvent, StateEvent, ToolEvent, Turn, UserEvent

DOMAINS = ("OrderDesk", "Retail", "Telecom", "NganHang")
FAULTS = {"timeout": 0.1, "error": 0.1, "duplicate": 0.1, "stale": 0.1, "slow": 0.1}
CALL = render_call("cancel_order", {"order_id": "W1"})


def played(folder, turns=("What is your order id?", CALL, "W1 is cancelled."), task="cancel", **options):
    env = ccgym.make(folder, policy="test", **options)
    env.reset(options={"task": task, "seed": 4})
    for turn in turns:
        if any(env.step(turn)[2:4]):
            break
    return env.episode


def recorded(domain, count, rng, **options):
    """An environment, and episodes of the reference and of a policy that does anything."""
    env = ccgym.make(f"ccgym/{domain}-v0", weights={"correctness": 1.0}, policy="test", **options)
    tasks = rng.sample(list(env.domain.tasks), count)
    random_ones = ccgym.rollout(env, "random", tasks, seed=rng.randrange(99))
    return env, [*ccgym.rollout(env, "oracle", tasks), *random_ones, *(enacted(env, task) for task in tasks)]


def enacted(env, task):
    """A reference whose customer's calls are made for him."""
    expect = env.domain.tasks[task].as_json()["expect"]
    calls = [action for action in expect["actions"] if "name" in action]
    return ccgym.enact(env.domain, task, calls, expect.get("say", ()), env=copy.copy(env))


def check_random_forks(count):
    rng = random.Random(20)
    forks = 0
    worlds = [{}, {"faults": FAULTS}, {"faults": FAULTS, "perturb": {"rename": True, "shuffle": True}}]
    while forks < count:
        for domain in DOMAINS:
            for world in worlds:
                env, episodes = recorded(domain, 4, rng, **world)
                for episode in episodes:
                    ended = episode.end is not None
                    at = rng.randrange(episode.steps + (not ended))
                    rebuilt, observation = rebuild(episode, at, env)
                    assert rebuilt.episode.events[-1].hash == [e for e in episode.events if e.step <= at][-1].hash
                    assert rebuilt.backend.digest() == rebuilt.episode.events[-1].hash
                    assert observation == episode_observation(episode, at)
                    forks += 1
    assert forks >= count


def episode_observation(episode, at):
    """What the agent had to answer after a step, as the record has it."""
    return ccgym.Episode([event for event in episode.events if event.step <= at]).messages()[-1]["content"]


def test_1_the_state_at_a_fork_is_the_recorded_one():
    check_random_forks(96)


@pytest.mark.slow
def test_1_the_state_at_a_thousand_forks_is_the_recorded_one():
    check_random_forks(1000)


def test_1_a_tool_that_has_changed_since_is_named_with_its_event(desk, monkeypatch):
    from ccgym.backend.program import program

    episode = played(desk)
    tools = program(ccgym.load_domain(desk)).tools

    def other(state, arguments, ctx):
        state["orders"][arguments["order_id"]]["status"] = "canceled"
        return {"ok": True}

    monkeypatch.setitem(tools, "cancel_order", tools["cancel_order"]._replace(run=other))
    call = episode.calls[0]
    with pytest.raises(EpisodeError, match=rf"the state after step 2 .* part at event {call.n} \(tool, step 2\)"):
        fork(episode, 2, policy="oracle")
    assert fork(episode, 1, action="Bye.").end.reason == "customer_done"


def test_2_a_branch_holds_its_parent_up_to_the_fork_and_verifies(desk, tmp_path):
    episode = played(desk)
    done = branch_out(episode, 1, 3, action=CALL, policy="oracle", parent="a.jsonl#2", out=tmp_path)
    for number, branch in enumerate(done.episodes):
        (mark,) = branch.of(BranchEvent)
        assert (mark.parent, mark.at, mark.policy, mark.step) == ("a.jsonl#2", 1, "oracle", 1)
        same = [msgspec.structs.replace(e, episode=0) for e in branch.events[1 : mark.n]]
        assert same == episode.events[1 : mark.n]
        assert branch.begin.sample == number
        assert branch.rewards["correctness"] == 1
    log = read_log(done.path)
    assert len(log.episodes) == 3
    assert log.group is not None
    index = [json.loads(line) for line in (tmp_path / "index.jsonl").read_text().splitlines()]
    assert [row["rewards"]["correctness"] for row in index] == [1, 1, 1]
    assert verify(done.path).divergence is None
    again = branch_out(episode, 1, policy="oracle", out=tmp_path)
    assert again.path != done.path


def test_2_a_branch_that_has_not_ended_is_no_damage(desk, tmp_path):
    episode = played(desk)
    done = branch_out(episode, episode.steps - 1, action="One moment, please.", out=tmp_path)
    assert done.episodes[0].end is None
    (verified,) = verify_files([done.path])
    assert (verified.damage, verified.divergences) == ([], [])


def test_2_branches_of_branches_with_edits_verify_in_every_world(tmp_path):
    rng = random.Random(3)
    for domain in DOMAINS:
        env, episodes = recorded(domain, 2, rng, faults=FAULTS, perturb={"rename": True})
        envs = {}
        for episode in episodes:
            at = rng.randrange(episode.steps)
            calls = [call for call in episode.calls if call.step <= at]
            change = Change(
                results={calls[-1].id: {"x": 1}} if calls and rng.random() < 0.6 else {},
                line="Hello? Đợi đã." if rng.random() < 0.5 else None,
                patch=[{"op": "add", "path": "/user/note", "value": "x"}] if rng.random() < 0.5 else None,
            )
            done = branch_out(episode, at, 2, policy=rng.choice(["oracle", "random", None]), change=change, env=env,
                              out=tmp_path)  # fmt: skip
            assert verify(done.path, envs=envs).divergence is None
            branch = rng.choice(done.episodes)
            second = branch_out(branch, rng.randrange(branch.steps), policy="random", env=env, out=tmp_path)
            assert verify(second.path, envs=envs).divergence is None


def test_2_a_branch_without_a_policy_plays_the_turns_that_were_recorded(desk):
    episode = played(desk)
    assert [turn.content for turn in fork(episode, 1, action="Who are you?").turns] == [
        "What is your order id?", "Who are you?", "W1 is cancelled.",
    ]  # fmt: skip
    told = fork(episode, 1, change=Change(line="It is W1, quick."))
    assert [turn.content for turn in told.turns] == [turn.content for turn in episode.turns]


def told(events):
    """Events without what counts the events before them, and without a clock."""
    bare = [e for e in events if type(e) not in (End, RewardEvent)]
    bare = [msgspec.structs.replace(e, found=None) if type(e) is RuleEvent else e for e in bare]
    return [msgspec.structs.replace(event, n=0) for event in bare]


def test_2_a_branch_in_which_nothing_is_changed_is_its_parent_again():
    rng = random.Random(11)
    for domain in DOMAINS:
        env, episodes = recorded(domain, 2, rng, faults=FAULTS)
        for episode in episodes:
            at = rng.randrange(episode.steps)
            branch = fork(episode, at, env=env)
            mark = branch.of(BranchEvent)[0].n
            assert told(branch.events[mark + 1 :]) == told(episode.events[mark:])
            assert branch.rewards == episode.rewards


def test_2_a_tool_that_blocks_is_rebuilt_too(desk, tmp_path):
    slow = render_call("slow", {"seconds": 0})
    episode = played(desk, ["Your order?", slow, CALL, "W1 is cancelled."])
    done = branch_out(episode, 2, action=slow, policy="oracle", change=Change(results={"c1": "x"}), out=tmp_path)
    assert [call.result for call in done.episodes[0].calls[:2]] == ["x", {"ok": True}]
    assert verify(done.path).divergence is None


def test_2_many_branches_tell_what_a_state_is_worth(desk):
    class Coin:
        name = "coin"

        def act(self, requests):
            good = "W1 is cancelled."
            return [Turn(good if request.seed % 2 else "No.") for request in requests]

        def close(self, key):
            pass

    done = branch_out(played(desk), 2, 32, policy=Coin())
    good = sum(branch.rewards["correctness"] == 1 for branch in done.episodes)
    assert 0 < good < 32
    assert done.success == done.rewards["correctness"] == good / 32
    low, high = done.interval
    assert 0 < low < done.success < high < 1
    assert branch_out(played(desk), 2, 32, policy=Coin()).success == done.success


def test_2_wilsons_interval_is_that_of_the_tables():
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert wilson(32, 32)[1] == 1.0


def test_3_an_edited_answer_is_what_the_agent_is_told_and_the_state_is_as_it_was(desk):
    episode = played(desk)
    branch = fork(episode, 2, policy="oracle", change=Change(results={"c1": {"ok": False}}))
    (call,) = branch.of(ToolEvent)[:1]
    assert call.result == {"ok": False}
    assert call.hash == episode.calls[0].hash
    assert '"ok":false' in branch.messages()[5]["content"]


def test_3_an_answer_in_place_of_an_error_is_an_answer(desk):
    episode = played(desk, [render_call("cancel_order", {"order_id": "W99"}), "Sorry."])
    assert episode.calls[0].error is not None
    branch = fork(episode, 1, action="W1.", change=Change(results={"c1": 5}))
    assert (branch.calls[0].result, branch.calls[0].error) == (5, None)


def test_3_the_edited_state_is_what_tools_find(desk):
    patch = [{"op": "replace", "path": "/tables/orders/W1/name", "value": "Trần Thị Bê"}]
    read = render_call("get_order", {"order_id": "W1"})
    branch = fork(played(desk), 1, action=read, policy="oracle", change=Change(patch=patch))
    assert branch.calls[0].result["name"] == "Trần Thị Bê"
    (edit,) = [event for event in branch.of(StateEvent) if event.cause == "branch"]
    assert edit.patch == [{**patch[0], "old": "Nguyễn Văn An"}]


def test_3_the_customer_says_what_he_is_told_to_and_the_talk_goes_on(desk):
    episode = played(desk)
    assert episode.end.reason == "customer_done"
    branch = fork(episode, episode.steps, action="Goodbye.", change=Change(line="Wait, not yet!"))
    assert [line.content for line in branch.of(UserEvent)][-2:] == ["Wait, not yet!", branch.of(UserEvent)[-1].content]
    assert branch.steps == episode.steps + 1


def test_3_the_transcript_tells_what_was_edited(desk):
    patch = [{"op": "replace", "path": "/tables/orders/W1/name", "value": "Bê"}]
    change = Change(results={"c1": {"ok": False}}, line="Nhanh lên!", patch=patch)
    branch = fork(played(desk), 2, policy="oracle", change=change, parent="a#0")
    shown = "\n".join(line.plain() for line in transcript(branch))
    assert "forked from a#0 at step 2, and oracle plays on" in shown
    assert 'c1 answers {"ok": false} in place of its own' in shown
    assert "at step 1 the customer says this in place of his own: Nhanh lên!" in shown
    assert '/tables/orders/W1/name: "Nguyễn Văn An" → "Bê"' in shown


@pytest.mark.parametrize(
    ("at", "change", "told"),
    [
        (9, Change(), "there is no step 9"),
        (1, Change(results={"c1": 1}), "no call 'c1' was made up to step 1"),
        (1, Change(patch=[{"op": "replace", "path": "/tables/orders/W77", "value": 1}]), "nothing stands at"),
        (1, Change(patch=[{"op": "add", "path": "/lists", "value": 1}]), "the edited state would be none"),
        (3, Change(), "the episode has ended at step 3"),
        (2, Change(results={"c1": float("nan")}), "is no JSON"),
    ],
)
def test_3_what_cannot_be_changed_is_told(desk, at, change, told):
    with pytest.raises(CcgymError, match=told):
        fork(played(desk), at, policy="oracle", change=change)


def test_3_a_live_customer_is_told_what_was_said_and_speaks_on(twin, twin_desk, tmp_path):
    episode = played(twin_desk, ["Your order?", CALL, "W1 is cancelled."])
    done = branch_out(episode, 2, action="Anything else?", policy="echo", out=tmp_path)
    assert twin.heard == [[("", "Hello."), ("Your order?", "Alive.")]]
    assert [line.content for line in done.episodes[0].of(UserEvent)] == ["Hello.", "Alive.", "Alive.", "Done now."]
    assert verify(done.path).divergence is None


def check_oracle(count, rng):
    for domain in DOMAINS:
        env = ccgym.make(f"ccgym/{domain}-v0", weights={"correctness": 1.0}, policy="test")
        for episode in ccgym.rollout(env, "oracle", rng.sample(list(env.domain.tasks), count)):
            for at in range(episode.steps):
                branch = fork(episode, at, policy="oracle", env=env)
                assert branch.rewards["correctness"] == 1, f"{domain} {episode.task['id']} from step {at}"
                assert branch.steps == episode.steps


def test_4_the_oracle_does_what_is_left_of_the_reference_from_any_step_of_it():
    check_oracle(6, random.Random(5))


@pytest.mark.slow
def test_4_the_oracle_does_what_is_left_of_every_reference():
    check_oracle(29, random.Random(6))


def test_4_the_oracle_makes_a_call_again_whose_answer_was_lost():
    env, episodes = recorded("Retail", 6, random.Random(8), faults={"timeout": 0.3})
    for episode in episodes[:6]:
        if episode.rewards["correctness"] == 1:
            assert fork(episode, episode.steps // 2, policy="oracle", env=env).rewards["correctness"] == 1
