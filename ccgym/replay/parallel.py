"""Verifying many files, in several processes."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from ccgym.damage import Damage
from ccgym.env import CcgymEnv
from ccgym.log import indexed
from ccgym.plugins import registry
from ccgym.replay.playing import Live
from ccgym.replay.verifying import Verified, verify

FILES_A_JOB = 16
"""Files for which a process of its own is worth starting."""
_AHEAD = 4
"""Files that are given to a process at once."""
_envs: dict[Any, CcgymEnv] = {}
"""A process's environments, by what they play."""


def verify_files(
    files: Sequence[Path], *, only: int | None = None, jobs: int = 1, live: Collection[Live] = ()
) -> Iterator[Verified]:
    """Verify each file, in the order given.

    Processes are forked where that is safe, and else started afresh, to import what is installed. Where a plugin was
    registered at run time, which those would not have, all is done in this process.

    Args:
        files: log files.
        only: the one episode of each to verify.
        jobs: at most so many processes at once.
        live: see `verify`.

    Raises:
        CcgymError: the domain that an episode names is not installed.
    """
    finished = {root: indexed(root) for root in {_root(file) for file in files} if root is not None}
    jobs = min(jobs, -(-len(files) // FILES_A_JOB))
    if jobs > 1 and all(isinstance(info.source, EntryPoint) for info in registry().plugins if info.state == "ok"):
        with ProcessPoolExecutor(jobs, _context()) as pool:
            tasks = [(file, only, tuple(live)) for file in files]
            try:
                for done in pool.map(_verify, tasks, chunksize=_AHEAD):
                    yield _ended(done, finished)
            finally:  # and wait: what still runs when Python ends races with its end
                pool.shutdown(cancel_futures=True)
    else:
        envs: dict[Any, CcgymEnv] = {}
        for file in files:
            yield _ended(verify(file, only=only, envs=envs, live=live), finished)


def _context() -> Any:
    """How processes are started: a fork has all that is imported, and would lack other threads and what they hold."""
    forks = sys.platform == "linux" and threading.active_count() == 1 and "torch" not in sys.modules
    return multiprocessing.get_context("fork" if forks else "spawn")


def _verify(task: tuple[Path, int | None, tuple[Live, ...]]) -> Verified:
    file, only, live = task
    return verify(file, only=only, envs=_envs, live=live)


def _root(file: Path) -> Path | None:
    """The run directory that a file belongs to."""
    return next((parent for parent in file.parents if parent.joinpath("index.jsonl").is_file()), None)


def _ended(done: Verified, finished: dict[Path, dict[str, dict[int, int]]]) -> Verified:
    """A file that holds less than the run's index says it does was cut off."""
    root = _root(done.path)
    if done.damage or root is None:
        return done
    listed = finished.get(root, {}).get(done.path.relative_to(root).as_posix(), {})
    cut = [number for number, rewards in sorted(listed.items()) if done.held.get(number, -1) < rewards]
    if cut or (listed and done.lacks_group):
        what = f"episode {cut[0]} is not there to its end" if cut else "its group line is not there"
        detail = f"the run's index says that this file was finished, and {what}"
        done.damage.append(Damage(str(done.path), "truncated", None, cut[0] if cut else None, None, detail))
    return done
