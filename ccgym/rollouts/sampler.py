"""From tokens to tokens: the seam `Sampler`, and the sampler over a `transformers` model.

A sampler keeps each live episode's tokens from turn to turn. It is given what is new in the context and answers with
what it sampled; nobody else ever sees a probability. Rows come and go while others are in the middle of a turn, so that
one long turn does not hold up the rest.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import torch

from ccgym.errors import ConfigError
from ccgym.rollouts.cache import RaggedCache, keep_freed_memory
from ccgym.rollouts.sampling import Sampling, invert
from ccgym.rollouts.shared import Piece, shared_attention

_BLOCK_TOKENS = 8192
"""Most tokens of one prefill pass; more go through in several."""
_PACK_TOKENS = 1024
"""Most tokens of one packed pass: more would not stay in the processor's cache."""
_WORTH_COPYING = 16
"""Shorter shared prefixes are computed again rather than looked up."""
_WORTH_ROOTING = 32
_WORTH_ROOTING_ROWS = 8
"""A prefix at least so long, in at least so many rows, is kept and read once for all of them: it is their root."""
_COMPACT_BELOW = 0.75
"""When fewer of a pass's rows than this still sample, finished ones are moved out of it."""
_WORTH_STOPPING = 0.25
"""`collect` returns when this share of the rows has finished: fewer would make for many small prefills."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One row that waits: its key, the token ids new in its context, and the seed of the turn."""

    key: int
    context: list[int]
    seed: int


@dataclass(slots=True)
class Sample:
    """What was sampled for one row."""

    ids: list[int] = field(default_factory=list)
    """The stop token is the last, unless a limit cut the turn."""
    logprobs: list[float] = field(default_factory=list)
    """Of the whole distribution at the sampling temperature, before top-k, top-p and bans: what a trainer computes."""
    limit: Literal["max_tokens"] | None = None


class Sampler(Protocol):
    """Samples turns for many episodes at once."""

    version: str
    """Version of the weights, for the record."""

    def submit(self, asks: Sequence[Ask]) -> None:
        """Begin a turn for each of these rows."""
        ...

    def collect(self) -> list[tuple[int, Sample]]:
        """Keys and samples of turns that have ended: at least one, if any is under way. The rest goes on next time."""
        ...

    def close(self, key: int) -> None:
        """Forget a row."""
        ...


@dataclass(slots=True)
class _Row:
    key: int
    slot: int
    tokens: list[int] = field(default_factory=list)
    """Every token of the row so far."""
    cached: int = 0
    """How many of them have keys and values."""
    rooted: bool = False
    """The first of them have theirs in the root."""
    sample: Sample = field(default_factory=Sample)
    """Of the turn that is under way, or was last."""
    ended: bool = True
    """No turn is under way."""
    rng: random.Random = field(default_factory=random.Random)


class HfSampler:
    """Samples from a `transformers` model (adapters included), keeping keys and values from turn to turn.

    Each row draws from a generator of its own, so what it samples does not depend on the rows beside it, but for the
    last digits of floating-point sums.

    Args:
        model: a causal language model with plain full attention.
        stop_id: the token that ends a turn.
        banned: ids that are never sampled: control tokens other than `stop_id`.
        sampling: see Sampling.

    Raises:
        ConfigError: the model's attention is not of the kind that the cache can hold.
    """

    def __init__(
        self, model: Any, stop_id: int, banned: Iterable[int] = (), sampling: Sampling | None = None, version: str = ""
    ) -> None:
        self.model, self.stop_id, self.version = model, stop_id, version
        self.sampling = sampling or Sampling()
        config = model.config.get_text_config()
        self._layers: int = config.num_hidden_layers
        self._positions: int = getattr(config, "max_position_embeddings", 0) or 2**31
        self._refuse_windows(config)
        self._banned = sorted(set(banned) - {stop_id})
        self._ban: torch.Tensor | None = None
        self._rows: dict[int, _Row] = {}
        self._running: list[_Row] = []
        self._ended: list[_Row] = []
        self._cache = RaggedCache(self._layers)
        self._root: list[int] = []
        """The tokens of the root."""
        self._roots = True
        keep_freed_memory()
        self._probe(config.vocab_size)

    @property
    def max_tokens(self) -> int:
        """Most tokens of an episode."""
        return min(self.sampling.max_tokens or self._positions, self._positions)

    def close(self, key: int) -> None:
        """Forget a row. Its place is used again."""
        row = self._rows.pop(key, None)
        if row is not None and not row.ended:
            self._running = [other for other in self._running if other is not row]

    def reset(self) -> None:
        """Forget all rows: the weights have changed, or the rollout is over. A GPU gets its memory back."""
        self._rows.clear()
        self._running, self._ended, self._root = [], [], []
        if self.model.device.type != "cpu":
            self._cache = RaggedCache(self._layers)

    def submit(self, asks: Sequence[Ask]) -> None:
        """Take in what is new of these rows, and sample the first token of each turn."""
        with self._evaluating():
            rows = [self._admit(ask) for ask in asks]
            live = [row for row in rows if row.sample.limit is None]
            self._ended += [row for row in rows if row.sample.limit is not None]
            if live:
                self._make_room(live)
                self._pick(self._prefill(live), live)
                self._running += [row for row in live if not row.ended]

    def collect(self) -> list[tuple[int, Sample]]:
        """Sample on until a good share of the rows has finished, or all."""
        enough = max(1, int(_WORTH_STOPPING * (len(self._running) + len(self._ended))))
        with self._evaluating():
            rows: list[_Row] = []
            while self._running and len(self._ended) < enough:
                if not rows or len(self._running) < _COMPACT_BELOW * len(rows):
                    rows = list(self._running)
                    self._gather(rows)
                    self._agree(rows)
                self._pick(self._advance(rows), rows)
                self._running = [row for row in rows if not row.ended]
        ended, self._ended = self._ended, []
        return [(row.key, row.sample) for row in ended]

    def sample(self, asks: Sequence[Ask]) -> list[Sample]:
        """One turn for each of these rows, in order, all together: for callers with nothing else under way."""
        self.submit(asks)
        found: dict[int, Sample] = {}
        while len(found) < len(asks):
            found.update(self.collect())
        return [found[ask.key] for ask in asks]

    # ---- a turn's beginning

    def _admit(self, ask: Ask) -> _Row:
        row = self._rows.get(ask.key)
        if row is None:
            taken = {other.slot for other in self._rows.values()}
            slot = next(number for number in range(len(taken) + 1) if number not in taken)
            row = self._rows[ask.key] = _Row(ask.key, slot)
        row.tokens += ask.context
        row.sample = Sample()
        row.rng = random.Random(ask.seed)
        row.ended = len(row.tokens) >= self.max_tokens
        if row.ended:
            row.sample.limit = "max_tokens"
        return row

    def _make_room(self, rows: Sequence[_Row]) -> None:
        longest = max(len(row.tokens) for row in rows) + self.sampling.max_new_tokens
        slots = max(row.slot for row in self._rows.values()) + 1
        self._cache.reserve(slots, min(longest, self.max_tokens))

    def _prefill(self, rows: Sequence[_Row]) -> torch.Tensor:
        """Bring every row's keys and values up to date; return the logits (n, vocabulary) after its last token."""
        logits: dict[int, torch.Tensor] = {}
        fresh: dict[tuple[int, ...], list[_Row]] = {}
        going: list[_Row] = []
        for row in rows:
            if row.cached:
                going.append(row)
            else:
                fresh.setdefault(tuple(row.tokens), []).append(row)
        leaders = [same[0] for same in fresh.values()]
        if leaders and not any(row.cached for row in self._rows.values()):
            # All prompts of a domain share its system prompt: compute it once.
            self._run(leaders[:1], logits)
            self._plant(leaders[0], list(fresh))
            leaders = leaders[1:]
        for row in leaders:
            self._borrow(row)
        self._run([*leaders, *going], logits)
        for leader, *others in fresh.values():
            if others:
                start = len(self._root) if leader.rooted else 0
                self._cache.copy(leader.slot, [row.slot for row in others], leader.cached, start)
            for row in others:
                row.cached, row.rooted, logits[row.key] = leader.cached, leader.rooted, logits[leader.key]
        return torch.stack([logits[row.key] for row in rows])

    def _plant(self, row: _Row, prompts: Sequence[tuple[int, ...]]) -> None:
        """Make what all these prompts begin with the root, where that is worth while; the row is computed already."""
        self._root = []
        if not self._roots or len(self._rows) < _WORTH_ROOTING_ROWS:
            return
        # Whatever lies between the first and the last in order shares what these two share.
        first, last = min(prompts), max(prompts)
        length = _common(first, last, min(len(first), len(last)) - 1)
        if length >= _WORTH_ROOTING:
            self._root = row.tokens[:length]
            self._cache.plant(row.slot, length)
            row.rooted = True

    def _borrow(self, row: _Row) -> None:
        """Stand on the root; or copy the longest prefix that another row has."""
        size = len(self._root)
        if size and row.tokens[:size] == self._root and len(row.tokens) > size:
            row.cached, row.rooted = size, True
        best, donor = row.cached + _WORTH_COPYING - 1, None
        for other in self._rows.values():
            if other is not row and other.cached > best and other.rooted == row.rooted:
                length = _common(row.tokens, other.tokens, min(other.cached, len(row.tokens) - 1))
                if length > best:
                    best, donor = length, other
        if donor is not None:
            self._cache.copy(donor.slot, [row.slot], best, row.cached)
            row.cached = best

    def _run(self, rows: Sequence[_Row], logits: dict[int, torch.Tensor]) -> None:
        """Pass what is new of each row through the model, and keep the logits after its last token."""
        if self._roots:
            for rooted in (True, False):
                self._run_packed([row for row in rows if row.rooted == rooted], logits)
        else:
            self._run_padded(rows, logits)

    def _run_padded(self, rows: Sequence[_Row], logits: dict[int, torch.Tensor]) -> None:
        """In blocks of rows of similar length."""
        queue = sorted(rows, key=lambda row: (len(row.tokens) - row.cached, row.slot), reverse=True)
        while queue:
            width = len(queue[0].tokens) - queue[0].cached
            size = max(1, _BLOCK_TOKENS // width)
            # Rows less than half as long as the longest would be mostly padding: they go in a block of their own.
            block = [row for row in queue[:size] if 2 * (len(row.tokens) - row.cached) >= width]
            queue = queue[len(block) :]
            block.sort(key=lambda row: row.slot)
            lines = self._block([row.tokens[row.cached :] for row in block], block)
            for row, line in zip(block, lines, strict=True):
                logits[row.key] = line
                row.cached = len(row.tokens)

    def _run_packed(self, rows: Sequence[_Row], logits: dict[int, torch.Tensor]) -> None:
        """Row behind row without padding; all stand on the root, or none."""
        queue = list(rows)
        while queue:
            pieces: list[Piece] = []
            ids: list[int] = []
            positions: list[int] = []
            for row in queue:
                new = len(row.tokens) - row.cached
                if pieces and len(ids) + new > _PACK_TOKENS:
                    break
                pieces.append(Piece(row.slot, len(ids), len(ids) + new, len(row.tokens)))
                ids += row.tokens[row.cached :]
                positions += range(row.cached, len(row.tokens))
            places = torch.tensor([positions])
            self._cache.aim_packed(pieces, places, len(self._root) if queue[0].rooted else 0)
            # The cache knows what each token sees: a mask of four dimensions is left as it is, and is read by nobody.
            output = self.model(
                input_ids=torch.tensor([ids]),
                attention_mask=torch.zeros(1, 1, 1, 1, dtype=self.model.dtype),
                position_ids=places,
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=torch.tensor([piece.last - 1 for piece in pieces]),
            )
            for row, line in zip(queue, output.logits[0].float(), strict=False):
                logits[row.key] = line
                row.cached = len(row.tokens)
            queue = queue[len(pieces) :]

    def _block(self, tokens: Sequence[list[int]], rows: Sequence[_Row]) -> torch.Tensor:
        width = max(map(len, tokens))
        spare = self._cache.positions
        ids, places, positions = [], [], []
        for new, row in zip(tokens, rows, strict=True):
            pad = width - len(new)
            here = list(range(row.cached, row.cached + len(new)))
            ids.append([0] * pad + new)
            places.append([spare] * pad + here)
            positions.append([0] * pad + here)
        slots = torch.tensor([row.slot for row in rows])
        return self._forward(torch.tensor(ids), slots, torch.tensor(places), torch.tensor(positions))

    def _forward(
        self, ids: torch.Tensor, slots: torch.Tensor, places: torch.Tensor, positions: torch.Tensor, root: int = 0
    ) -> torch.Tensor:
        """One pass; the logits (n, vocabulary) of the last column, as float32."""
        device = self.model.device
        span = int(positions.max()) + 1
        self._cache.aim(slots, places, span, device, root)
        dtype = self.model.dtype
        sees = torch.arange(span) <= positions[:, None, :, None]
        mask = torch.zeros(sees.shape, dtype=dtype).masked_fill_(~sees, torch.finfo(dtype).min)
        output = self.model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            position_ids=positions.to(device),
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        )
        result: torch.Tensor = output.logits[:, -1].float()
        return result

    # ---- token after token

    def _gather(self, rows: list[_Row]) -> None:
        """Give these rows the slots 0 … n-1, so that decoding reads the cache without copying; sort them by slot."""
        outside = [row for row in rows if row.slot >= len(rows)]
        if outside:
            inside = {row.slot for row in rows}
            holes = [slot for slot in range(len(rows)) if slot not in inside]
            moves = dict(zip([row.slot for row in outside], holes, strict=True))
            # Whoever lies in a hole takes the place of the row that comes; where nobody does, nothing goes back.
            others = {row.slot: row for row in self._rows.values() if row.slot in set(holes)}
            back = {hole: slot for slot, hole in moves.items() if hole in others}
            moved = [*outside, *others.values()]
            length = max(row.cached for row in moved)
            start = len(self._root) if all(row.rooted for row in moved) else 0
            self._cache.move([*moves, *back], [*moves.values(), *back.values()], length, start)
            for row in moved:
                row.slot = moves[row.slot] if row.slot in moves else back[row.slot]
        rows.sort(key=lambda row: row.slot)

    def _agree(self, rows: Sequence[_Row]) -> None:
        """Have all these rows stand on the root, or none of them."""
        rooted = [row for row in rows if row.rooted]
        if rooted and (len(rooted) < len(rows) or len(rows) < _WORTH_ROOTING_ROWS):
            self._cache.uproot([row.slot for row in rooted])
            for row in rooted:
                row.rooted = False

    def _advance(self, rows: Sequence[_Row]) -> torch.Tensor:
        """Pass each row's last token. Rows of the pass that have ended write to the spare position."""
        spare = self._cache.positions
        ids, places, positions = [], [], []
        for row in rows:
            ids.append([row.tokens[-1]])
            place = 0 if row.ended else len(row.tokens) - 1
            places.append([spare if row.ended else place])
            positions.append([place])
            if not row.ended:
                row.cached = len(row.tokens)
        slots, root = torch.arange(len(rows)), len(self._root) if rows[0].rooted else 0
        return self._forward(torch.tensor(ids), slots, torch.tensor(places), torch.tensor(positions), root)

    def _pick(self, logits: torch.Tensor, rows: Sequence[_Row]) -> None:
        """Add a token to each row that still samples, by inverting its distribution at its own next random number."""
        sampling = self.sampling
        scaled = logits / sampling.temperature if sampling.temperature > 0 else logits
        allowed = scaled if not self._banned else scaled + self._bans(scaled)
        if sampling.temperature == 0:
            chosen = allowed.argmax(-1, keepdim=True)
        else:
            draws = [0.0 if row.ended else row.rng.random() for row in rows]
            chosen = invert(allowed, torch.tensor(draws, device=logits.device), sampling.top_k, sampling.top_p)
        logprobs = scaled.gather(-1, chosen)[:, 0] - scaled.logsumexp(-1)
        for row, token, logprob in zip(rows, chosen[:, 0].tolist(), logprobs.tolist(), strict=True):
            if row.ended:
                continue
            sample = row.sample
            sample.ids.append(token)
            sample.logprobs.append(logprob)
            row.tokens.append(token)
            if token == self.stop_id:
                row.ended = True
            elif len(sample.ids) >= sampling.max_new_tokens or len(row.tokens) >= self.max_tokens:
                sample.limit = "max_tokens"
                row.ended = True
            if row.ended:
                self._ended.append(row)

    def _bans(self, logits: torch.Tensor) -> torch.Tensor:
        if self._ban is None or self._ban.shape[-1] != logits.shape[-1] or self._ban.device != logits.device:
            self._ban = torch.zeros(logits.shape[-1], device=logits.device)
            self._ban[[token for token in self._banned if token < len(self._ban)]] = float("-inf")
        return self._ban

    # ---- trust, but probe

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """No gradients, and no dropout even in the middle of training."""
        training = self.model.training
        if training:
            self.model.eval()
        try:
            with torch.inference_mode(), shared_attention(self.model) as shares:
                self._roots = self._roots and shares
                yield
        finally:
            if training:
                self.model.train()

    def _refuse_windows(self, config: Any) -> None:
        window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
        if kinds := getattr(config, "layer_types", None):
            found = ", ".join(sorted(set(kinds) - {"full_attention"}))
        else:
            found = f"a sliding window of {window}" if window and window < self.max_tokens else ""
        if found:
            raise ConfigError(
                f"the model has {found}; the sampler `hf` holds full attention only",
                where=str(getattr(config, "name_or_path", "model")),
                fix="Choose the sampler vllm-colocate or vllm-server, or another model",
            )

    def _probe(self, vocabulary: int) -> None:
        """Compare two rows of different length, fed in pieces, with plain passes over the whole of each."""
        rng = random.Random(0)
        first, second = ([rng.randrange(vocabulary) for _ in range(size)] for size in (9, 7))
        second[:3] = first[:3]
        rows = [_Row(0, 0, first[:4], ended=False), _Row(1, 1, second[:3], ended=False)]
        with self._evaluating():
            shares, self._roots = self._roots, False
            self._cache.reserve(2, 16)
            self._run(rows, {})
            rows[0].tokens, rows[1].tokens = first[:-1], second[:-1]
            self._run(rows, {})
            rows[0].tokens, rows[1].tokens = first, second
            wanted = torch.stack(
                [
                    self.model(input_ids=torch.tensor([row], device=self.model.device), use_cache=False).logits[0, -1]
                    for row in (first, second)
                ]
            ).float()
            plain = float((self._advance(rows) - wanted).abs().max())
            tolerance = (1e-3 if self.model.dtype == torch.float32 else 5e-2) * max(float(wanted.abs().max()), 1.0)
            # A model whose attention is more than a softmax of products knows no root; it is only slower then.
            self._roots = shares
            if self._roots:
                self._cache.plant(0, 3)
                self._root = first[:3]
                for row, tokens in zip(rows, (first, second), strict=True):
                    row.tokens, row.cached, row.rooted = tokens[:-1], 3, True
                self._run(rows, {})
                rows[0].tokens, rows[1].tokens = first, second
                self._roots = float((self._advance(rows) - wanted).abs().max()) <= tolerance
        self.reset()
        if not plain <= tolerance:
            raise ConfigError(
                f"tokens fed in pieces give other logits than whole ones (by {plain:.3g})",
                where=type(self.model).__name__,
                fix="Load the model with attention `sdpa` or `eager`, or choose a vllm sampler",
            )


def _common(first: Sequence[int], second: Sequence[int], limit: int) -> int:
    """Length of the common prefix, at most `limit`."""
    if first[:limit] == second[:limit]:
        return limit
    low, high = 0, limit
    while low + 1 < high:
        middle = (low + high) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle
    return low
