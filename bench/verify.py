"""Verifying: recorded steps per CPU-second, with the log read, its digests checked, and every event compared.

The episodes are an oracle's on OrderDesk, in groups of 8, with token ids and log-probabilities as a run of GRPO records
them: an id for each three characters of what was new in the context, and of the turn. Every other member's replies are
reworded, so that five of the eight go ways of their own, as many as in a group of a model that was just warmed up.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ccgym
from bench.bare import rated
from bench.measure import Result, interleaved
from bench.rescore import Rewording
from ccgym import seeds
from ccgym.env import CcgymEnv
from ccgym.log import log_files
from ccgym.replay import verify
from ccgym.rollouts import rollout
from ccgym.types import Request, Turn

ENV = "ccgym/OrderDesk-v0"
EPISODES, GROUP = 1_600, 8
ASKED = 5_000


class Tokens:
    """The oracle, some of its replies reworded, with tokens that no model has sampled."""

    name = "tokens"

    def __init__(self) -> None:
        self._player = Rewording()

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """The turns, as token ids and log-probabilities too."""
        turns = self._player.act(requests)
        for request, turn in zip(requests, turns, strict=True):
            rng = seeds.stream("tokens", request.seed)
            turn.context = [rng.randrange(50_000) for _ in range(len(request.observation) // 3 + 1)]
            turn.ids = [rng.randrange(50_000) for _ in range(len(turn.text) // 3 + 1)]
            turn.logprobs = [-rng.random() for _ in turn.ids]
            turn.version = "grpo-1"
        return turns

    def close(self, key: int) -> None:
        """The player forgets the episode."""
        self._player.close(key)


def measure(folder: Path, episodes: int = EPISODES, rounds: int = 3) -> Result:
    """Verify a run, in one process, and hold that nothing diverges."""
    env = ccgym.make(ENV)
    rollout(env, Tokens(), env.domain.stream_tasks("train", episodes // GROUP), GROUP, seed=1, out=folder)
    files = log_files(folder)
    steps = _verify(files)
    best = interleaved(rounds, all=lambda: _verify(files))
    return rated(
        "recorded steps verified per CPU-second, tokens and log-probabilities included",
        steps / best["all"],
        ASKED,
        f"no divergence in {steps:,} steps of {episodes:,} episodes",
        {"steps": steps, "episodes": episodes, "seconds": best["all"]},
        more="; no divergence",
    )


def _verify(files: Sequence[Path]) -> int:
    """How many steps were verified. Raises RuntimeError where one differs."""
    envs: dict[Any, CcgymEnv] = {}
    steps = 0
    for file in files:
        done = verify(file, envs=envs)
        if done.divergences or done.damage:
            raise RuntimeError(f"verifying found {(done.divergences or done.damage)[0]}")
        steps += done.steps
    return steps
