"""Which faults a world has, how likely each is, and which of them a call meets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from ccgym import seeds
from ccgym.errors import ConfigError

KINDS = {
    "timeout": "no answer in time; whether the tool did its work is not told",
    "error": "the service fails, and nothing happens",
    "duplicate": "the call is delivered twice",
    "stale": "a read answers from the state before the last write",
    "slow": "the answer takes its time",
}
"""The faults that can be switched on, in the order in which they are drawn."""
SLOWEST = 30.0
"""Most virtual seconds that a slow tool takes."""


class Draw(NamedTuple):
    """What a call meets: a kind of fault ("" for none), and the numbers in 0 … 1 that decide the rest."""

    kind: str
    late: float
    wait: float


def read_faults(given: Mapping[str, float] | None) -> dict[str, float]:
    """Kind to probability a call, in the order of KINDS; empty where nothing is switched on.

    Raises:
        ConfigError: an unknown kind, what is no probability, or more than 1 in all.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError(f"faults are {given!r:.60}", fix='Write a mapping, such as {"timeout": 0.05}')
    for kind, share in given.items():
        if kind not in KINDS:
            raise ConfigError(f"unknown fault {kind!r:.60}", fix=f"Faults: {', '.join(KINDS)}")
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            raise ConfigError(f"the fault {kind!r} has the probability {share!r:.40}", fix="Give a number from 0 to 1")
    total = math.fsum(given.values())
    if total > 1 + 1e-9:
        fix = "A call meets one fault at most: let them sum to 1 or less"
        raise ConfigError(f"the probabilities of faults sum to {total:g}", fix=fix)
    return {kind: float(given[kind]) for kind in KINDS if given.get(kind)}


def draw(faults: Mapping[str, float], seed: int, step: int, call: int, tool: str) -> Draw:
    """What a call meets: it follows from the episode's seed, the step, the call's number and the tool alone."""
    rng = seeds.stream("fault", seed, step, call, tool)
    left = rng.random()
    late, wait = rng.random(), rng.random()
    for kind, share in faults.items():
        if left < share:
            return Draw(kind, late, wait)
        left -= share
    return Draw("", late, wait)


__all__: list[Any] = ["KINDS", "SLOWEST", "Draw", "draw", "read_faults"]
