"""The distributions of plugins/ as wheels, in a fresh venv beside the wheel of ccgym, used through the command line.

The venv sees the packages of the one that runs the tests (torch among them), but nothing of this clone.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from venvs import must

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
NAMES = [path.name for path in PLUGINS]
ENV = "ccgym/OrderDesk-v0"


class Site:
    """A venv with the wheels of ccgym and its plugins, and an empty folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder / "work", folder / "venv" / "bin"
        self.folder.mkdir()
        wheels = folder / "wheels"
        must(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", wheels, ROOT, *PLUGINS)
        must(sys.executable, "-m", "venv", folder / "venv")
        (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
        (site / "beside.pth").write_text(str(Path(find_spec("torch").origin).parents[1]) + "\n")
        pip = [self.bin / "python", "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints-cpu.txt"]
        must(*pip, "--no-deps", "--ignore-installed", *wheels.glob("ccgym-0*.whl"))
        must(*pip, *(wheel for wheel in wheels.glob("ccgym_*.whl")))
        self.env = {
            key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL", "CCGYM"))
        }
        self.env |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}

    def run(self, *arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
        env = {**self.env, **{key: str(value) for key, value in variables.items()}}
        command = [str(part) for part in (self.bin / "ccgym", *arguments)]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=600)

    def json(self, *arguments: object, **variables: object) -> dict:
        done = self.run(*arguments, "--json", **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def rewards(self, run: str, name: str) -> list[dict]:
        """The reward's events of all episodes of a run."""
        lines = [line for path in (self.folder / run / "episodes").rglob("*.jsonl") for line in path.open()]
        events = [json.loads(line) for line in lines]
        return [{"status": "ok", **e} for e in events if e["event"] == "reward" and e["name"] == name]

    def verify(self, run: str, **variables: object) -> dict:
        told = self.json("replay", run, "--verify", **variables)
        assert told["divergences"] == []
        assert told["episodes"] > 0
        return told


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Site:
    if find_spec("torch") is None:
        pytest.skip("needs torch")
    return Site(tmp_path_factory.mktemp("site"))


def test_all_five_are_there_and_nothing_of_the_clone(site):
    rows = {row["distribution"]: row for row in site.json("plugins")["plugins"]}
    assert [name for name in rows if name in NAMES] == NAMES
    assert {rows[name]["state"] for name in NAMES} == {"ok"}
    code = "import ccgym, ccgym_judge; print(ccgym.__file__, ccgym_judge.__file__)"
    where = must(site.bin / "python", "-c", code, cwd=site.folder, env=site.env).stdout.split()
    assert all(path.startswith(str(site.bin.parent)) for path in where)


@pytest.mark.parametrize("name", NAMES)
def test_each_keeps_the_laws_of_its_kind(site, name):
    done = site.run("check", name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_any_setting_each_reward_says_why_it_has_no_value(site):
    names = {"judge": "CCGYM_JUDGE_MODEL", "reward_model": "CCGYM_REWARD_MODEL", "style_embed": "CCGYM_STYLE_EMBED"}
    weights = [part for name in names for part in ("--reward", f"{name}=0")]
    site.json("rollout", ENV, "--policy", "oracle", "--tasks", 2, *weights, "--out", "unset")
    for name, variable in names.items():
        assert {event["status"] for event in site.rewards("unset", name)} == {"unscored"}
        assert all(variable in event["explanation"] for event in site.rewards("unset", name))
    site.verify("unset")


def test_politeness(site):
    site.json("rollout", ENV, "--policy", "oracle", "--tasks", 4, "--reward", "politeness=0.5", "--out", "polite")
    assert {event["status"] for event in site.rewards("polite", "politeness")} == {"ok"}
    site.verify("polite")


def test_a_reward_model(site):
    made = site.folder / "classifier"
    code = f"import test_reward_model as t; t.make_model({str(made)!r})"
    must(sys.executable, "-c", code, cwd=ROOT / "plugins/ccgym-reward-model/tests", env=clone())
    model = {"CCGYM_REWARD_MODEL": made}
    site.json(
        "rollout", ENV, "--policy", "oracle", "--tasks", 3, "-G", 3, "--reward", "reward_model=1",
        "--out", "learned", **model,
    )  # fmt: skip
    events = site.rewards("learned", "reward_model")
    assert len(events) == 9
    assert all(event["status"] == "ok" and 0 < event["value"] < 1 for event in events)
    site.verify("learned", **model)


def test_style_by_embeddings(site):
    made = site.folder / "embedder"
    tests = ROOT / "plugins/ccgym-style-embed/tests"
    code = f"import test_style_embed as t; t.make_model({str(made)!r}, ['Order 0 has shipped.'])"
    must(site.bin / "python", "-c", code, cwd=tests, env={**site.env, "PYTHONPATH": str(tests)})
    model = {"CCGYM_STYLE_EMBED": made}
    site.json("rollout", ENV, "--policy", "oracle", "--tasks", 3, "--reward", "style_embed=1", "--out", "near", **model)
    assert all(event["value"] > 0.9 for event in site.rewards("near", "style_embed"))
    site.verify("near", **model)


def test_the_unit_tests_of_style_by_embeddings_pass_where_its_packages_are(site):
    tests = ROOT / "plugins/ccgym-style-embed/tests"
    done = must(site.bin / "python", "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={tests}", tests, env=site.env)
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout


def clone() -> dict[str, str]:
    """The environment of a process that imports the plugins from this clone."""
    path = os.pathsep.join(map(str, PLUGINS))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and prints nothing."""

    def log_message(self, *args):
        """Nothing is printed."""


def test_a_real_service_recorded_and_replayed(site, tmp_path):
    (tmp_path / "usd.json").write_text('{"rate": 25400.5}')
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    call = {"name": "http_request", "args": {"method": "GET", "url": f"{url}/usd.json"}}
    task = {
        "id": "usd", "user": {"first_message": "What is a dollar?"}, "reward_basis": ["actions", "say"],
        "expect": {"actions": [call], "say": ["25400.5"]},
    }  # fmt: skip
    rates = site.folder / "rates"
    rates.mkdir()
    (rates / "domain.yaml").write_text("name: Rates\ntools: http\n")
    (rates / "sop.md").write_text("Tell the rate.\n")
    (rates / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    allowed = {"CCGYM_HTTP_ALLOW": url, "CCGYM_HTTP_RECORDINGS": site.folder / "recordings"}
    told = site.json(
        "rollout", "rates", "--policy", "oracle", "-G", 2, "--out", "recorded", CCGYM_HTTP_MODE="record", **allowed
    )
    assert told["success"] == 1.0
    server.shutdown()
    server.server_close()
    site.verify("recorded", **allowed)
    assert site.json("rollout", "rates", "--policy", "oracle", "--out", "again", **allowed)["success"] == 1.0
    refused = site.json("rollout", "rates", "--policy", "oracle", "--out", "refused")
    assert refused["success"] == 0.0


# --- the judge, by a real server --------------------------------------------------------------------------------------

RUBRIC = "criteria: [{name: kind, question: 'Kind?'}]\n"


def judged(site, out, **variables):
    return site.json(
        "rollout", ENV, "--policy", "refuse", "--tasks", 2, "--reward", "judge=1", "--out", out, **variables
    )


@pytest.fixture(scope="module")
def judge(site, served):
    """The variables of a judge that the tiny model is, with a cache of its own."""
    url, name = served
    rubric = site.folder / "rubric.yaml"
    rubric.write_text(RUBRIC)
    return {
        "CCGYM_JUDGE_URL": url, "CCGYM_JUDGE_MODEL": name, "CCGYM_JUDGE_RUBRIC": rubric, "CCGYM_JUDGE_MAX_TOKENS": 30,
        "CCGYM_JUDGE_CACHE": site.folder / "judged", "CCGYM_JUDGE_SECONDS": 90,
    }  # fmt: skip


def test_a_small_model_is_no_judge_and_the_second_run_makes_no_call(site, judge):
    """The tiny model answers, and never with a verdict: unscored, with the reason, and nobody asks it again."""
    judged(site, "first", **judge)
    first = site.rewards("first", "judge")
    assert len(first) == 2
    assert {(event["status"], event.get("value")) for event in first} == {("unscored", None)}
    assert all("malformed" in event["explanation"] for event in first)
    kept = {path.name: path.stat().st_mtime_ns for path in (site.folder / "judged").rglob("*.json")}
    assert len(kept) >= 2
    nowhere = {**judge, "CCGYM_JUDGE_URL": "http://127.0.0.1:9/v1", "CCGYM_JUDGE_SECONDS": 5}
    judged(site, "second", **nowhere)
    told = [(event["status"], event["explanation"], event.get("parts")) for event in site.rewards("second", "judge")]
    assert told == [(event["status"], event["explanation"], event.get("parts")) for event in first]
    assert {path.name: path.stat().st_mtime_ns for path in (site.folder / "judged").rglob("*.json")} == kept
    site.verify("first")
    site.verify("second", **nowhere)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"CCGYM_JUDGE_URL": "http://127.0.0.1:9/v1", "CCGYM_JUDGE_ATTEMPTS": 1}, "could not be reached"),
        ({"CCGYM_JUDGE_SECONDS": 0.001}, "no answer within"),
    ],
)
def test_a_server_that_is_away_or_late_is_unscored_and_a_replay_asks_nobody(site, judge, change, reason):
    out = reason.replace(" ", "-")
    cache = {"CCGYM_JUDGE_CACHE": site.folder / "none"}
    judged(site, out, **{**judge, **cache, **change})
    events = site.rewards(out, "judge")
    assert {(event["status"], event.get("value")) for event in events} == {("unscored", None)}
    assert all(reason in event["explanation"] for event in events)
    assert not (site.folder / "none").exists()
    site.verify(out, **judge)


def test_agreement_with_people(site, judge):
    (log, *_) = sorted(site.folder.joinpath("first", "episodes").rglob("*.jsonl"))
    name = log.relative_to(site.folder)
    (site.folder / "labels.jsonl").write_text(json.dumps({"episode": f"{name}#0", "labels": {"kind": True}}) + "\n")
    told = site.json("judge-agreement", "labels.jsonl", **judge)
    assert (told["labels"], told["calls"]) == (0, 0)
    assert "malformed" in told["unscored"][f"{name}#0"]
