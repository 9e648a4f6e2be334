"""Names that a user typed: the hint where one is unknown."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import click


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """A sentence that names the nearest of `names`, or else all of them."""
    known = sorted(set(names))
    folded = {}
    for each in known:
        folded.setdefault(each.casefold(), each)
        folded.setdefault(each.casefold().rpartition("/")[2], each)
    near = get_close_matches(name.casefold(), folded, n=1, cutoff=0.55)
    if near:
        return f"Did you mean {folded[near[0]]!r}?"
    return f"There are: {', '.join(known)}." if known else "There are none."


def pick(name: str, names: Iterable[str], what: str) -> str:
    """The name, if it is one of `names`. Raises click.BadParameter with a hint otherwise."""
    known = list(names)
    if name in known:
        return name
    raise click.BadParameter(f"There is no {what} {name!r}. {did_you_mean(name, known)}")
