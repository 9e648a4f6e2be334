"""The config of a run: one YAML, every field typed, nothing unknown let through."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ccgym.backend import read_faults
from ccgym.domain.findings import Findings, did_you_mean, from_pydantic, pointer
from ccgym.domain.yamltext import YamlError, YamlText
from ccgym.env.perturbing import read_perturb
from ccgym.errors import ConfigError

Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Rate = Annotated[float, Field(gt=0.0, lt=1.0)]
Stage = Literal["sft", "grpo"]


class Part(BaseModel):
    """Base of the sections: frozen, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Lora(Part):
    """Train a low-rank adapter (Hu et al., 2021) instead of the whole model."""

    r: Count = 16
    alpha: Count = 32
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    targets: str | tuple[str, ...] = "all-linear"
    """Names of the modules that get an adapter; `all-linear`: every linear layer but the head."""


class World(Part):
    """How the environment breaks, and what it changes of the tools that are shown. See docs/environment.md."""

    faults: dict[str, float] = {}
    """Kind of fault to the probability that a call meets it. Demonstrations meet none."""
    perturb: dict[str, bool | int | float] = {}
    """`rename`, `hide`, `distract`, `shuffle`."""

    @model_validator(mode="after")
    def _exist(self) -> World:
        try:
            read_faults(self.faults)
            read_perturb(self.perturb)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return self


class ModelSection(Part):
    """The base model and how it is loaded."""

    path: str = "builtin:tiny"
    """A local folder, or `builtin:tiny`."""
    loader: Literal["transformers", "unsloth"] = "transformers"
    lora: Lora | None = None


class Demonstrations(Part):
    """What the warm start imitates: references of train tasks, some of them as people really do it."""

    n: Count = 1600
    break_share: Share = 0.4
    """Share of them that take the task's `meta.shortcuts`, which break the SOP, instead of its reference."""


class Sft(Part):
    """The warm start: supervised fine-tuning on demonstrations."""

    demonstrations: Demonstrations = Demonstrations()
    steps: Count = 200
    batch: Count = 16
    lr: Rate = 1e-3
    warmup: Share = 0.05
    """Share of the steps over which the learning rate rises; then it falls as a cosine."""


class EarlyStop(Part):
    """When GRPO's diversity has collapsed.

    An iteration counts as collapsed when the groups' mean share of unique tool sequences is below `unique`, their mean
    cosine is above `cosine`, and mean correctness is below `correctness`: a policy that has learnt the one right way
    is no collapse.
    """

    unique: Share = 0.6
    cosine: Share = 0.7
    correctness: Share = 0.4
    patience: Count = 5
    """The run stops after this many collapsed iterations in a row."""


class Sampling(Part):
    """How the policy samples."""

    temperature: Annotated[float, Field(gt=0.0)] = 0.9
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 0.9
    """Only the likeliest tokens that together have this much probability."""
    top_k: Annotated[int, Field(ge=0)] = 50
    """0: no limit."""
    max_new_tokens: Count = 160
    """Most tokens of one turn."""
    max_tokens: Count | None = 1024
    """Most tokens of an episode, prompt included; null: as many as the model has positions."""


class Grpo(Sampling):
    """Group relative policy optimisation (Shao et al., 2024, arXiv:2402.03300)."""

    iterations: Count = 40
    tasks_per_iteration: Count = 8
    """Groups an iteration; each plays one task `group` times."""
    group: Annotated[int, Field(ge=2)] = 8
    lr: Rate = 2e-4
    warmup: Share = 0.0
    micro_batch: Count = 16
    """Episodes in one forward and backward pass."""
    beta: Annotated[float, Field(ge=0.0)] = 0.0
    """Weight of the KL term towards the warm start. With 0 the KL is only measured."""
    loss_type: Literal["dapo", "grpo", "bnpo", "dr_grpo", "cispo"] = "dapo"
    num_iterations: Count = 1
    """Optimisation passes over one batch of episodes."""
    scale_rewards: Literal["group", "batch", "none"] = "group"
    sampler: Literal["hf", "vllm-colocate", "vllm-server"] = "hf"
    early_stop: EarlyStop | None = EarlyStop()

    @property
    def episodes(self) -> int:
        """Episodes an iteration."""
        return self.tasks_per_iteration * self.group

    @model_validator(mode="after")
    def _divides(self) -> Grpo:
        if self.episodes % self.micro_batch:
            raise ValueError(
                f"micro_batch {self.micro_batch} does not divide the {self.episodes} episodes of an iteration "
                f"(tasks_per_iteration {self.tasks_per_iteration} × group {self.group})"
            )
        return self


class Rewards(Part):
    """The reward columns."""

    weights: dict[str, float] | None = None
    """Reward to weight; null: the domain's."""
    schedule: dict[str, dict[int, float]] = {}
    """Reward to its weights over GRPO: iteration (from 0) to weight, a straight line between two points, level before
    the first and after the last. It holds in place of the reward's entry in `weights`."""
    gates: dict[str, str] | None = None
    """Column to the column that multiplies it; null: the domain's."""
    normalisation: Literal["sum_then_normalize", "normalize_then_sum"] = "sum_then_normalize"
    max_failed: Share = 0.25
    """Share of an iteration's episodes that may be lost to failures before the run stops."""

    @field_validator("weights")
    @classmethod
    def _any(cls, value: dict[str, float] | None) -> dict[str, float] | None:
        if value is not None and not value:
            raise ValueError("name at least one reward, or leave weights out")
        return value

    @field_validator("schedule", mode="before")
    @classmethod
    def _points(cls, value: Any) -> Any:
        return {name: _points(name, points) for name, points in value.items()} if isinstance(value, dict) else value

    def scheduled(self, iteration: float) -> dict[str, float]:
        """The scheduled weights of an iteration; of `math.inf`: those that a run ends with."""
        return {name: _weight(points, iteration) for name, points in self.schedule.items()}


class Eval(Sampling):
    """Evaluation of the base model, the warm start and the trained model on held-out tasks."""

    tasks: Annotated[int, Field(ge=0)] = 200
    """0: no evaluation."""
    samples: Count = 8
    base_samples: Count = 1
    batch: Count = 128
    """Episodes played at the same time."""


class CheckpointSection(Part):
    """How often a run can be taken up again."""

    sft_every: Count = 50
    """Steps of the warm start between two checkpoints."""
    grpo_every: Count = 5
    """Iterations of GRPO between two checkpoints."""
    keep: Count = 2
    """How many of a stage's newest checkpoints stay."""


class Config(Part):
    """A run of `ccgym train`."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = "run"
    """The run directory is `<runs>/<name>`; a number is added where it is taken."""
    runs: str = "runs"
    seed: int = 1
    env: str = "ccgym/OrderDesk-v0"
    world: World = World()
    model: ModelSection = ModelSection()
    threads: Count = 1
    """CPU threads. A run repeats bit for bit only with the same number."""
    sft: Sft = Sft()
    grpo: Grpo = Grpo()
    rewards: Rewards = Rewards()
    eval: Eval = Eval()
    checkpoints: CheckpointSection = CheckpointSection()

    @field_validator("model", mode="before")
    @classmethod
    def _short(cls, value: Any) -> Any:
        """`model: PATH` is short for `model: {path: PATH}`."""
        return {"path": value} if isinstance(value, str) else value

    def yaml(self) -> str:
        """The resolved config, every default spelled out."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _points(name: Any, points: Any) -> dict[int, float]:
    """The points of one reward's schedule, in order. Raises ValueError with what is wrong and how it is written."""
    form = "write iteration: weight, such as {0: 0.0, 30: 0.5}"
    if not isinstance(points, dict) or not points:
        raise ValueError(f"the schedule of {name} has no points: {form}")
    found: dict[int, float] = {}
    for at, weight in points.items():
        if isinstance(at, bool) or not str(at).isdecimal():
            raise ValueError(f"the schedule of {name} has a point at {at}, which is no iteration: {form}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
            raise ValueError(f"the schedule of {name} has the weight {weight!r} at {at}, which is no number: {form}")
        if found.setdefault(int(at), float(weight)) != weight:
            raise ValueError(f"the schedule of {name} has two weights at iteration {at}: give one")
    return dict(sorted(found.items()))


def _weight(points: Mapping[int, float], iteration: float) -> float:
    """The weight at an iteration: on the line between the points beside it, else that of the nearest."""
    before = max((at for at in points if at <= iteration), default=min(points))
    after = min((at for at in points if at >= iteration), default=max(points))
    if after <= before:
        return points[before]
    return points[before] + (points[after] - points[before]) * (iteration - before) / (after - before)


def load_config(path: str | Path | None = None, overrides: Sequence[str] = ()) -> Config:
    """Read a config; None: the quickstart that comes with ccgym.

    Args:
        path: a YAML file.
        overrides: `key.path=value`, the value as YAML.

    Raises:
        ConfigError: naming file, line or path, what was found, and what would be right.
    """
    where = "quickstart.yaml" if path is None else str(path)
    try:
        text = (files("ccgym.train") / "quickstart.yaml" if path is None else Path(path)).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=where, fix="Give the path of a config") from None
    try:
        document = YamlText(text)
    except YamlError as error:
        raise ConfigError(f"not YAML: {error}", where=f"{where}:{error.line}") from None
    data = {} if document.value is None else document.value
    if not isinstance(data, dict):
        raise ConfigError("a config is a mapping of sections", where=where)
    changed = {tuple(key): text for key, text in (_override(data, item) for item in overrides)}

    def place(parts: Sequence[Any]) -> str:
        at = tuple(str(part) for part in parts)
        for size in range(len(at), 0, -1):
            if at[:size] in changed:
                return f"-o {changed[at[:size]]}"
        return f"{where}:{document.line(parts)} {pointer(parts)}"

    return parse_config(data, place=place, where=where)


def parse_config(data: dict[str, Any], *, place: Any = pointer, where: str = "config") -> Config:
    """A Config from plain data. Raises ConfigError with every problem in it."""
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        findings = Findings()
        from_pydantic(error, Config, findings, place)
    problems = [ConfigError(f.message, where=f.place, fix=f.fix) for f in findings]
    if len(problems) == 1:
        raise problems[0]
    listed = "".join(f"\n  - {problem}" for problem in problems)
    raise ConfigError(f"{len(problems)} problems{listed}", where=where, findings=problems)


def _override(data: dict[str, Any], item: str) -> tuple[list[str], str]:
    key, sign, text = item.partition("=")
    parts = key.strip().split(".")
    if not sign or not all(parts):
        raise ConfigError(f"{item!r} is no override", where="-o", fix="Write key.path=value, such as grpo.lr=1e-4")
    _known(parts, item)
    try:
        value = YamlText(text).value
    except YamlError as error:
        raise ConfigError(f"the value is not YAML: {error}", where=f"-o {item}") from None
    target = data
    for number, part in enumerate(parts[:-1]):
        below = target.get(part)
        if part == "model" and number == 0 and isinstance(below, str):
            below = {"path": below}
        target[part] = dict(below) if isinstance(below, dict) else {}
        target = target[part]
    target[parts[-1]] = value
    return parts, item


def _known(parts: list[str], item: str) -> None:
    """Refuse an override of a field that does not exist, before its value can hide that."""
    model: Any = Config
    for number, part in enumerate(parts):
        fields = getattr(model, "model_fields", None)
        if fields is None:
            return
        if part not in fields:
            above = ".".join(parts[:number])
            raise ConfigError(
                f"unknown field '{part}'" + (f" in '{above}'" if above else ""),
                where=f"-o {item}",
                fix=did_you_mean(part, fields),
            )
        model = _section(fields[part].annotation)


def _section(annotation: Any) -> Any:
    if isinstance(annotation, type):
        return annotation
    return next((a for a in getattr(annotation, "__args__", ()) if isinstance(a, type) and issubclass(a, Part)), None)


def config_schema() -> dict[str, Any]:
    """The published JSON Schema of a config."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
