"""Findings about the SOP and its rules."""

from __future__ import annotations

from ccgym.domain.codes.desk import DESK
from ccgym.domain.codes.entry import Code, code

_SOP = DESK["sop.md"]

CODES: dict[str, Code] = {
    "empty-sop": code(
        "warning", "The SOP is empty, so the agent has nothing to go by.", "Write what it should do.", {"sop.md": "\n"},
    ),
    "unknown-tool-in-sop": code(
        "warning", "The SOP tells the agent to call a tool that does not exist.", "Correct the name, or add the tool.",
        {"sop.md": _SOP.replace("`get_bike`", "`get_bikes`")},
    ),
}  # fmt: skip
