"""Rescoring: recorded episodes per CPU-second, with the log read, its digests checked, and all compared.

The episodes are an oracle's, with the replies of every other member reworded at random: nearly every second line is
said once only, where in a run of GRPO it is one in fifty, so that caches help less than they do there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ccgym
from bench.bare import rated
from bench.measure import Result, interleaved
from ccgym import seeds
from ccgym.changes import SAME, Changes
from ccgym.log import log_files, read_log
from ccgym.rescore import Rescorer
from ccgym.rollouts import make_policy, rollout
from ccgym.rollouts.runner import rare_collections
from ccgym.types import Request, Turn

ENV = "ccgym/OrderDesk-v0"
EPISODES, GROUP = 10_000, 8
ASKED = 2_000
REWARDS = ("format", "correctness", "efficiency", "style", "diversity")


class Rewording:
    """The oracle, saying the replies of every other member with their words in another order."""

    name = "rewording"

    def __init__(self) -> None:
        self._oracle = make_policy("oracle")

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """The oracle's turns; calls stay as they are."""
        turns = self._oracle.act(requests)
        for request, turn in zip(requests, turns, strict=True):
            if request.env.episode.begin.sample % 2 and not turn.text.startswith("<"):
                words = turn.text.split()
                seeds.stream("reworded", request.seed).shuffle(words)
                turn.text = " ".join(words)
        return turns

    def close(self, key: int) -> None:
        """The oracle forgets the episode."""
        self._oracle.close(key)


def measure(folder: Path, episodes: int = EPISODES, rounds: int = 3) -> Result:
    """Rescore with the five rewards that a run computes, and hold every value and advantage against the record."""
    env = ccgym.make(ENV)
    if set(env.scorer.weights) != set(REWARDS):
        raise RuntimeError(f"{ENV} is scored by {list(env.scorer.weights)}")
    rollout(env, Rewording(), env.domain.stream_tasks("train", episodes // GROUP), GROUP, seed=1, out=folder)
    files = log_files(folder)
    changes = _rescore(files)
    if changes.any:
        raise RuntimeError(f"rescoring changed {changes.biggest[0]}")
    best = interleaved(rounds, all=lambda: _rescore(files), reading=lambda: _read(files))
    rate, scoring = (changes.episodes / seconds for seconds in (best["all"], best["all"] - best["reading"]))
    return rated(
        f"recorded episodes rescored per CPU-second, reading included, {len(REWARDS)} rewards",
        rate,
        ASKED,
        f"{scoring:,.0f} without reading; nothing differs in {changes.episodes:,} episodes",
        {
            "episodes_per_second_scoring": scoring, "episodes": changes.episodes, "largest_change": changes.largest,
            "seconds": best["all"], "seconds_reading": best["reading"],
        },
        more=f"; the same rewards, advantages within {SAME:g}",
    )  # fmt: skip


def _rescore(files: Sequence[Path]) -> Changes:
    changes, rescorer = Changes(), Rescorer()
    with rare_collections():
        for file in files:
            for group in rescorer.rescore(read_log(file)):
                changes.add(group)
    return changes


def _read(files: Sequence[Path]) -> None:
    with rare_collections():
        for file in files:
            read_log(file)
