"""Pre-training of the tiny model on copying drills and talks together."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from transformers import LlamaConfig, LlamaForCausalLM

from ccgym.models import dialogues, drills
from ccgym.models.tokenizer import BOS

IGNORE = -100
"""The label of a token that is not learned."""

Row = tuple[list[int], list[int]]
"""Token ids and labels of one sample."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train. `tokens` is the size of a batch; the rate rises, stays, and falls over the share `decay`."""

    steps: int = 3000
    tokens: int = 4096
    rate: float = 3e-3
    warmup: int = 50
    decay: float = 0.5
    longest: int = 512
    seed: int = 20


def new_model(vocab_size: int, eos: int, bos: int, pad: int, seed: int) -> LlamaForCausalLM:
    """A fresh Llama of about a million parameters."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=4096,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        bos_token_id=bos,
        eos_token_id=eos,
        pad_token_id=pad,
        attention_dropout=0.0,
    )
    return LlamaForCausalLM(config)


def optimisers(model: LlamaForCausalLM) -> list[torch.optim.Optimizer]:
    """Muon for the matrices, AdamW for embeddings and norms.

    With AdamW alone the heads that copy form two to three times as late.
    """
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        (matrices if parameter.ndim == 2 and "embed" not in name else rest).append(parameter)
    return [
        torch.optim.Muon(matrices, lr=1.0, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=1.0, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def train(model: LlamaForCausalLM, tokenizer: Any, plan: Plan, report: Callable[[int, float, float], None]) -> None:
    """Train the model in place. `report(step, loss, accuracy)` is called every 50 steps, over learned tokens."""
    opts = optimisers(model)
    batches = _batches(random.Random(plan.seed), tokenizer, plan)
    for step in range(1, plan.steps + 1):
        scale = min(1.0, step / plan.warmup) * min(1.0, 0.02 + (plan.steps - step) / (plan.steps * plan.decay))
        for opt in opts:
            for group in opt.param_groups:
                group["lr"] = plan.rate * scale
        loss, accuracy = _step(model, opts, next(batches))
        if step % 50 == 0 or step == plan.steps:
            report(step, loss, accuracy)


def _step(model: LlamaForCausalLM, opts: list[torch.optim.Optimizer], rows: list[Row]) -> tuple[float, float]:
    ids, labels = collate(rows, model.config.pad_token_id)
    hidden = model.model(input_ids=ids).last_hidden_state[:, :-1]
    wanted = labels[:, 1:]
    chosen = wanted != IGNORE
    logits, wanted = model.lm_head(hidden[chosen]), wanted[chosen]
    loss = F.cross_entropy(logits, wanted)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for opt in opts:
        opt.step()
        opt.zero_grad(set_to_none=True)
    return loss.item(), (logits.argmax(-1) == wanted).float().mean().item()


def collate(rows: list[Row], pad: int | None) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids and labels as tensors, padded on the right: causal attention never looks there, so no mask is needed."""
    assert pad is not None
    width = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([ids + [pad] * (width - len(ids)) for ids, _ in rows])
    labels = torch.tensor([labels + [IGNORE] * (width - len(labels)) for _, labels in rows])
    return ids, labels


def _batches(rng: random.Random, tokenizer: Any, plan: Plan) -> Iterator[list[Row]]:
    """Batches of samples of similar length, in random order, from a pool that is drawn anew when it is used up."""
    while True:
        drawn = encode(tokenizer, samples(rng, 1500))
        pool = sorted((row for row in drawn if len(row[0]) <= plan.longest), key=lambda row: len(row[0]))
        batches: list[list[Row]] = [[]]
        for row in pool:
            if (len(batches[-1]) + 1) * len(row[0]) > plan.tokens:
                batches.append([])
            batches[-1].append(row)
        rng.shuffle(batches)
        yield from batches


SHARES = {"talk": 0.45, "recall": 0.18, "repeat": 0.09, "to_json": 0.18, "limit": 0.06, "text": 0.04}
"""What share of the samples is what."""


def samples(rng: random.Random, count: int, shares: dict[str, float] = SHARES) -> list[drills.Pieces]:
    """Fresh samples, as text."""
    kinds = rng.choices(list(shares), list(shares.values()), k=count)
    return [
        talk_pieces(dialogues.talk(rng)) if kind == "talk" else [(BOS, False), *getattr(drills, kind)(rng)]
        for kind in kinds
    ]


def encode(tokenizer: Any, drawn: list[drills.Pieces]) -> list[Row]:
    """Samples as ids and labels; pieces are encoded one by one."""
    encoded = iter(tokenizer([text for sample in drawn for text, _ in sample], add_special_tokens=False)["input_ids"])
    made: list[Row] = []
    for sample in drawn:
        ids: list[int] = []
        labels: list[int] = []
        for _, learn in sample:
            piece = next(encoded)
            ids += piece
            labels += piece if learn else [IGNORE] * len(piece)
        made.append((ids, labels))
    return made


def talk_pieces(messages: dialogues.Messages) -> drills.Pieces:
    """A talk as the chat template writes it; the assistant's turns are learned."""
    pieces: drills.Pieces = [(BOS, False)]
    for message in messages:
        role = "ipython" if message["role"] == "tool" else message["role"]
        pieces.append((f"<|start_header_id|>{role}<|end_header_id|>\n\n", False))
        pieces.append((message["content"] + "<|eot_id|>", role == "assistant"))
    return pieces
