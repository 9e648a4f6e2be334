"""How a command speaks: rich tables and progress on a terminal, plain lines in a pipe, one JSON value with --json.

Whatever is printed passes `clean_terminal`; rich's markup is never read out of data.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from ccgym.terminal import clean_terminal, one_line


@dataclass
class Output:
    """Where one command writes. `json` and `debug` are set by the options of the same name."""

    json: bool = False
    debug: bool = False

    @property
    def rich(self) -> bool:
        """Whether a person watches: stdout is a terminal and --json was not asked for."""
        return not self.json and sys.stdout.isatty()

    def data(self, value: Any) -> None:
        """The command's one JSON value."""
        import json

        import orjson

        try:
            text = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
        except TypeError:  # what it holds was recorded elsewhere: a number past 64 bits, half of a character
            text = json.dumps(value, indent=2, default=str)
        click.echo(text)

    def line(self, text: str = "", style: str | None = None) -> None:
        """A line for people; nothing with --json."""
        if self.json:
            return
        text = clean_terminal(text)
        if style and self.rich:
            console().print(_text(text, style), soft_wrap=True)
        else:
            click.echo(text)

    def note(self, text: str) -> None:
        """A line beside the result: goes to stderr, so that a pipe holds only the result."""
        click.echo(clean_terminal(text), err=True)

    def error(self, text: str) -> None:
        """A sentence on stderr."""
        click.echo(click.style("Error: ", fg="red", bold=True) + clean_terminal(text), err=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str = "") -> None:
        """A table; numbers to the right. In a pipe: a line a row, columns aligned, no cell cut."""
        if self.json:
            return
        cells = [[shown(cell) for cell in row] for row in rows]
        numeric = [
            bool(rows) and all(isinstance(row[i], int | float | None) and not isinstance(row[i], bool) for row in rows)
            for i in range(len(columns))
        ]
        if self.rich:
            _print_rich_table(columns, cells, numeric, title)
            return
        if title:
            click.echo(one_line(title))
        widths = [max(len(row[i]) for row in [list(columns), *cells]) for i in range(len(columns))]
        for row in [list(columns), *cells]:
            parts = [
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, numeric, strict=True)
            ]
            click.echo("  ".join(parts).rstrip())

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Yield `advance(n)`. A bar on a terminal, a line on stderr at each tenth in a pipe, nothing with --json."""
        if self.json:
            yield lambda n: None
        elif self.rich:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
            with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
                task = bar.add_task(clean_terminal(label), total=total)
                yield lambda n: bar.advance(task, n)
        else:
            yield _plain_progress(label, total)


def _plain_progress(label: str, total: int) -> Callable[[int], None]:
    done = printed = 0

    def advance(n: int) -> None:
        nonlocal done, printed
        done += n
        tenth = done * 10 // max(total, 1)
        if total >= 50 and tenth > printed:
            printed = tenth
            click.echo(f"{clean_terminal(label)} {done}/{total}", err=True)

    return advance


def shown(value: Any) -> str:
    """A value as it stands in a table: numbers short, None as a dash, text on one line."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return one_line(str(value))


def console() -> Any:
    """A rich console on stdout, that takes text as it is."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False)


def _text(text: str, style: str) -> Any:
    from rich.text import Text

    return Text(text, style=style)


def _print_rich_table(columns: Sequence[str], cells: list[list[str]], numeric: list[bool], title: str) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=_text(one_line(title), "bold") if title else None, title_justify="left")
    for name, right in zip(columns, numeric, strict=True):
        table.add_column(_text(name, "bold"), justify="right" if right else "left", overflow="fold")
    for row in cells:
        table.add_row(*(_text(cell, "") for cell in row))
    console().print(table)


def _set(field: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        out = ctx.find_object(Output)
        if value and out is not None:
            setattr(out, field, True)

    return callback


def debug_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --debug: tracebacks with errors."""
    return click.option(
        "--debug", is_flag=True, expose_value=False, is_eager=True, callback=_set("debug"), help="Show tracebacks."
    )(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --json: the result as one JSON value on stdout."""
    return click.option(
        "--json", is_flag=True, expose_value=False, is_eager=True, callback=_set("json"), help="Print one JSON value."
    )(function)


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a verb of a function whose first argument is the Output; the verb gets --json and --debug."""

    def wrap(function: Callable[..., Any]) -> click.Command:
        settings = {"help_option_names": ["-h", "--help"]}
        return click.command(name, context_settings=settings)(
            json_option(debug_option(click.make_pass_decorator(Output, ensure=True)(function)))
        )

    return wrap
