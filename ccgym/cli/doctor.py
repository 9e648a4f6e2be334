"""`ccgym doctor [CONFIG]`: what on this machine would stop a run, and the fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from ccgym.cli import health, health_training
from ccgym.cli.health import Finding
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb

MARKS = {"ok": "ok", "warn": "warning", "stop": "STOP"}


@verb("doctor")
@click.argument("config", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(out: Output, config: Path | None) -> int:
    """Say what on this machine would stop a run, and the fix.

    Looks at what the run of CONFIG needs (default: the quickstart). Exit 1 where something would stop it.
    """
    findings = []
    for finding in findings_for(config):
        findings.append(finding)
        _print(out, finding)
    stops = sum(finding.state == "stop" for finding in findings)
    if out.json:
        out.data({"ready": not stops, "findings": [finding.json() for finding in findings]})
    out.line()
    out.line(f"{stops} thing{'s' * (stops != 1)} would stop a run." if stops else "Nothing would stop a run.", "bold")
    return 1 if stops else 0


def findings_for(config: Path | None) -> Iterator[Finding]:
    """All findings, the cheap ones first; those that need torch only where it is installed."""
    yield from health.python()
    yield from health.packages(("train",))
    yield from health.plugins()
    yield from health.memory()
    yield from health.runs_folder(Path("runs"))
    if not all(map(health_training.importable, ("torch", "transformers", "trl"))):
        return
    checks: list[Callable[[], Iterator[Finding]]] = [
        health_training.torch_build, health_training.threads, health_training.trl_contract,
    ]  # fmt: skip
    for check in checks:
        yield from check()


def _print(out: Output, finding: Finding) -> None:
    style = {"ok": "green", "warn": "yellow", "stop": "red"}[finding.state]
    out.line(f"{MARKS[finding.state]:<8} {finding.what}: {finding.found}", style)
    if finding.fix:
        out.line(f"{'':<8} {finding.fix}")
