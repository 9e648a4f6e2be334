"""The mutation law of a domain's rules: no step of a reference can be dropped, swapped or altered unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import ccgym
from ccgym.types import RuleEvent

Action = dict[str, Any]


def player(domain) -> Callable[..., Any]:
    """Enacts actions of a task of this domain, always in the same environment."""
    env = ccgym.make(domain)
    return lambda task, actions: ccgym.enact(domain, task, actions, env=env)


def actions_of(task) -> list[Action]:
    return [action.as_json() for action in task.expect.actions]


def call(name, **args) -> Action:
    return {"name": name, "args": args}


def verdicts(episode, *wanted) -> list[str]:
    """Ids of the rules that were judged, or of those with one of these verdicts."""
    found = [event for event in episode.of(RuleEvent) if event.tag == "sop"]
    return [event.clause["id"] for event in found if not wanted or event.verdict in wanted]


def mutants(actions: list[Action], altered: Callable[[Action], Iterator[Action]]) -> Iterator[tuple[str, list[Action]]]:
    """Every way to drop, swap or alter one step."""
    for i, action in enumerate(actions):
        rest = actions[i + 1 :]
        yield f"without {i}", actions[:i] + rest
        if rest and rest[0] != action:
            yield f"{i} after {i + 1}", [*actions[:i], rest[0], action, *rest[1:]]
        for other in altered(action):
            yield f"{i} as {other}", [*actions[:i], other, *rest]


@dataclass
class Mutation:
    """What became of the mutants of some references."""

    total: int = 0
    missed: list[str] = field(default_factory=list)
    equivalent: list[str] = field(default_factory=list)
    """Those with the final state, the words and the broken rules of the reference."""

    def holds(self, at_least: int) -> None:
        """Assert that 97 % are caught, and that at most 10 % are equivalent."""
        print(self.total, len(self.missed), *self.missed, "equivalent:", *self.equivalent, sep="\n")
        assert self.total > at_least
        assert len(self.missed) <= 0.03 * (self.total - len(self.equivalent)), self.missed[:10]
        assert len(self.equivalent) <= 0.1 * self.total, self.equivalent[:10]


def mutate(tasks, play, altered, actions_of=actions_of) -> Mutation:
    """Play every mutant of every task's reference."""
    found = Mutation()
    for task in tasks:
        reference = play(task, actions_of(task))
        for what, actions in mutants(actions_of(task), altered):
            found.total += 1
            episode = play(task, actions)
            if episode.rewards["correctness"] == 0.0:
                continue
            same = (
                episode.end.hash == reference.end.hash
                and [text for _, text in episode.replies] == [text for _, text in reference.replies]
                and verdicts(episode, "violated") == verdicts(reference, "violated")
            )
            (found.equivalent if same else found.missed).append(f"{task.id}: {what}")
    return found
