"""The verbs that list things by name and show one of them: `plugins`, `envs`, `tools`, `rewards`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from ccgym.cli.names import pick
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.verbs import VERBS

Row = dict[str, Any]
Action = Callable[[Output, str], None]
"""What a verb does with the one thing that is named."""


def listing(
    name: str,
    rows: Callable[[], list[Row]],
    details: Action,
    names: Callable[[], list[str]],
    *,
    only_json: tuple[str, ...] = (),
    **more: tuple[str, Action],
) -> click.Command:
    """A verb with `list` (the default) and `show NAME`.

    Args:
        name: the verb.
        rows: one dict a thing, all with the same keys: the columns.
        details: prints one thing, given a name that is known.
        names: the names that `show` takes.
        only_json: columns that the table leaves out.
        more: what else the verb can do: what to name (such as LOG), and what is done with it.
    """
    metavar = "|".join(["NAME", *(what for what, _ in more.values())])

    @verb(name)
    @click.argument("action", type=click.Choice(["list", "show", *more]), default="list")
    @click.argument("which", metavar=f"[{metavar}]", required=False)
    def command(out: Output, action: str, which: str | None) -> None:
        if action == "list":
            if which is not None:
                raise click.UsageError(f"`list` takes no name. Run: ccgym {name} show {which}")
            _print_rows(out, name, rows(), only_json)
            return
        what, do = more.get(action, ("NAME", details))
        if which is None:
            raise click.UsageError(f"`{action}` needs a {what.lower()}. Run: ccgym {name} {action} {what}")
        do(out, which if action in more else pick(which, names(), name.removesuffix("s")))

    command.help = VERBS[name][1]
    return command


def _print_rows(out: Output, name: str, rows: list[Row], only_json: tuple[str, ...]) -> None:
    if out.json:
        out.data({name: rows})
    elif not rows:
        out.line(f"There are no {name}. Run: ccgym doctor")
    else:
        columns = [column for column in rows[0] if column not in only_json]
        out.table(columns, [[_cell(row[column]) for column in columns] for row in rows])


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def print_fields(out: Output, fields: Row) -> None:
    """One thing's fields, a line each: names at the left."""
    width = max(map(len, fields))
    for key, value in fields.items():
        text = str(_cell(value)) if value not in (None, "", [], {}) else "–"
        out.line(f"{key:<{width}}  " + text.replace("\n", "\n" + " " * (width + 2)))
