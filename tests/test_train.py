"""Training: demonstrations, the mask report, metrics, the collapse alarm, and whole micro runs."""

from __future__ import annotations

import json
import re

import pytest

pytest.importorskip("trl")

import tiny_llama

import ccgym
from ccgym.env import find_domain
from ccgym.errors import CcgymError, ConfigError
from ccgym.evaluate import sop_breaks
from ccgym.log import read_episodes
from ccgym.rollouts.encoder import Encoder
from ccgym.scoring import Scorer
from ccgym.train import sft
from ccgym.train.config import Demonstrations, EarlyStop, parse_config
from ccgym.train.console import Plain, Steps
from ccgym.train.demonstrations import demonstrate, train_tasks
from ccgym.train.metrics import Collapse, Metrics, read_metrics, without_times
from ccgym.train.rollouts import tasks_of
from ccgym.train.run import train

DESK = "ccgym/OrderDesk-v0"
MICRO = {
    "sft": {"demonstrations": {"n": 24, "break_share": 0.3}, "steps": 3, "batch": 4, "lr": 1e-3},
    "grpo": {"iterations": 2, "tasks_per_iteration": 2, "group": 4, "micro_batch": 4, "max_new_tokens": 12,
             "max_tokens": 1400},
    "eval": {"tasks": 3, "samples": 2, "max_new_tokens": 12, "max_tokens": 1400},
}  # fmt: skip


@pytest.fixture(scope="module")
def domain():
    return find_domain(DESK)


@pytest.fixture(scope="module")
def scorer(domain):
    return Scorer({"correctness": 1.0}, domain=domain)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return tiny_llama.save(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def micro(tmp_path_factory, model):
    """The directory of a whole run."""
    lines: list[str] = []
    config = parse_config({**MICRO, "name": "micro", "runs": str(tmp_path_factory.mktemp("runs")), "model": str(model)})
    run = train(config, console=Said(lines))
    (run / "said").write_text("\n".join(lines))
    return run


class Said(Plain):
    """A console that remembers."""

    def __init__(self, lines):
        self.lines = lines

    def line(self, text="", style=None):
        self.lines.append(text)


# ---- tasks and demonstrations


def test_the_tasks_of_an_iteration_rest_on_seed_and_iteration_alone(domain):
    config = parse_config({"seed": 3})
    ids = [task.id for task in tasks_of(domain, config, 5)]
    assert ids == [task.id for task in tasks_of(domain, config, 5)]
    assert len(set(ids)) == config.grpo.tasks_per_iteration
    assert ids != [task.id for task in tasks_of(domain, config, 6)]
    assert ids != [task.id for task in tasks_of(domain, parse_config({"seed": 4}), 5)]


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


# ---- whole runs


def test_a_run_leaves_everything_that_it_promises(micro):
    names = {path.name for path in micro.iterdir()}
    assert names >= {"config.yaml", "run.json", "metrics.jsonl", "index.jsonl", "eval.json", "report.html", "sft",
                     "grpo", "tb", "episodes"}  # fmt: skip
    assert {path.name for path in (micro / "episodes").iterdir()} == {
        "demos", "eval-base", "eval-sft", "eval-grpo", "grpo"
    }  # fmt: skip
    facts = json.loads((micro / "run.json").read_text())
    assert all(stage["cpu_seconds"] >= 0 for stage in facts["stages"].values())
    assert facts["threads"] == 1


def test_every_iteration_says_what_it_should(micro):
    grpo = [line for line in read_metrics(micro / "metrics.jsonl") if line["stage"] == "grpo"]
    assert [line["step"] for line in grpo] == [1, 2]
    for each in grpo:
        assert each.keys() >= {
            "correctness", "reward", "reward/correctness", "reward/format", "diversity/unique", "diversity/cosine",
            "kl", "length", "zero_variance", "sop_breaks", "lr", "loss", "time",
        }  # fmt: skip
    assert grpo[0]["kl"] == pytest.approx(0, abs=1e-6)
    assert "time" not in without_times(grpo)[0]


def test_the_evaluations_are_of_all_three_models(micro):
    found = json.loads((micro / "eval.json").read_text())
    assert list(found) == ["base", "sft", "grpo"]
    assert found["base"]["samples"] == 1
    assert {"pass^1", "pass^2", "sop_breaks_per_episode", "rewards", "seconds", "temperature"} <= found["sft"].keys()


def test_the_run_ends_with_a_table_and_with_where_things_are(micro):
    said = (micro / "said").read_text()
    assert re.search(r"^base +0", said, re.M)
    assert re.search(r"^grpo +0", said, re.M)
    assert f"report:   {micro / 'report.html'}" in said
    assert f"episodes: {micro / 'episodes'}" in said


@pytest.mark.parametrize("stage", ["sft", "grpo"])
def test_what_was_trained_can_be_played(micro, stage):
    episodes = ccgym.rollout(DESK, f"hf:{micro / stage}", [find_domain(DESK).draw("track-en", "test", 0)])
    assert episodes[0].end is not None
    assert not [p for p in (micro / stage).iterdir() if p.suffix in (".bin", ".pt", ".pth")]


def test_the_report_needs_nothing_and_escapes_everything(micro):
    page = (micro / "report.html").read_text()
    assert "default-src 'none'" in page
    assert not re.search(r"<script|<img|<link|<iframe|\son\w+=|style=|url\(|http(s)?://", page)
    assert page.count("<svg") >= 8
    assert "&lt;tool_call&gt;" in page or "customer" in page


def test_hostile_text_comes_out_harmless(tmp_path):
    from ccgym.train.samples import _said

    assert "<script" not in _said("user", "customer", "<script>alert(1)</script>")


def test_lora_trains_an_adapter_that_loads(tmp_path, model):
    adapter = {"path": str(model), "lora": {"r": 2}}
    config = parse_config({**MICRO, "name": "lora", "runs": str(tmp_path), "model": adapter})
    run = train(config, console=Said([]))
    for stage in ("sft", "grpo"):
        assert (run / stage / "adapter_model.safetensors").exists()
        assert not (run / stage / "model.safetensors").exists()
    episodes = ccgym.rollout(DESK, f"hf:{run / 'grpo'}", [find_domain(DESK).draw("track-en", "test", 0)])
    assert episodes[0].end is not None


def test_lora_with_a_kl_term_measures_it_against_the_warm_start(tmp_path, model):
    config = parse_config({
        **MICRO, "name": "beta", "runs": str(tmp_path), "model": {"path": str(model), "lora": {"r": 2}},
        "grpo": {**MICRO["grpo"], "beta": 0.05}, "eval": {"tasks": 0},
    })  # fmt: skip
    run = train(config, console=Said([]))
    grpo = [line for line in read_metrics(run / "metrics.jsonl") if line["stage"] == "grpo"]
    assert grpo[0]["kl"] == pytest.approx(0, abs=1e-5)


def test_one_stage_alone_can_be_run_and_the_next_taken_up(tmp_path, model):
    config = parse_config({**MICRO, "name": "parts", "runs": str(tmp_path), "model": str(model), "eval": {"tasks": 0}})
    run = train(config, stage="sft", console=Said([]))
    assert (run / "sft").exists()
    assert not (run / "grpo").exists()
    assert train(None, resume=run, stage="grpo", console=Said([])) == run
    assert (run / "grpo").exists()


def test_a_dry_run_tells_and_does_nothing(tmp_path, model):
    lines: list[str] = []
    config = parse_config({**MICRO, "runs": str(tmp_path / "runs"), "model": str(model)})
    assert train(config, dry_run=True, console=Said(lines)) is None
    told = "\n".join(lines)
    assert "temperature: 0.9" in told
    assert "device:     cpu, 1 thread(s)" in told
    assert re.search(r"memory:     about \d", told)
    assert not (tmp_path / "runs").exists()


def test_a_task_that_cannot_be_scored_is_refused_at_the_start(desk_with, tmp_path, model):
    def judged(state, tasks):
        tasks[0]["split"] = "train"
        tasks[0].setdefault("expect", {})["judge"] = ["Was the agent kind?"]

    config = parse_config({**MICRO, "env": str(desk_with(judged)), "runs": str(tmp_path), "model": str(model)})
    with pytest.raises(ConfigError, match="correctness cannot score it: judge"):
        train(config, console=Said([]))


def test_a_changed_domain_is_not_resumed(micro, tmp_path):
    import shutil

    copy = shutil.copytree(micro, tmp_path / "copy")
    facts = json.loads((copy / "run.json").read_text())
    facts["domain"]["digest"] = "0" * 64
    (copy / "run.json").write_text(json.dumps(facts))
    with pytest.raises(ConfigError, match="has changed since the run was started"):
        train(None, resume=copy, console=Said([]))


def test_failures_of_rewards_stop_a_run_that_they_would_starve(tmp_path, model):
    @ccgym.reward(range=(0.0, 1.0))
    class Fragile:
        """Fails on every episode that a model plays."""

        def score_episode(self, episode):
            if episode.begin.policy == "grpo":
                raise ValueError("out of order")
            return ccgym.RewardResult(1.0)

    class Plugin:
        @ccgym.hookimpl
        def register_rewards(self, register):
            register(Fragile)

    ccgym.register(Plugin())
    config = parse_config({
        **MICRO, "name": "fragile", "runs": str(tmp_path), "model": str(model), "eval": {"tasks": 0},
        "rewards": {"weights": {"correctness": 1.0, "fragile": 1.0}},
    })  # fmt: skip
    with pytest.raises(CcgymError, match="8 of 8 episodes could not be scored"):
        train(config, console=Said([]))


def test_a_run_directory_is_not_a_run_without_its_config(tmp_path):
    with pytest.raises(ConfigError, match="no run directory"):
        train(None, resume=tmp_path)
