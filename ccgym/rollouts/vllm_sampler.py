"""Sampling through the vLLM that TRL's GRPOTrainer owns, colocated or on a server.

The trainer's own `_generate_single_turn` is called with token ids, so weights are pushed when they have changed and all
that TRL knows about vLLM is used. It is private: a contract test holds its form, and a probe holds what it does.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccgym.errors import ConfigError
from ccgym.rollouts.sampler import Ask, Sample, Sampling

PARAMETERS = ("prompt_ids", "images", "multimodal_fields", "num_generations")
"""What `_generate_single_turn` begins with, in TRL 1.15 and 1.16."""
_NEVER = -100.0
"""The strongest bias that vLLM takes."""
_TOLERANCE = 0.5
"""Nats by which vLLM's and the trainer's log-probability of one token may differ: kernels and precision differ."""


@dataclass(slots=True)
class _Row:
    tokens: list[int] = field(default_factory=list)


class VllmSampler:
    """Samples turns with vLLM. Requests carry the whole context; vLLM's prefix cache keeps what it has computed.

    vLLM draws from generators of its own: the seed of a turn does not reach it, so samples repeat only with its own
    seed and the same batches.

    Args:
        trainer: a GRPOTrainer made with `use_vllm=True`.
        mode: `colocate` or `server`, as the trainer was made.
        stop_id: the token that ends a turn.
        banned: ids that are never sampled.
        sampling: as the trainer's own temperature, top-p and top-k, which vLLM gets.

    Raises:
        ConfigError: the trainer has no vLLM, another mode or other sampling, or its private method has changed.
    """

    version = ""

    def __init__(
        self, trainer: Any, mode: str, stop_id: int, banned: Iterable[int], sampling: Sampling | None = None
    ) -> None:
        self.trainer, self.stop_id = trainer, stop_id
        self.sampling = sampling or Sampling()
        where = f"sampler vllm-{mode}"
        generation = getattr(trainer, "vllm_generation", None)
        if not getattr(trainer, "use_vllm", False) or generation is None:
            raise ConfigError("the trainer runs without vLLM", where=where, fix="Set use_vllm=True in GRPOConfig")
        if generation.mode != mode:
            raise ConfigError(f"the trainer's vLLM runs in mode {generation.mode!r}", where=where)
        names = tuple(inspect.signature(trainer._generate_single_turn).parameters)[: len(PARAMETERS)]
        if names != PARAMETERS:
            raise ConfigError(
                f"TRL's _generate_single_turn now takes {', '.join(names)}", where=where, fix="Use trl>=1.15,<1.17"
            )
        if getattr(generation, "enable_sleep_mode", False):
            raise ConfigError(
                "sleep mode pushes all weights in every turn", where=where, fix="Set vllm_enable_sleep_mode=False"
            )
        for name in ("temperature", "top_p", "top_k"):
            theirs, ours = getattr(generation, name), getattr(self.sampling, name)
            if theirs != ours:
                found = f"{name} is {theirs} in the trainer and {ours} here"
                raise ConfigError(found, where=where, fix="Make them equal")
        self._generation = generation
        self._generation.max_completion_length = self.sampling.max_new_tokens
        self._generation.generation_kwargs = {
            **(generation.generation_kwargs or {}),
            "stop_token_ids": [stop_id],
            "ignore_eos": True,
            "logit_bias": {token: _NEVER for token in banned if token != stop_id},
        }
        self._lockstep = mode == "server" and trainer.accelerator.num_processes > 1
        config = trainer.model.config.get_text_config()
        self._positions = getattr(generation, "max_model_length", None) or config.max_position_embeddings
        self._rows: dict[int, _Row] = {}
        self._asked: list[Ask] = []

    @property
    def max_tokens(self) -> int:
        """Most tokens of an episode."""
        return min(self.sampling.max_tokens or self._positions, self._positions)

    def submit(self, asks: Sequence[Ask]) -> None:
        """Queue a turn for each of these rows."""
        self._asked += asks

    def collect(self) -> list[tuple[int, Sample]]:
        """Sample all turns that are queued."""
        asks, self._asked = self._asked, []
        return [(ask.key, sample) for ask, sample in zip(asks, self.sample(asks), strict=True)]

    def sample(self, asks: Sequence[Ask]) -> list[Sample]:
        """One turn for each of these rows, in order."""
        samples = [Sample() for _ in asks]
        going: list[tuple[_Row, Sample]] = []
        for ask, sample in zip(asks, samples, strict=True):
            row = self._rows.setdefault(ask.key, _Row())
            row.tokens += ask.context
            # vLLM refuses a context that leaves no room for a whole turn.
            if len(row.tokens) >= self.max_tokens or len(row.tokens) + self.sampling.max_new_tokens > self._positions:
                sample.limit = "max_tokens"
            else:
                going.append((row, sample))
        outputs = self._generate([row.tokens for row, _ in going])
        for (row, sample), (ids, logprobs) in zip(going, outputs, strict=True):
            room = self.max_tokens - len(row.tokens)
            sample.ids, sample.logprobs = ids[:room], logprobs[:room]
            if not sample.ids or sample.ids[-1] != self.stop_id:
                sample.limit = "max_tokens"
            row.tokens += sample.ids
        return samples

    def close(self, key: int) -> None:
        """Forget a row."""
        self._rows.pop(key, None)

    def drain(self) -> None:
        """Call at the end of a rollout: in server mode, every rank must call vLLM as often as the busiest one."""
        while self._lockstep and (most := max(self._all_counts(0))):
            self._call([[self.stop_id]] * most)

    def probe(self, prompt: Sequence[int]) -> None:
        """Sample one turn and compare its log-probabilities with the trainer's own model.

        Catches what vLLM would do in silence: stop tokens that are not honoured, weights or an adapter that did not
        arrive.

        Raises:
            ConfigError: naming what differs.
        """
        import torch

        ((ids, logprobs),) = self._generate([list(prompt)])
        where = f"sampler vllm-{self._generation.mode}"
        if len(ids) != len(logprobs) or not ids:
            raise ConfigError(f"vLLM gave {len(ids)} ids and {len(logprobs)} log-probabilities", where=where)
        if self.stop_id in ids[:-1]:
            raise ConfigError("vLLM samples on past the token that ends a turn", where=where)
        if ids[-1] != self.stop_id and len(ids) < self.sampling.max_new_tokens:
            raise ConfigError("vLLM ended a turn and left out the token that ends it", where=where)
        model = self.trainer.accelerator.unwrap_model(self.trainer.model)
        with torch.inference_mode():
            whole = torch.tensor([[*prompt, *ids]], device=model.device)
            lines = model(input_ids=whole, use_cache=False).logits[0, len(prompt) - 1 : -1].float()
            wanted = (lines / (self.sampling.temperature or 1.0)).log_softmax(-1)
        ours = wanted.gather(-1, torch.tensor(ids, device=wanted.device)[:, None])[:, 0].tolist()
        difference = sum(abs(a - b) for a, b in zip(ours, logprobs, strict=True)) / len(ids)
        if not difference <= _TOLERANCE:
            raise ConfigError(
                f"vLLM's log-probabilities differ from the model's by {difference:.2f} nats a token",
                where=where,
                fix="The weights or the adapter did not reach vLLM: check versions with `ccgym doctor`",
            )

    def _generate(self, prompts: list[list[int]]) -> list[tuple[list[int], list[float]]]:
        if not prompts:
            return []
        # Every rank sends as many prompts as the busiest one: unequal batches get each other's completions.
        most = max(self._all_counts(len(prompts))) if self._lockstep else len(prompts)
        return self._call(prompts + [[self.stop_id]] * (most - len(prompts)))[: len(prompts)]

    def _all_counts(self, count: int) -> list[int]:
        from accelerate.utils import gather_object

        return list(gather_object([count]))

    def _call(self, prompts: list[list[int]]) -> list[tuple[list[int], list[float]]]:
        ids, logprobs = self.trainer._generate_single_turn(prompts, None, {}, 1)
        if logprobs is None:
            raise ConfigError("vLLM returned no log-probabilities", fix="Leave vLLM's importance sampling on in TRL")
        return [(list(line), list(values)) for line, values in zip(ids, logprobs, strict=True)]
