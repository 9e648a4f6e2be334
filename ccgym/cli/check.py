"""`ccgym check DOMAIN|ENV`: what is wrong with a domain, and whether its references earn what they should."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.domain import Domain, Task, check_domain
from ccgym.domain.findings import Finding
from ccgym.types import RewardEvent

ORDER = ("error", "warning", "notice")


@verb("check")
@click.argument("domain")
@click.option(
    "--drawn", type=click.IntRange(min=0), default=5, show_default=True, metavar="N",
    help="How many tasks to draw from each template, of each split.",
)  # fmt: skip
def command(out: Output, domain: str, drawn: int) -> int:
    """Find what is wrong with a domain, and play its references.

    DOMAIN is a domain folder or an environment's id. Each task's reference is played through the agent's own code path;
    one that does not reach correctness 1 is an error. Exit 1 where there are errors.
    """
    from ccgym.env import find_domain

    if Path(domain).is_dir():
        findings = list(check_domain(domain))
        loaded = None if any(f.severity == "error" for f in findings) else find_domain(domain)
    else:
        loaded = find_domain(domain)
        findings = list(check_domain(loaded.path))
    tasks: list[Task] = []
    if loaded is not None:
        tasks = list(_tasks(loaded, drawn))
        with out.progress("playing references", len(tasks)) as advance:
            for finding in _reference_findings(loaded, tasks):
                findings += [finding] if finding is not None else []
                advance(1)
    return _report(out, domain, findings, len(tasks))


def _tasks(domain: Domain, drawn: int) -> Iterator[Task]:
    """All written tasks, then some of each template in train and test."""
    yield from domain.tasks.values()
    for template in sorted(domain.templates):
        for split in ("train", "test"):
            for seed in range(drawn):
                yield domain.draw(template, split, seed)


def _reference_findings(domain: Domain, tasks: list[Task]) -> Iterator[Finding | None]:
    """What is wrong with each task's reference, or None."""
    from ccgym.env import enact, make

    env = make(domain, weights={"correctness": 1.0}, gates={}, policy="check")
    for task in tasks:
        expect = task.expect
        episode = enact(domain, task, expect.actions, expect.say, expect.output, env=env)
        place = f"task {task.id}"
        problems = env.reference().problems
        scored = next((e for e in episode.of(RewardEvent) if e.name == "correctness"), None)
        if problems:
            yield Finding("reference-fails", "error", place, f"its reference fails: {problems[0]}", "Repair the call")
        elif scored is None or scored.status == "failed":
            why = scored.explanation if scored is not None else "no reward named correctness"
            yield Finding("unscored-reference", "error", place, f"its reference cannot be scored: {why}")
        elif scored.value is None:
            why = scored.explanation or scored.status
            fix = "`train` refuses such a task: configure what is missing, or take it out of reward_basis"
            yield Finding("unscored-reference", "warning", place, f"its reference is unscored: {why}", fix)
        elif scored.value != 1.0:
            yield Finding("reference-below-1", "error", place, _shortfall(episode, scored), "Repair `expect`")
        else:
            yield None


def _shortfall(episode: Any, scored: RewardEvent) -> str:
    end = episode.end.reason if episode.end else "nothing"
    low = [name for name, part in scored.parts.items() if part is not None and part < 1]
    parts = f", for want of {', '.join(low)}" if low else ""
    why = f" ({scored.explanation})" if scored.explanation else ""
    return f"its reference reaches correctness {scored.value:g}, not 1, ending with {end}{parts}{why}"


def _report(out: Output, name: str, findings: list[Finding], played: int) -> int:
    findings = sorted(findings, key=lambda f: ORDER.index(f.severity))
    counts = {severity: sum(f.severity == severity for f in findings) for severity in ORDER}
    if out.json:
        listed = [asdict(finding) for finding in findings]
        out.data({"domain": name, "findings": listed, "references_played": played, **counts})
        return 1 if counts["error"] else 0
    if findings:
        rows = [[f.severity, f.code, _place(f, same), f.message, f.fix or ""] for f, *same in _alike(findings)]
        out.table(["severity", "code", "place", "finding", "fix"], rows)
        out.line()
    summary = ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts.items() if count)
    style = "red" if counts["error"] else "green"
    out.line(f"{name}: {summary or 'nothing wrong'}; {played} references played.", style)
    return 1 if counts["error"] else 0


def _alike(findings: list[Finding]) -> list[list[Finding]]:
    """Findings in groups that differ in their place only: a mistake in a template shows in every task it yields."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.code, finding.message), []).append(finding)
    return list(groups.values())


def _place(finding: Finding, same: list[Finding]) -> str:
    return f"{finding.place} and {len(same)} more" if same else finding.place
