"""`ccgym new domain NAME`: a playable domain from tool schemas and an SOP."""

from __future__ import annotations

from pathlib import Path

import click

from ccgym.cli.output import Output, debug_option, json_option
from ccgym.cli.output import command as verb


@click.group("new", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make something of your own to begin with: `new domain NAME`."""


@verb("domain")
@click.argument("name")
@click.option("--from", "tools", type=click.Path(path_type=Path), metavar="FILE",
              help="Tool schemas as JSON: OpenAI, bare, Bedrock or MCP.")  # fmt: skip
@click.option("--sop", type=click.Path(path_type=Path), metavar="FILE", help="The SOP, Markdown.")
@click.option("--out", "folder", type=click.Path(path_type=Path), metavar="DIR",
              help="The folder to make; default: NAME, here.")  # fmt: skip
def domain(out: Output, name: str, tools: Path | None, sop: Path | None, folder: Path | None) -> None:
    """Make a playable domain from tool schemas and an SOP.

    Mocks, tables with rows, tasks and rules are guessed from the two files; every task is proven by playing it.
    AUTHOR.md, in the new folder, lists the guesses and what you should settle. Without files: a small example to begin
    with. Nothing that exists is overwritten.
    """
    from ccgym.authoring import new_domain
    from ccgym.authoring.report import mock_line, rule_line

    made = new_domain(name, tools, sop, folder)
    rules = [proposal for proposal in made.proposals if not proposal.dropped]
    if out.json:
        out.data({
            "domain": made.name, "folder": str(made.folder), "language": made.language, "tables": made.tables,
            "tasks": made.tasks,
            "tools": [{"name": p.name, "effect": p.job.effect, "terminal": p.job.terminal, "why": p.job.why,
                       "mock": mock_line(p)} for p in made.plans],
            "rules": [{"line": p.line, "rule": rule_line(p), "prose": p.sentence} for p in rules],
            "unclear": [{"line": line, "prose": text} for line, text in made.unclear],
            "untested": made.untested, "repairs": made.repairs,
        })  # fmt: skip
        return
    tools_of = [[p.name, p.job.effect, p.job.why or "its x-ccgym", mock_line(p).replace("`", "")] for p in made.plans]
    out.table(["tool", "taken for", "from", "its mock"], tools_of)
    out.line()
    if rules:
        out.table(["rule, proposed", "line of the SOP"], [[rule_line(p).replace("`", ""), p.line] for p in rules])
        out.line()
    tasks = ", ".join(f"{count} {split}" for split, count in made.tasks.items())
    tables = ", ".join(f"{name} ({count})" for name, count in made.tables.items()) or "none"
    out.line(f"Tables: {tables}. Tasks: {tasks}. Rules: {len(rules)}; {len(made.unclear)} sentences sound like more.")
    out.line(f"{made.folder} is ready. Read {made.folder / 'AUTHOR.md'}, then run: ccgym check {made.folder}", "bold")


json_option(debug_option(command))
command.add_command(domain)
