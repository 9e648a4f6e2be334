"""Measuring a policy: what success is, pass^k, breaks of the SOP, and where the tasks come from."""

from __future__ import annotations

import itertools
import json

import pytest

import ccgym
from ccgym.errors import ConfigError
from ccgym.evaluate import evaluate, held_out, measure, pass_hat, sop_breaks
from ccgym.log import read_episodes

DESK = "ccgym/OrderDesk-v0"


@pytest.fixture(scope="module")
def domain():
    from ccgym.env import find_domain

    return find_domain(DESK)


def test_pass_k_is_the_share_of_subsets_of_k_tries_that_all_succeed():
    tries = [1, 1, 0, 1, 0]
    for k in range(1, 6):
        subsets = list(itertools.combinations(tries, k))
        assert pass_hat([(5, 3)], k) == pytest.approx(sum(all(s) for s in subsets) / len(subsets))


def test_pass_k_is_the_mean_over_tasks():
    assert pass_hat([(4, 4), (4, 0)], 4) == 0.5
    assert pass_hat([(4, 2), (4, 4)], 1) == 0.75
    assert pass_hat([(1, 1)], 2) is None


def test_the_oracle_passes_every_time_and_the_null_policy_never(domain):
    best = evaluate(domain, "oracle", 20, 4)
    assert [best[f"pass^{k}"] for k in (1, 2, 3, 4)] == [1.0] * 4
    assert best["sop_breaks_per_episode"] == 0
    assert best["rewards"]["correctness"] == 1.0
    assert set(best["components"].values()) == {1.0}
    assert set(best["tags"].values()) == {1.0}
    worst = evaluate(domain, "null", 20, 2)
    assert worst["pass^1"] == worst["pass^2"] == 0.0


def test_an_evaluation_says_what_the_files_need(domain):
    found = evaluate(domain, "oracle", 5, 2)
    assert found["tasks"] == 5
    assert found["samples"] == 2
    assert "pass^2" in found
    assert "pass^3" not in found
    assert found["seconds"] >= 0
    assert sum(found["ended"].values()) == 10
    json.dumps(found, allow_nan=False)


def test_the_tasks_are_held_out_and_the_same_every_time(domain):
    tasks = held_out(domain, 200)
    assert len({task.id for task in tasks}) == 200
    assert {task.split for task in tasks} == {"test"}
    assert [task.id for task in held_out(domain, 200)] == [task.id for task in tasks]


def test_shortcuts_break_the_sop_and_the_breaks_are_counted(domain):
    task = next(task for task in held_out(domain, 50) if task.as_json().get("meta", {}).get("shortcuts"))
    way = task.as_json()["meta"]["shortcuts"][0]
    broken = ccgym.enact(domain, task, way)
    kept = ccgym.enact(domain, task, task.as_json()["expect"]["actions"], task.as_json()["expect"].get("say", ()))
    assert sop_breaks(broken) > 0
    assert sop_breaks(kept) == 0
    assert measure([[broken, kept]])["sop_breaks_per_episode"] == sop_breaks(broken) / 2
    assert measure([[broken, kept]])["pass^1"] == 0.5


def test_the_episodes_are_written_and_tell_the_same(domain, tmp_path):
    found = evaluate(domain, "oracle", 3, 2, out=tmp_path, stage="eval-base")
    episodes = read_episodes(tmp_path)
    assert len(episodes) == 6
    assert len(list((tmp_path / "episodes" / "eval-base").glob("*.jsonl"))) == 3
    groups = [episodes[at : at + 2] for at in (0, 2, 4)]
    assert measure(groups)["rewards"] == found["rewards"]


def test_a_domain_without_enough_tasks_says_so(desk):
    from ccgym.domain import load_domain

    domain = load_domain(desk)
    with pytest.raises(ConfigError, match="in the split 'test', not 200"):
        evaluate(domain, "oracle")


def test_without_correctness_nothing_says_what_success_is(domain):
    from ccgym.scoring import Scorer

    with pytest.raises(ConfigError, match="what success is"):
        evaluate(domain, "oracle", 2, 1, scorer=Scorer({"format": 1.0}))
