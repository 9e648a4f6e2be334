"""An episode as lines to read: turns, calls with their answers, state changes, verdicts, rewards with their reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ccgym.cli.output import Output, console
from ccgym.terminal import clean_terminal
from ccgym.turns import parse_turn
from ccgym.types import (
    Begin,
    BranchEvent,
    End,
    Episode,
    ErrorEvent,
    LimitEvent,
    Message,
    Model,
    RewardEvent,
    RuleEvent,
    StateEvent,
    ToolEvent,
    UserEvent,
)
from ccgym.view.steps import json_text
from ccgym.view.timeline import RewardView, Timeline

WIDTH = 9
"""Columns of the label at the left."""
LONGEST = 4000
"""Characters of one text that are printed; `--json` prints, and a page holds, more."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript. `style` is a rich style for terminals."""

    label: str
    text: str
    style: str = ""

    def plain(self) -> str:
        """The line as text, its later lines indented under the first."""
        return f"{self.label:<{WIDTH}} " + self.shown.replace("\n", "\n" + " " * (WIDTH + 1))

    @property
    def shown(self) -> str:
        """The text as a terminal may show it: clean, and cut where it is very long."""
        text = clean_terminal(self.text)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def compact(value: Any, limit: int = 2000) -> str:
    """A JSON value on one line, with a space after commas and colons, cut where it is very long."""
    if isinstance(value, dict):
        text = "{" + ", ".join(f"{compact(key)}: {compact(item, limit)}" for key, item in value.items()) + "}"
    elif isinstance(value, list):
        text = "[" + ", ".join(compact(item, limit) for item in value) + "]"
    else:
        text = json_text(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text):,} characters)"


def header(episode: Episode) -> Iterator[Line]:
    """What was played, and by whom."""
    begin = episode.begin
    domain = f"{begin.domain.get('name', '?')} {begin.domain.get('version', '')}".strip()
    yield Line("episode", f"{begin.task.get('id', '?')} in {begin.env or domain}", "bold")
    yield Line("", f"{domain}, policy {begin.policy}, seed {begin.seed}, sample {begin.sample}", "dim")
    if tags := begin.task.get("tags"):
        yield Line("", "tags " + ", ".join(tags), "dim")


def transcript(episode: Episode, step: int | None = None) -> Iterator[Line]:
    """All lines of an episode, or those of one step (0: what came before the agent's first turn)."""
    if step is None:
        yield from header(episode)
    rewards = Timeline(episode, "").rewards
    paid = iter(rewards)
    shown_step = -1
    for event in episode:
        view = next(paid) if type(event) is RewardEvent else None
        if step is not None and event.step != step:
            continue
        lines = list(event_lines(event) if view is None else _reward(event, view))
        if lines and event.step != shown_step:
            shown_step = event.step
            yield Line("", "")
            yield Line(f"step {event.step}", f"state {event.hash[:12]}", "dim")
        yield from lines
    parts = [reward.contribution for reward in rewards if reward.weight]
    if parts and step is None and None not in parts:
        yield Line("total", f"{sum(part for part in parts if part is not None):.3f}", "bold")


def event_lines(event: Any) -> Iterator[Line]:
    """The lines of one event; none for events that hold nothing to read."""
    match event:
        case Message(role="assistant"):
            yield from _turn(event.content)
        case Message(role="system"):
            yield Line("system", f"{len(event.content):,} characters of instructions", "dim")
        case Message(role="user"):
            yield Line("customer", event.content, "cyan")
        case Message():
            yield Line(event.role, event.content, "dim")
        case UserEvent():
            ending = " (satisfied)" if event.done else f" (leaves: {event.left})" if event.left else ""
            yield Line("customer", event.content + ending, "cyan")
            if event.reveals:
                yield Line("", "tells " + ", ".join(event.reveals), "dim")
        case ToolEvent():
            yield from _call(event)
        case StateEvent():
            for operation in event.patch or ():
                yield Line("state", _operation(operation), "yellow")
        case RuleEvent():
            yield _verdict(event)
        case LimitEvent():
            yield Line("limit", f"{event.name} reached: {event.limit:g}", "red")
        case ErrorEvent():
            yield Line("error", f"{event.code}: {event.message}", "red")
        case BranchEvent():
            yield Line("branch", f"forked from {event.parent} at step {event.at}", "dim")
        case End():
            yield Line("end", event.reason, "bold")
        case RewardEvent():
            yield from _reward(event)
        case Begin() | Model():
            pass


def _turn(content: str) -> Iterator[Line]:
    turn = parse_turn(content)
    if turn.think:
        yield Line("thinks", turn.think, "dim")
    if turn.error is not None:
        yield Line("agent", content, "green")
        yield Line("", f"not a valid turn: {turn.error}", "red")
    elif turn.reply is not None:
        yield Line("agent", turn.reply, "green")


def _call(event: ToolEvent) -> Iterator[Line]:
    label = "calls" if event.requestor == "assistant" else "customer"
    yield Line(label, f"{event.name or '?'} {compact(event.arguments)}", "magenta")
    if event.fault:
        after = f" ({event.delay:g} s)" if event.delay else ""
        yield Line("fault", f"{event.fault}{after}", "red")
    if event.error is not None:
        yield Line("answer", f"{event.error.get('code', 'error')}: {event.error.get('message', '')}", "red")
    else:
        yield Line("answer", compact(event.result))


def _operation(operation: dict[str, Any]) -> str:
    old, new = (compact(operation[key]) if key in operation else None for key in ("old", "value"))
    match operation.get("op"):
        case "remove":
            return f"{operation['path']} removed" + (f", was {old}" if old is not None else "")
        case "add" if old is None:
            return f"{operation['path']} added: {new}"
        case _:
            return f"{operation['path']}: {old if old is not None else '?'} → {new}"


def _verdict(event: RuleEvent) -> Line:
    cited = event.clause
    place = str(cited.get("heading") or cited.get("path") or cited.get("probe") or "")
    if "line" in cited:
        place += f" (line {cited['line']})"
    about = "SOP" if event.tag == "sop" else event.kind
    text = ": ".join(part for part in (f"{about} {event.verdict.replace('_', ' ')}", place, event.detail) if part)
    if event.verdict in ("violated", "error") and event.found is not None:
        text += f" (found {compact(event.found, 200)})"
    return Line("rule", text, "red" if event.verdict in ("violated", "error") else "dim")


def _reward(event: RewardEvent, view: RewardView | None = None) -> Iterator[Line]:
    value = f"{event.value:.3f}" if event.value is not None else event.status.replace("_", " ")
    style = "" if event.status in ("ok", "not_applicable") else "red"
    paid = ""
    if view is not None and view.contribution is not None and view.weight:
        gate = f" × {view.gate} {view.factor:.3g}" if view.gate else ""
        paid = f"{gate} = {view.contribution:.3f}"
    yield Line("reward", f"{event.name} {value} × {event.weight:g}{paid}", style)
    if view is not None and view.steps:
        yield Line("", f"evidence in step {', '.join(map(str, view.steps))}", "dim")
    if event.explanation:
        yield Line("", event.explanation, "dim")
    if event.parts:
        parts = (f"{name} {'unscored' if part is None else format(part, '.3g')}" for name, part in event.parts.items())
        yield Line("", ", ".join(parts), "dim")


def print_line(out: Output, line: Line) -> None:
    """Print one line: in columns and colours on a terminal, as text in a pipe."""
    if not out.rich:
        out.line(line.plain().rstrip())
        return
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 1))
    row.add_column(width=WIDTH, no_wrap=True)
    row.add_column(ratio=1, overflow="fold")
    row.add_row(Text(line.label, style="dim"), Text(line.shown, style=line.style))
    console().print(row)
