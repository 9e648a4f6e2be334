"""The benches run and give their figures. What they measure is no test's business: `make bench` prints it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    import bench.bare
    import bench.live
    import bench.reset
    import bench.rollouts
    import bench.rules
    import bench.step

    return bench


def test_a_step_is_measured_beside_both_baselines(bench, monkeypatch, tmp_path):
    from bench import bigdesk

    monkeypatch.setattr(bench.bare, "STEPS", 30)
    result = bench.step.measure(bigdesk.load(tmp_path / "desk", 100), tmp_path, rounds=1)
    assert result.figures["ratio"] > 0
    assert "fastjsonschema" in result.measured


def test_thirty_rules_are_measured_and_all_of_them_are_kept(bench, monkeypatch, tmp_path):
    from ccgym.log import read_episodes
    from ccgym.types import RuleEvent

    monkeypatch.setattr(bench.bare, "STEPS", 30)
    monkeypatch.setattr(bench.rules, "SIZES", (20,))
    result = bench.rules.measure(tmp_path, rounds=1)
    assert result.figures["ratio_20"] > 0
    verdicts = [event.verdict for event in read_episodes(tmp_path / "ruled.jsonl")[0].of(RuleEvent)]
    assert verdicts == ["ok"] * 6 * 30


def test_the_reference_of_its_domain_earns_correctness_1(bench, tmp_path):
    import ccgym
    from bench import bigdesk

    domain = bigdesk.load(tmp_path / "desk", 100)
    task = domain.tasks["move"]
    assert ccgym.enact(domain, task, task.expect.actions, task.expect.say).rewards["correctness"] == 1.0


def test_reset_is_measured_beside_a_deep_copy(bench, monkeypatch, tmp_path):
    from bench import bigdesk

    monkeypatch.setattr(bench.reset, "RESETS", 3)
    assert bench.reset.measure(bigdesk.load(tmp_path / "desk", 100), rounds=1).figures["state_bytes"] > 10_000


def test_live_environments_are_counted_in_a_process_of_their_own(tmp_path):
    code = "import bench.live as live; live.LIVE = 20; live.main()"
    command = [sys.executable, "-c", code, str(tmp_path / "desk")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["environments"] == 20, done.stderr


def test_scripted_steps_are_counted(bench, monkeypatch):
    monkeypatch.setattr(bench.rollouts, "TASKS", 2)
    assert bench.rollouts.scripted(rounds=1).figures["episodes"] == 2 * bench.rollouts.GROUP


def test_a_check_of_tasks_with_rules_is_timed(bench, tmp_path):
    from bench import checking

    assert checking.measure(tmp_path / "desk", tasks=6, rows=60).figures["tasks"] == 6


def test_verifying_is_counted_and_finds_nothing(bench, tmp_path):
    from bench import verify

    figures = verify.measure(tmp_path, episodes=16, rounds=1).figures
    assert figures["rate"] > 0
    assert figures["steps"] > 16


def test_rescoring_is_counted_and_changes_nothing(bench, tmp_path):
    from bench import rescore

    figures = rescore.measure(tmp_path, episodes=32, rounds=1).figures
    assert figures["episodes"] == 32
    assert figures["largest_change"] == 0


def test_a_long_run_is_opened_and_filtered(bench, tmp_path):
    from bench import view

    figures = view.measure(tmp_path, iterations=3, rounds=1).figures
    assert figures["episodes"] == 192
    assert figures["filter_range"] > 0
