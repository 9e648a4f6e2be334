"""Runs of training that die at a chosen moment, as by `kill -9`. Started once, it forks a child for each run.

python tests/killing.py < jobs     a job a line: {"config": {…}, "resume": path | null, "kill": "KIND[@STAGE]:N" | null}
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from typing import Any


def die() -> None:
    """As sudden as it gets."""
    os.kill(os.getpid(), signal.SIGKILL)


def counted(owner: Any, name: str, n: int, last: Any, place: str = "") -> None:
    """Let the n-th call of a function (whose first argument holds `place`) be the last: `last(*args)` comes first."""
    original, calls = getattr(owner, name), [0]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        calls[0] += place in str(args[0])
        if calls[0] == n:
            last(*args, **kwargs)
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def half_a_line(writer: Any, events: Any) -> None:
    """Half of what an episode's file should get reaches it."""
    from ccgym.log import body_of, chained

    data = b"".join(chained(body_of(event), b"") for event in events)
    writer._file.write(data[: len(data) // 2])
    die()


def half_a_metric(metrics: Any, stage: str, step: int, *rest: Any) -> None:
    """Half a line of metrics reaches the file."""
    with open(metrics.path, "ab") as file:
        file.write(b'{"stage": "%b", "st' % stage.encode())
    die()


def arm(kill: str) -> None:
    """Arrange for this process's death."""
    import transformers

    import ccgym.train.checkpoints as checkpoints
    from ccgym.log import EpisodeWriter
    from ccgym.train.metrics import Metrics

    kind, _, when = kill.partition(":")
    kind, _, stage = kind.partition("@")
    place = f"checkpoints/{stage}/"
    if kind == "time":
        threading.Timer(float(when), die).start()
    elif kind == "checkpoint":
        counted(checkpoints, "fsync", int(when), lambda *_: die(), place)
    elif kind == "rename":
        counted(checkpoints.os, "rename", int(when), lambda *_: die(), place)
    elif kind == "index":
        counted(checkpoints, "write_json", int(when), lambda *_: die(), place)
    elif kind == "episode":
        counted(EpisodeWriter, "write", int(when), half_a_line)
    elif kind == "metric":
        counted(Metrics, "record", int(when), half_a_metric)
    elif kind == "step":
        counted(transformers.Trainer, "training_step", int(when), lambda *_, **__: die())
    else:
        raise ValueError(kill)


class Plugin:
    """A reward that even a random model can earn, so that it has something to learn."""

    @staticmethod
    def register() -> None:
        import ccgym

        @ccgym.reward(range=(0.0, 1.0))
        class Vowels:
            """Share of vowels in what the agent wrote."""

            def score_episode(self, episode: Any) -> Any:
                text = "".join(turn.content for turn in episode.turns)
                return ccgym.RewardResult(sum(letter in "aeiou" for letter in text) / max(1, len(text)))

        class Rewards:
            @ccgym.hookimpl
            def register_rewards(self, register: Any) -> None:
                register(Vowels)

        ccgym.register(Rewards())


def child(job: dict[str, Any]) -> None:
    """One run, to its end or its death."""
    from ccgym.train.config import parse_config
    from ccgym.train.run import train

    if job.get("kill"):
        arm(job["kill"])
    train(None if job.get("resume") else parse_config(job["config"]), resume=job.get("resume"))


def main() -> None:
    """Fork a child a job; print how it ended."""
    import ccgym.train.grpo
    import ccgym.train.run  # noqa: F401  # imported once, for all children

    Plugin.register()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            log = os.open(os.environ["KILLING_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            try:
                child(json.loads(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
