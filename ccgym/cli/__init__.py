"""The command line: a small module a verb, each imported only when its verb is used."""

from __future__ import annotations

import gc


def main() -> int:
    """Run the command line with the process's arguments and return the exit status."""
    from ccgym.cli.app import run

    status = run()
    gc.freeze()  # the process ends, and its memory with it: to look through that for cycles first can take seconds
    return status
