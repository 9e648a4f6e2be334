"""The kit: what `ccgym check` takes, the episodes that things are tried on, and the pytest plugin."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import installing
import pytest
from hypothesis import given, settings

import ccgym
from ccgym.kit import Trial, check_plugin, find_subject, run_trial, run_trials, trials
from ccgym.kit.episodes import fresh, gallery
from ccgym.kit.law import finding
from ccgym.kit.strategies import arguments, episodes, turns
from ccgym.plugins import unregister
from ccgym.turns import parse_turn
from ccgym.types import CustomerTurn

ROOT = Path(__file__).parents[1]


def trial(run, title="reward x: is good", **options):
    return Trial(title, "acme 1.0", run, **options)


def law_that_finds(say):
    yield finding("reward-range", "acme 1.0", "returned 2")


# --- trials -----------------------------------------------------------------------------------------------------------


def test_what_a_trial_does_to_its_process_reaches_nobody_else():
    def vandal(say):
        ccgym.kit.vandalised = True
        return iter(())

    assert run_trial(trial(vandal)) == []
    assert not hasattr(ccgym.kit, "vandalised")


def test_a_trial_that_hangs_is_killed_and_says_on_what():
    def hang(say):
        say("scoring the reference")
        while True:
            try:
                time.sleep(9)
            except BaseException:
                continue

    (found,) = run_trial(trial(hang, seconds=0.3))
    assert found.code == "plugin-hangs"
    assert "hung while scoring the reference" in found.message


@pytest.mark.parametrize(("end", "code"), [(lambda: os._exit(3), "plugin-dies"), (lambda: 1 / 0, "plugin-raises")])
def test_a_trial_that_ends_its_process_or_raises_is_a_finding(end, code):
    (found,) = run_trial(trial(lambda say: end()))
    assert found.code == code
    assert found.place.startswith("acme 1.0")


def test_a_trial_is_left_out_where_one_that_it_needs_has_failed():
    first = trial(law_that_finds, "first")
    second = trial(law_that_finds, "second", needs=("first",))
    assert len(run_trials([first, second])) == 1
    assert len(run_trials([second])) == 1


# --- what is under test -----------------------------------------------------------------------------------------------


def test_a_distribution_and_a_plugin_of_it_are_found_by_name():
    whole, part = find_subject("ccgym"), find_subject("ccgym-rewards")
    assert {info.name for info in whole.plugins} == {"ccgym_envs", "ccgym_rewards", "ccgym_tools"}
    assert "ccgym/OrderDesk-v0" in whole.envs
    assert [info.name for info in part.plugins] == ["ccgym_rewards"]
    assert part.envs == ()


@pytest.mark.parametrize(
    ("name", "says"), [("ccgym_reward", "Did you mean 'ccgym_rewards'?"), ("hypothesis", "brings nothing for ccgym")]
)
def test_what_is_no_plugin_is_refused_with_a_hint(name, says):
    with pytest.raises(ccgym.CcgymError) as caught:
        find_subject(name)
    assert says in str(caught.value)


def test_every_reward_and_every_env_of_a_distribution_has_its_trials():
    titles = [trial.title for trial in trials(find_subject("ccgym"))]
    assert len(set(titles)) == len(titles)
    for name in ("reward format: pays for no padding and no repetition", "tool cancel_order: does the same again",
                 "env ccgym/OrderDesk-v0: keeps episodes apart (promise 5)"):  # fmt: skip
        assert name in titles


def test_our_own_rewards_keep_the_laws():
    own = [trial for trial in trials(find_subject("ccgym_rewards")) if "another process" not in trial.title]
    assert [str(found) for found in run_trials(own)] == []


class Players:
    """A policy and a customer, each of which is said to keep the laws or not."""

    def __init__(self, whim):
        self.whim = whim

    @ccgym.hookimpl
    def register_policies(self, register):
        register("kit-polite", lambda argument, **options: Polite(self.whim))

    @ccgym.hookimpl
    def register_users(self, register):
        register("kit-content", lambda user, sim, rng: Content(self.whim))


class Polite:
    name = "kit-polite"

    def __init__(self, whim):
        self.whim = whim

    def act(self, requests):
        return [ccgym.Turn(f"Sorry, no.{self.whim()}") for _ in requests]

    def close(self, key):
        pass


class Content:
    def __init__(self, whim):
        self.whim = whim

    def first(self):
        return CustomerTurn("Hello.")

    def answer(self, text):
        return CustomerTurn(f"Thanks.{self.whim()}", done=True)


@pytest.mark.parametrize(
    ("whim", "codes"),
    [
        (lambda: "", set()),
        (lambda: f" {random.random()}", {"policy-not-deterministic", "customer-not-deterministic"}),
        (lambda: 1 // 0, {"policy-raises", "customer-raises"}),
    ],
)  # fmt: skip
def test_policies_and_customers_are_held_to_their_laws(whim, codes):
    gallery.cache_clear()  # whoever comes first has the episodes made
    plugin = Players(whim)
    ccgym.register(plugin)
    try:
        found, laws = check_plugin("Players")
    finally:
        unregister(plugin)
    assert {finding.code for finding in found} == codes, [str(each) for each in found]
    assert laws >= 2


# --- the episodes -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown():
    return gallery(find_subject("ccgym_rewards").domain())


def test_the_reference_is_right_and_the_group_is_mixed(shown):
    assert shown.reference.rewards["correctness"] == 1.0
    assert len(shown.group) == 8
    assert [episode.begin.sample for episode in shown.group] == list(range(8))
    assert len({(episode.begin.task["id"], episode.begin.seed) for episode in shown.group}) == 1
    assert {episode.rewards["correctness"] for episode in shown.group} == {0.0, 1.0}


def test_a_padded_episode_ends_as_the_plain_one_and_changes_the_same(shown):
    assert len(shown.padded) >= 6
    for _, plain, padded in shown.padded:
        assert (plain.end.reason, plain.events[-1].hash) == (padded.end.reason, padded.events[-1].hash)
        said = [sum(len(event.content) for event in episode.turns) for episode in (plain, padded)]
        assert said[0] < said[1]


def test_the_odd_episodes_are_what_they_are_called(shown):
    assert shown.odd["an episode without its end"].end is None
    assert shown.odd["an episode in which the agent never came to speak"].turns == []
    assert max(len(text) for _, text in shown.odd["an episode of a reply of 100 KB"].replies) > 90_000
    assert shown.odd["an episode with a forgery"].end.reason == "forged_token"


def test_a_copy_of_an_episode_shares_nothing_with_it(shown):
    copy = fresh(shown.reference)
    copy.events[0].task["id"] = "another"
    copy.events.pop()
    assert shown.reference.task["id"] != "another"
    assert shown.reference.rewards["correctness"] == 1.0


# --- strategies -------------------------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(episodes())
def test_drawn_episodes_are_finished_and_scored(episode):
    assert episode.end is not None
    assert "correctness" in episode.rewards


@settings(max_examples=30, deadline=None)
@given(turns())
def test_drawn_turns_are_text_that_can_be_parsed(turn):
    parse_turn(turn)


DOMAIN = ccgym.make("ccgym/OrderDesk-v0").domain


@pytest.mark.parametrize("tool", list(DOMAIN.tools.values()), ids=str)
def test_drawn_arguments_are_on_the_schema(tool):
    @settings(max_examples=20, deadline=None)
    @given(arguments(tool))
    def holds(drawn):
        assert DOMAIN.validators[tool.name](drawn) is None

    holds()


# --- the command and pytest, with an installed plugin -----------------------------------------------------------------

LONG = """
import ccgym

@ccgym.reward()
class Long:
    def score_episode(self, episode):
        return ccgym.RewardResult(min(1.0, sum(len(text) for _, text in episode.replies) / 5000))

@ccgym.hookimpl
def register_rewards(register):
    register(Long)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    installing.write_plugin(folder, "acme-long", LONG)
    return folder


def run(site, *arguments, cwd=None):
    path = os.pathsep.join([str(site), str(ROOT), *(str(ROOT / part) for part in ("envs", "tools", "rewards"))])
    return subprocess.run(
        [sys.executable, *arguments], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, cwd=cwd,
        timeout=300, check=False,
    )  # fmt: skip


def test_check_of_an_installed_plugin_names_it_with_place_and_fix(site):
    done = run(site, "-c", "import sys; from ccgym.cli import main; sys.exit(main())", "check", "acme-long", "--json")
    said = json.loads(done.stdout)
    assert done.returncode == 1
    assert said["checked"] == ["plugin"]
    (found,) = said["findings"]
    assert found["code"] == "reward-pays-padding"
    assert found["place"] == "acme-long 1.0 reward 'long' (acme_long.py:4)"
    assert found["fix"]


def test_a_name_that_is_several_things_is_checked_as_all_of_them(site, tmp_path):
    (tmp_path / "acme-long").mkdir()
    check = ("-c", "from ccgym.cli import main; main()", "check", "acme-long")
    assert "a folder" not in run(site, *check, cwd=tmp_path).stdout  # that of the plugin's sources
    (tmp_path / "acme-long" / "domain.yaml").write_text("nam: Long")
    done = run(site, *check, cwd=tmp_path)
    assert "acme-long is a folder and an installed plugin: all are checked." in done.stdout
    assert "[unknown-field]" in done.stdout
    assert "[reward-pays-padding]" in done.stdout


OWN = """
def test_the_fixtures_are_there(ccgym_domain, ccgym_episode, ccgym_group):
    assert ccgym_domain.name == "OrderDesk"
    assert ccgym_episode.rewards["correctness"] == 1.0
    ccgym_episode.events.clear()
    assert len(ccgym_group) == 8

def test_each_test_has_its_own(ccgym_episode):
    assert ccgym_episode.end.reason == "customer_done"
"""


def test_pytest_adds_each_law_as_a_test_that_fails_with_the_finding_alone(site, tmp_path):
    (tmp_path / "test_own.py").write_text(OWN)
    options = ("-m", "pytest", "-p", "no:cacheprovider", "-v", "--ccgym-plugin", "acme-long", "-k", "not process")
    done = run(site, *options, cwd=tmp_path)
    assert "acme-long::reward long: says the same again PASSED" in done.stdout
    assert "acme-long::reward long: pays for no padding and no repetition FAILED" in done.stdout
    assert "test_own.py::test_the_fixtures_are_there PASSED" in done.stdout
    assert "test_own.py::test_each_test_has_its_own PASSED" in done.stdout
    assert "[reward-pays-padding]" in done.stdout
    assert "Traceback" not in done.stdout
    assert "1 failed" in done.stdout


def test_pytest_says_so_where_there_is_no_such_plugin(site, tmp_path):
    done = run(site, "-m", "pytest", "--ccgym-plugin", "acme-lang", cwd=tmp_path)
    assert done.returncode == 4
    assert "Did you mean 'acme-long'?" in done.stderr
