"""Whole runs of training, each of seconds: what they leave, what can be done with it, and what stops them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("trl")

import installing
import tiny_llama
from training import MICRO, Said

import ccgym
from ccgym.env import find_domain
from ccgym.errors import CcgymError, ConfigError
from ccgym.train.config import parse_config
from ccgym.train.metrics import read_metrics, without_times
from ccgym.train.run import train

DESK = "ccgym/OrderDesk-v0"


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
            "kl", "length", "zero_variance", "sop_breaks", "lr", "loss", "time", "weight/style", "score/style/mean",
            "score/style/std", "score/style/unscored", "score/style/zero_spread",
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


def test_a_reward_of_an_installed_package_trains_with_its_own_weight_and_stands_in_metrics_and_report(tmp_path, model):
    installing.install("acme-desk", tmp_path)
    config = {
        **MICRO, "name": "acme", "runs": str(tmp_path / "runs"), "model": str(model), "eval": {"tasks": 0},
        "rewards": {"weights": {"correctness": 1.0, "brevity": 0.3}, "schedule": {"style": {0: 0.0, 1: 0.1}}},
    }  # fmt: skip
    (tmp_path / "acme.yaml").write_text(json.dumps(config))

    def ccgym_(*arguments):
        env = {**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", "from ccgym.cli import main; main()", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    ccgym_("train", "acme.yaml")
    run = tmp_path / "runs" / "acme"
    lines = [line for line in read_metrics(run / "metrics.jsonl") if line["stage"] == "grpo"]
    assert [(line["weight/brevity"], line["weight/style"]) for line in lines] == [(0.3, 0.0), (0.3, 0.1)]
    for line in lines:
        assert line["score/brevity/mean"] == pytest.approx(line["reward/brevity"])
        assert {line[f"score/brevity/{status}"] for status in ("not_applicable", "unscored", "failed")} == {0.0}
        assert {line[f"score/brevity/{figure}"] <= 1.0 for figure in ("std", "min", "max", "zero_spread")} == {True}
    assert lines[-1]["reward"] == pytest.approx(
        sum(lines[-1][f"weight/{name}"] * lines[-1][f"reward/{name}"] for name in ("correctness", "brevity", "style")),
        abs=1e-5,
    )
    page = (run / "report.html").read_text()
    assert "<td>brevity</td><td>0.3</td>" in page
    assert page.count("brevity") > 3
    begin = ccgym.read_episodes(run / "episodes" / "grpo")[0].begin
    assert begin.plugins["acme-desk"]["version"] == "1.2.0"
    assert "every reward and every advantage is as recorded" in ccgym_("rescore", run)


def test_a_run_directory_is_not_a_run_without_its_config(tmp_path):
    with pytest.raises(ConfigError, match="no run directory"):
        train(None, resume=tmp_path)
