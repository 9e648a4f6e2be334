"""The events of the step as they stand in the log, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from textual.content import Content

from ccgym.view.steps import StepView
from ccgym.view.timeline import Timeline
from ccgym.view.tui.blocks import LONGEST, Block, Row

SHORT = 56
"""Values up to so many characters stay on one line."""
ITEMS = 200
"""The most items of one list or object that are shown."""
_KEY = re.compile(r'^ *("(?:[^"\\]|\\.)*": )', re.MULTILINE)


def events(timeline: Timeline, step: StepView) -> Iterator[tuple[Block, int | None]]:
    """A block an event."""
    wanted = set(step.events)
    return ((_block(event), None) for event in timeline.episode if event.n in wanted)


def _block(event: Any) -> Block:
    found = msgspec.to_builtins(event)
    text = escaped(pretty(bounded(found)))
    content = Content(text)
    for key in _KEY.finditer(text):
        content = content.stylize("$primary", key.start(1), key.end(1))
    heading = Content.assemble((f"event {event.n}", "bold"), (f"  {found['event']}", "$accent"))
    return Block([Row(heading, beside=False), Row(content, beside=False)])


def escaped(text: str) -> str:
    """JSON text whose characters that a terminal could act on, or not show, stand as JSON escapes: nothing is lost."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def bounded(value: Any) -> Any:
    """The value with long texts, lists and objects cut, saying how much is missing."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value) - LONGEST:,} more characters)"
    if isinstance(value, list):
        rest = [f"… ({len(value) - ITEMS:,} more items)"] if len(value) > ITEMS else []
        return [bounded(item) for item in value[:ITEMS]] + rest
    if isinstance(value, dict):
        kept = {bounded(str(key)): bounded(item) for key, item in list(value.items())[:ITEMS]}
        return kept | ({"…": f"{len(value) - ITEMS:,} more"} if len(value) > ITEMS else {})
    return value


def pretty(value: Any, indent: str = "") -> str:
    """JSON over several lines; what is short, and lists of numbers, on one."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or len(indent) + len(line) <= SHORT:
        return line
    if isinstance(value, list) and all(isinstance(item, int | float) for item in value):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(key, ensure_ascii=False)}: {pretty(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + item for item in items) + "\n" + indent + "}"
    return "[\n" + ",\n".join(inner + pretty(item, inner) for item in value) + "\n" + indent + "]"
