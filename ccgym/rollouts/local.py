"""`hf:PATH`: a policy played by a local model, with the exact tokens of every turn."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ccgym.errors import MissingExtra
from ccgym.rollouts.encoder import Encoder, EncodingError
from ccgym.types import Request, Turn

_log = logging.getLogger("ccgym")


@dataclass(slots=True)
class _Seen:
    messages: int
    """How many of the episode's messages the row's tokens hold."""
    stopped: bool


class TokenPolicy:
    """A policy over an Encoder and a Sampler: what both seams of training drive, and `hf:PATH` too.

    Attributes:
        encoder: turns messages into tokens and samples into text.
        sampler: any Sampler.
    """

    def __init__(self, name: str, encoder: Encoder, sampler: Any) -> None:
        self.name, self.encoder, self.sampler = name, encoder, sampler
        self._seen: dict[int, _Seen] = {}
        self._asked: dict[int, Any] = {}
        """Key to the Ask of the turn that is under way."""
        self._failed: list[tuple[int, Turn]] = []

    def submit(self, requests: Sequence[Request]) -> None:
        """Begin a turn for each request. What cannot be encoded is that turn's `error`."""
        from ccgym.rollouts.sampler import Ask

        asks = []
        for request in requests:
            try:
                asks.append(Ask(request.key, self._context(request), request.seed))
            except EncodingError as error:
                self._failed.append((request.key, Turn("", error=str(error))))
        self._asked.update((ask.key, ask) for ask in asks)
        if asks:
            self._guarded(lambda: self.sampler.submit(asks))

    def collect(self) -> list[tuple[int, Turn]]:
        """Keys and turns of those that have ended; the others go on next time."""
        samples = self._guarded(self.sampler.collect) if self._asked and not self._failed else None
        turns, self._failed = self._failed, []
        for key, sample in samples or ():
            ask = self._asked.pop(key)
            self._seen[key].stopped = bool(sample.ids) and sample.ids[-1] == self.encoder.stop_id
            turn = Turn(
                self.encoder.text(sample.ids), context=ask.context, ids=sample.ids, logprobs=sample.logprobs,
                version=self.sampler.version, limit=sample.limit,
            )  # fmt: skip
            turns.append((key, turn))
        return turns

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """One turn a request, in order, for callers with nothing else under way."""
        self.submit(requests)
        found: dict[int, Turn] = {}
        while len(found) < len(requests):
            found.update(self.collect())
        return [found[request.key] for request in requests]

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """Run the sampler; where it fails, all turns that are under way have failed."""
        try:
            return work()
        except (RuntimeError, ValueError) as error:  # out of memory, or a model that cannot run what it was given
            _log.exception("the sampler of %s failed", self.name)
            for key in self._asked:
                self.sampler.close(key)
                self._failed.append((key, Turn("", error=f"{type(error).__name__}: {error}")))
            self._asked.clear()
            return None

    def close(self, key: int) -> None:
        """Forget an episode."""
        self._seen.pop(key, None)
        self._asked.pop(key, None)
        self.sampler.close(key)

    def _context(self, request: Request) -> list[int]:
        """Ids that are new since the last turn: of the whole talk at first, then of what answered the turn."""
        messages = request.env.episode.messages()
        seen = self._seen.get(request.key)
        if seen is None:
            context = self.encoder.prompt(messages)
            self._seen[request.key] = _Seen(len(messages), True)
        else:
            # The first new message is the turn itself, whose tokens are there already.
            context = self.encoder.after(messages[seen.messages + 1 :], stopped=seen.stopped)
            seen.messages = len(messages)
        return context


def hf(
    path: str,
    /,
    *,
    temperature: float = 0.9,
    top_p: float = 0.9,
    top_k: int = 50,
    max_new_tokens: int = 256,
    max_tokens: int | None = None,
    device: str | None = None,
    dtype: str = "auto",
    threads: int | None = None,
) -> TokenPolicy:
    """A policy played by the model, or the adapter with its base, in a local folder (or `builtin:tiny`).

    Args:
        path: the folder.
        temperature: of sampling; 0 takes the likeliest token.
        top_p: see Sampling.
        top_k: see Sampling.
        max_new_tokens: most tokens of one turn.
        max_tokens: most tokens of an episode, prompt included.
        device: `cpu`, `cuda`, …; None: a GPU where there is one.
        dtype: `auto`, or a name such as `bfloat16`.
        threads: CPU threads; None: what a quick probe finds fastest, unless `OMP_NUM_THREADS` says.

    Raises:
        ConfigError: the folder holds no usable model.
        MissingExtra: the packages are not installed.
    """
    try:
        import torch

        from ccgym.rollouts.loader import load, make_sampler
        from ccgym.rollouts.sampler import Sampling
    except ImportError:
        raise MissingExtra("the policy hf:PATH", "train") from None
    sampling = Sampling(temperature, top_p, top_k, max_new_tokens, max_tokens)
    loaded = load(path, device=device, dtype=dtype)
    encoder = Encoder(loaded.tokenizer)
    if threads is not None:
        torch.set_num_threads(threads)
    elif loaded.model.device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        choose_threads(_small_pass(loaded.model))
    return TokenPolicy(f"hf:{path}", encoder, make_sampler("hf", loaded.model, encoder, sampling))


def choose_threads(work: Callable[[], object], most: int | None = None) -> int:
    """Set torch to the number of CPU threads with which `work` runs fastest, and return it.

    On a busy machine one thread can be five times as fast as two, so the cores are not counted but tried: 1, 2, 4 …
    """
    import torch

    most = most or len(os.sched_getaffinity(0))
    best, fastest = 1, float("inf")
    threads = 1
    while threads <= most:
        torch.set_num_threads(threads)
        work()
        taken = min(_seconds(work) for _ in range(3))
        # More threads must be worth it: a tie goes to fewer.
        if taken < 0.9 * fastest:
            best, fastest = threads, taken
        threads *= 2
    torch.set_num_threads(best)
    return best


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _small_pass(model: Any) -> Callable[[], object]:
    import torch

    ids = torch.zeros(16, 8, dtype=torch.long)

    def work() -> object:
        with torch.inference_mode():
            return model(input_ids=ids, use_cache=False, logits_to_keep=1)

    return work
