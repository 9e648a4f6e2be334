"""The config of a run: what is filled in, what is refused, and how an error reads."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ccgym.errors import ConfigError
from ccgym.train.config import config_schema, load_config, parse_config

ROOT = Path(__file__).parents[1]


def error(*overrides: str, path: Path | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, overrides)
    return str(caught.value)


def test_the_quickstart_is_the_default_and_says_how_it_samples():
    config = load_config()
    assert (config.grpo.temperature, config.grpo.top_p, config.grpo.top_k, config.grpo.group) == (0.9, 0.9, 50, 8)
    assert config.eval.tasks >= 200
    assert 0.3 <= config.sft.demonstrations.break_share <= 0.4
    assert config.env == "ccgym/OrderDesk-v0"


def test_the_quickstart_in_the_repository_is_the_one_in_the_package():
    packaged = (files("ccgym.train") / "quickstart.yaml").read_text(encoding="utf-8")
    assert (ROOT / "configs" / "quickstart.yaml").read_text(encoding="utf-8") == packaged


def test_overrides_are_typed_as_yaml():
    config = load_config(None, ["grpo.lr=5e-5", "seed=7", "model.lora={r: 4}", "grpo.early_stop=null", "name=mine"])
    assert (config.grpo.lr, config.seed, config.model.lora.r, config.name) == (5e-5, 7, 4, "mine")
    assert config.grpo.early_stop is None


def test_a_model_may_be_only_its_path():
    assert parse_config({"model": "some/folder"}).model.path == "some/folder"
    assert load_config(None, ["model=some/folder"]).model.path == "some/folder"


def test_the_resolved_config_reads_back_the_same():
    config = load_config()
    assert parse_config(yaml.safe_load(config.yaml())) == config


def test_an_unknown_field_is_named_with_the_nearest():
    assert error("grpo.lrr=1") == "-o grpo.lrr=1: unknown field 'lrr' in 'grpo'. Did you mean 'lr'?"
    assert error("gpro.lr=1") == "-o gpro.lr=1: unknown field 'gpro'. Did you mean 'grpo'?"


def test_an_error_in_a_file_names_line_and_path(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text("seed: 1\ngrpo:\n  iterations: 3\n  temprature: 1.0\n")
    assert error(path=path) == f"{path}:4 /grpo/temprature: unknown field 'temprature'. Did you mean 'temperature'?"


def test_all_problems_are_told_at_once():
    text = error("seed=x", "grpo.top_p=1.5", "sft.batch=0")
    assert text.startswith("quickstart.yaml: 3 problems")
    assert "-o seed=x: found 'x'" in text
    assert "-o grpo.top_p=1.5: found 1.5" in text


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        (["grpo.group=3"], "micro_batch 16 does not divide the 24 episodes"),
        (["grpo.group=1"], "greater than or equal to 2"),
        (["name=../x"], "must be a name"),
        (["rewards.weights={}"], "name at least one reward"),
        (["rewards.schedule={style: {}}"], "the schedule of style has no points: write iteration: weight, such as"),
        (["rewards.schedule={style: 0.5}"], "the schedule of style has no points"),
        (["rewards.schedule={style: {soon: 0.5}}"], "a point at soon, which is no iteration"),
        (["rewards.schedule={style: {-1: 0.5}}"], "a point at -1, which is no iteration"),
        (["rewards.schedule={style: {3: much}}"], "the weight 'much' at 3, which is no number"),
        (["rewards.schedule={style: {3: .nan}}"], "the weight '.nan' at 3, which is no number"),
        (["rewards.schedule={style: {3: 0.5, 03: 0.6}}"], "two weights at iteration 03"),
        (["rewards.schedule=[style]"], "must be an object"),
        (["lr"], "Write key.path=value"),
        (["grpo.lr=[1"], "not YAML"),
        (["grpo.loss_type=ppo"], "'dapo'"),
    ],
)
def test_what_cannot_be_is_refused(overrides, told):
    assert told in error(*overrides)


def test_a_scheduled_weight_runs_straight_from_point_to_point_and_is_level_outside():
    rewards = parse_config({"rewards": {"schedule": {"style": {10: 0.0, 30: 0.5, 31: 1.0}}}}).rewards
    told = {at: rewards.scheduled(at)["style"] for at in (0, 10, 20, 30, 31, 500, math.inf)}
    assert told == {0: 0.0, 10: 0.0, 20: 0.25, 30: 0.5, 31: 1.0, 500: 1.0, math.inf: 1.0}


@given(st.dictionaries(st.integers(0, 100), st.floats(-1, 1), min_size=1, max_size=5), st.integers(0, 120))
def test_a_scheduled_weight_is_a_points_own_there_and_between_its_neighbours_elsewhere(points, at):
    weight = parse_config({"rewards": {"schedule": {"style": points}}}).rewards.scheduled(at)["style"]
    if at in points:
        assert weight == points[at]
    sides = [points[n] for n in (max((n for n in points if n <= at), default=None),
                                 min((n for n in points if n >= at), default=None)) if n is not None]  # fmt: skip
    assert min(sides) - 1e-12 <= weight <= max(sides) + 1e-12


def test_a_schedule_reads_back_the_same_and_can_be_an_override(tmp_path):
    config = load_config(None, ["rewards.schedule.style={30: 0.5, 0: 0}"])
    assert config.rewards.schedule == {"style": {0: 0.0, 30: 0.5}}
    assert parse_config(yaml.safe_load(config.yaml())) == config


def test_a_missing_file_says_so(tmp_path):
    assert "cannot be read" in error(path=tmp_path / "none.yaml")


def test_the_schema_is_published_and_closed():
    schema = config_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) >= {"env", "model", "sft", "grpo", "rewards", "eval"}
    json.dumps(schema)


def test_reading_a_config_loads_neither_torch_nor_trl():
    code = (
        "import sys; from ccgym.train.config import load_config; import ccgym.train.run; load_config();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'trl', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
