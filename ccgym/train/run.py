"""A run: its stages in order, each of which can be killed at any moment and taken up again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ccgym import seeds
from ccgym.domain import Domain
from ccgym.env import CcgymEnv, find_domain, make
from ccgym.errors import ConfigError
from ccgym.scoring import Scorer
from ccgym.train.checkpoints import Checkpoint, Checkpoints, weights_digest
from ccgym.train.config import Config, Stage
from ccgym.train.console import Console, Plain, Steps
from ccgym.train.estimate import estimate
from ccgym.train.folder import RunFolder, open_run
from ccgym.train.models import load_model, make_policy, prepare_libraries, save_model, set_threads, with_adapter
from ccgym.train.preflight import preflight
from ccgym.train.rewarding import resolved, scorer_of


def train(
    config: Config | None,
    *,
    resume: str | os.PathLike[str] | None = None,
    stage: Stage | None = None,
    dry_run: bool = False,
    console: Console | None = None,
) -> Path | None:
    """Run a config: base model, warm start, GRPO, each evaluated on held-out tasks; then the report.

    Args:
        config: the run's; not looked at with `resume`, which takes the one that the run was started with.
        resume: directory of a run to take up again, wherever it was stopped.
        stage: only this stage, with its evaluation; `grpo` needs a run that has its warm start (`resume`), or a base
            model that can already do without one.
        dry_run: print the resolved config, the device and what it will take, and do nothing.
        console: where it is told what happens; None: plain lines on stdout.

    Returns:
        The run directory; None after a dry run.

    Raises:
        ConfigError, CcgymError: what is wrong, where, and the fix.
    """
    say: Console = console or Plain()
    if resume is not None:
        config = RunFolder.read_config(resume)
    if config is None:
        raise ConfigError("a run needs a config", fix="Give one, or --resume RUN")
    config = resolved(config)
    if dry_run:
        estimate(config).print(config, say)
        return None
    prepare_libraries(config)
    domain = find_domain(config.env)
    scorer = scorer_of(config, domain)
    run = open_run(config, resume)
    try:
        _Stages(run, domain, scorer, say).run(stage)
    finally:
        run.close()
    return run.path


class _Stages:
    """The stages of one run, each skipped where it is done."""

    def __init__(self, run: RunFolder, domain: Domain, scorer: Scorer, say: Console) -> None:
        self.folder, self.config, self.say = run, run.config, say
        self.domain, self.scorer = domain, scorer
        set_threads(self.config.threads)
        preflight(self.domain, self.scorer)
        run.describe(domain=self.domain)

    def run(self, only: Stage | None) -> None:
        self.say.line(f"run {self.folder.path}  ({self.folder.state['device']}, {self.config.threads} thread(s))")
        evaluated = self.config.eval.tasks > 0
        if only != "grpo":
            if evaluated:
                self._stage("eval-base", lambda: self._evaluate("base", self.config.model.path))
            self._stage("demos", self._demonstrate)
            self._stage("sft", self._sft)
            if evaluated:
                self._stage("eval-sft", lambda: self._evaluate("sft", self.folder.path / "sft"))
        if only != "sft":
            self._stage("grpo", self._grpo)
            if evaluated:
                self._stage("eval-grpo", lambda: self._evaluate("grpo", self.folder.path / "grpo"))
        from ccgym.train.report import write_report

        report = write_report(self.folder.path)
        self.folder.summary(self.say, report)

    def _stage(self, name: str, work: Callable[[], dict[str, Any] | None]) -> None:
        if self.folder.done(name):
            return
        with self.folder.clock(name):
            facts = work() or {}
        self.folder.finish(name, facts)
        self.say.line(f"{name}: done in {self.folder.cpu(name):.0f} s of CPU time")

    def _world(self) -> CcgymEnv:
        """The environment that is trained and evaluated in."""
        world = self.config.world
        return make(
            self.domain, env=self.config.env, scorer=self.scorer, faults=world.faults, perturb=world.perturb
        )  # fmt: skip

    # ---- evaluation

    def _evaluate(self, which: str, path: str | Path) -> None:
        from ccgym.evaluate import evaluate

        stage = f"eval-{which}"
        settings = self.config.eval
        self.folder.supersede(stage)
        loaded = self._load(path)
        policy = make_policy(loaded, settings, which)
        samples = settings.base_samples if which == "base" else settings.samples
        with self.say.progress(f"evaluating {which}", settings.tasks * samples) as advance:
            found = evaluate(
                self._world(), policy, settings.tasks, samples,
                seed=seeds.derive("eval", self.config.seed), batch=settings.batch, scorer=self.scorer,
                out=self.folder.path, stage=stage, advance=advance,
            )  # fmt: skip
        sampling = {"temperature": settings.temperature, "top_p": settings.top_p, "top_k": settings.top_k}
        self.folder.add_evaluation(which, {**found, **sampling})

    # ---- warm start

    def _demonstrate(self) -> None:
        from ccgym.train.demonstrations import demonstrate

        self.folder.supersede("demos")
        settings = self.config.sft.demonstrations
        demonstrate(
            self.config.env, self.domain, self.scorer, settings, self.config.seed, self.folder.path,
            self.config.world.perturb,
        )  # fmt: skip

    def _sft(self) -> dict[str, Any]:
        from ccgym.log import iter_logs
        from ccgym.rollouts.encoder import Encoder
        from ccgym.train import sft
        from ccgym.train.stage import Recorder, train

        loaded = self._load(self.config.model.path, trainable=True)
        encoder = Encoder(loaded.tokenizer)
        episodes, names = [], []
        for log in iter_logs(self.folder.path / "episodes" / "demos"):
            for number, episode in log.episodes.items():
                episodes.append(episode)
                names.append(f"{log.path}#{number}")
        rows = sft.rows_of(episodes, encoder)
        report = sft.mask_report(rows, episodes, encoder, names)
        self.say.line(f"mask: {report}")
        checkpoints, checkpoint = self._take_up("sft")
        steps = Steps(self.say, "sft", self.config.sft.steps, checkpoint.step if checkpoint else 0)
        recorder = Recorder(self.folder.metrics, "sft", sft.sft_values, steps)
        trainer = sft.make_trainer(
            self.config, with_adapter(self.config, loaded), loaded.tokenizer, rows, self.folder.path / "sft", [recorder]
        )
        recorder.attach(trainer, checkpoints, self.folder.tick)
        with steps:
            train(trainer, checkpoint)
        save_model(self.config, self.folder.path / "sft", trainer.model, loaded.tokenizer)
        checkpoints.clear()
        return {"mask": str(report), "weights": weights_digest(self.folder.path / "sft")}

    # ---- GRPO

    def _grpo(self) -> dict[str, Any]:
        from ccgym.rollouts.encoder import Encoder
        from ccgym.train import grpo, probes
        from ccgym.train.metrics import Collapse
        from ccgym.train.rollouts import STAGE, Rollouts, values_with
        from ccgym.train.stage import Recorder, train

        settings = self.config.grpo
        warm = self.folder.path / "sft"
        start = warm if self.folder.done("sft") else self.config.model.path
        loaded = self._load(start, trainable=True)
        model = loaded.model if loaded.adapter else with_adapter(self.config, loaded)
        encoder = Encoder(loaded.tokenizer)
        checkpoints, checkpoint = self._take_up(STAGE)
        policy = make_policy(loaded, settings, STAGE) if settings.sampler == "hf" else None
        env = self._world()
        rollouts = Rollouts(self.config, env, policy, encoder, self.folder.path)
        collapse = Collapse(settings.early_stop, self.folder.metrics.stage(STAGE))
        total = settings.iterations * settings.num_iterations
        steps = Steps(self.say, STAGE, total, checkpoint.step if checkpoint else 0)

        def watch(line: dict[str, Any]) -> str | None:
            steps(line)
            return collapse.update(line)

        recorder = Recorder(self.folder.metrics, STAGE, values_with(rollouts, grpo.grpo_values), watch)
        trainer = grpo.make_trainer(
            self.config, model, loaded.tokenizer, self.scorer.weights, rollouts, self.folder.path / STAGE, [recorder],
            reference=self._load(start).model if settings.beta == 0 else None,
        )  # fmt: skip
        if policy is None:
            rollouts.policy = make_policy(loaded, settings, STAGE, settings.sampler, trainer)
        recorder.attach(trainer, checkpoints, self.folder.tick)
        if self.config.model.lora is not None:
            probes.adapter_is_live(trainer.model)
        probes.mask_is_respected(trainer)
        with steps:
            stopped = train(trainer, checkpoint)
        if stopped:
            self.say.line(f"stopped early: {stopped}")
        save_model(self.config, self.folder.path / STAGE, trainer.model, loaded.tokenizer)
        checkpoints.clear()
        return {"stopped": stopped, "weights": weights_digest(self.folder.path / STAGE)}

    # ---- shared

    def _load(self, path: str | Path, trainable: bool = False) -> Any:
        return load_model(self.config, path, self.folder.state["device"] == "cpu", trainable)

    def _take_up(self, stage: str) -> tuple[Checkpoints, Checkpoint | None]:
        """The stage's checkpoints, and all else of it put back to where the newest complete one was saved."""
        every = self.config.checkpoints
        checkpoints = Checkpoints(self.folder.path / "checkpoints" / stage, every.keep)
        checkpoints.tidy()
        checkpoint = checkpoints.latest()
        step = checkpoint.step if checkpoint is not None else 0
        passes = self.config.grpo.num_iterations if stage == "grpo" else 1
        self.folder.rewind(stage, step, step // passes)
        if checkpoint is not None:
            self.say.line(f"{stage}: taken up again at step {step}")
        return checkpoints, checkpoint
