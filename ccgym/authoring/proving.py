"""Proof by playing: a task is kept only if its reference earns 1, and what does nothing earns nothing."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ccgym.domain import Domain, load_domain
from ccgym.env import enact, make
from ccgym.errors import CcgymError, DomainError
from ccgym.rollouts.scripted import REFUSAL
from ccgym.types import Episode, RuleEvent

GATED = ["state", "say", "actions", "sop"]


class Stage:
    """A domain without tasks, on which drafts are played."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self.env = make(domain, weights={"correctness": 1.0}, gates={}, policy="author")

    @classmethod
    def open(cls, folder: Path) -> Stage | DomainError:
        """The stage of a folder, or what keeps it from loading."""
        try:
            return cls(load_domain(folder))
        except DomainError as error:
            return error

    def results(self, task: dict[str, Any]) -> list[Any] | None:
        """What the calls of a draft answer, as far as it is the same for every seed; None where one fails."""
        first, second = (self._play(task, seed) for seed in (0, 1))
        if first is None or second is None or any(call.error for call in first.calls):
            return None
        return [_common(a.result, b.result) for a, b in zip(first.calls, second.calls, strict=False)]

    def prove(self, drafts: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
        """The drafts that hold, and the ids of rules that references broke.

        Two drafts of one content are one task; a task that a policy without a deed would pass is asked for its calls
        too, and left out where that does not help.
        """
        kept: list[dict[str, Any]] = []
        broken: list[str] = []
        seen: set[str] = set()
        for draft in drafts:
            episode = self._play(draft, 0)
            if episode is None:
                continue
            if episode.rewards.get("correctness") != 1.0:
                broken += [event.clause.get("id", "") for event in episode.events
                           if isinstance(event, RuleEvent) and event.verdict in ("violated", "error")]  # fmt: skip
                continue
            if self._idle(draft):
                draft = {**draft, "reward_basis": GATED}
                again = self._play(draft, 0)
                if again is None or again.rewards.get("correctness") != 1.0 or self._idle(draft):
                    continue
            content = self.domain.adopt(draft).content_digest
            if content not in seen:
                seen.add(content)
                kept.append(draft)
        return kept, broken

    def _play(self, task: dict[str, Any], seed: int) -> Episode | None:
        task = {"id": "draft", **task}
        expect = task["expect"]
        try:
            return enact(self.domain, task, expect["actions"], expect.get("say", ()), seed=seed, env=self.env)
        except CcgymError:
            return None

    def _idle(self, task: dict[str, Any]) -> bool:
        """Whether echoing the customer, or refusing at once, earns what the reference earns."""
        lines = [REFUSAL[self.domain.language], None]
        return any(self._talk(task, line) == 1.0 for line in lines)

    def _talk(self, task: dict[str, Any], line: str | None) -> float | None:
        heard, info = self.env.reset(options={"task": {"id": "draft", **task}, "seed": 0})
        over = False
        while not over:
            heard, _, terminated, truncated, info = self.env.step(line if line is not None else heard)
            over = terminated or truncated
        return info["rewards"].get("correctness")


def _common(first: Any, second: Any) -> Any:
    """What two results have in common: a new id is not the same for every seed, and becomes null."""
    if isinstance(first, dict) and isinstance(second, dict):
        return {key: _common(value, second.get(key)) for key, value in first.items()}
    if isinstance(first, list) and isinstance(second, list):
        return [_common(a, b) for a, b in zip(first, second, strict=False)]
    return first if first == second else None
