"""The warm start: TRL's SFTTrainer on demonstrations that our encoder has already made into ids and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from ccgym import seeds
from ccgym.errors import CcgymError
from ccgym.rollouts.encoder import Encoded, Encoder
from ccgym.train.config import Config
from ccgym.train.stage import SavesAside
from ccgym.types import Episode

IGNORED = -100
"""The label of a token that is not trained."""
_SORTED = 16
"""Batches whose rows are exchanged so that each holds rows of similar length."""


class MaskError(CcgymError):
    """The labels do not train what they should: names the episode and the turn."""


@dataclass(frozen=True, slots=True)
class MaskReport:
    """What the labels of a set of demonstrations train."""

    episodes: int
    tokens: int
    trained: int
    turns: int
    longest: int

    @property
    def share(self) -> float:
        """Share of the tokens that is trained."""
        return self.trained / self.tokens if self.tokens else 0.0

    def __str__(self) -> str:
        return (
            f"{self.episodes} episodes, {self.tokens} tokens (longest {self.longest}), {self.share:.1%} trained: "
            f"all {self.turns} assistant turns with their stop token, and nothing else"
        )


def rows_of(episodes: Sequence[Episode], encoder: Encoder) -> list[dict[str, list[int]]]:
    """Demonstrations as rows of `input_ids` and `labels`."""
    encoded = [encoder.encode_episode(episode) for episode in episodes]
    encoder.check_batch(encoded, episodes)
    return [row_of(each) for each in encoded]


def row_of(encoded: Encoded) -> dict[str, list[int]]:
    """One row of the data set."""
    labels = [token if own else IGNORED for token, own in zip(encoded.ids, encoded.mask, strict=True)]
    return {"input_ids": encoded.ids, "labels": labels}


def mask_report(
    rows: Sequence[dict[str, list[int]]], episodes: Sequence[Episode], encoder: Encoder, names: Sequence[str]
) -> MaskReport:
    """Hold the rows, as the trainer gets them, against the text of the episodes.

    Every assistant turn of an episode must be one run of trained tokens that says that turn and ends with the stop
    token, and there must be no other trained token.

    Raises:
        MaskError: naming the episode and the turn that is wrong.
    """
    turns = 0
    for row, episode, name in zip(rows, episodes, names, strict=True):
        said = [event.content for event in episode.turns]
        runs = _runs(row["labels"])
        for number, text in enumerate(said, 1):
            where = f"{name}, turn {number} of {len(said)}"
            if number > len(runs):
                raise MaskError("the turn is not trained", where=where)
            start, end = runs[number - 1]
            if row["labels"][start:end] != row["input_ids"][start:end]:
                raise MaskError("the labels are not the turn's own tokens", where=where)
            if row["labels"][end - 1] != encoder.stop_id:
                raise MaskError("the stop token is not trained", where=where)
            if encoder.text(row["labels"][start:end]) != text:
                raise MaskError(
                    f"the trained tokens say {encoder.text(row['labels'][start:end])[:60]!r}, the turn {text[:60]!r}",
                    where=where,
                )
        if len(runs) > len(said):
            start, end = runs[len(said)]
            found = encoder.tokenizer.decode(row["input_ids"][start:end])[:60]
            raise MaskError(f"{end - start} tokens that no assistant turn holds are trained: {found!r}", where=name)
        turns += len(said)
    sizes = [len(row["input_ids"]) for row in rows]
    trained = sum(label != IGNORED for row in rows for label in row["labels"])
    return MaskReport(len(rows), sum(sizes), trained, turns, max(sizes, default=0))


def _runs(labels: Sequence[int]) -> list[tuple[int, int]]:
    """Half-open ranges of neighbouring trained tokens. The first token of a row has nothing to be predicted from."""
    runs: list[tuple[int, int]] = []
    start = None
    for place, label in enumerate([*labels, IGNORED]):
        if label != IGNORED and start is None:
            start = place
        elif label == IGNORED and start is not None:
            runs.append((start, place))
            start = None
    return runs


def batch_order(lengths: Sequence[int], steps: int, batch: int, seed: int) -> list[int]:
    """Which row stands where in `steps` batches: epochs of shuffled rows, neighbours of similar length together."""
    rng = seeds.stream("sft order", seed)
    order: list[int] = []
    while len(order) < steps * batch:
        epoch = list(range(len(lengths)))
        rng.shuffle(epoch)
        order += epoch
    order = order[: steps * batch]
    found: list[int] = []
    for start in range(0, len(order), _SORTED * batch):
        block = sorted(order[start : start + _SORTED * batch], key=lambda row: lengths[row])
        batches = [block[at : at + batch] for at in range(0, len(block), batch)]
        rng.shuffle(batches)
        found += [row for rows in batches for row in rows]
    return found


class WarmStart(SavesAside, SFTTrainer):
    """SFTTrainer with our checkpoints."""


def make_trainer(
    config: Config, model: Any, tokenizer: Any, rows: Sequence[dict[str, list[int]]], folder: Path, callbacks: list[Any]
) -> WarmStart:
    """The trainer of the warm start; `model` carries its adapter already, where one is trained."""
    settings = config.sft
    order = batch_order([len(row["input_ids"]) for row in rows], settings.steps, settings.batch, config.seed)
    arguments = SFTConfig(
        output_dir=str(folder),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.batch,
        learning_rate=settings.lr,
        lr_scheduler_type="cosine",
        warmup_steps=round(settings.warmup * settings.steps),
        max_length=None,
        train_sampling_strategy="sequential",
        save_strategy="steps",
        save_steps=config.checkpoints.sft_every,
        **common_arguments(config),
    )
    return WarmStart(
        model=model,
        args=arguments,
        train_dataset=Dataset.from_list([rows[index] for index in order]),
        processing_class=tokenizer,
        callbacks=callbacks,
    )


def common_arguments(config: Config) -> dict[str, Any]:
    """Arguments that both stages give their trainer."""
    import torch

    cpu = not torch.cuda.is_available()
    return {
        "seed": seeds.derive("trainer", config.seed) % 2**31,
        "use_cpu": cpu,
        "bf16": not cpu and torch.cuda.is_bf16_supported(),
        "gradient_checkpointing": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": not cpu,
    }


def sft_values(logs: dict[str, Any]) -> dict[str, Any]:
    """TRL's logs under our names."""
    names = {
        "loss": "loss", "grad_norm": "grad_norm", "lr": "learning_rate", "accuracy": "mean_token_accuracy",
        "entropy": "entropy",
    }  # fmt: skip
    return {ours: logs.get(theirs) for ours, theirs in names.items()}
