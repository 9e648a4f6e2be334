"""GRPO: TRL's GRPOTrainer, fed with whole episodes through `rollout_func` and `env_mask`.

This is the only file that knows TRL's inside. What it relies on is held by `tests/test_trl_contract.py`:

- prompts arrive repeated, G neighbours each, once for each generation batch;
- `env_mask` gates the loss; extra lists reach the reward functions by name;
- a row whose columns are all None leaves the baseline, and its advantage is 0;
- with as many micro-batches in a generation as in a gradient step, no old log-probabilities are computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import add_fused_lm_head

from ccgym.errors import CcgymError
from ccgym.rollouts.encoder import Encoded
from ccgym.train import probes
from ccgym.train.config import Config
from ccgym.train.sft import common_arguments
from ccgym.train.stage import SavesAside

KL_ROWS = 4
"""The KL is measured on every fourth episode: a forward pass of the reference on all would cost a third more."""
_EXACT_WITHOUT_ROWS = ("dapo", "cispo")
"""Losses that are sums over tokens, divided by a number that does not change when rows of advantage 0 are left out."""
_COLUMNS = "ccgym_columns"


@dataclass(frozen=True, slots=True)
class Member:
    """One episode as the trainer sees it: its tokens, and its reward columns (all None: it has left its group)."""

    encoded: Encoded
    columns: Mapping[str, float | None]
    weights: Mapping[str, float] = field(default_factory=dict)
    """Column to its weight in this iteration; empty: the trainer's own hold."""


Rollout = Callable[[Sequence[str]], list[Member]]
"""From prompts, as TRL repeats them, to an episode each."""


class GroupTrainer(SavesAside, GRPOTrainer):
    """GRPOTrainer whose generations are episodes.

    Args:
        rollout: plays the episodes.
        reference: the warm start, for measuring the KL where the loss has no KL term; None: it is not measured.
        rest: what GRPOTrainer takes.
    """

    # What TRL sets itself, typed as we use it.
    args: Any
    model: Any
    _buffered_inputs: Any

    def __init__(self, *, rollout: Rollout, reference: Any = None, **rest: Any) -> None:
        self.rollout, self.calls = rollout, 0
        super().__init__(rollout_func=_play, **rest)
        self.reference = reference
        if reference is not None:
            reference.requires_grad_(False).eval()
            add_fused_lm_head(_base(reference), temperature=self.temperature)

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        """As in GRPOTrainer, but rows of like length share a micro-batch, and what cannot teach is left out of it."""
        if not self.model.training:
            return super()._prepare_inputs(generation_batch)
        steps = self.args.steps_per_generation
        if self._step % (steps * self.num_iterations) == 0 or self._buffered_inputs is None:
            before = self.calls
            batch = self._generate_and_score_completions(generation_batch)
            self._probe(batch, before)
            self._measure_kl(batch)
            droppable = self.loss_type in _EXACT_WITHOUT_ROWS and self.beta == 0.0
            self._buffered_inputs = micro_batches(batch, steps, droppable)
        return self._buffered_inputs[self._step % steps]

    def _probe(self, batch: dict[str, Any], before: int) -> None:
        """What only the first episodes can show: that they are ours, and that both sides see the same tokens."""
        if self.calls == before:
            raise CcgymError("the trainer did not call the rollout function", where="GRPO", fix=probes.VERSIONS)
        if before == 0 and "sampling_per_token_logps" in batch and not self.use_vllm:
            exact = self.model.dtype == torch.float32 and not self.args.bf16
            tolerance = 0.02 if exact else 0.3
            probes.sampler_agrees(self, part_of(batch, slice(KL_ROWS)), tolerance)

    def _measure_kl(self, batch: dict[str, Any]) -> None:
        """Mean over tokens of the estimator k3 (Schulman, 2020) of KL(policy, warm start), from what was sampled."""
        if self.reference is None or "sampling_per_token_logps" not in batch:
            return
        part = part_of(batch, slice(None, None, KL_ROWS))
        with torch.no_grad():
            wanted, _, _ = self._get_per_token_logps_and_entropies(
                self.reference,
                torch.cat([part["prompt_ids"], part["completion_ids"]], 1),
                torch.cat([part["prompt_mask"], part["completion_mask"]], 1),
                part["completion_ids"].shape[1],
                batch_size=self.args.per_device_train_batch_size,
            )
        mask = part["completion_mask"] * part["tool_mask"]
        ratio = (wanted - part["sampling_per_token_logps"]) * mask
        k3 = (ratio.exp() - ratio - 1) * mask
        self._metrics["train"]["kl"].append((k3.sum() / mask.sum().clamp(min=1)).item())


def _play(prompts: list[str], trainer: Any) -> dict[str, Any]:
    """TRL's `rollout_func`."""
    trainer.calls += 1
    members = trainer.rollout(prompts)
    if weights := members[0].weights:
        trainer.reward_weights = torch.tensor([weights[name] for name in trainer.reward_func_names])
    fields: dict[str, Any] = {"prompt_ids": [], "completion_ids": [], "env_mask": [], "logprobs": [], _COLUMNS: []}
    recorded = all(member.encoded.logprobs is not None for member in members)
    for member in members:
        ids, mask, start = member.encoded.ids, member.encoded.mask, member.encoded.prompt
        if start >= len(ids):
            # TRL cannot hold an empty prompt or completion. A failed episode has a token that nothing learns from.
            pad = trainer._tokenizer.pad_token_id
            ids, mask, start = [*(ids or [pad]), pad], [*(mask or [0]), 0], max(1, len(ids))
        fields["prompt_ids"].append(ids[:start])
        fields["completion_ids"].append(ids[start:])
        fields["env_mask"].append(mask[start:])
        fields["logprobs"].append(_spread(member.encoded.logprobs or [], mask[start:]))
        fields[_COLUMNS].append(dict(member.columns))
    if not recorded:
        fields["logprobs"] = None
    return fields


def _spread(logprobs: Sequence[float], mask: Sequence[int]) -> list[float]:
    """One value a token: 0 where the environment spoke."""
    own = iter(logprobs)
    return [next(own, 0.0) if bit else 0.0 for bit in mask]


def reward_column(name: str) -> Callable[..., list[float | None]]:
    """The reward function that hands TRL the column of a reward. TRL names its metrics after `__name__`."""

    def column(**fields: Any) -> list[float | None]:
        return [columns[name] for columns in fields[_COLUMNS]]

    column.__name__ = name
    return column


def micro_batches(batch: dict[str, Any], count: int, droppable: bool) -> list[dict[str, Any]]:
    """Split a generation batch: rows of like length together, padding that all share cut off.

    With `droppable`, rows of advantage 0 are left out, but for as many as keep a row in each part.
    """
    lengths = batch["prompt_mask"].sum(1) + batch["completion_mask"].sum(1)
    rows = list(range(len(lengths)))
    if droppable:
        teaching = [row for row in rows if batch["advantages"][row] != 0]
        rest = [row for row in rows if batch["advantages"][row] == 0]
        rows = teaching + rest[: max(0, count - len(teaching))]
    rows.sort(key=lambda row: (-int(lengths[row]), row))
    parts = []
    for start, end in _bounds(len(rows), count):
        index = torch.tensor(rows[start:end], device=lengths.device)
        parts.append(trim({key: value[index] if _rowwise(value) else value for key, value in batch.items()}))
    return parts


def _bounds(size: int, count: int) -> list[tuple[int, int]]:
    return [(size * part // count, size * (part + 1) // count) for part in range(count)]


def part_of(batch: dict[str, Any], rows: slice) -> dict[str, Any]:
    """Some rows of a batch, trimmed."""
    return trim({key: value[rows] for key, value in batch.items() if _rowwise(value)})


def trim(batch: dict[str, Any]) -> dict[str, Any]:
    """Cut off columns that are padding in every row: on the left of prompts, on the right of completions."""
    first = batch["prompt_mask"].shape[1] - int(batch["prompt_mask"].sum(1).max())
    last = int(batch["completion_mask"].sum(1).max())
    prompt = ("prompt_ids", "prompt_mask")
    wide = batch["completion_mask"].shape
    cut = {}
    for key, value in batch.items():
        if key in prompt:
            cut[key] = value[:, first:]
        elif _rowwise(value) and value.shape == wide:
            cut[key] = value[:, :last]
        else:
            cut[key] = value
    return cut


def _rowwise(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.ndim > 0


def _base(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "peft_config") else model


def make_trainer(
    config: Config,
    model: Any,
    tokenizer: Any,
    weights: Mapping[str, float],
    rollout: Rollout,
    folder: Path,
    callbacks: list[Any],
    reference: Any = None,
) -> GroupTrainer:
    """The trainer of GRPO. One optimiser step an iteration (times `num_iterations`), over all its episodes."""
    settings = config.grpo
    parts = settings.episodes // settings.micro_batch
    steps = settings.iterations * settings.num_iterations
    arguments = GRPOConfig(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=settings.micro_batch,
        gradient_accumulation_steps=parts,
        steps_per_generation=parts,
        num_iterations=settings.num_iterations,
        num_generations=settings.group,
        max_completion_length=settings.max_tokens or model.config.max_position_embeddings,
        temperature=settings.temperature,
        top_p=settings.top_p,
        top_k=settings.top_k,
        learning_rate=settings.lr,
        lr_scheduler_type="constant_with_warmup",
        warmup_steps=round(settings.warmup * steps),
        beta=settings.beta,
        loss_type=settings.loss_type,
        scale_rewards=settings.scale_rewards,
        multi_objective_aggregation=config.rewards.normalisation,
        reward_weights=list(weights.values()),
        shuffle_dataset=False,
        save_strategy="steps",
        save_steps=config.checkpoints.grpo_every * settings.num_iterations,
        **common_arguments(config),
        **_vllm(config),
    )
    return GroupTrainer(
        model=model,
        reward_funcs=[reward_column(name) for name in weights],
        args=arguments,
        train_dataset=Dataset.from_dict({"prompt": _prompts(config)}),
        processing_class=tokenizer,
        callbacks=callbacks,
        rollout=rollout,
        reference=reference if settings.beta == 0 else None,
    )


def _prompts(config: Config) -> list[str]:
    """A prompt is only a place: iteration and slot. Which task stands there is the rollout's to know."""
    settings = config.grpo
    return [f"{i}/{slot}" for i in range(settings.iterations) for slot in range(settings.tasks_per_iteration)]


def _vllm(config: Config) -> dict[str, Any]:
    if config.grpo.sampler == "hf":
        return {}
    return {
        "use_vllm": True,
        "vllm_mode": config.grpo.sampler.removeprefix("vllm-"),
        # The default sums log-ratios over the whole sequence: long episodes would be weighed down to nothing.
        "vllm_importance_sampling_mode": "token_truncate",
        "vllm_enable_sleep_mode": False,
    }


def grpo_values(logs: dict[str, Any]) -> dict[str, Any]:
    """TRL's logs under our names. Steps that only train again on old episodes have no rewards."""
    names = {
        "loss": "loss", "grad_norm": "grad_norm", "lr": "learning_rate", "reward": "reward",
        "reward_std": "reward_std", "kl": "kl", "entropy": "entropy",
        "clip_ratio": "clip_ratio/region_mean", "length": "completions/mean_length", "tokens": "num_tokens",
    }  # fmt: skip
    found = {ours: logs[theirs] for ours, theirs in names.items() if theirs in logs}
    for key, value in logs.items():
        if key.startswith("rewards/") and key.endswith("/mean"):
            found[f"reward/{key.removeprefix('rewards/').removesuffix('/mean')}"] = value
    return found
