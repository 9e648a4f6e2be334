"""Keys and values of many rows of different length, kept from turn to turn.

Each row is packed: its n-th token lies at position n, whatever the other rows hold. A block of new tokens is padded on
the left, padding is written to one spare position that nothing reads, and each query sees the positions up to its own:
so there are no holes to mask, positions are true, and a step of decoding copies nothing.

What many rows begin with, such as the system prompt of their domain, can be kept once, as their root: such rows keep
only what comes after it, at its true positions.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Sequence

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

from ccgym.rollouts.shared import Packed, Piece, mark, mark_packed

_GROWTH = 1024
"""Positions are allocated in steps of this many."""


class RaggedCache(Cache):
    """A `transformers` cache whose rows have lengths of their own.

    Call `aim` before each forward pass to say which rows and positions the new tokens belong to.
    """

    def __init__(self, layers: int) -> None:
        self.rows = 0
        self.positions = 0
        self.span = 0
        self.root = 0
        self.index: torch.Tensor | None = None
        self.pieces: Sequence[Piece] = ()
        self.contiguous = 0
        self.places: torch.Tensor | None = None
        self.lines: torch.Tensor | None = None
        self.own = [_Layer(self) for _ in range(layers)]
        super().__init__(layers=list(self.own))

    def reserve(self, rows: int, positions: int) -> None:
        """Make room for so many rows and positions; what is kept stays."""
        if rows > self.rows or positions > self.positions:
            self.rows = max(rows, self.rows)
            self.positions = max(-(-positions // _GROWTH) * _GROWTH, self.positions)
            for layer in self.own:
                layer.resize()

    def aim(self, rows: torch.Tensor, places: torch.Tensor, span: int, device: torch.device, root: int = 0) -> None:
        """Say where the next forward pass writes and reads.

        Args:
            rows: (n,) row of each sequence of the batch.
            places: (n, t) position of each new token; `self.positions` for padding.
            span: how many positions the pass may see.
            device: where the model computes.
            root: length of the root, where these rows, of one token each, stand on it; 0: they have all positions.
        """
        self.index, self.places, self.span = rows.to(device), places.to(device), span
        self.root = root
        self.pieces = ()
        self.lines = None
        count = len(rows)
        ordered = count == 1 or bool((rows[1:] - rows[:-1] == 1).all())
        self.contiguous = int(rows[0]) if ordered else -1

    def aim_packed(self, pieces: Sequence[Piece], places: torch.Tensor, root: int = 0) -> None:
        """Aim a pass in which the new tokens of many rows lie one after the other, in a batch of one sequence.

        Args:
            pieces: which of the tokens belong to which row, in order.
            places: (1, t) position of each token.
            root: as for `aim`.
        """
        sizes = torch.tensor([piece.last - piece.first for piece in pieces])
        self.index = torch.tensor([piece.row for piece in pieces]).repeat_interleave(sizes)[None]
        self.places, self.span, self.root, self.pieces = places, max(piece.span for piece in pieces), root, pieces
        self.lines = None

    def lines_of(self, heads: int) -> torch.Tensor:
        """(n · heads · t,) where the aimed places lie in a layer seen as lines of one head's size."""
        if self.lines is None:
            if self.index is None or self.places is None:
                raise RuntimeError("aim() comes before a forward pass")
            rows = self.index if self.pieces else self.index[:, None]
            blocks = rows[:, None, :] * heads + torch.arange(heads, device=rows.device)[:, None]
            self.lines = (blocks * (self.positions + 1) + self.places[:, None, :]).reshape(-1)
        return self.lines

    def plant(self, row: int, length: int) -> None:
        """Make the first `length` positions of a row the root."""
        for layer in self.own:
            if layer.keys is not None and layer.values is not None:
                layer.root = tuple(kept[row : row + 1, :, :length].clone() for kept in (layer.keys, layer.values))

    def uproot(self, rows: Sequence[int]) -> None:
        """Give rows that stand on the root those positions themselves."""
        index = torch.tensor(list(rows))
        for layer in self.own:
            for kept, root in zip((layer.keys, layer.values), layer.root, strict=False):
                if kept is not None:
                    kept[index, :, : root.shape[2]] = root

    def copy(self, source: int, targets: Sequence[int], length: int, start: int = 0) -> None:
        """Copy the positions from `start` to `length` of one row into others."""
        self.move([source] * len(targets), targets, length, start)

    def move(self, sources: Sequence[int], targets: Sequence[int], length: int, start: int = 0) -> None:
        """Copy positions of rows to other rows, all at once: sources and targets may overlap."""
        if length <= start:
            return
        source, target = torch.tensor(list(sources)), torch.tensor(list(targets))
        for layer in self.own:
            for kept in (layer.keys, layer.values):
                if kept is not None:
                    seen = kept.narrow(2, start, length - start)
                    seen.index_copy_(0, target.to(kept.device), seen.index_select(0, source.to(kept.device)))

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """How many positions a pass sees."""
        return self.span


class _Layer(CacheLayerMixin):
    """One layer's keys and values: (rows, heads, positions + 1 spare, size of a head)."""

    is_sliding = False

    def __init__(self, cache: RaggedCache) -> None:
        super().__init__()
        self.cache = cache
        self.root: tuple[torch.Tensor, ...] = ()
        """Keys and values (1, heads, length, size) of the root."""

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        rows, positions = self.cache.rows, self.cache.positions + 1
        self.keys = _zeros(key_states, (rows, key_states.shape[1], positions, key_states.shape[3]))
        self.values = _zeros(value_states, (rows, value_states.shape[1], positions, value_states.shape[3]))
        self.is_initialized = True

    def resize(self) -> None:
        """Follow the cache's size."""
        if self.keys is None or self.values is None:
            return
        self.keys, self.values = self._resized(self.keys), self._resized(self.values)

    def _resized(self, old: torch.Tensor) -> torch.Tensor:
        rows, heads, positions, size = old.shape
        new = _zeros(old, (self.cache.rows, heads, self.cache.positions + 1, size))
        new[:rows, :, : positions - 1] = old[:, :, :-1]
        return new

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: object, **kwargs: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write (n, heads, t, size) at the aimed places; return all that the pass may see, in the same form."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        cache = self.cache
        if self.keys is None or self.values is None or cache.index is None:
            raise RuntimeError("aim() comes before a forward pass")
        lines = cache.lines_of(key_states.shape[1])
        for kept, new in ((self.keys, key_states), (self.values, value_states)):
            kept.view(-1, kept.shape[3]).index_copy_(0, lines, new.reshape(-1, new.shape[3]))
        if cache.pieces:
            root = self.root if cache.root else ()
            return mark_packed(key_states, value_states, Packed(self.keys, self.values, cache.pieces, root))
        count, own = len(cache.index), cache.span - cache.root
        if cache.contiguous >= 0:
            rows = slice(cache.contiguous, cache.contiguous + count)
            keys, values = (kept[rows, :, cache.root : cache.span] for kept in (self.keys, self.values))
        else:
            # Five times as fast as indexing with a list of rows and a slice.
            keys, values = (
                kept.narrow(2, cache.root, own).index_select(0, cache.index) for kept in (self.keys, self.values)
            )
        return mark(keys, values, *self.root) if cache.root else (keys, values)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Length and offset of what a pass sees."""
        return self.cache.span, 0

    def get_seq_length(self) -> int:
        """How many positions a pass sees."""
        return self.cache.span

    def get_max_length(self) -> int:
        """No maximum: `reserve` makes room."""
        return -1


def _zeros(like: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Zeros, not empty memory: a masked NaN would still spoil a sum.

    On a CPU they are fresh pages of the system: those that no row ever reaches cost neither time nor memory.
    """
    if like.device.type != "cpu":
        return like.new_zeros(shape)
    pages = mmap.mmap(-1, math.prod(shape) * like.element_size())
    return torch.frombuffer(pages, dtype=like.dtype).view(shape)


def keep_freed_memory() -> None:
    """Have the C library keep the blocks that a pass frees, for the next pass.

    glibc gives a large block back to the system as soon as it is freed, and the next pass pays for each of its pages
    again, until it has seen one nearly so large (32 MiB) be freed.
    """
    torch.empty(31 * 2**20, dtype=torch.uint8)
