"""The verdicts of one episode: on its calls as they are made, and on all of it at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ccgym.domain import Domain, Task
from ccgym.sop import Monitor, Verdict, judge_asserts, rule_program
from ccgym.turns import Call
from ccgym.types import RuleEvent


class Judge:
    """Judges an episode by the rules of its domain and task, where there are any, and by its task's asserts."""

    __slots__ = ("_asserts", "_backend", "_monitor", "see")

    def __init__(self, domain: Domain, task: Task, backend: Any) -> None:
        program = rule_program(domain, task)
        self._monitor = None if program is None else Monitor(program, backend)
        self._asserts = task.as_json().get("expect", {}).get("asserts", [])
        self._backend = backend
        self.see = None if self._monitor is None else self._monitor.see
        """Takes in an event; None where nobody asks."""

    def attempt(self, call: Call) -> Sequence[Verdict]:
        """The verdicts on a valid call that is about to run."""
        return () if self._monitor is None else self._monitor.attempt(call.name, call.arguments)

    def finish(self) -> list[Verdict]:
        """The verdicts at the end of the episode."""
        verdicts = [] if self._monitor is None else self._monitor.finish()
        return [*verdicts, *judge_asserts(self._asserts, self._backend.find, self._backend.probe)]


def rule_events(verdicts: Sequence[Verdict], episode: int, n: int, step: int, hash: str, cause: str) -> list[RuleEvent]:
    """The events of some verdicts, the first of which is event `n` of its episode."""
    return [
        RuleEvent(
            episode=episode, n=number, step=step, hash=hash, kind=kind, verdict=verdict,  # type: ignore[arg-type]
            tag=tag, clause=clause, found=found, detail=detail, cause=cause,
        )
        for number, (kind, verdict, tag, clause, found, detail) in enumerate(verdicts, n)
    ]  # fmt: skip
