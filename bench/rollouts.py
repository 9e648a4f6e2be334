"""Rollouts: scripted steps per CPU-second, and what it gains to play many episodes of a model together."""

from __future__ import annotations

from functools import partial

import ccgym
from bench.bare import rated
from bench.measure import Result, cpu_seconds, interleaved
from ccgym.rollouts import make_policy, rollout

ENV = "ccgym/OrderDesk-v0"
TASKS = 60
GROUP = 8
ASKED_STEPS = 10_000
TOGETHER = 64
ASKED_GAIN = 5.0
# Longer than any turn of a trained policy. The base model, untrained, runs on to whatever the limit is.
SAMPLING = {"temperature": 0.9, "top_p": 0.9, "top_k": 50, "max_new_tokens": 96}


def scripted(rounds: int = 15) -> Result:
    """The oracle plays OrderDesk in groups: reset, steps, customer, events and all the domain's rewards."""
    env = ccgym.make(ENV)
    policy = make_policy("oracle")
    tasks = list(env.domain.stream_tasks("train", TASKS))
    steps = sum(episode.steps for episode in rollout(env, policy, tasks, GROUP, seed=1))
    best = min(cpu_seconds(lambda: rollout(env, policy, tasks, GROUP, seed=1)) for _ in range(rounds))
    return rated(
        "scripted steps per CPU-second, reset and scoring included",
        steps / best,
        ASKED_STEPS,
        f"{steps:,} steps of {TASKS * GROUP:,} episodes in {best:.2f} s",
        {"steps": steps, "seconds": best, "episodes": TASKS * GROUP},
    )


def together(rounds: int = 3) -> Result:
    """The tiny model plays the same 64 episodes with 64 places, and with one; CPU time of one thread."""
    env = ccgym.make(ENV)
    tasks = list(env.domain.stream_tasks("train", TOGETHER // GROUP))
    policy = make_policy("hf:builtin:tiny", threads=1, **SAMPLING)
    play = partial(rollout, env, policy, tasks, GROUP, seed=1)
    play(batch=TOGETHER)  # the first call builds what later ones reuse
    best = interleaved(rounds, together=partial(play, batch=TOGETHER), apart=partial(play, batch=1))
    gain = best["apart"] / best["together"]
    return Result(
        f"{TOGETHER} episodes of the tiny model together, against one after the other",
        f"at least {ASKED_GAIN:g} × faster",
        f"{gain:.1f} × ({best['together']:.1f} s against {best['apart']:.1f} s)",
        gain >= ASKED_GAIN,
        {"gain": gain, "seconds_together": best["together"], "seconds_one_by_one": best["apart"]},
    )
