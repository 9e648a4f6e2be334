"""Whether a call can be run at all."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from ccgym.domain import ArgumentValidator
from ccgym.turns import Call
from ccgym.types import Tool


def problem_with(
    call: Call, tools: Mapping[str, Tool], validators: Mapping[str, ArgumentValidator]
) -> tuple[str, str] | None:
    """Code and message of what is wrong with a call before it runs, or None."""
    if call.error is not None:
        return "bad_json", call.error
    if call.name not in tools:
        name = call.name[:100]
        close = get_close_matches(name, tools, n=1)
        return "unknown_tool", f"no tool named {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")
    invalid = validators[call.name](call.arguments)
    return None if invalid is None else ("bad_arguments", invalid)
