"""The run directory: what is in it, what of it is done, and how it is put back after a kill."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

import ccgym
from ccgym.domain import Domain
from ccgym.errors import ConfigError
from ccgym.train.checkpoints import write_bytes, write_json
from ccgym.train.config import Config, parse_config
from ccgym.train.console import Console
from ccgym.train.metrics import Metrics

STAGES = ("eval-base", "demos", "sft", "eval-sft", "grpo", "eval-grpo")
TRAINED = ("sft", "grpo")
PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "gymnasium", "numpy")


def cpu_seconds() -> float:
    """CPU time of this process so far, all threads together."""
    times = os.times()
    return times.user + times.system


class RunFolder:
    """One run on disk: `config.yaml`, `run.json`, `metrics.jsonl`, episodes, checkpoints, models, `eval.json`.

    Only one process at a time may hold it.
    """

    def __init__(self, path: Path, config: Config, state: dict[str, Any]) -> None:
        self.path, self.config, self.state = path, config, state
        self._lock = _lock(path)
        self.metrics = Metrics(path)
        self._clock: Callable[[], None] | None = None

    @staticmethod
    def read_config(path: str | os.PathLike[str]) -> Config:
        """The config that a run was started with. Raises ConfigError where there is no such run."""
        file = Path(path) / "config.yaml"
        if not file.is_file():
            raise ConfigError("is no run directory: it has no config.yaml", where=str(path), fix="Give runs/NAME")
        return parse_config(yaml.safe_load(file.read_text(encoding="utf-8")), where=str(file))

    def close(self) -> None:
        """Let go of the run."""
        self.metrics.close()
        self._lock.close()

    # ---- what is done

    def done(self, stage: str) -> bool:
        """Whether a stage is over."""
        return bool(self._stage(stage).get("done"))

    def cpu(self, stage: str) -> float:
        """CPU seconds that a stage has taken, over all processes that worked on it."""
        return float(self._stage(stage).get("cpu_seconds", 0.0))

    @contextmanager
    def clock(self, stage: str) -> Iterator[None]:
        """Measure a stage. `tick` writes down what it has taken so far."""
        entry = self._stage(stage)
        before = entry.get("cpu_seconds", 0.0), entry.get("seconds", 0.0)
        cpu, wall = cpu_seconds(), time.perf_counter()

        def tick() -> None:
            entry["cpu_seconds"] = round(before[0] + cpu_seconds() - cpu, 2)
            entry["seconds"] = round(before[1] + time.perf_counter() - wall, 2)
            self.write()

        self._clock = tick
        try:
            yield
            tick()
        finally:
            self._clock = None

    def tick(self) -> None:
        """Write down what the stage that runs has taken so far."""
        if self._clock is not None:
            self._clock()

    def finish(self, stage: str, facts: dict[str, Any]) -> None:
        """A stage is over."""
        self._stage(stage).update(facts, done=True)
        self.write()

    def write(self) -> None:
        """Replace run.json."""
        write_json(self.path / "run.json", self.state)

    def _stage(self, stage: str) -> dict[str, Any]:
        found: dict[str, Any] = self.state["stages"].setdefault(stage, {})
        return found

    # ---- what it is

    def describe(self, domain: Domain) -> None:
        """Record what the run rests on; of a run taken up again, check that it is still the same.

        Raises:
            ConfigError: the domain has changed since.
        """
        facts = {"name": domain.name, "version": domain.version, "digest": domain.digest}
        if self.state.setdefault("domain", facts)["digest"] != facts["digest"]:
            raise ConfigError(
                f"the domain {domain.name} has changed since the run was started", where=str(self.path),
                fix="Restore the domain, or start a new run",
            )  # fmt: skip
        self.write()

    def add_evaluation(self, which: str, found: dict[str, Any]) -> None:
        """Put one evaluation into eval.json."""
        write_json(self.path / "eval.json", {**self.evaluations(), which: found})

    def evaluations(self) -> dict[str, Any]:
        """What eval.json holds."""
        file = self.path / "eval.json"
        found: dict[str, Any] = json.loads(file.read_bytes()) if file.exists() else {}
        return found

    # ---- going back

    def supersede(self, stage: str, first: int = 0) -> None:
        """Move a stage's episode files, from a rollout's number on, out of the way; forget them in the index."""
        folder = self.path / "episodes" / stage
        files = sorted(folder.glob("*.jsonl")) if folder.is_dir() else []
        later = [file for file in files if int(file.name.partition("-")[0]) >= first]
        if later:
            place = self._superseded() / stage
            place.mkdir(parents=True)
            for file in later:
                shutil.move(str(file), place / file.name)
        index = self.path / "index.jsonl"
        if index.exists():
            lines = index.read_bytes().split(b"\n")[:-1]
            kept = [line for line in lines if (self.path / json.loads(line)["file"]).exists()]
            write_bytes(index, b"".join(line + b"\n" for line in kept))

    def rewind(self, stage: str, step: int, rollout: int) -> None:
        """Put a stage back to where it was after a step: metrics, and episodes from a rollout's number on."""
        earlier = TRAINED[: TRAINED.index(stage)]
        self.metrics.rewind(lambda line: line["stage"] in earlier or (line["stage"] == stage and line["step"] <= step))
        self.supersede(stage, rollout)

    def _superseded(self) -> Path:
        root = self.path / "superseded"
        return root / f"{1 + max((int(p.name) for p in root.iterdir()), default=0) if root.is_dir() else 1:03d}"

    # ---- the end

    def summary(self, say: Console, report: Path) -> None:
        """The table that a run ends with, and where things are."""
        found = self.evaluations()
        columns = ["model", "pass^1", "pass^2", "pass^4", "pass^8", "SOP breaks / episode", "tasks", "samples"]
        rows = [
            [name, *(e.get(f"pass^{k}") for k in (1, 2, 4, 8)), e["sop_breaks_per_episode"], e["tasks"], e["samples"]]
            for name in ("base", "sft", "grpo")
            if (e := found.get(name))
        ]
        if rows:
            say.table(columns, rows, title=f"Held-out tasks of {self.state['domain']['name']}")
        stages = {name: self.cpu(name) for name in ("startup", *STAGES) if name in self.state["stages"]}
        told = ", ".join(f"{name} {seconds:.0f}" for name, seconds in stages.items())
        say.line(f"CPU seconds: {sum(stages.values()):.0f} ({told})")
        say.line(f"report:   {report}")
        say.line(f"episodes: {self.path / 'episodes'}")


def open_run(config: Config, resume: str | os.PathLike[str] | None = None) -> RunFolder:
    """A new run directory, or one to take up again.

    Raises:
        ConfigError: another process holds it.
    """
    if resume is not None:
        path = Path(resume)
        state = json.loads((path / "run.json").read_bytes())
        state["resumed"] += 1
    else:
        path = _free(Path(config.runs), config.name)
        state = {
            "name": path.name, "ccgym": ccgym.__version__, "seed": config.seed, "env": config.env,
            "threads": config.threads, "device": _device(), "python": platform.python_version(),
            "versions": _versions(), "resumed": 0, "stages": {},
        }  # fmt: skip
        # run.json first: a folder that has config.yaml can be taken up again.
        write_json(path / "run.json", state)
        write_bytes(path / "config.yaml", config.yaml().encode())
    run = RunFolder(path, config, state)
    started = run._stage("startup")
    started["cpu_seconds"] = round(started.get("cpu_seconds", 0.0) + cpu_seconds(), 2)
    run.write()
    return run


def _free(root: Path, name: str) -> Path:
    """A new folder of that name, or with the first number that is free behind it."""
    number = 1
    while True:
        path = root / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1
        else:
            return path


def _lock(path: Path) -> Any:
    file = open(path / ".lock", "w")  # noqa: SIM115  (held as long as the run is)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ConfigError("another process works on this run", where=str(path), fix="Wait for it, or stop it") from None
    return file


def _device() -> str:
    import torch

    return f"cuda ({torch.cuda.get_device_name()})" if torch.cuda.is_available() else "cpu"


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
