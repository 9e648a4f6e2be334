"""Rollouts: scripted steps per CPU-second, and what it gains to play many episodes of a model together."""

from __future__ import annotations

from functools import partial

import ccgym
from bench.bare import rated
from bench.measure import Result, cpu_seconds
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


def together() -> Result:
    """The tiny model plays the same 64 episodes with 64 places, and with one; CPU time of one thread."""
    import torch

    torch.set_num_threads(1)
    env = ccgym.make(ENV)
    tasks = list(env.domain.stream_tasks("train", TOGETHER // GROUP))
    seconds = {}
    for batch in (TOGETHER, 1):
        policy = make_policy("hf:builtin:tiny", **SAMPLING)
        rollout(env, policy, tasks[:1], 1, seed=0, batch=1)  # the first call builds what later ones reuse
        seconds[batch] = cpu_seconds(partial(rollout, env, policy, tasks, GROUP, seed=1, batch=batch))
    gain = seconds[1] / seconds[TOGETHER]
    return Result(
        f"{TOGETHER} episodes of the tiny model together, against one after the other",
        f"at least {ASKED_GAIN:g} × faster",
        f"{gain:.1f} × ({seconds[TOGETHER]:.1f} s against {seconds[1]:.1f} s)",
        gain >= ASKED_GAIN,
        {"gain": gain, "seconds_together": seconds[TOGETHER], "seconds_one_by_one": seconds[1]},
    )
