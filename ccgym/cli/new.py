"""`ccgym new reward|tool|env|domain NAME`: a whole package to begin with, ready to install and to test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ccgym.cli.output import Output, debug_option, json_option
from ccgym.cli.output import command as verb

if TYPE_CHECKING:
    from ccgym.authoring import NewDomain, NewPackage


@click.group("new", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make a package of your own: `new reward|tool|env|domain NAME`.

    It installs, passes its own tests and `ccgym check` as it is, and prints the commands to run next. Nothing that
    exists is overwritten.
    """


def _out(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--out", "folder", type=click.Path(path_type=Path), metavar="DIR",
                        help="The folder to make; default: one named after NAME, here.")(function)  # fmt: skip


@verb("reward")
@click.argument("name")
@_out
def reward(out: Output, name: str, folder: Path | None) -> None:
    """Make a package with a reward.

    NAME may be any text: it becomes the name of a distribution, and in snake case that of the reward. A prefix such as
    `ccgym-reward-` is left out of the latter.
    """
    from ccgym.authoring import new_package

    _tell(out, name, new_package("reward", name, folder))


@verb("tool")
@click.argument("name")
@_out
def tool(out: Output, name: str, folder: Path | None) -> None:
    """Make a package with a toolset: a function, its schema, and a small domain to play it with.

    NAME may be any text: it becomes the name of a distribution, and in snake case that of the toolset.
    """
    from ccgym.authoring import new_package

    _tell(out, name, new_package("tool", name, folder))


@verb("env")
@click.argument("name")
@_out
def env(out: Output, name: str, folder: Path | None) -> None:
    """Make a package with an environment whose tools are Python and whose tasks are drawn.

    NAME may be any text: it becomes the name of a distribution, and `my-desk/MyDesk-v0` the environment's id.
    """
    from ccgym.authoring import new_package

    _tell(out, name, new_package("env", name, folder))


@verb("domain")
@click.argument("name")
@click.option("--from", "tools", type=click.Path(path_type=Path), metavar="FILE",
              help="Tool schemas as JSON: OpenAI, bare, Bedrock or MCP.")  # fmt: skip
@click.option("--sop", type=click.Path(path_type=Path), metavar="FILE", help="The SOP, Markdown.")
@_out
def domain(out: Output, name: str, tools: Path | None, sop: Path | None, folder: Path | None) -> None:
    """Make a playable domain from tool schemas and an SOP.

    Mocks, tables with rows, tasks and rules are guessed from the two files; every task is proven by playing it.
    AUTHOR.md, in the new folder, lists the guesses and what you should settle. Without files: a small example to begin
    with. The folder is a package as well: installed, it is the environment `my-desk/MyDesk-v0`.
    """
    from ccgym.authoring import new_package

    made = new_package("domain", name, folder, tools=tools, sop=sop)
    assert made.domain is not None
    if not out.json:
        _guesses(out, made.domain)
    _tell(out, name, made)


def _tell(out: Output, given: str, made: NewPackage) -> None:
    """What was written, what it is called, and the commands to run next."""
    names = made.names
    owns = {"reward": names.registered} if made.kind == "reward" else {"environment": names.env}
    if made.kind in ("tool", "env"):
        owns["toolset"] = names.registered
    if out.json:
        out.data({
            "kind": made.kind, "distribution": names.distribution, "package": names.package, **owns,
            "folder": str(made.folder), "files": made.files, "next": made.commands,
            **(_guessed(made.domain) if made.domain is not None else {}),
        })  # fmt: skip
        return
    out.line(f"{made.folder} holds the distribution {names.distribution}, and in it "
             + " and ".join(f"the {what} {name}" for what, name in owns.items()) + ":")  # fmt: skip
    for file in made.files:
        out.line(f"  {file}")
    out.line()
    out.line("Next:", "bold")
    for line in made.commands:
        out.line(f"  {line}")


def _guesses(out: Output, made: NewDomain) -> None:
    """The tables of what was guessed."""
    from ccgym.authoring.report import mock_line, rule_line

    tools_of = [[p.name, p.job.effect, p.job.why or "its x-ccgym", mock_line(p).replace("`", "")] for p in made.plans]
    out.table(["tool", "taken for", "from", "its mock"], tools_of)
    out.line()
    rules = [proposal for proposal in made.proposals if not proposal.dropped]
    if rules:
        out.table(["rule, proposed", "line of the SOP"], [[rule_line(p).replace("`", ""), p.line] for p in rules])
        out.line()
    tasks = ", ".join(f"{count} {split}" for split, count in made.tasks.items())
    tables = ", ".join(f"{name} ({count})" for name, count in made.tables.items()) or "none"
    out.line(f"Tables: {tables}. Tasks: {tasks}. Rules: {len(rules)}; {len(made.unclear)} sentences sound like more.")
    out.line(f"{made.folder} is ready. Read {made.folder / 'AUTHOR.md'}: it lists what to settle.", "bold")
    out.line()


def _guessed(made: NewDomain) -> dict[str, Any]:
    from ccgym.authoring.report import mock_line, rule_line

    return {
        "domain": made.name, "language": made.language, "tables": made.tables, "tasks": made.tasks,
        "tools": [{"name": p.name, "effect": p.job.effect, "terminal": p.job.terminal, "why": p.job.why,
                   "mock": mock_line(p)} for p in made.plans],
        "rules": [{"line": p.line, "rule": rule_line(p), "prose": p.sentence}
                  for p in made.proposals if not p.dropped],
        "unclear": [{"line": line, "prose": text} for line, text in made.unclear],
        "untested": made.untested, "repairs": made.repairs,
    }  # fmt: skip


json_option(debug_option(command))
for made_of in (reward, tool, env, domain):
    command.add_command(made_of)
