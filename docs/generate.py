"""Writes what is generated of the docs: `python docs/generate.py`. `make docs` does it before it builds the site.

The commands from their own help, the findings of `ccgym check`, a page for each first-party domain, the hooks, the
functions and the types. A test fails when a page is stale.
"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import click

from ccgym.cli import app
from ccgym.cli.verbs import VERBS

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 100
HEAD = """\
# Commands

<!-- Written by docs/generate.py from the commands' own help. -->

```console
$ ccgym envs
$ ccgym rollout ccgym/OrderDesk-v0 --policy oracle --tasks 2 --out runs/first
$ ccgym replay runs/first/episodes/rollout/000000-0000.jsonl
```

An ENV is an environment's id or a domain folder. Every command has `--json`, which prints one JSON value on stdout, and
`--debug`, which prints tracebacks. Errors are one sentence on stderr, with the fix.

| exit status | means |
|---|---|
| 0 | done |
| 1 | a failure: a domain with errors, a run that cannot go on |
| 2 | wrong usage: an unknown option or name, a config that is wrong |
| 3 | `replay --verify` found a divergence |
| 130 | interrupted |

A package of your own can add commands: see [plugins](plugins.md#entry-points).
"""


def page() -> str:
    """The whole page."""
    with patch.object(app, "plugin_verbs", dict):  # what happens to be installed beside ccgym is not on the page
        parts = [HEAD, _section("ccgym", app.ccgym)]
    for verb in VERBS:
        command = app.ccgym.get_command(click.Context(app.ccgym), verb)
        assert command is not None
        parts.append(_section(f"ccgym {verb}", command))
        if isinstance(command, click.Group):
            parts += [_section(f"ccgym {verb} {name}", inner) for name, inner in command.commands.items()]
    return "\n".join(parts)


def _section(name: str, command: click.Command) -> str:
    context = click.Context(
        command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH, help_option_names=["-h", "--help"]
    )
    return f"## {name}\n\n```\n{command.get_help(context)}\n```\n"


if __name__ == "__main__":
    import catalogue  # the page of findings, beside this one
    import domainpages  # the pages of domains
    import hookpage  # the page of hooks
    import typepages  # the pages of functions and types

    own = {PAGE: page(), catalogue.PAGE: catalogue.page(), hookpage.PAGE: hookpage.page()}
    for path, text in (own | domainpages.pages() | typepages.pages()).items():
        path.write_text(text, encoding="utf-8")
