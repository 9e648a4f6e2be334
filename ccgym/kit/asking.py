"""Asking a reward, as a run does: under its time limit, and with nothing but a proper result coming back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from ccgym.domain import Domain
from ccgym.errors import RewardError
from ccgym.kit.law import Say
from ccgym.plugins import RewardMark, reward_mark
from ccgym.scoring.guard import Guard, check_result
from ccgym.scoring.scorer import prefixes
from ccgym.types import Episode, RewardResult


class Asked(NamedTuple):
    """What a reward said of one episode (or of one member of a group)."""

    value: float | None = None
    """Of a step reward: the sum over the steps."""
    results: tuple[RewardResult | None, ...] = ()
    """One; of a step reward one a step."""
    error: RewardError | None = None

    @property
    def plain(self) -> Any:
        """What must be the same whenever the same is asked."""
        if self.error is not None:
            return str(self.error.data.get("code"))
        return [r and (r.value, r.explanation, r.evidence, r.parts) for r in self.results]


class Reward:
    """A reward, made anew and prepared on a domain.

    Raises:
        Exception: whatever making or preparing it raises.
    """

    def __init__(self, cls: Any, domain: Domain) -> None:
        self.mark: RewardMark = reward_mark(cls)
        self._made = cls() if isinstance(cls, type) else cls
        prepare = getattr(self._made, "prepare", None)
        self.fitted = prepare(domain) if prepare is not None else None
        """The digest of what it fitted on the domain."""
        self._method = getattr(self._made, f"score_{self.mark.scope}")

    def ask(self, what: str, episode: Episode, say: Say) -> Asked:
        """What it says of one episode; a group reward of a group of one."""
        if self.mark.scope == "group":
            return self.ask_group(what, [episode], say)[0]
        say(f"scoring {what}")
        results: list[RewardResult | None] = []
        try:
            with Guard() as guard:
                for arguments in self._calls(episode):
                    raw = guard.call(self._method, self.mark.seconds, *arguments)
                    results.append(check_result(raw, self.mark.range))
        except RewardError as error:
            return Asked(error=error)
        values = [result.value for result in results if result is not None and result.value is not None]
        return Asked(math.fsum(values) if values else None, tuple(results))

    def ask_group(self, what: str, members: Sequence[Episode], say: Say) -> list[Asked]:
        """What it says of each member of a group."""
        if self.mark.scope != "group":
            return [self.ask(what, member, say) for member in members]
        say(f"scoring {what}")
        try:
            with Guard() as guard:
                found = guard.call(self._method, self.mark.seconds, list(members))
            if not isinstance(found, list | tuple) or len(found) != len(members):
                text = f"{len(found)} results" if isinstance(found, list | tuple) else type(found).__name__
                raise RewardError(f"returned {text} for {len(members)} members", code="result")
            results = [check_result(result, self.mark.range) for result in found]
        except RewardError as error:
            return [Asked(error=error)] * len(members)
        return [Asked(None if r is None else r.value, (r,)) for r in results]

    def _calls(self, episode: Episode) -> list[tuple[Any, ...]]:
        if self.mark.scope == "episode":
            return [(episode,)]
        return [(seen, step) for step, seen in prefixes(episode)]
