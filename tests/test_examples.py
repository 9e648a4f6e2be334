"""Every example runs and does what it says, and is as short as it is promised to be."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import ccgym

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("program", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_it_runs_and_earns_correctness_1(program):
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert "'correctness': 1.0" in last or "correctness 1.0" in last


def lines(*names: str) -> int:
    """Lines that are neither empty nor JSON."""
    text = "\n".join((EXAMPLES / name).read_text() for name in names)
    return sum(bool(line.strip()) for line in text.splitlines())


def test_an_environment_takes_at_most_25_lines_and_some_json():
    assert lines("own_env/domain.yaml", "own_env/sop.md") <= 25
    assert not list((EXAMPLES / "own_env").rglob("*.py"))


def test_a_reward_takes_at_most_15_lines():
    tree = ast.parse((EXAMPLES / "own_reward.py").read_text())
    reward = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Brief")
    assert reward.end_lineno - reward.decorator_list[0].lineno + 1 <= 15


def test_an_environment_without_python_has_150_rows_from_a_csv_and_every_reference_earns_1():
    domain = ccgym.load_domain(EXAMPLES / "own_env")
    assert len(domain.state["tables"]["loans"]) == 150
    for task in domain.tasks.values():
        expect = task.expect
        episode = ccgym.enact(domain, task, expect.actions, expect.say, expect.output)
        assert episode.rewards["correctness"] == 1.0, task.id


def call(env, name, **arguments):
    from ccgym.turns import render_call

    return env.step(render_call(name, arguments))[0]


def test_its_condition_and_its_pattern_hold():
    env = ccgym.make(EXAMPLES / "own_env")
    env.reset(options={"task": "renew"})
    assert "reserved" in call(env, "renew_loan", loan_id="L0007")
    assert "renewed_twice" in call(env, "renew_loan", loan_id="L0011")
    assert "bad_arguments" in call(env, "renew_loan", loan_id="42")
    assert '"renewals":1' in call(env, "renew_loan", loan_id="L0003")
    assert '"renewals":2' in call(env, "renew_loan", loan_id="L0003")
    assert "renewed_twice" in call(env, "renew_loan", loan_id="L0003")
