"""Keys and values of many rows of different length, kept from turn to turn.

Each row is packed: its n-th token lies at position n, whatever the other rows hold. A block of new tokens is padded on
the left, padding is written to one spare position that nothing reads, and each query sees the positions up to its own:
so there are no holes to mask, positions are true, and a step of decoding copies nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers.cache_utils import Cache, CacheLayerMixin

from ccgym.rollouts.shared import mark

_GROWTH = 256
"""Positions are allocated in steps of this many."""


class RaggedCache(Cache):
    """A `transformers` cache whose rows have lengths of their own.

    Call `aim` before each forward pass to say which rows and positions the new tokens belong to.
    """

    def __init__(self, layers: int) -> None:
        self.rows = 0
        self.positions = 0
        self.span = 0
        self.shared = 0
        self.index: torch.Tensor | None = None
        self.contiguous = 0
        self.places: torch.Tensor | None = None
        self.own = [_Layer(self) for _ in range(layers)]
        super().__init__(layers=list(self.own))

    def reserve(self, rows: int, positions: int) -> None:
        """Make room for so many rows and positions; what is kept stays."""
        if rows > self.rows or positions > self.positions:
            self.rows = max(rows, self.rows)
            self.positions = max(-(-positions // _GROWTH) * _GROWTH, self.positions)
            for layer in self.own:
                layer.resize()

    def aim(self, rows: torch.Tensor, places: torch.Tensor, span: int, device: torch.device, shared: int = 0) -> None:
        """Say where the next forward pass writes and reads.

        Args:
            rows: (n,) row of each sequence of the batch.
            places: (n, t) position of each new token; `self.positions` for padding.
            span: how many positions the pass may see.
            device: where the model computes.
            shared: length of the prefix that is equal in all these rows, which must be 0 … n-1; 0 reads each row whole.
        """
        self.index, self.places, self.span = rows.to(device), places.to(device), span
        self.shared = shared
        count = len(rows)
        ordered = count == 1 or bool((rows[1:] - rows[:-1] == 1).all())
        self.contiguous = int(rows[0]) if ordered else -1

    def copy(self, source: int, targets: Sequence[int], length: int) -> None:
        """Copy the first `length` positions of one row into others."""
        index = torch.tensor(list(targets))
        for layer in self.own:
            if layer.keys is not None and layer.values is not None:
                layer.keys[index, :, :length] = layer.keys[source, :, :length]
                layer.values[index, :, :length] = layer.values[source, :, :length]

    def swap(self, first: Sequence[int], second: Sequence[int], length: int) -> None:
        """Exchange rows pairwise, up to a position."""
        source = torch.tensor([*first, *second])
        target = torch.tensor([*second, *first])
        for layer in self.own:
            if layer.keys is not None and layer.values is not None:
                layer.keys[target, :, :length] = layer.keys[source, :, :length]
                layer.values[target, :, :length] = layer.values[source, :, :length]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """How many positions a pass sees."""
        return self.span


class _Layer(CacheLayerMixin):
    """One layer's keys and values: (rows, heads, positions + 1 spare, size of a head)."""

    is_sliding = False

    def __init__(self, cache: RaggedCache) -> None:
        super().__init__()
        self.cache = cache

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        rows, positions = self.cache.rows, self.cache.positions + 1
        # Zeros, not empty memory: a masked NaN would still spoil a sum.
        self.keys = key_states.new_zeros(rows, key_states.shape[1], positions, key_states.shape[3])
        self.values = value_states.new_zeros(rows, value_states.shape[1], positions, value_states.shape[3])
        self.is_initialized = True

    def resize(self) -> None:
        """Follow the cache's size."""
        if self.keys is None or self.values is None:
            return
        self.keys, self.values = self._resized(self.keys), self._resized(self.values)

    def _resized(self, old: torch.Tensor) -> torch.Tensor:
        rows, heads, positions, size = old.shape
        new = old.new_zeros(self.cache.rows, heads, self.cache.positions + 1, size)
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
        index = cache.index[:, None]
        self.keys[index, :, cache.places] = key_states.transpose(1, 2)
        self.values[index, :, cache.places] = value_states.transpose(1, 2)
        if cache.shared:
            own = slice(0, len(cache.index)), slice(None), slice(cache.shared, cache.span)
            first = slice(0, 1), slice(None), slice(0, cache.shared)
            return mark(self.keys[own], self.values[own], self.keys[first], self.values[first])
        rows: slice | torch.Tensor = cache.index
        if cache.contiguous >= 0:
            rows = slice(cache.contiguous, cache.contiguous + len(cache.index))
        return self.keys[rows, :, : cache.span], self.values[rows, :, : cache.span]

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Length and offset of what a pass sees."""
        return self.cache.span, 0

    def get_seq_length(self) -> int:
        """How many positions a pass sees."""
        return self.cache.span

    def get_max_length(self) -> int:
        """No maximum: `reserve` makes room."""
        return -1
