"""`reset` on a state of 5 MB against `copy.deepcopy` of it."""

from __future__ import annotations

import copy
import json

import ccgym
from bench.measure import Result, interleaved
from ccgym.domain import Domain

RESETS = 1_000
ASKED = 1_000


def measure(domain: Domain, rounds: int = 5) -> Result:
    """CPU seconds of one reset, each with another episode seed, and of one deep copy."""
    env = ccgym.make(domain)

    def resets() -> None:
        for seed in range(RESETS):
            env.reset(options={"task": "move", "seed": seed})

    best = interleaved(rounds, reset=resets, deepcopy=lambda: copy.deepcopy(domain.state))
    reset, deepcopy = best["reset"] / RESETS, best["deepcopy"]
    ratio = deepcopy / reset
    size = len(json.dumps(domain.state))
    return Result(
        f"reset on a state of {size / 1e6:.1f} MB against copy.deepcopy of it",
        f"at least {ASKED:,} × faster",
        f"{ratio:,.0f} × ({1e6 * reset:.1f} µs against {1e3 * deepcopy:.0f} ms)",
        ratio >= ASKED,
        {"ratio": ratio, "seconds_reset": reset, "seconds_deepcopy": deepcopy, "state_bytes": size},
    )
