"""Attention of packed rows, with and without a root, is that of each row alone."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from ccgym.rollouts.shared import Packed, Piece, attend_packed  # noqa: E402

SIZE = 8


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 7)), min_size=1, max_size=5),
    root=st.integers(0, 6),
    groups=st.sampled_from([1, 2]),
    seed=st.integers(0, 9),
)
def test_packed_rows_attend_as_each_would_alone(rows, root, groups, seed):
    """Rows are (tokens kept before, new tokens); a float64 softmax over each row's positions is the reference."""
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape):
        return torch.randn(*shape, generator=generator)

    heads, longest = 2, root + max(before + new for before, new in rows)
    keys, values = noise(len(rows), heads, longest, SIZE), noise(len(rows), heads, longest, SIZE)
    first = (noise(1, heads, root, SIZE), noise(1, heads, root, SIZE)) if root else ()
    pieces, start = [], 0
    for row, (before, new) in enumerate(rows):
        pieces.append(Piece(row, start, start + new, root + before + new))
        start += new
    query = noise(1, heads * groups, start, SIZE)
    found = attend_packed(query, Packed(keys, values, pieces, first), None)
    for piece in pieces:
        seen = [each[piece.row, :, : piece.span].double() for each in (keys, values)]
        if root:
            seen = [torch.cat([front[0].double(), each[:, root:]], 1) for front, each in zip(first, seen, strict=True)]
        key, value = (each.repeat_interleave(groups, 0) for each in seen)
        scores = query[0, :, piece.first : piece.last].double() @ key.mT / SIZE**0.5
        new = piece.last - piece.first
        later = torch.arange(piece.span) > piece.span - new + torch.arange(new)[:, None]
        wanted = scores.masked_fill(later, float("-inf")).softmax(-1) @ value
        assert torch.allclose(found[0, piece.first : piece.last].transpose(0, 1).double(), wanted, atol=1e-5)
