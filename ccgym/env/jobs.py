"""Blocking calls: handed out of an environment to be run elsewhere, and given up past their time limit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NamedTuple


class Job(NamedTuple):
    """A blocking call that waits to be run outside: `CcgymEnv.play` yields it and is sent its Outcome."""

    run: Callable[[], Any]
    """Call it in a thread."""
    seconds: float
    """Its time limit."""


class Outcome(NamedTuple):
    """What a Job came to: a value, or the error it raised (TimeoutError past its limit)."""

    value: Any = None
    """What it returned."""
    error: BaseException | None = None
    """What it raised; None where it returned."""


def run_job(job: Job) -> Outcome:
    """Run a blocking call in a thread of its own, and give up waiting past its time limit."""
    box: list[Outcome] = []

    def target() -> None:
        try:
            box.append(Outcome(job.run()))
        except BaseException as error:  # carried to the caller, who makes it an observation
            box.append(Outcome(error=error))

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join(job.seconds)
    return box[0] if box else Outcome(error=TimeoutError(f"no answer within {job.seconds:g} s"))
