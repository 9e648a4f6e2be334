"""`ccgym audit ENV`: what trivial and gaming policies earn, before anyone trains."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccgym.cli.choose import choose_tasks
from ccgym.cli.output import Output, shown
from ccgym.cli.output import command as verb
from ccgym.cli.rollout import open_env
from ccgym.cli.transcript import print_line, transcript
from ccgym.errors import ConfigError

if TYPE_CHECKING:
    from ccgym.audit import AuditReport, Finding

LINES = 40
"""How much of an episode is printed."""
SHOWN = 4
"""How many episodes are printed; one for each reward that fails in any case."""


@verb("audit")
@click.argument("env")
@click.option("--split", metavar="S", help="Tasks of this split only.")
@click.option(
    "--tasks", type=click.IntRange(min=1), metavar="N",
    help="How many tasks; default: up to 200 written ones, and one of each template.",
)  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the run.")
@click.option(
    "-G", "group", type=click.IntRange(min=1), default=4, show_default=True, metavar="N", help="Episodes of each task."
)
@click.option("--reward", "rewards", multiple=True, metavar="NAME=W", help="Add a reward, or weigh it.")
@click.option(
    "--threshold", type=click.FloatRange(0, 1), default=0.25, show_default=True, metavar="X",
    help="What a policy that does not do the job may earn, as a share of what the reference earns.",
)  # fmt: skip
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Keep the episodes in this run folder.",
)  # fmt: skip
def command(
    out: Output, env: str, split: str | None, tasks: int | None, seed: int, group: int, rewards: tuple[str, ...],
    threshold: float, folder: Path | None,
) -> int:  # fmt: skip
    """Find what can be earned without doing the job.

    ENV is an environment's id or a domain folder. Policies that know nothing, leave something out, bend the procedure
    or pad are played beside each task's reference. Exit 1 where one earns what it should not; its episode is shown.
    """
    from ccgym.audit import GAMBITS, audit, choose_cases

    if folder is not None and (folder / "episodes").exists():
        raise ConfigError("holds episodes already", where=str(folder), fix="Choose another --out, or remove it")
    world = open_env(env, rewards)
    chosen = choose_cases(world.domain, split) if tasks is None else choose_tasks(world.domain, split, tasks)
    with out.progress("playing", len(chosen) * group * (len(GAMBITS) + 2)) as advance:
        report = audit(world, chosen, group, seed=seed, threshold=threshold, out=folder, advance=advance)
    if out.json:
        out.data(report.as_json())
    else:
        _print(out, env, report)
    return 0 if report.ok else 1


def _print(out: Output, env: str, report: AuditReport) -> None:
    names = list(report.weights)
    rows = []
    for row in filter(lambda row: row.tasks, report.rows):
        earned = [_both(row.rewards[name], row.highest[name]) for name in names]
        rows.append([row.policy, row.tasks, row.success, *earned, _both(row.total, row.highest_total)])
    columns = [f"{name} × {weight:g}" for name, weight in report.weights.items()]
    out.table(
        ["policy", "tasks", "success", *columns, "total"], rows, title=f"What policies earn in {env}: mean (highest)"
    )
    if idle := [row.policy for row in report.rows if not row.tasks]:
        out.line(f"Nothing to try in these tasks: {', '.join(idle)}.")
    out.line()
    looked = {row.policy: row.looks_for for row in report.rows}
    told: list[str] = []
    fixes: set[str] = set()
    for finding in report.findings:
        shows = finding.severity == "failure" and (len(told) < SHOWN or finding.reward not in told)
        told += [finding.reward] * shows
        _finding(out, finding, looked[finding.policy], shows=shows, fix=finding.fix not in fixes)
        fixes.add(finding.fix)
    failures, notices = len(report.failures), len(report.findings) - len(report.failures)
    counts = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((failures, "failure"), (notices, "notice")) if n]
    played = f"{len(report.rows)} policies on {report.tasks} tasks, {report.samples} episodes each"
    out.line(f"{env}: {', '.join(counts) or 'no loophole found'}; {played}.", "red" if failures else "green")
    if failures and not any(finding.path for finding in report.findings):
        out.line("With --out DIR the episodes are kept for ccgym replay.")


def _both(mean: float | None, highest: float | None) -> str:
    """A mean, and the highest where that is another number."""
    return shown(mean) if shown(mean) == shown(highest) else f"{shown(mean)} ({shown(highest)})"


def _finding(out: Output, finding: Finding, looks_for: str, *, shows: bool, fix: bool) -> None:
    """One finding: the numbers, the reason, the fix where it is new, and its episode where that is to be shown."""
    style = "red" if finding.severity == "failure" else "yellow"
    more = f" and {len(finding.tasks) - 1} more" if len(finding.tasks) > 1 else ""
    out.line(f"{finding.severity}: {finding.policy} ({looks_for}) × {finding.reward}, task {finding.task}{more}", style)
    out.line(f"  {finding.policy} {finding.reason}.")
    if finding.earned is not None and finding.allowed is not None:
        out.line(f"  Earned {finding.earned:.3f}, at most {finding.allowed:.3f} is right.")
    if fix:
        out.line(f"  Fix: {finding.fix}.")
    if finding.path is not None:
        out.line(f"  Episode: ccgym replay '{finding.path}'")
    if shows and finding.episode is not None:
        lines = list(transcript(finding.episode))
        for line in lines[:LINES]:
            print_line(out, line)
        if len(lines) > LINES:
            out.line(f"… and {len(lines) - LINES} lines more.")
    out.line()
