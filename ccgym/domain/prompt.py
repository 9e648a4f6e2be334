"""The system prompt: SOP and tools as the agent reads them. Every character of it is context that somebody pays for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from ccgym import jsontext
from ccgym.domain.rules import split_rules
from ccgym.types import Tool

HOW_TO_CALL = (
    'Call a tool with <tool_call>{"name": …, "arguments": {…}}</tool_call> and nothing beside it; '
    "anything else you write goes to the customer."
)


def prose(sop: str) -> str:
    """An SOP without its fenced `rules` blocks, which are for the machine."""
    return re.sub(r"\n{3,}", "\n\n", split_rules(sop)[0]).strip()


def system_prompt(sop: str, tools: Sequence[Tool], style: Literal["full", "names"]) -> str:
    """The SOP, then the tools: their whole JSON Schemas, one a line, or `name(argument, argument)`, one a line."""
    if not tools:
        return sop
    if style == "names":
        lines = [f"{tool.name}({', '.join(tool.parameters.get('properties', ()))})" for tool in tools]
        return "\n".join([sop, *lines]).strip()
    listed = "\n".join(jsontext.dumps(tool.openai()["function"]) for tool in tools)
    return f"{sop}\n\n# Tools\n{HOW_TO_CALL}\n{listed}".strip()
