"""How the benches measure: CPU time of this thread's process, the best of several rounds, baselines interleaved."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """One promise: what was asked, what was measured, and whether it holds."""

    what: str
    asked: str
    measured: str
    holds: bool
    figures: dict[str, Any] = field(default_factory=dict)
    """The numbers behind it, in seconds or bytes where the name does not say otherwise."""


def cpu_seconds(work: Callable[[], Any]) -> float:
    """CPU seconds of one call, with the garbage collector run before and left on."""
    gc.collect()
    start = time.process_time()
    work()
    return time.process_time() - start


def interleaved(rounds: int, **works: Callable[[], Any]) -> dict[str, float]:
    """The best CPU seconds of each work over rounds in which all take turns, so that a busy spell hits all alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            best[name] = min(best[name], cpu_seconds(work))
    return best
