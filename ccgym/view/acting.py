"""When two steps are the same: what the agent did, apart from how it spelt it, and what it was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from ccgym.turns import Call, parse_turn
from ccgym.view.steps import StepView


@dataclass(frozen=True, slots=True)
class Action:
    """What the agent did in a step. Equal actions call the same tools with equal arguments, or say the same words."""

    kind: Literal["calls", "says", "broken", "nothing"]
    text: str
    """As a reader is told it."""

    def __str__(self) -> str:
        return f"{_TOLD[self.kind]} {self.text}".rstrip()


_TOLD = {"calls": "calls", "says": "says", "broken": "is off the format:", "nothing": "does nothing"}


def action_of(step: StepView) -> Action:
    """The action of a step: thoughts, white space in JSON and the order of its keys are no part of it."""
    if step.turn is None:
        return Action("nothing", "")
    if step.format_error:
        return Action("broken", step.turn)
    if step.reply is not None:
        return Action("says", step.reply)
    return Action("calls", "; ".join(map(_call, parse_turn(step.turn).calls)))


def answer_of(step: StepView) -> str:
    """What came back in a step: the calls' answers, then the customer's line."""
    parts = []
    for call in step.calls:
        said = _text(call.result if call.error is None else call.error)
        fault = f"{call.fault}: " if call.fault else ""
        parts.append(f"{fault}{said}" if call.requestor == "assistant" else f"customer's {call.name} {fault}{said}")
    for line in step.lines:
        parts.append(line.text + (f" (leaves: {line.left})" if line.left else " (satisfied)" if line.done else ""))
    return "\n".join(parts)


def _call(call: Call) -> str:
    return f"{call.name} {_text(call.arguments)}" + (f" ({call.error})" if call.error else "")


def _text(value: Any) -> str:
    """A JSON value as text that breaks into lines; equal objects read the same."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
