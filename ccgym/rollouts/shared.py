"""Attention of many rows of different length, which may share a prefix that is read once for all of them.

The episodes of a domain begin with the same system prompt, which is most of a small model's context. On a CPU a step of
decoding costs what it reads, so keys and values that are equal in every row are read from one row only. New tokens of
many rows go through the model packed, one row's behind the other's: nothing is padded, and nothing kept is copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Piece:
    """The new tokens of one row in a packed pass: the last ones of those that the row keeps."""

    row: int
    """The row of the cache."""
    first: int
    last: int
    """They are the tokens `first` to `last` - 1 of the pass."""
    span: int
    """How many positions of the row its last token sees."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What the queries of a packed pass see."""

    keys: torch.Tensor
    values: torch.Tensor
    """(rows, heads, positions, size) of the whole cache."""
    pieces: Sequence[Piece]
    root: tuple[torch.Tensor, ...]
    """Keys and values (1, heads, shared, size) of the root that all these rows stand on; empty: they have all."""


def mark_packed(keys: torch.Tensor, values: torch.Tensor, packed: Packed) -> tuple[torch.Tensor, torch.Tensor]:
    """Tell the keys and values of a packed pass's own tokens what its queries see."""
    keys.ccgym_packed = packed  # type: ignore[attr-defined]
    return keys, values


def attend_packed(query: torch.Tensor, packed: Packed, scaling: float | None) -> torch.Tensor:
    """(1, heads, t, size) to (1, t, heads, size): own positions row after row, and the root for all at once.

    Two attentions make one when each weighs as much as its sum of exponentials.
    """
    groups = query.shape[1] // packed.keys.shape[1]
    size = packed.root[0].shape[2] if packed.root else 0
    outputs, sums = [], []
    before = max(piece.span - size - (piece.last - piece.first) for piece in packed.pieces)
    longest = max(piece.last - piece.first for piece in packed.pieces)
    hidden = torch.full((longest, before + longest), float("-inf"), dtype=query.dtype).triu_(before + 1)
    for piece in packed.pieces:
        row, new, own = slice(piece.row, piece.row + 1), piece.last - piece.first, piece.span - size
        # The row's first new token sees own - new positions before it, the pass's luckiest one `before`.
        mask = hidden[:new, before - (own - new) :][:, :own]
        key, value = (repeat_kv(each[row, :, size : piece.span], groups) for each in (packed.keys, packed.values))
        output, total = _flash(
            query[:, :, piece.first : piece.last], key, value, attn_mask=mask[None, None], scale=scaling
        )
        outputs.append(output.transpose(1, 2))
        sums.append(total)
    whole = torch.cat(outputs, 1)
    if not packed.root:
        return whole
    output, total = _flash(query, *(repeat_kv(each, groups) for each in packed.root), scale=scaling)
    share = torch.sigmoid(total - torch.cat(sums, -1)).transpose(1, 2)[..., None]
    return whole.lerp(output.transpose(1, 2), share.to(whole.dtype))


_flash: Any = getattr(torch.ops.aten, "_scaled_dot_product_flash_attention_for_cpu", None)
"""What `scaled_dot_product_attention` runs on a CPU; it also gives the logarithm of each sum of exponentials. It is not
of torch's public face: where it has gone, nothing is packed or shared."""


def attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: torch.Tensor | None,
    dropout: float = 0.0, scaling: float | None = None, **kwargs: Any,
) -> tuple[torch.Tensor, Any]:  # fmt: skip
    """Like `sdpa`; where keys are marked, one softmax over the shared prefix and each row's own positions."""
    packed = getattr(key, "ccgym_packed", None)
    if packed is not None:
        return attend_packed(query, packed, scaling), None
    shared = getattr(key, "ccgym_shared", None)
    if shared is None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
    groups = query.shape[1] // key.shape[1]
    key, value, first_key, first_value = (repeat_kv(each, groups) for each in (key, value, *shared))
    (rows, heads, _, width), size = query.shape, first_key.shape[2]
    # One query a row, (rows, heads, width): to the prefix they are so many queries of one row.
    query = query[:, :, 0] * (width**-0.5 if scaling is None else scaling)
    scores = query.new_empty(rows, heads, size + key.shape[2])
    scores[..., :size] = (query.transpose(0, 1) @ first_key[0].mT).transpose(0, 1)
    own = (query[:, :, None] @ key.mT)[:, :, 0]
    scores[..., size:] = own if attention_mask is None else own.add_(attention_mask[:, :, 0, size:])
    weights = scores.softmax(-1)
    output = (weights[:, :, None, size:] @ value)[:, :, 0]
    output += (weights[..., :size].transpose(0, 1) @ first_value[0]).transpose(0, 1)
    return output[:, None], None


@contextmanager
def shared_attention(model: Any) -> Iterator[bool]:
    """Let a model that runs `sdpa` on a CPU attend to shared prefixes; tells whether it does."""
    config = model.config.get_text_config()
    if config._attn_implementation != "sdpa" or model.device.type != "cpu" or _flash is None:
        yield False
        return
    config._attn_implementation = NAME
    try:
        yield True
    finally:
        config._attn_implementation = "sdpa"


AttentionInterface.register(NAME, attend)
