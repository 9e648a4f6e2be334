"""Measuring a policy: success, pass^k, by tag and by component, breaks of the SOP, and cost."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ccgym.domain import Domain, Task
from ccgym.env import CcgymEnv, find_domain
from ccgym.errors import ConfigError
from ccgym.rollouts.policies import make_policy
from ccgym.rollouts.runner import TaskLike, iter_groups
from ccgym.scoring import Scorer
from ccgym.types import Episode, Model, Policy, RewardEvent, RuleEvent

SUCCESS = "correctness"
"""The reward that says whether an episode succeeded: it did where the value is 1."""


def evaluate(
    env: CcgymEnv | Domain | str | os.PathLike[str],
    policy: Policy | str,
    tasks: int | Iterable[TaskLike] = 200,
    samples: int = 8,
    *,
    split: str = "test",
    seed: int = 0,
    batch: int = 128,
    scorer: Scorer | None = None,
    out: str | os.PathLike[str] | None = None,
    stage: str = "eval",
    advance: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Play tasks with a policy, several times each, and measure.

    Args:
        env: an environment, a Domain, an id or a folder.
        policy: a policy or its name.
        tasks: the tasks, or how many to take of `split`.
        samples: episodes of each task.
        split: where the tasks are taken from when only their number is given.
        seed: of the episodes.
        batch: how many episodes live at once.
        scorer: rewards to score with; None: the environment's. It must hold `correctness`.
        out: a run directory to write the episodes to.
        stage: names their folder.
        advance: called with the number of episodes that have ended since the last call.

    Returns:
        `tasks`, `samples`, `pass^1` … `pass^8` (as far as there are samples), `sop_breaks_per_episode`, the mean of
        each reward under `rewards`, of each component of correctness under `components`, `pass^1` by tag under `tags`,
        reasons to end under `ended`, tokens and turns an episode, `seconds` and `cpu_seconds`.

    Raises:
        ConfigError: there are fewer tasks than asked for, or nothing says what success is.
    """
    domain = env if isinstance(env, Domain) else env.domain if isinstance(env, CcgymEnv) else find_domain(env)
    chosen = held_out(domain, tasks, split) if isinstance(tasks, int) else list(tasks)
    if not chosen:
        raise ConfigError("there are no tasks to evaluate on", where=domain.name)
    player = make_policy(policy) if isinstance(policy, str) else policy
    wall, cpu = time.perf_counter(), time.process_time()
    groups: dict[int, list[Episode]] = {}
    for group in iter_groups(
        env, player, chosen, samples, seed=seed, batch=batch, scorer=scorer, out=out, stage=stage
    ):  # fmt: skip
        groups[group.index] = group.episodes
        if advance is not None:
            advance(len(group.episodes))
    found = measure([groups[index] for index in sorted(groups)])
    found["seconds"] = round(time.perf_counter() - wall, 3)
    found["cpu_seconds"] = round(time.process_time() - cpu, 3)
    return found


def held_out(domain: Domain, n: int, split: str = "test") -> list[Task]:
    """`n` tasks of a split: of the templates in turn where the domain has some, else the written ones.

    Raises:
        ConfigError: the domain has no templates, and fewer written tasks than that.
    """
    if domain.templates:
        return list(domain.stream_tasks(split, n))
    written = domain.split(split)
    if len(written) < n:
        raise ConfigError(
            f"{domain.name} has {len(written)} tasks in the split {split!r}, not {n}",
            fix="Write more tasks, register a template, or ask for fewer",
        )
    return written[:n]


def measure(groups: Sequence[Sequence[Episode]]) -> dict[str, Any]:
    """What recorded episodes say, a group for each task. Episodes that could not be scored count for no success."""
    episodes = [episode for group in groups for episode in group]
    if episodes and not any(SUCCESS in episode.rewards for episode in episodes):
        raise ConfigError(f"no episode has the reward {SUCCESS!r}, which says what success is", where="rewards")
    counts = [_counts(group) for group in groups]
    found: dict[str, Any] = {"tasks": len(groups), "samples": max(map(len, groups), default=0)}
    found |= {f"pass^{k}": pass_hat(counts, k) for k in range(1, min(8, found["samples"]) + 1)}
    found["sop_breaks_per_episode"] = _mean([sop_breaks(episode) for episode in episodes])
    found["rewards"] = _means(episode.rewards for episode in episodes)
    parts = [event.parts for episode in episodes for event in episode.of(RewardEvent) if event.name == SUCCESS]
    found["components"] = _means(parts)
    tags = sorted({tag for episode in episodes for tag in episode.task.get("tags", ())})
    found["tags"] = {
        tag: pass_hat([c for c, group in zip(counts, groups, strict=True) if tag in group[0].task.get("tags", ())], 1)
        for tag in tags
    }
    found["ended"] = dict(Counter(episode.end.reason for episode in episodes if episode.end).most_common())
    found["unscored"] = sum(episode.rewards.get(SUCCESS) is None for episode in episodes)
    found["turns"] = _mean([episode.steps for episode in episodes])
    found["tokens"] = _mean([sum(sum(event.mask) for event in episode.of(Model)) for episode in episodes])
    return found


def pass_hat(counts: Iterable[tuple[int, int]], k: int) -> float | None:
    """pass^k, the chance that k tries of a task all succeed: mean over tasks of C(c, k) / C(n, k).

    The unbiased estimator of τ-bench (Yao et al., 2024, arXiv:2406.12045).

    Args:
        counts: tries and successes (n, c) of each task; tasks of fewer than k tries are left out.
        k: how many tries.
    """
    return _mean([math.comb(c, k) / math.comb(n, k) for n, c in counts if n >= k])


def sop_breaks(episode: Episode) -> int:
    """How many clauses of the SOP an episode broke."""
    return sum(event.tag == "sop" and event.verdict == "violated" for event in episode.of(RuleEvent))


def _counts(group: Sequence[Episode]) -> tuple[int, int]:
    return len(group), sum(episode.rewards.get(SUCCESS) == 1.0 for episode in group)


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None


def _means(rows: Iterable[dict[str, float | None]]) -> dict[str, float | None]:
    """Mean of each name over the rows where it has a value."""
    columns: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.items():
            column = columns.setdefault(name, [])
            if value is not None:
                column.append(value)
    return {name: _mean(values) for name, values in columns.items()}
