"""Attention over a prefix that all rows share, read once for all of them.

The episodes of a domain begin with the same system prompt, which is most of a small model's context. On a CPU a step of
decoding costs what it reads, so keys and values that are equal in every row are read from one row only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward

NAME = "ccgym_shared"


def mark(
    keys: torch.Tensor, values: torch.Tensor, first_keys: torch.Tensor, first_values: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Give keys and values (n, heads, own, size) the prefix (1, heads, shared, size) that comes before all of them."""
    keys.ccgym_shared = (first_keys, first_values)  # type: ignore[attr-defined]
    return keys, values


def attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None,
    dropout: float = 0.0, scaling: float | None = None, **kwargs: Any,
) -> tuple[torch.Tensor, Any]:  # fmt: skip
    """Like `sdpa`; where keys are marked, one softmax over the shared prefix and each row's own positions."""
    shared = getattr(key, "ccgym_shared", None)
    if shared is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    groups = query.shape[1] // key.shape[1]
    key, value, first_key, first_value = (repeat_kv(each, groups) for each in (key, value, *shared))
    size = first_key.shape[2]
    query = query * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    # (n, heads, 1, size) as (1, heads, n, size): all rows are queries of the one prefix.
    together = (query.transpose(0, 2) @ first_key.transpose(2, 3)).transpose(0, 2)
    own = query @ key.transpose(2, 3)
    if attention_mask is not None:
        own = own + attention_mask[..., size:]
    weights = torch.cat([together, own], -1).softmax(-1)
    output = (weights[..., :size].transpose(0, 2) @ first_value).transpose(0, 2) + weights[..., size:] @ value
    return output.transpose(1, 2).contiguous(), None


@contextmanager
def shared_attention(model: Any) -> Iterator[bool]:
    """Let a model that runs `sdpa` on a CPU attend to shared prefixes; tells whether it does."""
    config = model.config.get_text_config()
    if config._attn_implementation != "sdpa" or model.device.type != "cpu":
        yield False
        return
    config._attn_implementation = NAME
    try:
        yield True
    finally:
        config._attn_implementation = "sdpa"


AttentionInterface.register(NAME, attend)
