"""The catalogue of findings: every code that `ccgym check` can give, with what it means, an example and the fix.

docs/checks.md is written from here, and a test provokes each finding by its own example.
"""

from __future__ import annotations

from ccgym.domain.codes import files, playing, plugins, sop, tasks, tools, world
from ccgym.domain.codes.entry import Code, Example, Severity

GROUPS: dict[str, dict[str, Code]] = {
    "Files": files.CODES,
    "Tools and mocks": tools.CODES,
    "State": world.CODES,
    "SOP and rules": sop.CODES,
    "Tasks and customers": tasks.CODES,
    "Playing": playing.CODES,
    "Plugins": plugins.CODES,
}
"""The codes by what they are about."""
CODES: dict[str, Code] = {name: code for group in GROUPS.values() for name, code in group.items()}
"""Code to entry."""

__all__ = ["CODES", "GROUPS", "Code", "Example", "Severity"]
