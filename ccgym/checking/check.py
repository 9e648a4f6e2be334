"""The whole check of a domain: reading, drawing, playing, and what comes of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ccgym.checking.coverage import look_at_coverage
from ccgym.checking.drawing import draw_tasks
from ccgym.checking.playing import Played, play_references
from ccgym.checking.prompts import look_at_prompts
from ccgym.checking.rules import look_at_rules
from ccgym.checking.trivial import play_trivial
from ccgym.domain import Domain, Finding
from ccgym.domain.check import in_order, look_over
from ccgym.domain.files import Folder
from ccgym.domain.findings import Findings
from ccgym.domain.loader import read_domain
from ccgym.env import find_domain, make
from ccgym.errors import DomainError
from ccgym.plugins import registry
from ccgym.types import ToolEvent

CONTEXT = 32_768
"""Tokens of a model's context, where none is given: what small models of today have."""
Watch = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""`with watch(label, total) as advance: advance(1)`."""


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    findings: list[Finding]
    """Errors first, then warnings, then notices."""
    domain: Domain | None
    """None where it does not load."""
    played: int
    """How many references were played."""

    def count(self, severity: str) -> int:
        """How many findings are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)


def check(
    name: str | os.PathLike[str], *, drawn: int = 5, context: int = CONTEXT, watch: Watch | None = None
) -> Checked:
    """Find what is wrong with a domain. Nothing that stands in its folder makes this raise.

    Args:
        name: a domain folder, or an environment's id.
        drawn: how many tasks to draw from each template for each of `train` and `test`, and to play.
        context: tokens of the context that prompts and episodes are held against.
        watch: shows progress.

    Raises:
        CcgymError: there is no such environment.
    """
    findings, watch = Findings(), watch or (lambda label, total: nullcontext(lambda n: None))
    domain = _read(name, findings)
    if domain is None:
        return Checked(in_order(findings), None, 0)
    look_over(domain, registry(), findings)
    tasks = [*domain.tasks.values(), *draw_tasks(domain, drawn, findings)]
    env = make(domain, weights={"correctness": 1.0}, gates={}, policy="check")
    played: list[Played] = []
    with watch("playing references", len(tasks)) as advance:
        for one in play_references(env, tasks, findings):
            played += [one] if one is not None else []
            advance(1)
    if any(_had_backend(domain, one) for one in played):
        findings[:] = [finding for finding in findings if finding.code != "no-backend"]
    complete = len(played) == len(tasks)
    play_trivial(env, played, findings)
    look_at_rules(domain, played, findings)
    look_at_coverage(domain, played if complete else [], findings)
    look_at_prompts(domain, played, context, findings)
    return Checked(in_order(findings), domain, len(played))


def _had_backend(domain: Domain, one: Played) -> bool:
    """Whether a tool without mock and function has answered all the same: a plugin brings the backend."""
    return any(
        event.error is None and event.name not in domain.functions and domain.tools[event.name].mock["kind"] == "python"
        for event in one.episode.of(ToolEvent)
        if event.name in domain.tools
    )


def _read(name: str | os.PathLike[str], findings: Findings) -> Domain | None:
    """The domain, or None with findings."""
    path: Path | None = Path(name)
    if not _is_path(name):
        path = None
        try:
            path = find_domain(name).path
        except DomainError as error:  # a registered domain that does not load
            for problem in error.findings:
                code = problem.data.get("code", "bad-value")
                findings.add(code, problem.where or str(name), problem.message, problem.fix, severity="error")
    if path is None:
        return None
    return read_domain(Folder(path, findings), registry(), findings)


def _is_path(name: str | os.PathLike[str]) -> bool:
    """Whether a name is meant for a folder: there is something of that name, or it says where on the disk."""
    try:
        return Path(name).is_absolute() or Path(name).exists()
    except (OSError, ValueError):
        return False
