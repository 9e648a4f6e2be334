"""The group of all verbs, and the one place where errors become sentences and exit statuses.

Exit statuses: 0 well, 1 failure, 2 wrong usage, 3 divergence of a replay, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from ccgym.cli.logs import show_logs
from ccgym.cli.names import pick
from ccgym.cli.output import Output, debug_option
from ccgym.cli.verbs import MODULES, VERBS, owner, plugin_verbs
from ccgym.errors import CcgymError, ConfigError, PluginError


class Verbs(click.Group):
    """A group that imports a verb's module when the verb is used, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all verbs: the core's, then the plugins'."""
        return [*VERBS, *(name for name in plugin_verbs() if name not in VERBS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb. Raises PluginError where a plugin's verb cannot be used."""
        if cmd_name in VERBS:
            return importlib.import_module(f"ccgym.cli.{MODULES.get(cmd_name, cmd_name)}").command
        entries = plugin_verbs().get(cmd_name)
        return _load(entries) if entries else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a hint where the verb is unknown."""
        if not args[0].startswith("-"):
            pick(args[0], self.list_commands(ctx), "command")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One section of the help a kind of verb, without importing the verbs."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, (section, summary) in VERBS.items():
            sections.setdefault(section, []).append((name, summary))
        for name, entries in plugin_verbs().items():
            if name not in VERBS:
                sections.setdefault("From plugins", []).append((name, "of " + ", ".join(map(owner, entries))))
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl(rows)


def _load(entries: list[Any]) -> click.Command:
    entry = entries[0]
    if len(entries) > 1:
        owners = " and ".join(owner(e) for e in entries)
        raise PluginError(f"the command {entry.name!r} is claimed by {owners}", fix="Uninstall one of them.")
    try:
        found = entry.load()
    except Exception as error:
        raise PluginError(
            f"its command {entry.name!r} cannot be imported ({type(error).__name__}: {error})",
            where=owner(entry),
            fix="See the traceback with --debug, or uninstall the plugin.",
        ) from error
    if not isinstance(found, click.Command):
        raise PluginError(
            f"its command {entry.name!r} is a {type(found).__name__}, not a click command",
            where=owner(entry),
            fix="Decorate the function with @click.command().",
        )
    return found


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"ccgym {version('ccgym')}")
        ctx.exit()


@click.command(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="An ENV is an id, such as ccgym/OrderDesk-v0, or a domain folder. "
    "Every command has --help, --json and --debug.",
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@debug_option
def ccgym() -> None:
    """Customer-care environments, rewards and training from tool schemas and SOPs."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's) and return the exit status."""
    out = Output()
    show_logs(out)
    try:
        status = ccgym.main(
            args=None if arguments is None else list(arguments), prog_name="ccgym", standalone_mode=False, obj=out
        )
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        return _fail(out, error, _usage_sentence(error), status=error.exit_code)
    except ConfigError as error:
        return _fail(out, error, str(error), status=2)
    except CcgymError as error:
        return _fail(out, error, str(error), status=1)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return 130
    except BrokenPipeError:
        # The reader of our pipe went away (`| head`): point stdout elsewhere, so that the final flush is quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # the last net: a sentence for the user, the traceback with --debug
        text = f"unexpected {type(error).__name__}: {error}"
        return _fail(out, error, text if out.debug else f"{text}. Run again with --debug for the traceback", status=1)


def _usage_sentence(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    hint = f" See: {context.command_path} --help" if context is not None else ""
    return f"{error.format_message().rstrip()}{hint}"


def _fail(out: Output, error: BaseException, sentence: str, *, status: int) -> int:
    if out.debug:
        traceback.print_exception(error)
    out.error(sentence)
    if out.json:
        out.data({"error": {"kind": type(error).__name__, "message": sentence, "status": status}})
    return status
