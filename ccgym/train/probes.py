"""Probes of what the libraries below were asked for: they fall back in silence, so each promise is tried once."""

from __future__ import annotations

from typing import Any

import torch

from ccgym.errors import CcgymError

VERSIONS = "Install supported versions: pip install 'ccgym[train]'"


def mask_is_respected(trainer: Any) -> None:
    """Raise if a token that `env_mask` marks as the environment's has a gradient of its own.

    Two batches differ only in their last tokens, which the mask excludes and which nothing after them sees: their
    gradients must be equal, bit for bit.
    """
    first, second = (_gradient(trainer, last) for last in (1, 2))
    unmasked = _gradient(trainer, 2, masked=False)
    if not torch.equal(first, second):
        raise CcgymError("tokens of the environment are trained: env_mask is ignored", where="GRPO", fix=VERSIONS)
    if torch.equal(unmasked, second) or not bool(second.any()):
        raise CcgymError("the loss does not depend on the mask, or has no gradient", where="GRPO", fix=VERSIONS)


def _gradient(trainer: Any, last: int, masked: bool = True) -> torch.Tensor:
    model = trainer.model
    device = next(model.parameters()).device
    vocabulary = model.config.get_text_config().vocab_size
    completion = torch.tensor([[3, 4, 5, last, last]], device=device) % vocabulary
    mask = torch.tensor([[1, 1, 1, 0, 0]], device=device) if masked else torch.ones_like(completion)
    prompt = torch.tensor([[1, 2]], device=device) % vocabulary
    inputs = {
        "prompt_ids": prompt, "prompt_mask": torch.ones_like(prompt), "completion_ids": completion,
        "completion_mask": torch.ones_like(completion), "tool_mask": mask,
        "advantages": torch.ones(1, device=device), "num_items_in_batch": mask.sum(),
    }  # fmt: skip
    if trainer.beta:
        inputs["ref_per_token_logps"] = torch.zeros(completion.shape, device=device)
    if trainer.use_vllm:
        inputs["importance_sampling_ratio"] = torch.ones(completion.shape, device=device)
    training = model.training
    model.train()
    trainer.current_gradient_accumulation_steps = trainer.args.steps_per_generation
    try:
        trainer.compute_loss(model, inputs).backward()
        grads = [p.grad.detach().flatten().clone() for p in model.parameters() if p.grad is not None]
    finally:
        model.zero_grad(set_to_none=True)
        model.train(training)
        for metrics in trainer._metrics.values():
            metrics.clear()
    return torch.cat(grads)


def adapter_is_live(model: Any) -> None:
    """Raise unless only an adapter is trained, and moving it moves what the model says."""
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    others = [name for name, _ in trained if "lora_" not in name]
    ups = [p for name, p in trained if "lora_B" in name]
    if not ups or others:
        found = f"{others[0]} is trained" if others else "no adapter is trained"
        raise CcgymError(f"the config asks for LoRA, but {found}", where="model.lora", fix=VERSIONS)
    # More than one id: that of the padding has no embedding, and nothing changes what comes of nothing.
    ids = torch.arange(8, device=next(model.parameters()).device)[None]
    training = model.training
    model.eval()
    with torch.no_grad():
        before = model(input_ids=ids).logits.clone()
        kept = [p.detach().clone() for p in ups]
        for p in ups:
            p.add_(1.0)
        after = model(input_ids=ids).logits.clone()
        for p, value in zip(ups, kept, strict=True):
            p.copy_(value)
    model.train(training)
    if torch.equal(before, after):
        raise CcgymError("the adapter changes nothing: it is not live", where="model.lora", fix=VERSIONS)


def sampler_agrees(trainer: Any, batch: dict[str, Any], tolerance: float) -> float:
    """Mean difference, over tokens, of what the sampler recorded and what the trainer computes for the same tokens.

    Raises:
        CcgymError: it is above the tolerance: tokens, mask, temperature or weights are not the same on both sides.
    """
    with torch.no_grad():
        computed, _, _ = trainer._get_per_token_logps_and_entropies(
            trainer.model,
            torch.cat([batch["prompt_ids"], batch["completion_ids"]], 1),
            torch.cat([batch["prompt_mask"], batch["completion_mask"]], 1),
            batch["completion_ids"].shape[1],
        )
    mask = batch["completion_mask"] * batch["tool_mask"]
    difference = ((computed - batch["sampling_per_token_logps"]).abs() * mask).sum() / mask.sum().clamp(min=1)
    if not float(difference) <= tolerance:
        raise CcgymError(
            f"the sampler's log-probabilities differ from the trainer's by {float(difference):.3g} a token",
            where="GRPO",
            fix="Choose another sampler, or load the model in float32",
        )
    return float(difference)
