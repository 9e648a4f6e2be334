"""`ccgym check DOMAIN|ENV`: what is wrong with a domain, and whether its references earn what they should."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ccgym.cli.output import Output, console
from ccgym.cli.output import command as verb
from ccgym.domain.findings import Finding
from ccgym.terminal import one_line

if TYPE_CHECKING:
    from ccgym.checking import Checked

STYLE = {"error": "red", "warning": "yellow", "notice": "cyan"}
SHOWN = 3
"""Places that are named where many have the same finding."""
ALIKE = 5
"""Findings of one code that are shown; --json has all."""


@verb("check")
@click.argument("domain")
@click.option(
    "--drawn", type=click.IntRange(min=0), default=5, show_default=True, metavar="N",
    help="How many tasks to draw from each template, of each split, and to play.",
)  # fmt: skip
@click.option(
    "--context", type=click.IntRange(min=1), metavar="TOKENS",
    help="Context of the model to hold prompts and episodes against.  [default: 32768]",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
def command(out: Output, domain: str, drawn: int, context: int | None, strict: bool) -> int:
    """Find what is wrong with a domain, and play its references.

    DOMAIN is a domain folder or an environment's id. Everything is read against everything else; each task's reference
    is played, and must earn correctness 1 without breaking the SOP. docs/checks.md lists every finding. Exit 1 where
    there are errors.
    """
    from ccgym.checking import CONTEXT, check

    checked = check(domain, drawn=drawn, context=context or CONTEXT, watch=out.progress)
    counts = {severity: checked.count(severity) for severity in STYLE}
    if out.json:
        listed = [asdict(finding) for finding in checked.findings]
        out.data({"domain": domain, "findings": listed, "references_played": checked.played, **counts})
    else:
        _report(out, domain, checked, counts)
    return 1 if counts["error"] or (strict and counts["warning"]) else 0


def _report(out: Output, name: str, checked: Checked, counts: dict[str, int]) -> None:
    """Findings by severity and code, then one line that sums them up."""
    for severity in STYLE:
        groups = _alike([finding for finding in checked.findings if finding.severity == severity])
        shown: Counter[str] = Counter()
        for same in groups:
            shown[same[0].code] += 1
            if shown[same[0].code] <= ALIKE:
                (_show_rich if out.rich else _show_plain)(out, same)
        for code, count in shown.items():
            if count > ALIKE:
                out.line(f"{severity}: {count - ALIKE} more like these [{code}]", STYLE[severity])
        if groups and out.rich:
            out.line()
    told = ", ".join(f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts.items() if count)
    played = f"{checked.played} reference{'s' * (checked.played != 1)} played"
    style = "bold red" if counts["error"] else "bold yellow" if counts["warning"] else "bold green"
    out.line(f"{name}: {told or 'nothing wrong'}; {played}.", style)


def _alike(findings: list[Finding]) -> list[list[Finding]]:
    """Findings in groups that differ in their place only: a mistake in a template shows in every task it yields."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.code, finding.message), []).append(finding)
    order = list(dict.fromkeys(code for code, _ in groups))
    return sorted(groups.values(), key=lambda same: order.index(same[0].code))


def _places(same: list[Finding]) -> str:
    more = f" and {len(same) - SHOWN} more" if len(same) > SHOWN else ""
    return ", ".join(finding.place for finding in same[:SHOWN]) + more


def _show_plain(out: Output, same: list[Finding]) -> None:
    """One line: where, what, the code, the fix."""
    finding = same[0]
    fix = f". {finding.fix}" if finding.fix else ""
    out.line(one_line(f"{finding.severity}: {_places(same)}: {finding.message}{fix} [{finding.code}]"))


def _show_rich(out: Output, same: list[Finding]) -> None:
    """Code and place on a line, the sentence and the fix below it."""
    from rich.padding import Padding
    from rich.text import Text

    finding, screen = same[0], console()
    head = Text.assemble(
        (f"{finding.severity:<8}", f"bold {STYLE[finding.severity]}"), (finding.code, "bold"), "  ",
        (one_line(_places(same)), "dim"),
    )  # fmt: skip
    screen.print(head)
    screen.print(Padding(Text(one_line(finding.message)), (0, 0, 0, 8)))
    if finding.fix:
        screen.print(Padding(Text(f"→ {one_line(finding.fix)}", "green"), (0, 0, 0, 8)))
