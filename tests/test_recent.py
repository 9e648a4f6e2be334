"""What is remembered of tasks is bounded, however many come in; and what is made ready changes nothing."""

from __future__ import annotations

import gc
import json
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ccgym
from ccgym.recent import Recent
from ccgym.sop.program import _PROGRAMS, rule_program
from ccgym.types import End


@given(st.lists(st.integers(0, 9)), st.integers(1, 5))
def test_a_recent_holds_what_was_put_in_last(keys, most):
    recent = Recent(most)
    for number, key in enumerate(keys):
        recent[key] = number
    newest = list(dict.fromkeys(reversed(keys)))[:most]
    assert list(recent) == newest[::-1]
    assert all(recent[key] == len(keys) - 1 - keys[::-1].index(key) for key in newest)


@pytest.fixture
def forgetful(monkeypatch):
    """An environment that remembers little."""
    env = ccgym.make("ccgym/OrderDesk-v0")
    rule_program(env.domain, next(env.domain.stream_tasks("train", 1)))
    for recent in (env.domain._tasks, env._openings, _PROGRAMS[env.domain]):
        recent.clear()
        monkeypatch.setattr(recent, "most", 50)
    return env


@pytest.mark.parametrize("template", ["cancel-vi", "track-en"])  # without rules of its own, and with
@pytest.mark.parametrize("recorded", [False, True])
def test_tasks_that_were_played_are_let_go(forgetful, template, recorded):
    env, domain, played, seeds = forgetful, forgetful.domain, [], range(10**6, 10**6 + 200)
    for seed in seeds:
        task = domain.draw(template, "train", seed)
        if recorded:
            task = domain.recorded(json.loads(json.dumps(task.as_json())))
        env.reset(options={"task": task, "seed": seed})
        played.append(weakref.ref(task))
    del task
    gc.collect()
    alive = [seed for seed, task in zip(seeds, played, strict=True) if task() is not None]
    assert alive[-1] == seeds[-1]
    assert len(alive) <= 51


def test_a_task_that_was_let_go_is_played_as_before(forgetful):
    env = forgetful
    task = env.domain.draw("track-en", "train", 10**7)
    first, info = env.reset(options={"task": task, "seed": 1})
    for seed in range(100):
        env.domain.draw("cancel-en", "train", seed)
    again, once_more = env.reset(options={"task": task, "seed": 1})
    assert (first, info["messages"]) == (again, once_more["messages"])
    assert env.domain.draw("track-en", "train", 10**7) == task


@pytest.mark.parametrize("perturb", [None, {"rename": True}])
def test_an_environment_made_ready_for_tasks_plays_them_as_any_other(perturb):
    told = []
    for ready in (False, True):
        env = ccgym.make("ccgym/OrderDesk-v0", perturb=perturb)
        tasks = list(env.domain.stream_tasks("train", 44, 10**8))
        if ready:
            env.prepare(tasks)
        episodes = ccgym.rollout(env, "oracle", tasks)
        assert {episode.rewards["correctness"] for episode in episodes} == {1.0}
        told.append([[event for event in episode if type(event) is not End] for episode in episodes])
    assert told[0] == told[1]
