"""One block a step: thought, call, answer, customer; and the title over them."""

from __future__ import annotations

from textual.content import Content

from ccgym.terminal import one_line
from ccgym.view.steps import CallView, LineView, NoteView, StepView
from ccgym.view.timeline import Timeline
from ccgym.view.tui.blocks import Block, Row, json_line, shown, tidy

MARKS = {"write": ("✎ write", "$warning"), "error": ("✗ error", "$error"), "violation": ("⚑ violation", "$error")}
"""How the marks of a step are shown, and in which colour."""
MOST = 60
"""Calls and lines of one step that are shown among the turns."""
LABELS = {"customer": "$primary", "agent": "$success", "calls": "$accent"}
"""Colours of the labels of those who speak; every other label is muted."""


def title(timeline: Timeline) -> Content:
    """What was played, by whom, how it ended and what it earned."""
    total, advantage = timeline.total, timeline.advantage
    facts = [timeline.domain, f"policy {timeline.facts.get('policy', '?')}", timeline.termination]
    facts += [f"reward {total:.3f}"] if total is not None else []
    facts += [f"advantage {advantage:+.2f}"] if advantage is not None else []
    facts += [f"dropped: {timeline.dropped}"] if timeline.dropped else []
    told = tidy(one_line(" · ".join(facts), 300))
    return Content.assemble((tidy(one_line(timeline.task, 60)), "bold"), (f"  {told}", "$foreground-muted"))


def turn(step: StepView) -> Block:
    """The block of a step."""
    heading: list[Content | str | tuple[str, str]] = [(f"step {step.number}", "bold")]
    for mark in step.marks:
        told, style = MARKS[mark]
        heading += ["  ", (told, style)]
    rows = [Row(Content.assemble(*heading), beside=False)]
    if step.thought:
        rows.append(_row("thinks", step.thought, "$foreground-muted"))
    if step.format_error:
        rows += [_row("agent", step.turn or ""), _row("", f"not a valid turn: {step.format_error}", "$error")]
    elif step.reply is not None:
        rows.append(_row("agent", step.reply))
    happened: list[CallView | LineView | NoteView] = [*step.calls, *step.lines, *step.notes]
    happened.sort(key=lambda view: view.n)
    for view in happened[:MOST]:
        match view:
            case CallView():
                rows += _call(view)
            case LineView():
                rows += _line(view)
            case NoteView():
                rows.append(_row(view.kind, view.text, "$error" if view.kind in ("limit", "error") else "bold"))
    if len(happened) > MOST:
        rows.append(_row("", f"… {len(happened) - MOST:,} more calls and lines", "$foreground-muted"))
    return Block(rows)


def _row(label: str, text: str, style: str = "") -> Row:
    return Row(shown(text, style), label, LABELS.get(label, "$foreground-muted"))


def _call(call: CallView) -> list[Row]:
    who = "calls" if call.requestor == "assistant" else "customer"
    named = call.name or "?"
    if call.shown != call.name:
        named += f" (shown as {call.shown})"
    rows = [_row(who, f"{named} {json_line(call.arguments)}")]
    if call.fault:
        rows.append(_row("fault", call.fault + (f" after {call.delay:g} s" if call.delay else ""), "$error"))
    if call.error is not None:
        rows.append(_row("answer", f"{call.error.get('code', 'error')}: {call.error.get('message', '')}", "$error"))
    else:
        rows.append(_row("answer", json_line(call.result), "$foreground-muted"))
    return rows


def _line(line: LineView) -> list[Row]:
    if line.who == "system":
        return [_row("system", f"{len(line.text):,} characters of instructions", "$foreground-muted")]
    ending = " (satisfied)" if line.done else f" (leaves: {line.left})" if line.left else ""
    rows = [_row(line.who, line.text + ending)]
    if line.reveals:
        rows.append(_row("", "tells " + ", ".join(line.reveals), "$foreground-muted"))
    return rows
