"""The command line: a small module a verb, each imported only when its verb is used."""

from __future__ import annotations


def main() -> int:
    """Run the command line with the process's arguments and return the exit status."""
    from ccgym.cli.app import run

    return run()
