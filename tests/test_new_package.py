"""`ccgym new reward|tool|env|domain NAME`: a package to begin with.

1. It holds a few small files that are whole, tidy, and free of the starter's own names.
2. What it registers can be checked and played.
3. Any sensible NAME becomes valid names; any other is refused, with one that would do.
4. Nothing that exists is overwritten, and a failure leaves nothing behind.
5. The command prints what it wrote and what to run next, exactly.
"""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import ccgym
from ccgym.authoring import names_of, new_package
from ccgym.checking import check
from ccgym.cli.app import run
from ccgym.errors import CcgymError, ConfigError
from ccgym.plugins import unregister

KINDS = ("reward", "tool", "env", "domain")
DESK = Path(__file__).parent / "authoring" / "bank"
EVERY = {".github/workflows/test.yml", "README.md", "pyproject.toml", "tests/test_my_{}.py", "my_{}/__init__.py"}
FILES = {
    "reward": set(),
    "tool": {"my_tool/tools.json", *(f"my_tool/domain/{name}" for name in (
        "domain.yaml", "sop.md", "state.json", "tasks.jsonl"))},
    "env": {f"my_env/domain/{name}" for name in ("domain.yaml", "sop.md", "state.json", "tools.json")},
    "domain": {"AUTHOR.md", "domain.yaml", "sop.md", "state.json", "tasks.jsonl", "tools.json"},
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Kind to a new package of that kind, made once."""
    place = tmp_path_factory.mktemp("new")
    return {kind: new_package(kind, f"My{kind.title()}", place / kind) for kind in KINDS}


def texts(package):
    return {name: (package.folder / name).read_text("utf-8") for name in package.files}


def code_lines(path):
    """How many lines a module has that are neither empty nor its docstring."""
    text = path.read_text("utf-8")
    head = ast.parse(text).body[0]
    return sum(bool(line.strip()) for line in text.splitlines()[head.end_lineno :])


# --- 1: the files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_these_files(made, kind):
    wanted = {name.format(kind) for name in EVERY} | FILES[kind]
    assert set(made[kind].files) == wanted
    assert {p.relative_to(made[kind].folder).as_posix() for p in made[kind].folder.rglob("*") if p.is_file()} == wanted


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_left_of_the_starters_names(made, kind):
    for name, text in texts(made[kind]).items():
        for token in ("the_package", "the-package", "the_name", "TheName"):
            assert token not in text, name
            assert token not in name


@pytest.mark.parametrize("kind", KINDS)
def test_the_project_says_where_its_plugin_and_environment_are(made, kind):
    package = made[kind]
    project = tomllib.loads((package.folder / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["name"] == f"my-{kind}"
    plugin = {} if kind == "domain" else {"ccgym": {f"my_{kind}": f"my_{kind}"}}
    env = {} if kind == "reward" else {"ccgym.envs": {f"my-{kind}/My{kind.title()}-v0": f"my_{kind}:DOMAIN"}}
    assert project["entry-points"] == plugin | env


@pytest.mark.parametrize("kind", KINDS)
def test_continuous_integration_runs_the_tests_the_laws_and_the_check(made, kind):
    [job] = yaml.safe_load((made[kind].folder / ".github/workflows/test.yml").read_text())["jobs"].values()
    ran = [step["run"] for step in job["steps"] if "run" in step]
    assert ran == ["pip install '.[test]'", f"pytest --ccgym-plugin my-{kind}", f"ccgym check my-{kind}"]


def test_a_domains_package_lists_the_files_that_the_domain_reads(made):
    project = tomllib.loads((made["domain"].folder / "pyproject.toml").read_text("utf-8"))
    listed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert listed == {name: f"my_domain/{name}" for name in FILES["domain"] - {"AUTHOR.md"}}


def test_they_are_small(made):
    for kind, most in (("reward", 15), ("tool", 20), ("env", 25), ("domain", 15)):
        assert code_lines(made[kind].folder / f"my_{kind}" / "__init__.py") <= most, kind


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_passes_a_linter_and_a_formatter_as_they_come(made, kind):
    for options in (["check", "--isolated", "--select", "E,F,W,I,UP,B,SIM,PT"], ["format", "--isolated", "--check"]):
        line = [sys.executable, "-m", "ruff", *options, "--no-cache", "."]
        done = subprocess.run(line, cwd=made[kind].folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_name_gives_the_same_bytes(made, kind, tmp_path):
    assert texts(new_package(kind, f"My{kind.title()}", tmp_path / "again")) == texts(made[kind])


# --- 2: it plays ------------------------------------------------------------------------------------------------------


@pytest.fixture
def loaded(made, monkeypatch):
    """Import and register the package of a kind for one test, as an installer would have it registered."""
    done = []

    def load(kind):
        monkeypatch.syspath_prepend(made[kind].folder)
        module = importlib.import_module(made[kind].names.package)
        if kind != "domain":
            ccgym.register(module)
        done.append((kind, module))
        return module

    yield load
    for kind, module in done:
        if kind != "domain":
            unregister(module)
        del sys.modules[module.__name__]


@pytest.mark.parametrize("kind", ["tool", "env", "domain"])
def test_check_finds_nothing_wrong_with_the_domain(loaded, kind):
    found = check(str(loaded(kind).DOMAIN)).findings
    assert [str(finding) for finding in found if finding.severity != "notice"] == []


@pytest.mark.parametrize("kind", ["tool", "env", "domain"])
def test_the_references_earn_1_and_lazy_policies_nothing(loaded, kind):
    domain = ccgym.load_domain(loaded(kind).DOMAIN)
    tasks = list(domain.tasks) or [f"move/{split}/{seed}" for split in ("train", "test") for seed in range(5)]
    for policy, earned in (("oracle", {1.0}), ("null", {0.0}), ("refuse", {0.0}), ("echo", {0.0})):
        assert {e.rewards["correctness"] for e in ccgym.rollout(domain, policy, tasks)} == earned, policy


def test_the_reward_scores_and_neither_padding_nor_repetition_pays(loaded):
    loaded("reward")
    said = {"short": ["Yes."], "again": ["Yes. Yes."], "padded": [f"Yes.{' ' * 400}."], "long": ["Yes. " * 100]}
    domain = ccgym.load_domain(ccgym.make("ccgym/OrderDesk-v0").domain.path)
    task = next(iter(domain.tasks))
    episodes = [ccgym.enact(domain, task, [{"say": text} for text in texts]) for texts in said.values()]
    values = [scored["my_reward"].value for scored in ccgym.score(episodes, ["my_reward"])]
    assert values == [1.0, 1.0, pytest.approx(200 / 405), pytest.approx(200 / 499)]


def test_the_files_of_the_package_are_no_part_of_a_domain(made, tmp_path):
    """The folder of a new domain is a package too; its digest is that of the domain alone."""
    bare = ccgym.authoring.new_domain("MyDomain", out=tmp_path / "bare")
    assert ccgym.load_domain(bare.folder).digest == ccgym.load_domain(made["domain"].folder).digest


# --- 3: names ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "distribution", "package", "registered", "title"),
    [
        ("x", "x", "x", "x", "X"),
        ("my-reward", "my-reward", "my_reward", "my_reward", "MyReward"),
        ("my_reward", "my-reward", "my_reward", "my_reward", "MyReward"),
        ("MyReward", "my-reward", "my_reward", "my_reward", "MyReward"),
        ("HTTPTone2", "http-tone2", "http_tone2", "http_tone2", "HttpTone2"),
        (" Short  and sweet! ", "short-and-sweet", "short_and_sweet", "short_and_sweet", "ShortAndSweet"),
        ("Lịch sự", "lich-su", "lich_su", "lich_su", "LichSu"),
        ("Li\u0323ch su\u031b\u0323", "lich-su", "lich_su", "lich_su", "LichSu"),
        ("ĐƠN HÀNG", "don-hang", "don_hang", "don_hang", "DonHang"),
        ("Café 😀", "cafe", "cafe", "cafe", "Cafe"),
        ("Größe", "grosse", "grosse", "grosse", "Grosse"),
        ("ccgym-reward-tone", "ccgym-reward-tone", "ccgym_reward_tone", "tone", "Tone"),
        ("a" * 64, "a" * 64, "a" * 64, "a" * 64, "A" + "a" * 63),
    ],
)
def test_a_name_becomes_valid_names(given, distribution, package, registered, title):
    names = names_of("reward", given)
    assert (names.distribution, names.package, names.registered, names.title) == (
        distribution, package, registered, title,
    )  # fmt: skip
    assert package.isidentifier()
    assert names.env == f"{distribution}/{title}-v0"


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("reward", "class", ["word of Python", "reward-class"]),
        ("reward", "None", ["word of Python", "reward-none"]),
        ("reward", "json", ["there is a package json", "reward-json"]),
        ("reward", "ccgym", ["used by ccgym", "reward-ccgym"]),
        ("tool", "torch", ["used by ccgym", "tool-torch"]),
        ("env", "pyyaml", ["used by ccgym", "env-pyyaml"]),
        ("tool", "ccgym-tools", ["there is a package ccgym_tools", "tool-ccgym-tools"]),
        ("reward", "Format", ["a reward of ccgym already", "reward-format"]),
        ("reward", "ccgym-reward-format", ["a reward of ccgym already"]),
        ("tool", "retail", ["a toolset of ccgym already", "tool-retail"]),
        ("env", "order-desk", ["the domain OrderDesk", "env-order-desk"]),
        ("reward", "tests", ["folders of a project", "reward-tests"]),
        ("domain", "json", ["there is a package json", "DomainJson"]),
        ("domain", "no", ["else in YAML", "DomainNo"]),
        ("domain", "Đơn hàng", ["cannot be the name of a domain", "such as DonHang"]),
        ("env", "null", ["else in YAML"]),
        ("reward", "3d", ["a letter, then", "reward-3d"]),
        ("reward", "", ["no name of a package", "my-reward"]),
        ("reward", "😀", ["no name of a package", "my-reward"]),
        ("reward", "政策", ["holds '政'", "my-reward"]),
        ("reward", "Tone 政策", ["holds '政'", "reward-tone"]),
        ("reward", "a" * 65, ["at most 64"]),
        ("reward", "a/b", ["is a path", "ccgym new reward b --out a/b"]),
        ("reward", "..\\..", ["is a path", "--out"]),
        ("reward", "../x", ["is a path", "ccgym new reward x --out ../x"]),
        ("reward", "\ud800", ["no name of a package"]),
    ],
)
def test_a_name_that_cannot_be_one_or_has_an_owner_is_refused_with_another(kind, given, words, tmp_path):
    with pytest.raises(ConfigError) as caught:
        new_package(kind, given, tmp_path / "new")
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_suggested_name_would_do():
    for given in ("class", "json", "format", "3d", "", "Tone 政策", "rewards"):
        with pytest.raises(ConfigError) as caught:
            names_of("reward", given)
        names_of("reward", caught.value.fix.rpartition(" ")[2])


# --- 4: what exists stays ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_overwritten(kind, tmp_path):
    (tmp_path / "kept.md").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for place in (tmp_path, tmp_path / "kept.md", tmp_path / "link"):
        with pytest.raises(ConfigError, match="nothing is overwritten"):
            new_package(kind, "Mine", place)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.md", "link"]


def test_an_empty_folder_is_filled_and_missing_parents_are_made(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "pyproject.toml" in new_package("reward", "one", tmp_path / "empty").files
    assert (new_package("reward", "two", tmp_path / "a" / "b").folder / "README.md").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "empty"]


def test_a_failure_leaves_nothing_behind(tmp_path):
    (tmp_path / "tools.json").write_text("{")
    with pytest.raises(CcgymError, match="bad JSON"):
        new_package("domain", "Mine", tmp_path / "new", tools=tmp_path / "tools.json", sop=DESK / "sop.md")
    assert [path.name for path in tmp_path.iterdir()] == ["tools.json"]


# --- 5: the command ---------------------------------------------------------------------------------------------------


def test_the_command_prints_what_it_wrote_and_what_to_run_next(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["new", "reward", "Lịch sự"]) == 0
    assert (
        capsys.readouterr().out
        == """\
lich-su holds the distribution lich-su, and in it the reward lich_su:
  .github/workflows/test.yml
  README.md
  lich_su/__init__.py
  pyproject.toml
  tests/test_lich_su.py

Next:
  pip install ./lich-su
  ccgym check lich-su
  ccgym rollout ccgym/OrderDesk-v0 --policy oracle --tasks 4 --reward lich_su=0.5
  pip install pytest && pytest lich-su
"""
    )


@pytest.mark.parametrize(
    ("kind", "place", "commands"),
    [
        ("tool", "some where", ["pip install './some where'", "ccgym check desk-x",
                                "ccgym rollout desk-x/DeskX-v0 --policy oracle",
                                "pip install pytest && pytest 'some where'"]),
        ("env", "a/b", ["pip install a/b", "ccgym check desk-x", "ccgym rollout desk-x/DeskX-v0 --policy oracle",
                        "pip install pytest && pytest a/b"]),
        ("domain", "desk", ["pip install ./desk", "ccgym check desk", "ccgym rollout desk-x/DeskX-v0 --policy oracle",
                            "pip install pytest && pytest desk"]),
    ],
)  # fmt: skip
def test_the_commands_fit_the_folder(kind, place, commands, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["new", kind, "DeskX", "--out", place, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["next"] == commands
    assert set(told["files"]) == {p.relative_to(place).as_posix() for p in Path(place).rglob("*") if p.is_file()}


def test_a_refused_name_is_wrong_usage(capsys):
    assert run(["new", "reward", "json"]) == 2
    assert "Choose another, such as reward-json" in capsys.readouterr().err
