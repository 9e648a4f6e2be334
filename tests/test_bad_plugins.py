"""Bad plugins, installed all at once beside a good one: each is named, with place and fix, and hurts nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import installing
import pytest
from badplugins import BAD, HANGS, TOOLS, reward

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
CLI = ("-c", "import sys; from ccgym.cli import main; sys.exit(main())")
ALL = {**BAD, **HANGS, **TOOLS}
LAWS = """
import json, sys
from ccgym.kit import check_plugin
for name in sys.argv[1:]:
    findings, laws = check_plugin(name)
    rows = [[f.code, f.severity, f.place, f.message, f.fix] for f in findings]
    print(json.dumps([name, rows, laws]), flush=True)
"""
READ = """
import json, sys, ccgym
from ccgym.types import RewardEvent
for episode in ccgym.read_episodes(sys.argv[1]):
    rewards = episode.of(RewardEvent)
    kinds = [type(event).__name__ for event in episode if type(event) is not RewardEvent]
    print(json.dumps([kinds, {event.name: [event.value, event.status, event.explanation] for event in rewards}]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder in which every bad plugin is installed, and a good one."""
    folder = tmp_path_factory.mktemp("site")
    for name, bad in ALL.items():
        installing.write_plugin(folder, f"bad-{name.replace('_', '-')}", bad.code.replace("{name}", name))
    for name in ("bad-twin-a", "bad-twin-b"):
        installing.write_plugin(folder, name, reward("return None").replace("{name}", "twin"))
    good = "n = len(episode.turns)\nreturn ccgym.RewardResult(1 / (1 + n), f'{n} turns')"
    installing.write_plugin(folder, "good-plug", reward(good).replace("bad_{name}", "good"))
    return folder


def run(site, *arguments, status=(0,)):
    path = os.pathsep.join([str(site), str(ROOT), *(str(ROOT / part) for part in ("envs", "tools", "rewards"))])
    done = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        timeout=800, check=False,
    )  # fmt: skip
    assert done.returncode in status, done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def checked(site):
    """What the laws say of each plugin: name to its findings."""
    names = [f"bad-{name.replace('_', '-')}" for name in ALL]
    done = run(site, "-c", LAWS, *names, "bad-twin-a", "good-plug")
    return {name: findings for name, findings, _ in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", ALL)
def test_check_finds_what_is_bad_and_names_plugin_place_and_fix(name, checked):
    bad, distribution = ALL[name], f"bad-{name.replace('_', '-')}"
    findings = checked[distribution]
    found = [finding for finding in findings if finding[0] == bad.check]
    assert found, findings
    _, _, place, message, fix = found[0]
    assert distribution in place
    assert bad.says in message, message
    assert fix
    if name not in ("exit",):
        assert f"bad_{name}.py:" in place + message


def test_check_names_both_owners_of_a_name(checked):
    ((code, severity, place, message, _),) = checked["bad-twin-a"]
    assert (code, severity) == ("name-taken", "error")
    assert "bad-twin-a" in message
    assert "bad-twin-b" in message
    assert "bad-twin-a" in place


def test_check_has_nothing_against_the_good_one_among_them(checked):
    assert checked["good-plug"] == []


def test_the_list_of_plugins_tells_state_version_hooks_and_errors(site):
    listed = json.loads(run(site, *CLI, "plugins", "--json").stdout)["plugins"]
    rows = {row["distribution"]: row for row in listed}
    for name, bad in BAD.items():
        row = rows[f"bad-{name.replace('_', '-')}"]
        assert row["state"] == ("broken" if bad.run == "broken" else "ok")
        assert row["version"] == "1.0"
        assert bool(row["error"]) == (bad.run == "broken")
        assert row["hooks"] == ([] if bad.run == "broken" else ["register_rewards"])
    assert rows["good-plug"]["state"] == "ok"
    assert rows["bad-twin-a"]["state"] == rows["bad-twin-b"]["state"] == "conflict"
    assert "bad-twin-b" in rows["bad-twin-a"]["error"]


@pytest.mark.parametrize("name", ["import", "hook", "async"])
def test_a_run_that_names_a_broken_plugin_fails_at_once_and_says_why(name, site, tmp_path):
    rollout = ("rollout", "ccgym/OrderDesk-v0", "--policy", "oracle", "--tasks", "1", "--out", str(tmp_path / "run"))
    done = run(site, *CLI, *rollout, "--reward", f"bad_{name}=0.5", status=(1, 2))
    assert f"bad_{name}" in done.stderr
    assert not (tmp_path / "run" / "episodes").exists()


def test_a_run_with_all_of_them_scores_the_good_ones_and_names_each_that_fails(site, tmp_path):
    ran = {name: bad.run for name, bad in BAD.items() if bad.run not in ("broken", "not run")}
    rewards = [part for name in ran for part in ("--reward", f"bad_{name}=0.0")]
    fixed = ("--reward", "correctness=1.0", "--reward", "style=0.1", "--reward", "good=0.5")
    for where, more in (("alone", []), ("among", rewards)):
        run(site, *CLI, "rollout", "ccgym/OrderDesk-v0", "--policy", "oracle", "--tasks", "2", *fixed, *more,
            "--out", str(tmp_path / where))  # fmt: skip
    alone, among = (
        [json.loads(line) for line in run(site, "-c", READ, str(tmp_path / where)).stdout.splitlines()]
        for where in ("alone", "among")
    )
    assert len(alone) == len(among) == 2
    for (events, rewards), (same, others) in zip(alone, among, strict=True):
        assert events == same
        rewards.pop("diversity")  # of a group, which a member leaves when a reward fails
        assert {name: others[name] for name in rewards} == rewards
        for name, status in ran.items():
            value, found, text = others[f"bad_{name}"]
            if status == "failed":
                assert (value, found) == (None, "failed"), name
                assert f"bad-{name.replace('_', '-')} 1.0" in text
    run(site, *CLI, "replay", str(tmp_path / "alone"), "--verify")


@pytest.mark.parametrize("name", HANGS)
def test_a_reward_that_no_timer_reaches_is_killed_with_its_process_and_named(name, site, tmp_path):
    rollout = ("rollout", "ccgym/OrderDesk-v0", "--policy", "oracle", "--tasks", "2", "--out", str(tmp_path / "run"))
    done = run(site, *CLI, *rollout, "--reward", "correctness=1.0", "--reward", f"bad_{name}=0.5", status=(-9,))
    assert f"the reward 'bad_{name}' of bad-{name.replace('_', '-')} 1.0 (bad_{name}) hangs" in done.stderr
    assert f"ccgym check bad-{name.replace('_', '-')}" in done.stderr
    (events, rewards), *_ = map(json.loads, run(site, "-c", READ, str(tmp_path / "run")).stdout.splitlines())
    assert events[-1] == "End", "what was scored until then is whole"
    assert (rewards["correctness"][0], rewards[f"bad_{name}"][0]) == (1.0, 1.0)
    run(site, *CLI, "replay", str(tmp_path / "run"), "--verify")
