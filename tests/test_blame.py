"""`blame` finds the first step from which success was no longer reachable.

1. Of episodes with exactly one planted mistake, it names the step of the mistake.
2. What does no harm is no mistake; an episode that succeeded has none.
3. It says what broke there, and what the state was worth before and after.
"""

from __future__ import annotations

import random

import pytest
from planting import MISTAKES, plant

import ccgym
from ccgym.errors import CcgymError
from ccgym.replay import blame, fork
from ccgym.turns import render_call
from ccgym.types import Turn

DOMAINS = ("OrderDesk", "Retail", "Telecom", "NganHang")


def planted(domain, count, rng):
    """Episodes of a domain with one mistake each, and their environment."""
    env = ccgym.make(f"ccgym/{domain}-v0", weights={"correctness": 1.0}, policy="planted")
    tasks = list(env.domain.tasks.values())
    found = []
    while len(found) < count:
        one = plant(env, rng.choice(tasks).as_json(), rng)
        if one is not None:
            found.append(one)
    return env, found


def check_blame(each, seed):
    """(found, planted, kinds) over all domains."""
    rng, good, kinds = random.Random(seed), 0, set()
    for domain in DOMAINS:
        env, episodes = planted(domain, each, rng)
        for episode, step, kind in episodes:
            good += blame(episode, env=env).step == step
            kinds.add(kind)
    return good, each * len(DOMAINS), kinds


def test_1_the_planted_mistake_is_found():
    good, count, _ = check_blame(3, 1)
    assert (good, count) == (12, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_1_the_planted_mistake_is_found_in_95_of_100_episodes(seed):
    good, count, kinds = check_blame(25, seed)
    assert count == 100
    assert good >= 95
    assert kinds == set(MISTAKES)


def played(env, task, turns):
    env.reset(options={"task": task, "seed": 2})
    for turn in turns:
        if any(env.step(turn)[2:4]):
            break
    return env.episode


@pytest.fixture
def desk_env(desk):
    return ccgym.make(desk, policy="test", weights={"correctness": 1.0})


READ = render_call("get_order", {"order_id": "W1"})
OTHER = render_call("get_order", {"order_id": "W5"})
CANCEL = render_call("cancel_order", {"order_id": "W1"})
WRONG = render_call("cancel_order", {"order_id": "W2"})
BROKEN = "<tool_call>"


@pytest.mark.parametrize(
    ("turns", "step"),
    [
        ([READ, OTHER, BROKEN, WRONG, CANCEL, "W1 is cancelled."], 4),
        ([OTHER, READ, OTHER, "Nothing can be done."], 4),
        ([CANCEL, READ, WRONG, OTHER, "W1 is cancelled."], 3),
        (["What is your name?", CANCEL, "Done."], 3),
    ],
)
def test_2_what_does_no_harm_is_no_mistake(desk_env, turns, step):
    assert blame(played(desk_env, "cancel", turns), env=desk_env).step == step


def test_2_an_episode_that_succeeded_has_no_mistake(desk_env):
    found = blame(played(desk_env, "cancel", [CANCEL, "W1 is cancelled."]), env=desk_env)
    assert found.succeeded
    assert found.step is None


def test_3_a_policy_that_failed_is_blamed_at_its_failure(desk_env):
    desk_env.reset(options={"task": "cancel", "seed": 1})
    desk_env.step("What is your order id?")
    desk_env.step(Turn("", error="server down"))
    found = blame(desk_env.episode, env=desk_env)
    assert found.step == 2
    assert found.turn == "policy_error: server down"
    assert desk_env.episode.events[found.event].step == 2


def test_2_an_unfinished_episode_may_still_succeed(desk_env):
    found = blame(played(desk_env, "cancel", [READ]), env=desk_env)
    assert (found.step, found.succeeded, found.before.success) == (None, False, 1.0)


def test_2_where_the_reference_itself_fails_no_step_is_blamed(desk_with):
    env = ccgym.make(
        desk_with(lambda state, tasks: tasks[0]["expect"].update(state={"mode": "hash", "value": "0" * 64}))
    )
    found = blame(played(env, "cancel", [CANCEL, "W1 is cancelled."]))
    assert (found.step, found.before.success) == (None, 0.0)
    assert "the final state is not the target" in found.before.why


def test_3_what_broke_is_told_with_the_worth_before_and_after(desk_env):
    found = blame(played(desk_env, "cancel", [READ, WRONG, CANCEL, "W1 is cancelled."]), env=desk_env)
    assert (found.step, found.turn) == (2, WRONG)
    assert found.broke == ("changed /tables/orders/W2/status, /tables/orders/W2/history/1",)
    assert (found.before.step, found.before.success) == (1, 1.0)
    assert (found.after.step, found.after.success) == (2, 0.0)
    assert "W2" in found.after.why


def test_3_a_violated_rule_is_told_with_its_clause():
    env = ccgym.make("ccgym/OrderDesk-v0", policy="test")
    cancel = render_call("cancel_order", {"order_id": "4821"})
    found = blame(played(env, "cancel-bought-twice", [cancel, "Done, order 4821 has been cancelled."]))
    assert found.step == 1
    assert any(told.startswith("violated 3. Who may change an order: cancel_order before") for told in found.broke)


def test_3_with_a_policy_it_is_the_policy_that_must_get_there(desk_env):
    class Half:
        """Does the right thing for half of the seeds, and only where the order has been cancelled."""

        name = "half"

        def act(self, requests):
            return [Turn("W1 is cancelled." if request.seed % 2 else "No.") for request in requests]

        def close(self, key):
            pass

    episode = played(desk_env, "cancel", [READ, CANCEL, OTHER, "No."])
    found = blame(episode, Half(), 16, env=desk_env)
    assert found.step == 4
    assert 0 < found.before.success < 1
    low, high = found.before.interval
    assert low < found.before.success < high
    assert blame(played(desk_env, "cancel", [READ, "No."]), Half(), 8, env=desk_env).step is None


def test_3_success_that_cannot_be_scored_is_an_error(desk_with):
    env = ccgym.make(desk_with(lambda state, tasks: tasks[0]["expect"].update(judge=["Was it kind?"])))
    with pytest.raises(CcgymError, match="correctness cannot be scored"):
        blame(played(env, "cancel", [CANCEL]))


def test_3_the_right_turn_in_place_of_the_blamed_one_succeeds():
    env, found = planted("Retail", 3, random.Random(9))
    for episode, _, _ in found:
        step = blame(episode, env=env).step
        assert fork(episode, step - 1, policy="oracle", env=env).rewards["correctness"] == 1
