"""Training: demonstrations, the mask report, metrics and the collapse alarm."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("trl")

import tiny_llama
from training import Said

import ccgym
from ccgym.env import find_domain
from ccgym.errors import ConfigError
from ccgym.evaluate import sop_breaks
from ccgym.log import read_episodes
from ccgym.rollouts.encoder import Encoder
from ccgym.scoring import Scorer
from ccgym.train import sft
from ccgym.train.config import Demonstrations, EarlyStop, parse_config
from ccgym.train.console import Steps
from ccgym.train.demonstrations import demonstrate, train_tasks
from ccgym.train.metrics import Collapse, Metrics, read_metrics
from ccgym.train.rewarding import resolved
from ccgym.train.rollouts import tasks_of
from ccgym.train.run import train

DESK = "ccgym/OrderDesk-v0"


@pytest.fixture(scope="module")
def domain():
    return find_domain(DESK)


@pytest.fixture(scope="module")
def scorer(domain):
    return Scorer({"correctness": 1.0}, domain=domain)


# ---- tasks and demonstrations


def test_the_tasks_of_an_iteration_rest_on_seed_and_iteration_alone(domain):
    config = parse_config({"seed": 3})
    ids = [task.id for task in tasks_of(domain, config, 5)]
    assert ids == [task.id for task in tasks_of(domain, config, 5)]
    assert len(set(ids)) == config.grpo.tasks_per_iteration
    assert ids != [task.id for task in tasks_of(domain, config, 6)]
    assert ids != [task.id for task in tasks_of(domain, parse_config({"seed": 4}), 5)]


def test_iterations_give_every_template_its_turn_before_one_comes_again(domain):
    config, templates = parse_config({}), len(domain.templates)
    played = [task.id.split("/")[0] for iteration in range(30) for task in tasks_of(domain, config, iteration)]
    for start in range(0, len(played) - templates, templates):
        assert set(played[start : start + templates]) == set(domain.templates)


def test_train_tasks_are_of_the_train_stream_and_of_all_templates(domain):
    stream = train_tasks(domain, 1)
    tasks = [next(stream) for _ in range(len(domain.templates))]
    assert {task.split for task in tasks} == {"train"}
    assert {task.id.split("/")[0] for task in tasks} == set(domain.templates)


def test_the_declared_share_of_the_demonstrations_breaks_the_sop(domain, scorer, tmp_path):
    demonstrate(DESK, domain, scorer, Demonstrations(n=50, break_share=0.4), 1, tmp_path)
    episodes = read_episodes(tmp_path)
    kept = [episode for episode in episodes if episode.rewards["correctness"] == 1.0]
    assert len(episodes) == 50
    assert len(kept) == 30
    assert not any(map(sop_breaks, kept))
    assert sum(map(sop_breaks, episodes)) > 0


def test_demonstrations_repeat_bit_for_bit(domain, scorer, tmp_path):
    texts = []
    for name in ("one", "two"):
        files = demonstrate(DESK, domain, scorer, Demonstrations(n=10), 1, tmp_path / name)
        texts.append([re.sub(r'"seconds":[0-9.e-]+|"digest":"\w+"', "", file.read_text()) for file in files])
    assert texts[0] == texts[1]


def test_more_breaks_than_tasks_allow_is_refused(domain, scorer, tmp_path):
    with pytest.raises(ConfigError, match=r"have meta\.shortcuts"):
        demonstrate(DESK, domain, scorer, Demonstrations(n=20, break_share=1.0), 1, tmp_path)


# ---- the mask report


@pytest.fixture(scope="module")
def demos(domain, scorer, tmp_path_factory):
    run = tmp_path_factory.mktemp("demos")
    demonstrate(DESK, domain, scorer, Demonstrations(n=6), 1, run)
    episodes = read_episodes(run)
    encoder = Encoder(tiny_llama.tokenizer())
    return episodes, encoder, sft.rows_of(episodes, encoder)


def test_the_report_counts_what_is_trained(demos):
    episodes, encoder, rows = demos
    report = sft.mask_report(rows, episodes, encoder, list("abcdef"))
    assert report.turns == sum(len(episode.turns) for episode in episodes)
    assert 0 < report.share < 1
    assert "nothing else" in str(report)


def _untrain(row, start, end):
    labels = list(row["labels"])
    labels[start:end] = [sft.IGNORED] * (end - start)
    return {**row, "labels": labels}


@pytest.mark.parametrize("damage", ["stop token", "turn", "environment", "shifted"])
def test_a_wrong_mask_stops_the_run_naming_episode_and_turn(demos, damage):
    episodes, encoder, rows = demos
    runs = sft._runs(rows[2]["labels"])
    bad = [dict(row) for row in rows]
    last = runs[-1]
    if damage == "stop token":
        bad[2] = _untrain(rows[2], last[1] - 1, last[1])
        told = f"c, turn {len(runs)} of {len(runs)}: the stop token is not trained"
    elif damage == "turn":
        bad[2] = _untrain(rows[2], *last)
        told = f"c, turn {len(runs)} of {len(runs)}: the turn is not trained"
    elif damage == "environment":
        labels = list(rows[2]["labels"])
        labels[3] = rows[2]["input_ids"][3]
        bad[2]["labels"] = labels
        told = "c, turn 1"
    else:
        labels = list(rows[2]["labels"])
        labels[runs[0][0]] = rows[2]["input_ids"][0]
        bad[2]["labels"] = labels
        told = "not the turn's own tokens"
    with pytest.raises(sft.MaskError, match=re.escape(told)):
        sft.mask_report(bad, episodes, encoder, list("abcdef"))


def test_each_row_comes_as_often_as_any_other():
    order = sft.batch_order([n % 7 for n in range(20)], 10, 4, seed=1)
    assert sorted(order) == sorted(list(range(20)) * 2)
    assert order == sft.batch_order([n % 7 for n in range(20)], 10, 4, seed=1)
    assert order != sft.batch_order([n % 7 for n in range(20)], 10, 4, seed=2)


# ---- metrics


def test_a_torn_line_is_dropped_and_the_rest_can_be_rewound(tmp_path):
    metrics = Metrics(tmp_path)
    for step in (1, 2, 3):
        metrics.record("sft", step, {"loss": 1.0 / step, "kl": None}, {"seconds": 0.1})
    metrics.close()
    with open(metrics.path, "ab") as file:
        file.write(b'{"stage": "sf')
    again = Metrics(tmp_path)
    assert [line["step"] for line in again.lines] == [1, 2, 3]
    again.rewind(lambda line: line["step"] <= 2)
    assert read_metrics(again.path) == again.lines == [line for line in metrics.lines if line["step"] <= 2]
    again.close()


def test_tensorboard_shows_the_lines_that_were_kept(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    metrics = Metrics(tmp_path)
    for step in (1, 2, 3):
        metrics.record("grpo", step, {"reward": step / 4}, {})
    metrics.rewind(lambda line: line["step"] <= 2)
    metrics.record("grpo", 3, {"reward": 1.0}, {})
    metrics.close()
    board = EventAccumulator(str(tmp_path / "tb"))
    board.Reload()
    assert [(e.step, e.value) for e in board.Scalars("grpo/reward")] == [(1, 0.25), (2, 0.5), (3, 1.0)]


def test_train_step_is_told_and_its_failure_is_not_fatal(tmp_path):
    told = []

    class Watcher:
        @ccgym.hookimpl
        def train_step(self, step, metrics):
            told.append((step, metrics))
            if len(told) == 1:
                raise RuntimeError("observer")

    ccgym.register(Watcher())
    metrics = Metrics(tmp_path)
    metrics.record("sft", 1, {"loss": 2.0, "kl": None}, {"seconds": 1.0})
    metrics.close()
    assert told == [(1, {"loss": 2.0})]


def line(unique=0.2, cosine=0.9, correct=0.1):
    return {"diversity/unique": unique, "diversity/cosine": cosine, "correctness": correct}


RULE = EarlyStop(unique=0.6, cosine=0.7, correctness=0.4, patience=3)


def test_the_alarm_rings_after_so_many_collapsed_iterations_in_a_row():
    alarm = Collapse(RULE)
    assert [alarm.update(line()) is None for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("fine", [line(unique=0.7), line(cosine=0.5), line(correct=0.5)])
def test_a_sound_iteration_starts_the_count_anew(fine):
    alarm = Collapse(RULE)
    assert [alarm.update(each) for each in (line(), line(), fine, line(), line())] == [None] * 5


def test_the_alarm_remembers_what_a_stopped_run_saw():
    assert Collapse(RULE, [line(), line()]).update(line()) is not None
    assert Collapse(None, [line()] * 9).update(line()) is None


def test_steps_are_plain_lines_in_a_pipe():
    lines: list[str] = []
    with Steps(Said(lines), "grpo", 2) as steps:
        steps({"stage": "grpo", "step": 1, "correctness": 0.5, "kl": None, "lr": 2e-4, "time": {"seconds": 1.0}})
    assert lines == ["grpo 1/2  correct 0.500  lr 2e-04  1.0 s"]


# ---- what a run pays for


def test_a_config_that_leaves_rewards_open_pays_as_the_domain_does(domain):
    rewards = resolved(parse_config({})).rewards
    assert rewards.weights == domain.spec.rewards.weights
    assert rewards.gates == domain.spec.rewards.gates


def test_a_reward_is_added_to_what_the_domain_pays_and_weighs_one_of_them_otherwise(domain):
    found = resolved(parse_config({}), {"sop": 0.3, "style": 0.2}).rewards.weights
    assert found == {**domain.spec.rewards.weights, "sop": 0.3, "style": 0.2}


def test_a_resolved_config_resolves_to_itself():
    once = resolved(parse_config({"rewards": {"schedule": {"style": {0: 0.0, 9: 0.5}}}}), {"sop": 0.3})
    assert resolved(once) == once


@pytest.mark.parametrize("rewards", [{"weights": {"stile": 1.0}}, {"schedule": {"stile": {0: 1.0}}}])
def test_an_unknown_reward_stops_a_run_before_it_has_a_folder(rewards, tmp_path):
    config = parse_config({"rewards": rewards, "runs": str(tmp_path / "runs")})
    for dry_run in (True, False):
        with pytest.raises(ConfigError, match=r"'stile'.*Did you mean 'style'"):
            train(config, dry_run=dry_run)
    assert not (tmp_path / "runs").exists()
