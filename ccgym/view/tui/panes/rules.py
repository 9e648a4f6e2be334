"""Verdicts, each with the clause that it cites: those of the step, then those of the others; broken first."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from ccgym.view.steps import StepView, VerdictView, json_text
from ccgym.view.timeline import Timeline
from ccgym.view.tui.blocks import Block, Row, cut, shown

SIGNS = {"ok": ("✓ ok", "$success"), "violated": ("✗ violated", "$error"), "error": ("✗ error", "$error")}


def rules(timeline: Timeline, step: StepView) -> list[tuple[Block, int | None]]:
    """A block a verdict; those of other steps lead there."""
    verdicts = sorted(timeline.verdicts, key=lambda verdict: not verdict.broken)
    here = [verdict for verdict in verdicts if verdict.step == step.number]
    there = [verdict for verdict in verdicts if verdict.step != step.number]
    blocks: list[tuple[Block, int | None]] = [(_heading(f"At step {step.number}", here), None)]
    blocks += [(_whole(verdict, ""), None) for verdict in here]
    if there:
        blocks.append((_heading("At other steps", there), None))
    for verdict in there:
        block = _whole(verdict, f"  → step {verdict.step}") if verdict.broken else _brief(verdict)
        blocks.append((block, verdict.step))
    return blocks


def _heading(text: str, verdicts: Sequence[VerdictView]) -> Block:
    broken = sum(verdict.broken for verdict in verdicts)
    told = f"{len(verdicts)} verdict{'s' * (len(verdicts) != 1)}" if verdicts else "nothing was judged"
    counts = Content.assemble((f"  {told}", "$foreground-muted"), (f", {broken} broken" if broken else "", "$error"))
    return Block([Row(Content.assemble((text, "bold"), counts), beside=False)])


def _brief(verdict: VerdictView) -> Block:
    """A verdict that was kept at another step, on one line."""
    sign, style = _sign(verdict)
    lead = (f"  → step {verdict.step}", "$accent")
    return Block(
        [Row(Content.assemble((sign, style), "  ", shown(verdict.place or verdict.kind), lead), beside=False)],
        apart=False,
    )


def _whole(verdict: VerdictView, lead: str) -> Block:
    """A verdict with its clause: heading, line and text."""
    sign, style = _sign(verdict)
    about = f"  SOP · {verdict.kind}" if verdict.tag == "sop" else f"  {verdict.kind}"
    cause = f" · call {verdict.cause}" if verdict.cause else " · at the end"
    head = Content.assemble((sign, style), (cut(about + cause), "$foreground-muted"), (lead, "$accent"))
    found = json_text(verdict.found) if verdict.broken and verdict.found is not None else ""
    texts = (
        ("clause", verdict.place, ""),
        ("text", verdict.text, ""),
        ("detail", verdict.detail, style),
        ("found", found, ""),
    )
    rows = [Row(shown(text, colour), label) for label, text, colour in texts if text]
    return Block([Row(head, beside=False), *rows])


def _sign(verdict: VerdictView) -> tuple[str, str]:
    return SIGNS.get(verdict.verdict, (f"· {verdict.verdict.replace('_', ' ')}", "$foreground-muted"))
