"""The demonstrations of the warm start: references of train tasks, and a declared share of them played as people do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from ccgym import seeds
from ccgym.domain import Domain, Task
from ccgym.env import enact, make
from ccgym.errors import CcgymError, ConfigError
from ccgym.log import EpisodeWriter, append_index, episode_path
from ccgym.scoring import Scorer
from ccgym.train.config import Demonstrations
from ccgym.types import Episode

_PER_FILE = 100


def train_tasks(domain: Domain, seed: int, *where: str | int, skip: int = 0) -> Iterator[Task]:
    """Endless train tasks, the same for the same seed and place: all templates in turn, else the written ones.

    Args:
        domain: what to draw from.
        seed: of the run.
        where: what they are for.
        skip: how many to leave out at the beginning, without drawing them.

    Raises:
        ConfigError: the domain has neither templates nor tasks of the split `train`.
    """
    rng = seeds.stream("train tasks", seed, *where)
    templates, written = sorted(domain.templates), domain.split("train")
    if not templates and not written:
        raise ConfigError(
            f"{domain.name} has nothing to train on", where="env", fix="Give it templates, or tasks of the split train"
        )
    for number in count():
        round_: list[Any] = list(templates or written)
        rng.shuffle(round_)
        for place, item in enumerate(round_, number * len(round_)):
            draw = rng.randrange(2**31)
            if place >= skip:
                yield domain.draw(item, "train", draw) if templates else item


def demonstrate(
    env_name: str, domain: Domain, scorer: Scorer, settings: Demonstrations, seed: int, run: Path,
    perturb: Mapping[str, Any] | None = None,
) -> list[Path]:  # fmt: skip
    """Play the demonstrations and write them under `episodes/demos`.

    The share of shortcuts counts over all demonstrations; tasks that have none are always played by the book.

    Returns:
        The files, in order.

    Raises:
        CcgymError: a reference does not earn correctness 1: naming the task.
    """
    tasks = train_tasks(domain, seed, "demonstrations")
    chosen = [next(tasks) for _ in range(settings.n)]
    breaking = _breaking(chosen, settings.break_share, seed)
    events: list[Any] = []
    env = make(domain, env=env_name, policy="demonstration", scorer=scorer, sink=events.append, perturb=perturb)
    files = []
    for start in range(0, settings.n, _PER_FILE):
        path = episode_path(run, "demos", start // _PER_FILE, "demos")
        episodes = []
        with EpisodeWriter(path) as writer:
            for number, task in enumerate(chosen[start : start + _PER_FILE]):
                episodes.append(_play(env, task, number, start + number in breaking, seed))
                writer.write(events)
                events.clear()
        append_index(run, path, episodes)
        files.append(path)
    return files


def _breaking(tasks: list[Task], share: float, seed: int) -> set[int]:
    """Which demonstrations take a shortcut."""
    able = [number for number, task in enumerate(tasks) if _shortcuts(task)]
    wanted = round(share * len(tasks))
    if wanted > len(able):
        raise ConfigError(
            f"{share:.0%} of the demonstrations should break the SOP, but only {len(able)} of {len(tasks)} tasks have "
            "meta.shortcuts",
            where="sft.demonstrations.break_share",
            fix=f"Take at most {int(100 * len(able) / len(tasks)) / 100}",
        )
    return set(seeds.stream("shortcuts", seed).sample(able, wanted))


def _shortcuts(task: Task) -> list[list[Mapping[str, Any]]]:
    ways: list[list[Mapping[str, Any]]] = task.as_json().get("meta", {}).get("shortcuts", [])
    return ways


def _play(env: Any, task: Task, number: int, breaks: bool, seed: int) -> Episode:
    if breaks:
        actions: Any = seeds.stream("shortcut", seed, task.id).choice(_shortcuts(task))
        return enact(env.domain, task, actions, env=env, seed=seed, sample=number)
    expect = task.as_json().get("expect", {})
    episode = enact(
        env.domain, task, expect.get("actions", ()), expect.get("say", ()), expect.get("output"),
        env=env, seed=seed, sample=number,
    )  # fmt: skip
    if episode.rewards.get("correctness", 1.0) != 1.0:
        raise CcgymError(
            f"its reference earns correctness {episode.rewards['correctness']}",
            where=f"task {task.id}",
            fix="Run `ccgym check` on the domain",
        )
    return episode
