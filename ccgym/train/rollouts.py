"""The episodes of GRPO: which tasks an iteration plays, and what came of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from ccgym import seeds
from ccgym.domain import Domain, Task
from ccgym.env import CcgymEnv
from ccgym.errors import CcgymError
from ccgym.evaluate import SUCCESS, sop_breaks
from ccgym.rollouts.encoder import Encoder
from ccgym.rollouts.runner import Group, iter_groups
from ccgym.train.config import Config
from ccgym.train.demonstrations import train_tasks
from ccgym.train.grpo import Member
from ccgym.train.scores import flat, score_metrics

STAGE = "grpo"


def tasks_of(domain: Domain, config: Config, iteration: int) -> list[Task]:
    """The tasks of an iteration: from the run's seed and the iteration's number, and nothing else.

    Iterations go on where the last one stopped, so that all templates have had their turn before one comes again.
    """
    wanted = config.grpo.tasks_per_iteration
    return list(islice(train_tasks(domain, config.seed, STAGE, skip=iteration * wanted), wanted))


class Rollouts:
    """Plays what the trainer asks for. `metrics` tells of the last iteration.

    Args:
        config: of the run.
        env: plays the domain, with the run's scorer.
        policy: a TokenPolicy that samples from the model that is trained.
        encoder: of that model's tokenizer.
        run: the run directory, where the episodes are written.
    """

    def __init__(self, config: Config, env: CcgymEnv, policy: Any, encoder: Encoder, run: Path) -> None:
        self.config, self.env, self.policy, self.encoder, self.run = config, env, policy, encoder, run
        self.metrics: dict[str, float | None] = {}

    def __call__(self, prompts: Sequence[str]) -> list[Member]:
        """An episode for each prompt `iteration/slot`, in order: the k-th copy of a prompt is the task's sample k."""
        settings = self.config.grpo
        places = list(dict.fromkeys(prompts))
        if Counter(prompts) != dict.fromkeys(places, settings.group):
            fix = "Let each process have whole groups"
            raise CcgymError(f"the trainer split a group of {settings.group}", where="GRPO", fix=fix)
        iteration = int(places[0].partition("/")[0])
        slots = [int(place.partition("/")[2]) for place in places]
        tasks = tasks_of(self.env.domain, self.config, iteration)
        scorer = self.env.scorer.weighing(self.config.rewards.scheduled(iteration))
        self._weights_have_changed(iteration)
        groups = sorted(
            iter_groups(
                self.env, self.policy, [tasks[slot] for slot in slots], settings.group,
                seed=seeds.derive("grpo", self.config.seed, iteration), batch=settings.episodes, scorer=scorer,
                out=self.run, stage=STAGE, number=iteration,
            ),
            key=lambda group: group.index,
        )  # fmt: skip
        members = [member for group in groups for member in self._members(group, scorer.weights)]
        self.metrics = iteration_metrics(groups) | score_metrics(groups, scorer.weights)
        self._check_failures(groups)
        return members

    def _weights_have_changed(self, iteration: int) -> None:
        sampler = self.policy.sampler
        sampler.version = f"{STAGE}-{iteration}"
        if hasattr(sampler, "reset"):
            sampler.reset()

    def _members(self, group: Group, weights: Mapping[str, float]) -> list[Member]:
        encoded = [self.encoder.encode_episode(episode) for episode in group.episodes]
        self.encoder.check_batch(encoded, group.episodes)
        columns = group.score.columns.items()
        return [
            Member(each, {name: column[index] for name, column in columns}, weights)
            for index, each in enumerate(encoded)
        ]

    def _check_failures(self, groups: Sequence[Group]) -> None:
        reasons = [reason for group in groups for reason in group.score.dropped.values()]
        total = sum(len(group.episodes) for group in groups)
        if len(reasons) > self.config.rewards.max_failed * total:
            reason, times = Counter(reasons).most_common(1)[0]
            raise CcgymError(
                f"{len(reasons)} of {total} episodes could not be scored ({times} × {reason})",
                where="GRPO",
                fix="Mend what failed, or raise rewards.max_failed",
            )


def iteration_metrics(groups: Sequence[Group]) -> dict[str, float | None]:
    """What an iteration's groups say together."""
    episodes = [episode for group in groups for episode in group.episodes]
    correct = [value for episode in episodes if (value := episode.rewards.get(SUCCESS)) is not None]
    return {
        "correctness": _mean(correct),
        "diversity/unique": _part(groups, "diversity/unique_sequences"),
        "diversity/cosine": _part(groups, "diversity/cosine"),
        "zero_variance": _mean([float(flat(group.score.totals)) for group in groups]),
        "sop_breaks": _mean([float(sop_breaks(episode)) for episode in episodes]),
        "dropped": _mean([len(group.score.dropped) / len(group.episodes) for group in groups]),
        "turns": _mean([float(episode.steps) for episode in episodes]),
    }


def _part(groups: Sequence[Group], name: str) -> float | None:
    return _mean([group.score.metrics[name] for group in groups if name in group.score.metrics])


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


Values = Callable[[dict[str, Any]], dict[str, Any]]


def values_with(rollouts: Rollouts, values: Values) -> Values:
    """The trainer's values, and those of the iteration's episodes where the step played some."""

    def merged(logs: dict[str, Any]) -> dict[str, Any]:
        found = values(logs)
        return {**rollouts.metrics, **found} if "reward" in found else found

    return merged
