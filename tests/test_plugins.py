"""Plugins at run time: decorators, hooks, names, conflicts, and what an error says."""

from __future__ import annotations

import inspect
import logging
import math
import types

import pytest

import ccgym
from ccgym.errors import PluginError
from ccgym.plugins import Toolset, hookspecs, load_plugins, registry, reward_mark, tool_mark, unregister
from ccgym.types import RewardResult


@pytest.fixture
def plug():
    """Registers plugins and takes them back after the test."""
    plugins = []

    def register(plugin):
        info = ccgym.register(plugin)
        plugins.append(plugin)
        return info

    yield register
    for plugin in plugins:
        unregister(plugin)


def reward_named(reward_name):
    @ccgym.reward()
    class Named:
        name = reward_name

        def score_episode(self, episode):
            return RewardResult(1.0)

    return Named


class Rewarding:
    """A plugin with one reward."""

    def __init__(self, name):
        self.reward = reward_named(name)

    @ccgym.hookimpl
    def register_rewards(self, register):
        register(self.reward)


class OtherRewarding(Rewarding):
    pass


# --- hooks -----------------------------------------------------------------------------------------------------------


def test_the_hooks_are_those_of_the_design_with_these_arguments():
    specs = {
        name: list(inspect.signature(fn).parameters)
        for name, fn in vars(hookspecs).items()
        if hasattr(fn, "ccgym_spec")
    }  # fmt: skip
    assert specs == {
        "register_tools": ["register"],
        "register_rewards": ["register"],
        "register_templates": ["register"],
        "register_policies": ["register"],
        "register_users": ["register"],
        "make_backend": ["domain", "state", "task"],
        "judge_episode": ["episode", "questions"],
        "load_source": ["uri"],
        "episode_end": ["episode"],
        "train_step": ["step", "metrics"],
    }


def test_every_hook_says_what_it_is_for():
    assert all(inspect.getdoc(fn) for fn in vars(hookspecs).values() if hasattr(fn, "ccgym_spec"))


def test_first_party_packages_come_in_as_plugins_of_the_distribution_ccgym():
    found = {info.name: info for info in registry().plugins if info.distribution == "ccgym"}
    assert found.keys() == {"ccgym_rewards", "ccgym_tools", "ccgym_envs"}
    assert all(info.state == "ok" and info.version == ccgym.__version__ for info in found.values())
    assert {"format", "correctness", "efficiency", "style", "diversity"} <= registry().rewards.keys()


def test_the_registry_is_loaded_once():
    assert load_plugins() is registry()


# --- registering at run time -----------------------------------------------------------------------------------------


def test_an_object_registers_a_reward_and_can_be_taken_back():
    plugin = Rewarding("sunshine")
    info = ccgym.register(plugin)
    assert info.names == (("reward", "sunshine"),)
    assert registry().require("reward", "sunshine") is plugin.reward
    assert registry().owner("reward", "sunshine") == info
    unregister(plugin)
    assert "sunshine" not in registry().rewards
    with pytest.raises(PluginError, match="was not registered at run time"):
        unregister(plugin)


def test_a_module_registers_everything_it_has(plug):
    module = types.ModuleType("pocket")

    @ccgym.hookimpl
    def register_tools(register):
        register(Toolset("pocket", {"look": lambda state: {}}))

    @ccgym.hookimpl
    def register_templates(register):
        register("Pocket", "empty", lambda rng: {})

    @ccgym.hookimpl
    def register_policies(register):
        register("napper", lambda argument: None)

    @ccgym.hookimpl
    def register_users(register):
        register("ghost", lambda spec, task, rng: None)

    for hook in (register_tools, register_templates, register_policies, register_users):
        hook.__module__ = "pocket"
        setattr(module, hook.__name__, hook)
    plug(module)
    loaded = registry()
    assert loaded.require("tool", "pocket").functions.keys() == {"look"}
    assert loaded.templates["Pocket"].keys() == {"empty"}
    assert loaded.require("template", "Pocket/empty")
    assert loaded.require("policy", "napper")
    assert loaded.require("user", "ghost")


def test_a_domain_without_templates_left_is_forgotten():
    class Templates:
        @ccgym.hookimpl
        def register_templates(self, register):
            register("Brief", "one", lambda rng: {})

    plugin = Templates()
    ccgym.register(plugin)
    unregister(plugin)
    assert "Brief" not in registry().templates


def test_registering_again_replaces_as_a_notebook_cell_run_twice_would(plug):
    plug(Rewarding("first"))
    second = Rewarding("second")
    ccgym.register(second)
    assert "first" not in registry().rewards
    assert registry().require("reward", "second") is second.reward
    assert sum(info.name == "Rewarding" for info in registry().plugins) == 1


def test_registering_what_is_installed_changes_nothing_and_its_name_is_its_own():
    import ccgym_rewards

    info = ccgym.register(ccgym_rewards)
    assert info.distribution == "ccgym"
    assert sum(each.name == "ccgym_rewards" for each in registry().plugins) == 1
    with pytest.raises(PluginError, match="was not registered at run time"):
        unregister(ccgym_rewards)
    assert "a plugin of ccgym is called 'ccgym_rewards'" in refused(types.ModuleType("ccgym_rewards"))


def test_an_implementation_may_take_fewer_arguments(plug):
    class Counting:
        steps = 0

        @ccgym.hookimpl
        def train_step(self):
            self.steps += 1

        @ccgym.hookimpl
        def load_source(self):
            return "mine"

    counting = Counting()
    plug(counting)
    registry().notify("train_step", step=1, metrics={})
    assert counting.steps == 1
    assert registry().hook.load_source(uri="mcp:anything") == "mine"


def test_an_observer_that_fails_is_logged_and_the_others_are_told(plug, caplog):
    seen = []

    class Bad:
        @ccgym.hookimpl
        def episode_end(self, episode):
            raise RuntimeError("observer broke")

    class Good:
        @ccgym.hookimpl
        def episode_end(self, episode):
            seen.append(episode)

    class AlsoGood(Good):
        pass

    for plugin in (Good(), Bad(), AlsoGood()):
        plug(plugin)
    with caplog.at_level(logging.ERROR):
        registry().notify("episode_end", episode="an episode")
    assert seen == ["an episode", "an episode"]
    assert "observer broke" in caplog.text


# --- errors ----------------------------------------------------------------------------------------------------------


def refused(plugin):
    before = [info.name for info in registry().plugins]
    with pytest.raises(PluginError) as caught:
        ccgym.register(plugin)
    assert [info.name for info in registry().plugins] == before, "nothing may be half registered"
    return str(caught.value)


def test_a_misspelt_hook_gets_did_you_mean():
    class Misspelt:
        @ccgym.hookimpl
        def register_reward(self, register): ...

    assert "Did you mean 'register_rewards'?" in refused(Misspelt())


def test_a_misspelt_hook_that_is_not_marked_gets_did_you_mean():
    class Unmarked:
        def register_tool(self, register): ...

    assert "Did you mean 'register_tools'?" in refused(Unmarked())


def test_a_hook_that_is_not_marked_says_how_to_mark_it():
    class Unmarked:
        def register_rewards(self, register): ...

    assert "@ccgym.hookimpl" in refused(Unmarked())


def test_a_misspelt_argument_gets_did_you_mean():
    class Misspelt:
        @ccgym.hookimpl
        def register_rewards(self, regster): ...

    text = refused(Misspelt())
    assert "'regster'" in text
    assert "Did you mean 'register'?" in text


def test_a_plugin_without_hooks_is_refused():
    assert "no hooks" in refused(types.SimpleNamespace())


def test_a_class_is_no_plugin():
    assert "instance" in refused(Rewarding)


def test_what_a_plugin_registers_is_no_plugin():
    assert "register_rewards" in refused(reward_named("x"))
    assert "register_tools" in refused(Toolset("x"))


def test_a_hook_that_raises_registers_nothing():
    class Halfway:
        @ccgym.hookimpl
        def register_rewards(self, register):
            register(reward_named("halfway"))
            raise OSError("no file")

    assert "OSError: no file" in refused(Halfway())
    assert "halfway" not in registry().rewards


@pytest.mark.parametrize(
    ("hook", "arguments", "says"),
    [
        ("register_tools", ("a name",), "Toolset"),
        ("register_rewards", ("a name",), "no class"),
        ("register_rewards", (str,), "@ccgym.reward"),
        ("register_templates", ("has/slash", "x", print), "domain's name"),
        ("register_templates", ("Shop", "x", 3), "cannot be called"),
        ("register_policies", ("", print), "needs a name"),
        ("register_users", ("ghost", None), "cannot be called"),
    ],
)
def test_a_registration_that_makes_no_sense_says_what_would(hook, arguments, says):
    def implementation(self, register):
        register(*arguments)

    implementation.__name__ = hook
    plugin = type("Senseless", (), {hook: ccgym.hookimpl(implementation)})()
    assert says in refused(plugin)


def test_one_plugin_cannot_register_a_name_twice():
    class Twice:
        @ccgym.hookimpl
        def register_rewards(self, register):
            register(reward_named("twin"))
            register(reward_named("twin"))

    assert "registered twice" in refused(Twice())


def test_a_name_that_has_an_owner_is_refused_and_both_are_named(plug):
    plug(Rewarding("contested"))
    text = refused(OtherRewarding("contested"))
    assert "Rewarding" in text
    assert "OtherRewarding" in text
    assert "ccgym (ccgym_rewards)" in refused(OtherRewarding("format"))
    assert registry().require("reward", "contested")


def test_an_unknown_name_gets_did_you_mean():
    with pytest.raises(PluginError, match=r"Did you mean 'correctness'\?"):
        registry().require("reward", "corectness")
    with pytest.raises(PluginError, match="no user is called 'nobody-at-all'"):
        registry().require("user", "nobody-at-all")


# --- decorators ------------------------------------------------------------------------------------------------------


def test_a_reward_is_named_after_its_class_unless_it_says_otherwise():
    @ccgym.reward()
    class NoHTTPErrors:
        def score_episode(self, episode): ...

    assert reward_mark(NoHTTPErrors).name == NoHTTPErrors.name == "no_http_errors"
    assert reward_mark(reward_named("mine")()).name == "mine"


@pytest.mark.parametrize(
    "methods", [(), ("score_step", "score_episode"), ("score_step", "score_episode", "score_group")]
)
def test_a_reward_implements_exactly_one_method(methods):
    cls = type("Odd", (), {method: lambda self, *a: None for method in methods})
    with pytest.raises(PluginError, match="exactly one"):
        ccgym.reward()(cls)


@pytest.mark.parametrize(
    "declared",
    [
        {"range": (1, 0)},
        {"range": (0, math.inf)},
        {"range": (math.nan, 1)},
        {"seconds": 0},
        {"seconds": math.inf},
    ],
)
def test_a_reward_declares_a_range_and_a_time(declared):
    with pytest.raises(PluginError):
        ccgym.reward(**declared)(type("Odd", (), {"score_episode": lambda self, episode: None}))


def test_a_subclass_of_a_reward_is_a_reward_only_when_it_says_so():
    class Child(reward_named("parent")):
        pass

    with pytest.raises(PluginError, match="Decorate the class"):
        reward_mark(Child)
    assert reward_mark(ccgym.reward(range=(-1, 1))(Child)).name == "child"


def test_a_tool_stays_the_function_it_is_and_tells_what_it_wants():
    @ccgym.tool(name="wait_for_it", blocking=True, seconds=2)
    def wait(state, minutes, *, ctx):
        return minutes

    assert wait({}, 3, ctx=None) == 3
    mark = tool_mark(wait)
    assert (mark.name, mark.blocking, mark.seconds, mark.wants_ctx) == ("wait_for_it", True, 2.0, True)

    def plain(state, ctx): ...

    assert not tool_mark(plain).wants_ctx, "only a keyword-only ctx is the context; this one is an argument"
    assert tool_mark(ccgym.tool(plain)).name == "plain"


def test_a_tool_takes_the_state():
    with pytest.raises(PluginError, match=r"def nothing\(state"):

        @ccgym.tool
        def nothing(): ...


def test_a_toolset_takes_functions_by_name_or_in_a_list():
    def look(state): ...

    assert Toolset("t", [look]).functions == Toolset("t", {"look": look}).functions == {"look": look}
    with pytest.raises(PluginError, match="two functions"):
        Toolset("t", [look, look])
    with pytest.raises(PluginError, match="not a function"):
        Toolset("t", {"look": 3})
