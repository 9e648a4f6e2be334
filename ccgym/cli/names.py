"""Names that a user typed: a usage error with a hint where one is unknown."""

from __future__ import annotations

from collections.abc import Iterable

import click


def pick(name: str, names: Iterable[str], what: str) -> str:
    """The name, if it is one of `names`. Raises click.UsageError with a hint otherwise."""
    known = list(names)
    if name in known:
        return name
    from ccgym.plugins.suggest import did_you_mean

    raise click.UsageError(f"There is no {what} {name!r}. {did_you_mean(name, known)}")
