"""The wheel without extras, in a venv of its own: the core works, and nothing of the training packages is there."""

from __future__ import annotations

import subprocess

import pytest
from venvs import Core

pytestmark = pytest.mark.slow

ENV = "ccgym/OrderDesk-v0"


@pytest.fixture(scope="module")
def core(tmp_path_factory) -> Core:
    return Core(tmp_path_factory.mktemp("core"))


@pytest.mark.parametrize("name", ["torch", "transformers", "trl", "sklearn", "peft", "datasets", "accelerate"])
def test_no_training_package_is_importable(core, name):
    assert core.python(f"import importlib.util; print(importlib.util.find_spec({name!r}))").strip() == "None"


def test_the_wheel_holds_no_package_with_a_name_that_belongs_to_others(core):
    names = ("tools", "envs", "rewards", "plugins", "tests", "bench")
    code = f"import importlib.util; print([name for name in {names} if importlib.util.find_spec(name)])"
    assert core.python(code).strip() == "[]"


def test_the_public_names_and_the_gymnasium_id_work(core):
    code = (
        "import ccgym, gymnasium; [getattr(ccgym, name) for name in ccgym.__all__]; "
        f"env = gymnasium.make('{ENV}'); print(env.reset(seed=3)[1]['task_id'])"
    )
    assert core.python(code).strip()


def test_check_rollout_and_replay_verify(core):
    assert core.json("check", ENV)["error"] == 0
    value = core.json("rollout", ENV, "--policy", "oracle", "--tasks", 6, "-G", 2, "--out", "run")
    assert value["episodes"] == 12
    assert value["success"] == 1.0
    assert core.json("replay", "run", "--verify") | {"notices": []} == {
        "files": 6, "episodes": 12, "steps": value["steps"], "divergences": [], "causes": {}, "damaged": [],
        "notices": [],
    }  # fmt: skip
    assert "correctness" in core.ccgym("replay", sorted((core.folder / "run").rglob("*.jsonl"))[0].as_posix() + "#0")


@pytest.mark.parametrize("verb", ["plugins", "envs", "tools", "rewards"])
def test_lists(core, verb):
    rows = core.json(verb)[verb]
    assert rows
    assert core.ccgym(verb, "show", next(iter(rows[0].values())))


@pytest.mark.parametrize("kind", ["domain", "task", "tools", "episode", "config"])
def test_schemas(core, kind):
    assert core.json("schema", kind)["$schema"]


def test_training_names_the_extra_to_install(core):
    done = subprocess.run(
        [core.bin / "ccgym", "train"], capture_output=True, text=True, cwd=core.folder, env=core.env, timeout=120
    )
    assert done.returncode == 1
    assert "pip install 'ccgym[train]'" in done.stderr
