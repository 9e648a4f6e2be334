"""Every hook, through a plugin that is installed as a stranger's would be. A hook without a proof here fails."""

from __future__ import annotations

import importlib
import sys

import installing
import pytest

import ccgym
from ccgym.plugins import hookspecs, loader
from ccgym.plugins.loader import build, scan

HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, "ccgym_spec")]
RING = {"name": "ring", "args": {"times": 2}}


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """tests/plugins/acme-hooks, installed and loaded in place of what is installed beside it."""
    site, patch = tmp_path_factory.mktemp("site"), pytest.MonkeyPatch()
    installing.install("acme-hooks", site)
    patch.syspath_prepend(site)
    patch.setattr(loader, "_loaded", build(scan.__wrapped__(), {}))
    yield importlib.import_module("acme_hooks")
    patch.undo()
    del sys.modules["acme_hooks"]


@pytest.fixture(scope="module")
def belfry(plugin, tmp_path_factory):
    """A domain whose tools the plugin brings."""
    folder = tmp_path_factory.mktemp("belfry")
    (folder / "domain.yaml").write_text("name: Belfry\ntools: bells\n")
    (folder / "sop.md").write_text("Ring as often as you are asked to.\n")
    (folder / "state.json").write_text('{"tables": {"bells": {"B1": {"rung": 0}}}}')
    (folder / "tasks.jsonl").write_text('{"id": "twice", "user": {"first_message": "Twice!"}}\n')
    return ccgym.load_domain(folder)


def proves_register_tools(plugin, domain):
    assert ccgym.enact(domain, "twice", [RING]).calls[0].result == {"rung": 2}


def proves_register_rewards(plugin, domain):
    env = ccgym.make(domain, weights={"correctness": 1.0, "quiet": 0.5})
    assert ccgym.enact(domain, "twice", [RING], env=env).rewards["quiet"] == 0.0
    assert ccgym.enact(domain, "twice", say=["No."], env=env).rewards["quiet"] == 1.0


def proves_register_templates(plugin, domain):
    task = domain.task("often/train/3")
    assert ccgym.enact(domain, task, task.expect.actions).rewards["correctness"] == 1.0


def proves_register_policies(plugin, domain):
    (episode,) = ccgym.rollout(domain, "silent:Xin lỗi.", ["twice"])
    assert episode.replies[0][1] == "Xin lỗi."


def proves_register_users(plugin, domain):
    task = {"id": "other", "user": {"first_message": "Hello.", "sim": {"kind": "patron"}}}
    episode = ccgym.enact(domain, task, say=["Ding."])
    assert episode.messages()[-1]["content"] == "You said: Ding."
    assert episode.end.reason == "customer_done"


def proves_make_backend(plugin, domain):
    task = {"id": "double", "tags": ["double"], "user": {"first_message": "Twice!"}, "expect": {"actions": [RING]}}
    episode = ccgym.enact(domain, task, [RING])
    assert episode.calls[0].result == {"rung": 4}
    assert episode.rewards["correctness"] == 1.0


def proves_judge_episode(plugin, domain):
    for questions, value in ((["Was it loud?"], 1.0), (["Was it loud?", "Was it long?"], 0.0)):
        task = {"id": "heard", "user": {"first_message": "Hello."}, "expect": {"judge": questions}}
        episode = ccgym.enact(domain, task, say=["Ding."])
        assert episode.rewards["correctness"] == value


def proves_load_source(plugin, domain):
    hook = ccgym.plugins.registry().hook
    assert hook.load_source(uri="bells:all") == [plugin.SCHEMA]
    assert hook.load_source(uri="other:all") is None


def proves_episode_end(plugin, domain):
    plugin.SEEN.clear()
    ccgym.rollout(domain, "oracle", ["twice"], group=2)
    assert plugin.SEEN == [("episode_end", "twice", "customer_done")] * 2


def proves_train_step(plugin, domain, tmp_path, monkeypatch):
    from ccgym.train.metrics import Metrics

    monkeypatch.setattr(Metrics, "_show", lambda self, line: None)  # TensorBoard is not what this is about
    plugin.SEEN.clear()
    Metrics(tmp_path).record("grpo", 5, {"reward": 0.5, "kl": None}, {"seconds": 1.0})
    assert plugin.SEEN == [("train_step", 5, {"reward": 0.5})]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_works_through_an_installed_plugin(hook, plugin, belfry, tmp_path, monkeypatch):
    proof = globals().get(f"proves_{hook}")
    assert proof, f"no test exercises the hook {hook}: write proves_{hook} here, and implement it in acme-hooks"
    more = {"tmp_path": tmp_path, "monkeypatch": monkeypatch}
    proof(plugin, belfry, **{name: more[name] for name in proof.__code__.co_varnames if name in more})
    assert hook in plugin.CALLED


def test_the_plugin_implements_every_hook(plugin):
    info = next(info for info in ccgym.plugins.registry().plugins if info.name == "acme_hooks")
    assert (info.state, info.error) == ("ok", None)
    assert set(info.hooks) == set(HOOKS)
