"""What can be known before the first step: that every kind of task can be scored."""

from __future__ import annotations

from collections.abc import Iterator

from ccgym.domain import Domain, Task
from ccgym.env import enact, make
from ccgym.errors import ConfigError
from ccgym.scoring import Scorer


def preflight(domain: Domain, scorer: Scorer) -> None:
    """Play the reference of a task of each template and of each written task; every reward must have its say.

    Raises:
        ConfigError: naming the task and the reward that could not score it.
    """
    env = make(domain, policy="preflight", scorer=scorer)
    for task in _kinds(domain):
        expect = task.as_json().get("expect", {})
        episode = enact(
            domain, task, expect.get("actions", ()), expect.get("say", ()), expect.get("output"), env=env
        )  # fmt: skip
        for event in scorer.score_episode(episode):
            if event.status in ("unscored", "failed"):
                raise ConfigError(
                    f"the reward {event.name} cannot score it: {event.explanation}",
                    where=f"task {task.id}",
                    fix="Configure what is missing, or take the component out of the task's reward_basis",
                )


def _kinds(domain: Domain) -> Iterator[Task]:
    for split in ("train", "test"):
        yield from domain.split(split)
        for template in sorted(domain.templates):
            yield domain.draw(template, split, 0)
