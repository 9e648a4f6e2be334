"""`ccgym check NAME`: what is wrong with a domain or a plugin, and whether it keeps what it promises."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from ccgym.cli.output import Output, console
from ccgym.cli.output import command as verb
from ccgym.domain.findings import Finding
from ccgym.errors import CcgymError
from ccgym.plugins import scan
from ccgym.terminal import one_line

STYLE = {"error": "red", "warning": "yellow", "notice": "cyan"}
SHOWN = 3
"""Places that are named where many have the same finding."""
ALIKE = 5
"""Findings of one code that are shown; --json has all."""


@verb("check")
@click.argument("name")
@click.option(
    "--drawn", type=click.IntRange(min=0), default=5, show_default=True, metavar="N",
    help="How many tasks to draw from each template, of each split, and to play.",
)  # fmt: skip
@click.option(
    "--context", type=click.IntRange(min=1), metavar="TOKENS",
    help="Context of the model to hold prompts and episodes against.  [default: 32768]",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
def command(out: Output, name: str, drawn: int, context: int | None, strict: bool) -> int:
    """Find what is wrong with a domain or a plugin.

    NAME is a domain folder, an environment's id, or an installed distribution or plugin; where it is several of
    these, all are checked, the folder first. Of a domain, everything is read against everything else; each task's
    reference is played, and must earn correctness 1 without breaking the SOP. A plugin is held to the laws of what it
    brings: rewards, tools, environments, policies, customers; and its domains are checked. docs/checks.md lists every
    finding. Exit 1 where there are errors.
    """
    from ccgym.checking import CONTEXT, check
    from ccgym.domain.check import in_order
    from ccgym.kit import check_plugin, find_subject

    folder, env, plugin = _kinds(name)
    found: list[Finding] = []
    played = laws = 0
    domains: list[str] = [name] if folder or env else []
    if plugin:
        domains += [own for own in find_subject(name).envs if own not in domains]
    for domain in domains:
        checked = check(domain, drawn=drawn, context=context or CONTEXT, watch=out.progress)
        found, played = [*found, *checked.findings], played + checked.played
    if plugin:
        more, laws = check_plugin(name, out.progress)
        found += more
    found = in_order(found)
    counts = {severity: sum(finding.severity == severity for finding in found) for severity in STYLE}
    checked_as = [kind for kind, is_it in (("folder", folder), ("env", env), ("plugin", plugin)) if is_it]
    if out.json:
        out.data({
            "name": name, "checked": checked_as, "domains": domains, "findings": [asdict(finding) for finding in found],
            "references_played": played, "laws_tried": laws, **counts,
        })  # fmt: skip
    else:
        if len(checked_as) > 1:
            out.line(f"{name} is {' and '.join(_KINDS[kind] for kind in checked_as)}: all are checked.")
        told = [_number(played, "reference") + " played"] if domains else []
        _report(out, name, found, counts, ", ".join([*told, *([_number(laws, "law") + " tried"] if plugin else [])]))
    return 1 if counts["error"] or (strict and counts["warning"]) else 0


_KINDS = {"folder": "a folder", "env": "an environment", "plugin": "an installed plugin"}


def _kinds(name: str) -> tuple[bool, bool, bool]:
    """Whether the name is a folder's, an environment's, a plugin's. Raises CcgymError where it is nobody's."""
    from ccgym.kit import is_subject, known_names
    from ccgym.plugins import did_you_mean, registry

    try:
        path = Path(name)
        folder = path.is_absolute() or path.exists() or name.startswith((".", "~"))
    except (OSError, ValueError):
        folder = False
    env, plugin = name in {entry.name for entry in scan().envs}, is_subject(name)
    if folder and plugin and not (path / "domain.yaml").is_file():
        folder = False  # the project of an installed plugin, where `ccgym new` has written it
    if not (folder or env or plugin):
        known = [*registry().envs, *known_names()]
        raise CcgymError(f"there is no folder, environment or installed plugin {name!r}", fix=did_you_mean(name, known))
    return folder, env, plugin


def _number(count: int, thing: str) -> str:
    return f"{count} {thing}{'s' * (count != 1)}"


def _report(out: Output, name: str, found: list[Finding], counts: dict[str, int], done: str) -> None:
    """Findings by severity and code, then one line that sums them up."""
    for severity in STYLE:
        groups = _alike([finding for finding in found if finding.severity == severity])
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
    told = ", ".join(_number(count, severity) for severity, count in counts.items() if count)
    style = "bold red" if counts["error"] else "bold yellow" if counts["warning"] else "bold green"
    out.line(f"{name}: {told or 'nothing wrong'}; {done}.", style)


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
