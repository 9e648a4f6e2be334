"""`ccgym doctor [CONFIG]`: what on this machine would stop a run, and the fix."""

from __future__ import annotations

from collections.abc import Iterator
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


def findings_for(path: Path | None) -> Iterator[Finding]:
    """All findings, the cheap ones first; those that need torch only where it is installed."""
    from ccgym.train.config import load_config

    config = load_config(path)
    yield from health.python()
    yield from health.packages(("train",))
    yield from health.plugins()
    world = list(health.environment(config.env))
    yield from world
    if world[0].state == "ok":
        yield from health.rewards(config)
    yield from health.runs_folder(Path(config.runs))
    if not all(map(health_training.importable, ("torch", "transformers", "trl"))):
        yield from health.memory()
        return
    yield from health_training.torch_build()
    yield from health_training.threads(config.threads)
    yield from health_training.trl_contract()
    yield from health_training.seams(config.model.loader, config.grpo.sampler)
    model = list(health_training.model(config.model.path))
    yield from model
    loads = all(finding.state != "stop" for finding in model)
    yield from health.memory(health_training.gib_needed(config)) if loads else health.memory()


def _print(out: Output, finding: Finding) -> None:
    style = {"ok": "green", "warn": "yellow", "stop": "red"}[finding.state]
    out.line(f"{MARKS[finding.state]:<8} {finding.what}: {finding.found}", style)
    if finding.fix:
        out.line(f"{'':<8} {finding.fix}")
