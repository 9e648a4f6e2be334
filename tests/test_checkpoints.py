"""A run that was killed at any moment ends as if it had not been: the same weights, the same metrics."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl")

import tiny_llama

from ccgym.changes import Changes
from ccgym.errors import ConfigError
from ccgym.log import iter_logs, read_log
from ccgym.rescore import Rescorer
from ccgym.train.checkpoints import Checkpoints, weights_digest, write_bytes, write_folder
from ccgym.train.config import parse_config
from ccgym.train.folder import open_run
from ccgym.train.metrics import read_metrics, without_times

HERE = Path(__file__).parent


def fill(text: str, *, name: str = "data"):
    return lambda folder: (folder / name).write_text(text)


def test_a_checkpoint_is_listed_only_when_all_of_it_is_there(tmp_path):
    saved = Checkpoints(tmp_path, keep=2)
    saved.save(1, fill("one"), stopped=None)

    def torn(folder: Path) -> None:
        fill("two")(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        saved.save(2, torn)
    assert saved.latest().step == 1
    assert (saved.latest().path / "data").read_text() == "one"


def test_a_folder_that_the_index_does_not_list_is_never_taken(tmp_path):
    saved = Checkpoints(tmp_path)
    saved.save(1, fill("one"))
    write_folder(tmp_path / "step-000009", fill("nine"))
    assert saved.latest().step == 1
    saved.tidy()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["step-000001"]


@pytest.mark.parametrize("damage", ["cut", "change", "remove"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, damage):
    saved = Checkpoints(tmp_path)
    saved.save(1, fill("one"))
    path = saved.save(2, fill("two")).path / "data"
    if damage == "remove":
        path.unlink()
    else:
        path.write_text("tw" if damage == "cut" else "TWO")
    assert saved.latest().step == 1


def test_only_the_newest_are_kept(tmp_path):
    saved = Checkpoints(tmp_path, keep=2)
    for step in (1, 2, 3):
        saved.save(step, fill(str(step)), stopped="enough" if step == 3 else None)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["step-000002", "step-000003"]
    assert saved.latest().facts == {"stopped": "enough"}


def test_a_file_is_replaced_at_once(tmp_path):
    path = tmp_path / "file"
    write_bytes(path, b"old")
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_one_process_at_a_time_works_on_a_run(tmp_path):
    config = parse_config({"name": "held", "runs": str(tmp_path)})
    run = open_run(config)
    with pytest.raises(ConfigError, match="another process"):
        open_run(config, run.path)


def test_a_run_never_writes_into_another(tmp_path):
    config = parse_config({"name": "same", "runs": str(tmp_path)})
    assert [open_run(config).path.name for _ in range(2)] == ["same", "same-2"]


# ---- kill -9

MICRO = {
    "sft": {"demonstrations": {"n": 24, "break_share": 0.3}, "steps": 6, "batch": 4, "lr": 1e-3},
    "grpo": {"iterations": 4, "tasks_per_iteration": 2, "group": 4, "micro_batch": 4, "max_new_tokens": 16,
             "max_tokens": 1400, "lr": 1e-3, "early_stop": None},
    "rewards": {"weights": {"correctness": 1.0}, "schedule": {"vowels": {"0": 0.25, "3": 1.0}}},
    "eval": {"tasks": 4, "samples": 2, "max_new_tokens": 16, "max_tokens": 1400},
    "checkpoints": {"sft_every": 2, "grpo_every": 2},
}  # fmt: skip
SFT_KILLS = ["step:4", "checkpoint@sft:5", "rename@sft:2", "metric:5"]
GRPO_KILLS = ["step:9", "checkpoint@grpo:12", "index@grpo:2", "metric:9", "episode:60"]


class Killer:
    """Starts runs and lets them die."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = tiny_llama.save(folder / "model")
        env = {**os.environ, "KILLING_LOG": str(folder / "log"), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "killing.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=env,
        )

    def run(self, name: str, kill: str | None = None, resume: bool = False, **changes: Any) -> int:
        config = {**MICRO, "name": name, "runs": str(self.folder / "runs"), "model": str(self.model), **changes}
        job = {"config": config, "kill": kill, "resume": str(self.path(name)) if resume else None}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        assert code in (0, -9), (self.folder / "log").read_text()[-4000:]
        return code

    def path(self, name: str) -> Path:
        return self.folder / "runs" / name

    def outcome(self, name: str) -> dict[str, Any]:
        path = self.path(name)
        evaluations = json.loads((path / "eval.json").read_text())
        for found in evaluations.values():
            del found["seconds"], found["cpu_seconds"]
        return {
            "sft": weights_digest(path / "sft"),
            "grpo": weights_digest(path / "grpo"),
            "metrics": without_times(read_metrics(path / "metrics.jsonl")),
            "eval": evaluations,
            "index": sorted((path / "index.jsonl").read_text().splitlines()),
        }

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


@pytest.fixture(scope="module")
def killer(tmp_path_factory):
    killer = Killer(tmp_path_factory.mktemp("killed"))
    yield killer
    killer.stop()


@pytest.fixture(scope="module")
def unbroken(killer):
    assert killer.run("unbroken") == 0
    return killer.outcome("unbroken")


def resumed(killer: Killer, name: str, *kills: str) -> dict[str, Any]:
    """The outcome of a run that died at each of these moments in turn."""
    for number, kill in enumerate(kills):
        assert killer.run(name, kill, resume=number > 0) == -9, f"{kill} came after the end"
    assert killer.run(name, resume=True) == 0
    return killer.outcome(name)


def test_the_micro_run_learns_something(killer, unbroken):
    lines = [line for line in unbroken["metrics"] if line["stage"] == "grpo"]
    assert [line["step"] for line in lines] == [1, 2, 3, 4]
    assert all(line["grad_norm"] > 0 for line in lines)
    assert unbroken["sft"] != unbroken["grpo"]


def test_every_iteration_trains_on_the_scheduled_weights_and_records_them(killer, unbroken):
    lines = [line for line in unbroken["metrics"] if line["stage"] == "grpo"]
    assert [line["weight/vowels"] for line in lines] == [0.25, 0.5, 0.75, 1.0]
    for iteration, line in enumerate(lines):
        logs = [read_log(file) for file in (killer.path("unbroken") / "episodes/grpo").glob(f"{iteration:06d}-*.jsonl")]
        assert {log.episodes[0].begin.options["weights"]["vowels"] for log in logs} == {line["weight/vowels"]}
        totals = [total for log in logs for total in log.group.totals]
        assert line["reward"] == pytest.approx(sum(totals) / len(totals), abs=1e-6)  # TRL's own, in float32


def test_rescoring_what_was_trained_on_changes_nothing(killer, unbroken):
    changes, rescorer = Changes(), Rescorer()
    for log in iter_logs(killer.path("unbroken") / "episodes" / "grpo"):
        for group in rescorer.rescore(log):
            changes.add(group)
    assert (changes.episodes, changes.any, changes.largest) == (32, False, 0.0)
    assert changes.rewards["vowels"].weights == {0.25, 0.5, 0.75, 1.0}


@pytest.mark.parametrize(
    ("stage", "kill"), [*(("sft", kill) for kill in SFT_KILLS), *(("grpo", kill) for kill in GRPO_KILLS)]
)
def test_a_killed_run_ends_as_if_it_had_not_been(killer, unbroken, stage, kill):
    name = kill.replace(":", "-").replace("@", "-")
    assert killer.run(name, kill) == -9, f"{kill} came after the end"
    reached = json.loads((killer.path(name) / "run.json").read_text())["stages"]
    assert ("grpo" in reached or reached.get("eval-sft", {}).get("done", False)) == (stage == "grpo"), reached
    assert killer.run(name, resume=True) == 0
    assert killer.outcome(name) == unbroken
    for log in iter_logs(killer.path(name)):
        assert log.notices == []


def test_a_run_can_be_killed_again_and_again(killer, unbroken):
    assert resumed(killer, "again", "episode:3", "step:3", "checkpoint@sft:12", "step:6", "rename@grpo:1") == unbroken


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["sft", "grpo"])
@pytest.mark.parametrize("number", range(10))
def test_a_run_killed_at_a_random_moment_ends_as_if_it_had_not_been(killer, unbroken, stage, number):
    seconds = json.loads((killer.path("unbroken") / "run.json").read_text())["stages"]
    before = sum(seconds[name]["seconds"] for name in ("eval-base", "demos"))
    if stage == "grpo":
        before += seconds["sft"]["seconds"] + seconds["eval-sft"]["seconds"]
    moment = before + random.Random(f"{stage}{number}").random() * seconds[stage]["seconds"]
    name = f"{stage}-{number}"
    code = killer.run(name, f"time:{moment:.2f}")
    assert code == 0 or killer.run(name, resume=True) == 0
    assert killer.outcome(name) == unbroken
