"""What both stages share: saving aside, and writing down each step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transformers import PrinterCallback, TrainerCallback
from trl.trainer import utils

from ccgym.errors import CcgymError
from ccgym.train.checkpoints import Checkpoint, Checkpoints
from ccgym.train.folder import cpu_seconds
from ccgym.train.metrics import Metrics

Watch = Callable[[dict[str, Any]], "str | None"]
"""Sees each line of metrics; returns why the stage should stop, or None."""


class SavesAside:
    """Mixed into a Trainer: its checkpoints go through `Checkpoints`, and hold nothing that needs pickle's full power.

    `checkpoints` and `stopped` are set by whoever makes the trainer.
    """

    checkpoints: Checkpoints
    stopped: str | None = None

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        self.checkpoints.save(self.state.global_step, self._write, stopped=self.stopped)  # type: ignore[attr-defined]

    def _write(self, folder: Path) -> None:
        trainer: Any = self
        save_weights(trainer.model, folder)
        trainer._save_optimizer_and_scheduler(str(folder))
        trainer._save_scaler(str(folder))
        trainer._save_rng_state(str(folder))
        trainer.state.log_history = []  # metrics.jsonl has it, and here it would grow with every checkpoint
        trainer.state.save_to_json(str(folder / "trainer_state.json"))


def save_weights(model: Any, folder: Path) -> None:
    """Weights and config as safetensors; of a PEFT model, the adapter that is trained and no other."""
    more = {"selected_adapters": ["default"]} if hasattr(model, "peft_config") else {}
    model.save_pretrained(str(folder), **more)


@contextmanager
def compact_head() -> Iterator[None]:
    """Let TRL project only the positions that have a label, as it does where Triton is, on a CPU too.

    Most tokens of an episode are the environment's. To project those as well takes a third of the time on a CPU, and
    changes nothing.
    """
    before = getattr(utils, "_use_triton", None)
    if before is None:
        yield
        return
    utils._use_triton = lambda device: True
    try:
        yield
    finally:
        utils._use_triton = before


def train(trainer: Any, checkpoint: Checkpoint | None) -> str | None:
    """Run a trainer to its end, from a checkpoint where there is one. Returns why it stopped early, or None."""
    if checkpoint is not None and (checkpoint.facts.get("stopped") or checkpoint.step >= trainer.args.max_steps):
        # Trainer.train would take one more step before it saw that none was left.
        trainer._load_from_checkpoint(str(checkpoint.path))
        trainer.stopped = checkpoint.facts.get("stopped")
    else:
        with compact_head():
            trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint.path))
    stopped: str | None = trainer.stopped
    return stopped


class Recorder(TrainerCallback):
    """Turns what a trainer logs into lines of metrics.

    Args:
        metrics: where they go.
        stage: `sft` or `grpo`.
        values: from TRL's logs to our names.
        watch: sees each line, and may stop the stage.
    """

    def __init__(
        self, metrics: Metrics, stage: str, values: Callable[[dict[str, Any]], dict[str, Any]], watch: Watch
    ) -> None:
        self.metrics, self.stage, self.values, self.watch = metrics, stage, values, watch
        self.trainer: Any = None
        self._saved: Callable[[], None] | None = None
        self._mark()

    def attach(self, trainer: Any, checkpoints: Checkpoints, saved: Callable[[], None]) -> None:
        """Tie a trainer to its recorder and its checkpoints; `saved` is called after each of them."""
        self.trainer, self._saved = trainer, saved
        trainer.checkpoints = checkpoints
        trainer.remove_callback(PrinterCallback)

    def _mark(self) -> None:
        self._wall, self._cpu = time.perf_counter(), cpu_seconds()

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start the clock."""
        self._mark()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Write one line a step; what a trainer says at its end is left out."""
        if logs is None or "loss" not in logs:
            return
        took = {"seconds": time.perf_counter() - self._wall, "cpu": cpu_seconds() - self._cpu}
        values = self.values(logs)
        if not math.isfinite(values["loss"]):
            fix = f"Lower {self.stage}.lr"
            raise CcgymError(f"the loss is {values['loss']}", where=f"{self.stage}, step {state.global_step}", fix=fix)
        line = self.metrics.record(self.stage, state.global_step, values, took)
        self._mark()
        reason = self.watch(line)
        if reason is not None:
            self.trainer.stopped = reason
            control.should_training_stop = control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A checkpoint is complete."""
        if self._saved is not None:
            self._saved()
