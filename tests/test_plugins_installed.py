"""Plugins as installed distributions: found, isolated, chosen, listed without importing, and known by their digest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import installing
import pytest

import ccgym
from ccgym.env import registration
from ccgym.errors import PluginError
from ccgym.plugins import info as plugin_info
from ccgym.plugins.loader import build, scan

ROOT = Path(__file__).parents[1]
REWARD = """
import ccgym

@ccgym.reward()
class {cls}:
    def score_episode(self, episode):
        return ccgym.RewardResult(1.0)

@ccgym.hookimpl
def register_rewards(register):
    register({cls})
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed distributions, on the path; what is imported from it is forgotten after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    plugin_info.distribution_digest.cache_clear()
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    plugin_info.distribution_digest.cache_clear()


def load(**environ):
    return build(scan.__wrapped__(), environ)


def states(registry):
    return {info.name: info.state for info in registry.plugins}


def test_an_installed_distribution_brings_its_tool_reward_template_and_environment(site):
    installing.install("acme-desk", site)
    loaded = load()
    info = next(info for info in loaded.plugins if info.name == "acme_desk")
    assert (info.distribution, info.version, info.state) == ("acme-desk", "1.2.0", "ok")
    assert set(info.names) == {("tool", "AcmeDesk"), ("reward", "brevity"), ("template", "AcmeDesk/borrow")}
    assert loaded.envs["acme/Desk-v0"].value == "acme_desk:DESK"
    assert loaded.owner("env", "acme/Desk-v0").distribution == "acme-desk"


def test_plugins_are_loaded_in_the_order_of_their_distributions(site):
    for name in ("zeta-plug", "alpha-plug", "Mid.Plug"):
        installing.write_plugin(site, name, "", entry=name.lower())
    names = [info.distribution for info in load().plugins]
    assert names == sorted(names)
    assert {"alpha-plug", "mid-plug", "zeta-plug"} < set(names)


def test_a_broken_plugin_is_reported_with_its_traceback_and_the_rest_go_on(site):
    installing.install("acme-desk", site)
    installing.install("acme-broken", site)
    loaded = load()
    broken = next(info for info in loaded.plugins if info.name == "acme_broken")
    assert broken.state == "broken"
    assert "import no_such_package_anywhere" in broken.error
    assert "ModuleNotFoundError" in broken.error
    assert loaded.require("reward", "brevity")
    assert loaded.require("reward", "correctness")


def test_asking_for_what_a_broken_plugin_would_have_registered_shows_its_traceback(site):
    installing.install("acme-broken", site)
    with pytest.raises(PluginError) as caught:
        load().require("reward", "sparkle")
    assert "acme_broken" in str(caught.value)
    assert "ModuleNotFoundError" in str(caught.value)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; sys.exit(3)", "SystemExit"),
        ("this is no python", "SyntaxError"),
        ("import ccgym\n@ccgym.hookimpl\ndef register_tool(register): ...", "Did you mean 'register_tools'?"),
        ("def register_reward(register): ...", "Did you mean 'register_rewards'?"),
        ("import ccgym\n@ccgym.hookimpl\ndef register_rewards(register): 1 / 0", "ZeroDivisionError"),
        ("import ccgym\n@ccgym.hookimpl\ndef register_rewards(registr): ...", "Did you mean 'register'?"),
    ],
)
def test_whatever_a_plugin_does_wrong_stays_within_it(site, code, says):
    installing.write_plugin(site, "wild-plug", code)
    installing.write_plugin(site, "xtra-plug", REWARD.format(cls="Fine"))
    loaded = load()
    wild = next(info for info in loaded.plugins if info.name == "wild_plug")
    assert wild.state == "broken"
    assert says in wild.error
    assert loaded.require("reward", "fine")


def test_a_plugin_that_asks_for_the_registry_while_it_loads_is_told_so(site):
    installing.write_plugin(site, "eager-plug", "from ccgym.plugins import registry\nregistry()")
    code = "from ccgym.plugins import registry; print(*[i.error for i in registry().plugins if i.name == 'eager_plug'])"
    assert "while plugins are loading" in run(site, "-c", code).stdout


def test_two_owners_of_a_name_make_it_unusable_and_both_are_named(site):
    installing.write_plugin(site, "first-plug", REWARD.format(cls="Shared"))
    installing.write_plugin(site, "second-plug", REWARD.format(cls="Shared"))
    installing.write_plugin(site, "third-plug", REWARD.format(cls="Alone"))
    loaded = load()
    assert loaded.require("reward", "alone")
    assert "shared" not in loaded.rewards
    with pytest.raises(PluginError) as caught:
        loaded.require("reward", "shared")
    assert caught.value.data["owners"] == ["first-plug", "second-plug"]
    assert "first-plug" in str(caught.value)
    assert "second-plug" in str(caught.value)
    owners = [info for info in loaded.plugins if info.name in ("first_plug", "second_plug")]
    assert all(info.state == "ok" and "shared" in info.error for info in owners)


def test_disabling_one_of_two_owners_gives_the_name_to_the_other(site):
    installing.write_plugin(site, "first-plug", REWARD.format(cls="Shared"))
    installing.write_plugin(site, "second-plug", REWARD.format(cls="Shared"))
    loaded = load(CCGYM_DISABLE_PLUGINS="first-plug")
    assert loaded.owner("reward", "shared").distribution == "second-plug"
    assert loaded.require("reward", "shared")


def test_two_distributions_cannot_share_a_plugins_name(site):
    installing.write_plugin(site, "first-plug", "", entry="same")
    installing.write_plugin(site, "second-plug", "", entry="same")
    both = [info for info in load().plugins if info.name == "same"]
    assert [info.state for info in both] == ["ok", "broken"]
    assert "two distributions" in both[1].error


def test_the_environment_chooses_which_plugins_load(site):
    installing.install("acme-desk", site)
    assert set(states(load(CCGYM_LOAD_PLUGINS="")).values()) == {"disabled"}
    only = states(load(CCGYM_LOAD_PLUGINS=" Acme_Desk , ccgym_tools"))
    assert {name for name, state in only.items() if state == "ok"} == {"acme_desk", "ccgym_tools"}
    without = states(load(CCGYM_DISABLE_PLUGINS="ccgym"))
    assert {name for name, state in without.items() if state == "disabled"} == {
        "ccgym_envs",
        "ccgym_rewards",
        "ccgym_tools",
    }
    assert states(load(CCGYM_LOAD_PLUGINS="acme-desk", CCGYM_DISABLE_PLUGINS="acme_desk"))["acme_desk"] == "disabled"


def test_a_disabled_plugin_is_not_imported_and_its_names_say_why_they_are_missing(site):
    installing.install("acme-broken", site)
    loaded = load(CCGYM_DISABLE_PLUGINS="acme-broken")
    assert states(loaded)["acme_broken"] == "disabled"
    with pytest.raises(PluginError, match="CCGYM_DISABLE_PLUGINS"):
        loaded.require("reward", "sparkle")


@pytest.mark.parametrize("variable", ["CCGYM_LOAD_PLUGINS", "CCGYM_DISABLE_PLUGINS"])
def test_choosing_a_plugin_that_is_not_installed_is_reported(variable):
    loaded = load(**{variable: "ccgym_reward"})
    missing = next(info for info in loaded.plugins if info.name == "ccgym_reward")
    assert missing.state == "broken"
    assert "Did you mean 'ccgym_rewards'?" in missing.error


def test_environments_and_commands_are_listed_without_importing_anybody(site):
    files = [site / "acme_explosive.py"]
    files[0].write_text("raise SystemExit('imported')")
    entries = {"ccgym.envs": {"acme/Boom-v0": "acme_explosive:X"}, "ccgym.commands": {"boom": "acme_explosive:main"}}
    installing.write_metadata(site, "acme-explosive", "1", entries, files)
    loaded = load()
    assert loaded.require("env", "acme/Boom-v0").value == "acme_explosive:X"
    assert loaded.require("command", "boom").value == "acme_explosive:main"
    assert "acme_explosive" not in sys.modules


@pytest.mark.parametrize(
    ("body", "told"),
    [("raise RuntimeError('no desk')", "cannot be imported (RuntimeError: no desk)"),
     ("def X():\n    raise RuntimeError('no desk')", "cannot be made (RuntimeError: no desk)"),
     ("def X():\n    raise PluginError('the desk is closed')", "the desk is closed")],
)  # fmt: skip
def test_an_environment_that_breaks_while_it_is_made_is_named(site, monkeypatch, body, told):
    module = site / "acme_breaks.py"
    module.write_text(f"from ccgym.errors import PluginError\n{body}")
    installing.write_metadata(site, "acme-breaks", "1", {"ccgym.envs": {"acme/Breaks-v0": "acme_breaks:X"}}, [module])
    monkeypatch.setattr(registration, "registry", load)
    monkeypatch.delitem(sys.modules, "acme_breaks", raising=False)
    with pytest.raises(PluginError) as error:
        registration.find_domain("acme/Breaks-v0")
    assert told in str(error.value)


def test_two_owners_of_an_environments_id_are_both_named(site):
    for name in ("one-shop", "two-shop"):
        installing.write_metadata(site, name, "1", {"ccgym.envs": {"shop/Shop-v0": "x:Y"}}, [])
    with pytest.raises(PluginError, match=r"one-shop.*two-shop"):
        load().require("env", "shop/Shop-v0")


def test_a_plugins_digest_is_that_of_its_files(site):
    package = installing.install("acme-desk", site)

    def digest():
        plugin_info.distribution_digest.cache_clear()
        return next(info for info in load().plugins if info.name == "acme_desk").digest

    first = digest()
    assert len(first) == 64
    assert digest() == first
    (package / "notes.txt").write_text("not part of what was installed")
    assert digest() == first
    (package / "desk" / "sop.md").write_text("Lend nothing.")
    assert digest() != first


def test_an_editable_install_has_the_digest_of_its_packages(site):
    package = installing.install("acme-desk", site)
    info = next(site.glob("*.dist-info"))
    (info / "direct_url.json").write_text(json.dumps({"url": "file:///x", "dir_info": {"editable": True}}))
    (info / "RECORD").write_text(f"{info.name}/RECORD,,\n")
    first = plugin_info.distribution_digest("acme-desk")
    (package / "more.py").write_text("x = 1")
    plugin_info.distribution_digest.cache_clear()
    assert plugin_info.distribution_digest("acme-desk") != first


def run(site, *arguments, **environ):
    path = os.pathsep.join([str(site), str(ROOT), *(str(ROOT / part) for part in ("envs", "tools", "rewards"))])
    env = {**os.environ, "PYTHONPATH": path, **environ}
    return subprocess.run(
        [sys.executable, *arguments], env=env, capture_output=True, text=True, timeout=120, check=True
    )


def test_gymnasium_makes_a_third_partys_environment(site):
    installing.install("acme-desk", site)
    code = """
import ccgym, gymnasium
env = gymnasium.make("acme/Desk-v0")
observation, info = env.reset(seed=3, options={"task": "borrow/train/5"})
name = observation.rpartition("I am ")[2].rstrip(".")
call = '<tool_call>{"name": "lend_umbrella", "arguments": {"name": "%s"}}</tool_call>' % name
env.step(call)
_, reward, terminated, _, info = env.step("Here it is.")
print(terminated, round(reward, 6), info["rewards"], info["unscored"])
"""
    assert run(site, "-c", code).stdout.strip() == "True 1.1 {'correctness': 1.0, 'brevity': 1.0} []"


def test_the_command_line_lists_good_and_broken_plugins(site):
    installing.install("acme-desk", site)
    installing.install("acme-broken", site)
    rows = json.loads(run(site, "-c", "from ccgym.cli import main; main()", "plugins", "--json").stdout)["plugins"]
    by_name = {row["plugin"]: row for row in rows}
    assert by_name["acme_desk"]["state"] == "ok"
    assert by_name["acme_broken"]["state"] == "broken"


def test_importing_ccgym_imports_no_plugin(site):
    installing.install("acme-desk", site)
    code = "import sys, ccgym; print('acme_desk' in sys.modules, 'ccgym_rewards' in sys.modules)"
    assert run(site, "-c", code).stdout.split() == ["False", "False"]


def test_the_version_of_ccgym_is_the_distributions():
    from importlib.metadata import version

    assert version("ccgym") == ccgym.__version__
