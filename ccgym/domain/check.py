"""`check_domain`: everything that can be said of a domain folder without playing it."""

from __future__ import annotations

import os
from pathlib import Path

from ccgym.domain.domain import Domain
from ccgym.domain.files import Folder
from ccgym.domain.findings import Finding, Findings, did_you_mean
from ccgym.domain.loader import read_domain
from ccgym.domain.prosecheck import look_at_prose
from ccgym.domain.simcheck import look_at_customers
from ccgym.domain.statecheck import look_at_state
from ccgym.domain.taskcheck import look_at_tasks
from ccgym.domain.toolcheck import look_at_tools
from ccgym.plugins import Registry, registry

RANK = {"error": 0, "warning": 1, "notice": 2}


def check_domain(path: str | os.PathLike[str], plugins: Registry | None = None) -> list[Finding]:
    """All that reading tells about a folder: the errors that stop loading, then warnings, then notices.

    Raises none of them. `ccgym.checking.check` plays the domain too.
    """
    findings, plugins = Findings(), plugins or registry()
    domain = read_domain(Folder(Path(path), findings), plugins, findings)
    if domain is not None:
        look_over(domain, plugins, findings)
    return in_order(findings)


def look_over(domain: Domain, plugins: Registry, findings: Findings) -> None:
    """Findings about a domain that loads."""
    _rewards(domain, plugins, findings)
    look_at_prose(domain, findings)
    look_at_tools(domain, findings)
    look_at_state(domain, findings)
    look_at_tasks(domain, findings)
    look_at_customers(domain, plugins, findings)
    _splits(domain, findings)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Errors first, then warnings, then notices; none twice."""
    return sorted(dict.fromkeys(findings), key=lambda finding: RANK[finding.severity])


def _rewards(domain: Domain, plugins: Registry, findings: Findings) -> None:
    rewards = domain.spec.rewards
    named = [("weights", name) for name in rewards.weights]
    named += [("gates", name) for gate in rewards.gates.items() for name in gate]
    for field, name in named:
        if name not in plugins.rewards:
            findings.add("unknown-reward", f"domain.yaml /rewards/{field}", f"no reward '{name[:60]}'",
                         did_you_mean(name, plugins.rewards))  # fmt: skip
    if rewards.weights and not rewards.weights.get("correctness"):
        findings.add("unpaid-correctness", "domain.yaml /rewards/weights", "`correctness` has no weight: doing the "
                     "task is not paid", "Give it one, such as correctness: 1.0")  # fmt: skip


def _splits(domain: Domain, findings: Findings) -> None:
    if domain.tasks and not domain.templates:
        for name in ("train", "test"):
            if not domain.split(name):
                findings.add("empty-split", "tasks.jsonl", f"no task is in the split '{name}'",
                             f'Give some "split": "{name}"')  # fmt: skip
