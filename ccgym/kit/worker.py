"""Running a trial in a process of its own, which is killed where it hangs, and named."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, cast

from ccgym.domain.findings import Finding
from ccgym.kit.law import Say, Trial, finding

_FORKS = "fork" in multiprocessing.get_all_start_methods()


class Lost(NamedTuple):
    """Why a process has not answered."""

    code: str
    """`plugin-hangs` or `plugin-dies`."""
    message: str


def apart(work: Callable[[Say], Any], seconds: float) -> Any:
    """What `work(say)` returns in a process of its own, or Lost.

    Nothing that it does reaches this process. It is killed when it has said nothing new for so many seconds. Where
    processes cannot be forked, it runs here.
    """
    if not _FORKS:
        return work(lambda text: None)
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(work, theirs), daemon=True)
    child.start()
    theirs.close()
    doing, until = "starting", time.monotonic() + seconds
    try:
        while ours.poll(max(0.0, until - time.monotonic())):
            kind, value = ours.recv()
            if kind == "done":
                return value
            if value != doing:
                doing, until = value, time.monotonic() + seconds
    except EOFError:
        child.join()
        return Lost("plugin-dies", f"ended its process while {doing} (exit status {child.exitcode})")
    finally:
        child.kill()
        child.join()
        ours.close()
    return Lost("plugin-hangs", f"hung while {doing}, and was killed after {seconds:g} s")


def _work(work: Callable[[Say], Any], pipe: Connection) -> None:
    pipe.send(("done", work(lambda text: pipe.send(("at", text)))))
    pipe.close()
    os._exit(0)  # nothing of what the plugin has left behind runs


def run_trial(trial: Trial) -> list[Finding]:
    """What a trial finds, in a process of its own."""
    found = apart(partial(_findings, trial), trial.seconds)
    if isinstance(found, Lost):
        return [finding(found.code, trial.place, f"{trial.title}: {found.message}")]
    return cast("list[Finding]", found)


def _findings(trial: Trial, say: Say) -> list[Finding]:
    try:
        return list(trial.run(say))
    except Exception as error:  # a stranger's code where no law expects it to fail
        message = f"{trial.title}: {type(error).__name__}: {error}"[:500]
        return [finding("plugin-raises", raised_at(error, trial.place), message)]


def raised_at(error: BaseException, place: str) -> str:
    """The place with the file and line of the frame that raised, where that is not ccgym's own."""
    frame, own = error.__traceback__, f"{os.sep}ccgym{os.sep}"
    lines: list[str] = []
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if own not in file:
            lines.append(f"{os.path.basename(file)}:{frame.tb_lineno}")
        frame = frame.tb_next
    return f"{place} ({lines[-1]})" if lines else place


def run_trials(trials: Iterable[Trial], advance: Callable[[int], None] = lambda n: None) -> list[Finding]:
    """What all trials find. One is left out where the trial that it needs has found an error."""
    found: list[Finding] = []
    failed: set[str] = set()
    for trial in trials:
        if failed.isdisjoint(trial.needs):
            findings = run_trial(trial)
            found += findings
            if any(one.severity == "error" for one in findings):
                failed.add(trial.title)
        advance(1)
    return found
