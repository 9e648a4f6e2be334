"""`ccgym schema KIND`: the published JSON Schemas."""

from __future__ import annotations

import click

from ccgym.cli.names import pick
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb

KINDS = {
    "domain": "domain.yaml",
    "task": "a line of tasks.jsonl",
    "tools": "tools.json",
    "episode": "a line of an episode log",
    "config": "the config of a run",
}


@verb("schema")
@click.argument("kind", metavar="|".join(KINDS))
def command(out: Output, kind: str) -> None:
    """Print the JSON Schema of a file format."""
    pick(kind, KINDS, "schema")
    if kind == "config":
        from ccgym.train.config import config_schema

        out.data(config_schema())
    else:
        from ccgym.domain import schema_for

        out.data(schema_for(kind))
