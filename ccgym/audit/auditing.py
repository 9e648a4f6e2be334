"""Playing the policies of an audit through the real environment and runner, and reporting what they earned."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ccgym.audit.case import Case
from ccgym.audit.gambits import ATTEMPT, GAMBITS, REFERENCE, Gambit, common_texts
from ccgym.audit.judging import judge
from ccgym.audit.outcome import Outcomes, highest, mean, outcome_of
from ccgym.audit.report import AuditReport, Row
from ccgym.domain import Domain, Task
from ccgym.env import CcgymEnv, make
from ccgym.errors import ConfigError
from ccgym.evaluate import SUCCESS
from ccgym.rollouts.runner import TaskLike, iter_groups

WRITTEN = 200
"""How many of the written tasks are played where nobody says how many."""
THRESHOLD = 0.25
"""What a policy that does not do the job may earn, as a share of what the reference earns."""


def audit(
    env: CcgymEnv | Domain | str | os.PathLike[str],
    tasks: Iterable[TaskLike] | None = None,
    group: int = 4,
    *,
    seed: int = 0,
    threshold: float = THRESHOLD,
    out: str | os.PathLike[str] | None = None,
    policies: Sequence[Gambit] = GAMBITS,
    batch: int = 64,
    advance: Callable[[int], None] | None = None,
) -> AuditReport:
    """Play trivial and gaming policies beside the references, and say what each earns, and which should not.

    Args:
        env: an environment, whose weights and gates are audited; or a Domain, an id or a folder, with its own.
        tasks: what to play; None: `choose_cases`.
        group: episodes of each task, for policies that draw and for rewards of groups.
        seed: of the episodes.
        threshold: what a policy that does not do the job may earn, as a share of what the reference earns.
        out: a run directory to write the episodes to, under `episodes/<policy>/`.
        policies: what to play beside the reference.
        batch: how many episodes live at once.
        advance: called with the number of episodes that have ended since the last call.

    Returns:
        The report; `report.ok` is False where a loophole was found.

    Raises:
        ConfigError: there are no tasks.
        CcgymError: no such environment or task.
    """
    world = _world(env)
    chosen = choose_cases(world.domain) if tasks is None else [_adopt(world.domain, task) for task in tasks]
    if not chosen:
        raise ConfigError("there are no tasks to audit", where=world.domain.name)
    cases = [Case(world.domain, task) for task in chosen]
    common = common_texts(cases)
    cases = [replace(case, common=common) for case in cases]
    outcomes = Outcomes(cases, world.scorer.weights, world.scorer.ranges, frozenset(world.scorer.grouped))
    for gambit in (REFERENCE, ATTEMPT, *policies):
        _play(world, gambit, outcomes, group, seed, batch, out, advance)
    rows = [_row(gambit, outcomes) for gambit in outcomes.played]
    return AuditReport(
        env=world.env_name, threshold=threshold, weights=dict(world.scorer.weights), tasks=len(cases), samples=group,
        rows=rows, findings=judge(outcomes, threshold),
    )  # fmt: skip


def choose_cases(domain: Domain, split: str | None = None) -> list[Task]:
    """The written tasks of a split (None: of all), of very many an even choice; and one task of each template."""
    written = list(domain.tasks.values()) if split is None else domain.split(split)
    if len(written) > WRITTEN:
        written = [written[i * len(written) // WRITTEN] for i in range(WRITTEN)]
    return [*written, *(domain.draw(name, split or "test", 0) for name in sorted(domain.templates))]


def _adopt(domain: Domain, task: Any) -> Task:
    return domain.task(task if isinstance(task, str | Task) else dict(task))


def _world(env: Any) -> CcgymEnv:
    """The environment to audit. What success is has to be known, whether or not it is paid."""
    world = getattr(env, "unwrapped", env)
    world = world if isinstance(world, CcgymEnv) else make(env)
    if SUCCESS in world.scorer.weights:
        return world
    weights = {**world.scorer.weights, SUCCESS: 0.0}
    return make(world.domain, env=world.env_name, weights=weights, gates=world.scorer.gates)


def _play(
    world: CcgymEnv, gambit: Gambit, outcomes: Outcomes, group: int, seed: int, batch: int, out: Any, advance: Any
) -> None:
    """Play a policy on the tasks where it has something to try."""
    places = [i for i, case in enumerate(outcomes.cases) if gambit.turns(case, seed) is not None]
    policy = gambit.policy({case.task.digest: case for case in outcomes.cases})
    tasks = [outcomes.cases[i].task for i in places]
    folder = Path(out) if out is not None else None
    found = outcomes.played[gambit] = {}
    for done in iter_groups(world, policy, tasks, group, seed=seed, batch=batch, out=folder, stage=gambit.name):
        found[places[done.index]] = outcome_of(done)
        if advance is not None:
            advance(group)
    outcomes.played[gambit] = {i: found[i] for i in sorted(found)}
    if advance is not None:
        advance(group * (len(outcomes.cases) - len(places)))


def _row(gambit: Gambit, outcomes: Outcomes) -> Row:
    played = outcomes.played[gambit].values()
    columns = {name: [outcome.rewards.get(name) for outcome in played] for name in outcomes.weights}
    totals = [outcome.total for outcome in played]
    return Row(
        policy=gambit.name,
        looks_for=gambit.looks_for,
        tasks=len(played),
        success=mean(outcome.won for outcome in played),
        rewards={name: mean(column) for name, column in columns.items()},
        highest={name: highest(column) for name, column in columns.items()},
        total=mean(totals),
        highest_total=highest(totals),
    )
