"""How well the tiny model copies: on fresh drills and talks, the next token known up to each one (teacher-forced)."""

from __future__ import annotations

import random
from typing import Any

import torch
from torch import Tensor

from ccgym.models.pretrain import IGNORE, collate, encode, samples

SURE = 0.9
"""A token with this probability is certain under the sampling of training runs (top-p 0.9)."""


@torch.no_grad()
def digit_copying(model: Any, tokenizer: Any, kind: str, count: int = 64, seed: int = 1) -> dict[str, float]:
    """Share of copied digits that are right (`greedy`) and that have a probability of at least `SURE` (`sure`).

    `kind` is one of `pretrain.SHARES`. In talks the digits of the assistant's turns count; all of them are copies.
    """
    digits = set(tokenizer.convert_tokens_to_ids(list("0123456789")))
    rows = encode(tokenizer, samples(random.Random(seed), count, {kind: 1.0}))
    right = sure = total = 0
    for start in range(0, len(rows), 16):
        ids, labels = collate(rows[start : start + 16], tokenizer.pad_token_id)
        probabilities = model(input_ids=ids).logits[:, :-1].softmax(-1)
        wanted = labels[:, 1:]
        chosen = torch.isin(wanted, torch.tensor(sorted(digits))) & (wanted != IGNORE)
        p, found = _of(probabilities[chosen], wanted[chosen])
        right, sure, total = right + int(found.sum()), sure + int((p >= SURE).sum()), total + len(p)
    return {"greedy": right / max(1, total), "sure": sure / max(1, total)}


def _of(probabilities: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
    return probabilities.gather(1, wanted[:, None])[:, 0], probabilities.argmax(-1) == wanted
