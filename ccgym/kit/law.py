"""A law as it is tried on one thing: a sentence, and a function that finds where it is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ccgym.domain.codes import CODES
from ccgym.domain.findings import Finding

Say = Callable[[str], None]
"""Tells the watching process what is about to be tried, so that a hang has a name."""


@dataclass(frozen=True)
class Trial:
    """One law, held to one thing."""

    title: str
    """`reward brief: stays in its range`."""
    place: str
    """What a finding names where nothing nearer is known: distribution, version, file and line."""
    run: Callable[[Say], Iterable[Finding]]
    """Finds what breaks the law."""
    seconds: float = 60.0
    """How long it may say nothing before it is killed."""
    needs: tuple[str, ...] = ()
    """Titles of the trials that must have found no error, or this one is not made."""


def finding(code: str, place: str, message: str, fix: str = "") -> Finding:
    """A finding of its code's usual severity and fix."""
    entry = CODES[code]
    return Finding(code, entry.severity, place, message.removesuffix("."), (fix or entry.fix).removesuffix("."))
