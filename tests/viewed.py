"""A small run for the tests of `ccgym view`: real episodes of the test desk, and index lines of any number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ccgym
from ccgym.log import GROUP, EpisodeWriter, append_index, episode_path
from ccgym.types import GroupEvent

GOOD = [{"say": "Which order?"}, {"name": "cancel_order", "args": {"order_id": "W1"}}]
"""What the agent does in the members that do their job; the others only talk."""


def write_group(desk: Path, run: Path, rollout: int, stage: str = "grpo", members: int = 2) -> Path:
    """Play a group, log it and list it, as a run does. The last member does not do its job."""
    episodes = [
        ccgym.enact(desk, "cancel", GOOD if k < members - 1 else [], say=["W1"], sample=k) for k in range(members)
    ]
    path = episode_path(run, stage, rollout, "0000")
    with EpisodeWriter(path) as writer:
        for episode in episodes:
            writer.write(episode.events)
        totals: list[float | None] = [float(k) for k in range(members)]
        writer.write([GroupEvent(episode=GROUP, n=0, step=0, hash="", totals=totals, advantages=totals)])
    append_index(run, path, episodes)
    return path


def write_run(desk: Path, run: Path, groups: int = 2) -> Path:
    """A run of so many groups, with curves."""
    for rollout in range(groups):
        write_group(desk, run, rollout)
        add_step(run, rollout + 1)
    return run


def add_step(run: Path, step: int) -> None:
    """One line of `metrics.jsonl`."""
    line = {
        "stage": "grpo", "step": step, "correctness": 0.5, "reward/correctness": 0.5, "reward/format": 1.0,
        "kl": 0.01 * step, "length": 60.0 + step, "diversity/unique": 0.5, "time": {"seconds": 1.0},
    }  # fmt: skip
    with open(run / "metrics.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def entry(**fields: Any) -> dict[str, Any]:
    """One line of an index, as data."""
    return {
        "file": "episodes/grpo/000001-0000.jsonl", "episode": 0, "task": "cancel/1", "tags": ["en"], "policy": "grpo",
        "seed": 7, "sample": 0, "reason": "customer_done", "steps": 3, "rewards": {"correctness": 1.0},
        "violated": [], "clauses": [], **fields,
    }  # fmt: skip


def write_index(run: Path, entries: list[dict[str, Any]]) -> Path:
    """An index of such lines, appended."""
    run.mkdir(parents=True, exist_ok=True)
    with open(run / "index.jsonl", "a", encoding="utf-8") as file:
        file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in entries)
    return run
