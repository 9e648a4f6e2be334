"""Rescoring recorded episodes: the same rewards change nothing, others show what they would have changed."""

from __future__ import annotations

import json
import shutil

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cli import answered, said

import ccgym
from ccgym.changes import SAME, Changes
from ccgym.cli import app
from ccgym.env import find_domain
from ccgym.errors import ConfigError
from ccgym.log import EpisodeWriter, iter_logs, log_files, read_log
from ccgym.replay import verify
from ccgym.rescore import Rescorer
from ccgym.types import RewardEvent, RewardResult

ENV = "ccgym/OrderDesk-v0"
TASKS = ["track-where", "cancel-bought-twice"]
GROUP = 4


class Told:
    """A plugin of rewards that tests turn as they need."""

    @ccgym.reward(range=(0.0, 100.0))
    class Constant:
        """Always the same."""

        def score_episode(self, episode):
            return RewardResult(7.0)

    @ccgym.reward()
    class Brief:
        """Less for every turn."""

        def score_episode(self, episode):
            return RewardResult(1 / (1 + episode.steps), f"{episode.steps} turns")

    @ccgym.reward()
    class Unlike:
        """1 for every other member."""

        def score_episode(self, episode):
            return RewardResult(float(episode.begin.sample % 2))

    @ccgym.reward()
    class Picky:
        """Fails on the last member."""

        def score_episode(self, episode):
            if episode.begin.sample == GROUP - 1:
                raise ValueError("not this one")
            return RewardResult(1.0)

    @ccgym.reward()
    class Nosy:
        """1 where it can see what other rewards said before it."""

        def score_episode(self, episode):
            return RewardResult(float(bool(episode.of(RewardEvent))))

    @ccgym.hookimpl
    def register_rewards(self, register):
        for cls in (self.Constant, self.Brief, self.Unlike, self.Picky, self.Nosy):
            register(cls)


@pytest.fixture(scope="module", autouse=True)
def _plugin():
    plugin = Told()
    ccgym.register(plugin)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Groups in which members differ: an oracle's and those of an agent who calls at random."""
    folder = tmp_path_factory.mktemp("run")
    for number, policy in enumerate(("oracle", "random", "spam")):
        ccgym.rollout(ENV, policy, TASKS, GROUP, seed=number, out=folder, number=number)
    return folder


def changes(path, **how):
    found, rescorer = Changes(), Rescorer(**how)
    for log in iter_logs(path):
        for group in rescorer.rescore(log):
            found.add(group)
    return found, rescorer


def rewritten(source, target, change):
    """A copy of a log file whose events have passed through `change`."""
    log = read_log(source)
    with EpisodeWriter(target) as writer:
        for episode in log.episodes.values():
            writer.write([done for event in episode if (done := change(event)) is not None])
        if log.group is not None:
            writer.write([log.group])
    return target


def begins(**fields):
    return lambda event: msgspec.structs.replace(event, **fields) if hasattr(event, "task") else event


# --- the same rewards


def test_the_recorded_rewards_change_nothing_at_all(run):
    found, rescorer = changes(run)
    assert (found.episodes, found.groups, found.any, found.largest) == (24, 6, False, 0.0)
    assert rescorer.notices == []
    assert {name: change.changed for name, change in found.rewards.items()} == dict.fromkeys(found.rewards, 0)


weights = st.floats(-2, 2, allow_nan=False)


@settings(max_examples=20, deadline=None)
@given(
    st.fixed_dictionaries({"correctness": weights, "format": weights, "style": weights, "brief": weights}),
    st.sampled_from([{}, {"style": "correctness"}, {"brief": "format"}]),
    st.integers(0, 2**31),
)
def test_whatever_the_weights_and_gates_were_rescoring_changes_nothing(tmp_path_factory, weights, gates, seed):
    folder = tmp_path_factory.mktemp("drawn")
    env = ccgym.make(ENV, weights={**weights, "diversity": 0.5}, gates=gates)
    ccgym.rollout(env, "random", TASKS[:1], GROUP, seed=seed, out=folder)
    assert not changes(folder)[0].any


def test_each_group_is_scored_with_the_weights_that_stood_in_it(tmp_path):
    for number, weight in enumerate((0.0, 0.25, 0.5)):
        env = ccgym.make(ENV, weights={"correctness": 1.0, "unlike": weight})
        ccgym.rollout(env, "oracle", TASKS[:1], GROUP, out=tmp_path, number=number)
    found, _ = changes(tmp_path)
    assert not found.any
    assert found.rewards["unlike"].weights == {0.0, 0.25, 0.5}


def test_a_reward_sees_the_episode_as_it_was_before_it_was_scored(run):
    found, _ = changes(run, weights={"nosy": 1.0})
    assert found.rewards["nosy"].now.mean == 0.0


def test_the_log_is_only_read(run, tmp_path):
    before = {file: file.read_bytes() for file in run.rglob("*.jsonl")}
    assert app.run(["rescore", str(run), "--reward", "brief=1", "--out", str(tmp_path / "new")]) == 0
    assert {file: file.read_bytes() for file in run.rglob("*.jsonl")} == before


# --- other rewards


@settings(max_examples=30, deadline=None)
@given(st.floats(-50, 50, allow_nan=False))
def test_a_constant_column_changes_no_advantage(run, weight):
    found, _ = changes(run, weights={"constant": weight})
    assert found.largest <= SAME
    assert (found.flips, found.dropped) == (0, {})


def test_a_new_reward_of_weight_0_is_shown_and_changes_no_advantage(run):
    found, _ = changes(run, weights={"brief": 0.0})
    assert found.advantages == 0
    assert found.rewards["brief"].recorded.mean is None
    assert 0 < found.rewards["brief"].now.mean < 1
    assert found.any


def test_what_a_new_reward_turns_round_is_counted_and_named(run):
    oracle = next(file for file in log_files(run) if read_log(file).episodes[0].begin.policy == "oracle")
    assert set(read_log(oracle).group.advantages) == {0.0}
    found, _ = changes(oracle, weights={"unlike": 1.0})
    assert found.advantages == GROUP
    assert found.flips == 0  # from 0 to something is no change of sign
    assert {change.episode for change in found.biggest} == {f"{oracle}#{number}" for number in range(GROUP)}
    assert found.biggest[0].rewards["unlike"] in ((None, 0.0), (None, 1.0))

    again, _ = changes(oracle, weights={"unlike": -1.0})
    now = {change.episode[-1]: change.advantage[1] for change in again.biggest}
    assert now == {str(number): pytest.approx(-0.866 if number % 2 else 0.866, abs=1e-3) for number in range(GROUP)}


def test_advantages_that_change_their_sign_are_counted(tmp_path):
    env = ccgym.make(ENV, weights={"correctness": 1.0, "unlike": 1.0})
    ccgym.rollout(env, "oracle", TASKS[:1], GROUP, out=tmp_path)
    found, _ = changes(tmp_path, weights={"unlike": -1.0})
    assert (found.advantages, found.flips) == (GROUP, GROUP)


def test_a_member_that_would_leave_its_group_is_named_with_the_reason(run):
    found, _ = changes(run, weights={"picky": 0.5})
    assert (found.recorded_dropped, len(found.newly_dropped)) == (0, 6)
    assert all(name.endswith(f"#{GROUP - 1}") for name in found.newly_dropped)
    assert set(found.dropped) == {"picky failed: the reward raised ValueError: not this one (test_rescore)"}
    assert found.rewards["picky"].statuses == {"ok": 18, "failed": 6}


# --- what is not as it was


def test_what_differs_in_the_installation_is_told_once(run, tmp_path):
    for number, file in enumerate(log_files(run)):
        plugins = {"ccgym": {"version": "0.0.1", "digest": "0" * 32}}
        domain = {"name": "OrderDesk", "version": "0.9", "digest": "1" * 64}
        rewritten(
            file, tmp_path / f"{number}.jsonl", begins(plugins=plugins, domain=domain, fitted={"style": "2" * 64})
        )
    found, rescorer = changes(tmp_path)
    assert not found.any
    domain, plugin, fitted = rescorer.notices
    assert domain.startswith("domain OrderDesk differs: recorded 0.9 (111111111111), now ")
    assert plugin.startswith("plugin ccgym differs: recorded 0.0.1 (000000000000), now ")
    assert fitted.startswith("what the reward style was fitted on differs: recorded 222222222222, now ")


def test_a_domain_that_cannot_be_found_is_an_error_with_the_fix_only_where_a_reward_needs_it(run, tmp_path):
    file = rewritten(log_files(run)[0], tmp_path / "0.jsonl", begins(env="gone/Desk-v0"))
    with pytest.raises(ConfigError, match=r"style must be prepared on the domain, and 'gone/Desk-v0'.*--env"):
        changes(file)
    assert not changes(file, env=ENV)[0].any
    env = ccgym.make(ENV, weights={"correctness": 1.0})
    ccgym.rollout(env, "oracle", TASKS[:1], GROUP, out=tmp_path / "bare")
    bare = rewritten(log_files(tmp_path / "bare")[0], tmp_path / "1.jsonl", begins(env="gone/Desk-v0"))
    assert not changes(bare)[0].any


def test_another_domain_than_the_episodes_own_is_refused(run):
    with pytest.raises(ConfigError, match=r"the episodes are of the domain OrderDesk, and ccgym/Retail-v0 is Retail"):
        changes(run, env="ccgym/Retail-v0")


def test_a_reward_that_nobody_registers_keeps_its_recorded_values(run, tmp_path):
    def renamed(event):
        if isinstance(event, RewardEvent) and event.name == "format":
            return msgspec.structs.replace(event, name="kindness")
        if hasattr(event, "task"):
            options = dict(event.options)
            options["weights"] = {"kindness" if n == "format" else n: w for n, w in options["weights"].items()}
            return msgspec.structs.replace(event, options=options)
        return event

    for number, file in enumerate(log_files(run)):
        rewritten(file, tmp_path / f"{number}.jsonl", renamed)
    found, rescorer = changes(tmp_path)
    assert not found.any
    assert rescorer.notices == ["nobody registers the reward kindness: its recorded values stand"]


def test_a_group_with_an_unfinished_episode_is_passed_over(run, tmp_path):
    shutil.copytree(run / "episodes", tmp_path / "episodes")
    file = log_files(tmp_path)[0]
    lines = file.read_bytes().split(b"\n")
    cut = next(n for n, line in enumerate(lines) if b'"event":"end"' in line)
    file.write_bytes(b"\n".join(lines[:cut]) + b"\n")
    found, rescorer = changes(tmp_path)
    assert (found.groups, rescorer.unfinished, found.any) == (5, 1, False)


def test_episodes_that_were_played_one_by_one_are_scored_one_by_one(tmp_path):
    domain = find_domain(ENV)
    with EpisodeWriter(tmp_path / "demos.jsonl") as writer:
        for number, name in enumerate(TASKS):
            task = domain.tasks[name]
            expect = task.as_json()["expect"]
            env = ccgym.make(domain, env=ENV)
            writer.write(ccgym.enact(domain, task, expect["actions"], expect.get("say", ()), env=env, sample=number))
    found, _ = changes(tmp_path)
    assert (found.episodes, found.groups, found.ungrouped, found.any) == (2, 2, 2, False)


# --- the command


def test_the_command_says_that_nothing_differs(run, capsys):
    status, out, _ = said(capsys, "rescore", str(run))
    assert status == 0
    assert "Rescored 24 episodes in 6 groups: every reward and every advantage is as recorded." in out
    assert out.splitlines()[0].split() == [
        "reward",
        "weight",
        "recorded",
        "now",
        "changed",
        "n/a",
        "unscored",
        "failed",
    ]


def test_the_command_shows_what_a_reward_would_change_and_which_episode_to_open(run, capsys):
    status, out, _ = said(capsys, "rescore", str(run), "--reward", "unlike=1", "--reward", "style=0.3")
    assert status == 0
    assert "1 (new)" in out
    assert "0.1 → 0.3" in out
    assert "The biggest changes" in out
    name = out.splitlines()[-1].partition("'")[2].rstrip("'")
    assert said(capsys, "replay", name)[0] == 0


def test_the_same_as_json(run, capsys):
    status, found = answered(capsys, "rescore", str(run), "--reward", "brief=0.5")
    assert status == 0
    assert (found["episodes"], found["rewards"]["brief"]["recorded_mean"]) == (24, None)
    assert found["changes"][0]["episode"].startswith(str(run))
    assert found["rewards"]["format"]["changed"] == 0
    json.dumps(found)


def test_rescored_episodes_are_a_log_like_any_other(run, tmp_path, capsys):
    new = tmp_path / "new"
    status, _, _ = said(capsys, "rescore", str(run), "--reward", "brief=0.5", "--reward", "style=0", "--out", str(new))
    assert status == 0
    assert [file.relative_to(new) for file in log_files(new)] == [file.relative_to(run) for file in log_files(run)]
    for file in log_files(new):
        assert verify(file).divergence is None
        begin = read_log(file).episodes[0].begin
        assert (begin.options["weights"]["brief"], begin.options["weights"]["style"]) == (0.5, 0.0)
    assert not changes(new)[0].any
    assert len((new / "index.jsonl").read_text().splitlines()) == 24
    assert said(capsys, "rescore", str(run), "--out", str(new))[0] == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{run}/episodes/rollout/000000-0000.jsonl#1"], "cannot be rescored alone"),
        (["{run}", "--reward", "stile=1"], "Did you mean 'style'?"),
        (["{run}", "--reward", "style=much"], "is no weight"),
        (["{run}/nowhere"], "no such file"),
    ],
)
def test_what_cannot_be_rescored_is_told_with_the_fix(run, capsys, arguments, told):
    status, _, err = said(capsys, "rescore", *(text.format(run=run) for text in arguments))
    assert status in (1, 2)
    assert told in err
