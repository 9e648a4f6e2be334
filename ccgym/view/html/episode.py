"""One episode as a page: its facts, why it got its reward, the rules it broke, and its steps beside the state."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ccgym.view.html.markup import block, inline, json_block, number, page, value
from ccgym.view.html.tokens import Purse, tokens_told
from ccgym.view.html.waterfall import waterfall
from ccgym.view.rows import ABSENT, RowView
from ccgym.view.steps import CallView, LineView, NoteView, StepView, VerdictView
from ccgym.view.timeline import Timeline

TOKENS = 30_000
"""Tokens that a page shows in all; further ones are counted."""
ROWS = 3_000
"""Unchanged rows that a page tells in all, over its steps."""
CELL, FIELDS = 400, 60
"""Characters of a value of the state, and fields of a row, that are told."""
_MARKS = {"error": "error", "write": "write", "violation": "violation"}


def episode_page(timeline: Timeline, decode: Callable[[int], str] | None = None) -> str:
    """The page of one episode.

    Args:
        timeline: what is told.
        decode: token id to its text, where the vocabulary is at hand; else ids are shown.
    """
    purse = Purse(TOKENS)
    rows = Purse(ROWS)
    steps = "".join(_step(step, timeline, purse, rows, decode) for step in timeline.steps)
    body = (
        f"{_header(timeline)}{_bar(timeline)}{waterfall(timeline)}{_rules(timeline)}"
        f'<section class="steps" aria-label="Steps">{steps}</section>{_appendix(timeline)}'
    )
    return page(f"{timeline.task} · ccgym", body)


# ---- the head of the page


def _header(timeline: Timeline) -> str:
    facts = dict(timeline.facts)
    task, goal = facts.pop("task"), facts.pop("goal", "")
    broken = sum(verdict.broken for verdict in timeline.verdicts)
    heroes = [
        ("reward", number(timeline.total, 2), "weighted sum"),
        ("correctness", number(timeline.episode.rewards.get("correctness"), 2), "before its weight"),
        ("rules broken", str(broken), f"of {len(timeline.verdicts)} verdicts"),
        ("steps", facts.pop("steps"), f"ended: {facts.pop('ended')}"),
    ]
    if timeline.advantage is not None:
        heroes.insert(1, ("advantage", number(timeline.advantage, 2, sign=True), "against its group"))
    cards = "".join(
        f'<div class="hero"><small>{what}</small><strong>{inline(big)}</strong><span>{inline(more)}</span></div>'
        for what, big, more in heroes
    )
    chips = "".join(f"<li><span>{inline(label)}</span> {inline(text)}</li>" for label, text in facts.items())
    dropped = f'<p class="bad">Left its group: {inline(timeline.dropped)}</p>' if timeline.dropped else ""
    return (
        f'<header class="top"><p class="kicker">{inline(timeline.name)}</p><h1>{inline(task)}</h1>'
        f'{block(goal, "goal") if goal else ""}{dropped}<div class="heroes">{cards}</div>'
        f'<ul class="chips">{chips}</ul></header>'
    )


def _bar(timeline: Timeline) -> str:
    """The controls, which the script shows once it runs."""
    jumps = "".join(
        f'<button type="button" data-jump="{mark}" title="next {mark} ({mark[0]}); previous: Shift"'
        f"{'' if timeline.marked(mark) else ' disabled'}>"  # type: ignore[arg-type]
        f'<span class="dot {mark}"></span>{told} <b>{len(timeline.marked(mark))}</b></button>'  # type: ignore[arg-type]
        for mark, told in _MARKS.items()
    )
    return (
        '<nav class="bar" id="bar" hidden aria-label="Steps">'
        '<button type="button" id="back" title="step back (← or k)" aria-label="step back">←</button>'
        f'<input type="range" id="seek" min="0" max="{len(timeline.steps) - 1}" value="0" aria-label="step">'
        '<button type="button" id="next" title="step on (→ or j)" aria-label="step on">→</button>'
        f'<output id="where">step 0</output>{jumps}'
        '<input type="search" id="find" placeholder="search  /" aria-label="search" autocomplete="off">'
        '<output id="found"></output>'
        '<span class="keys"><kbd>←</kbd> <kbd>→</kbd> step <kbd>e</kbd> <kbd>w</kbd> <kbd>v</kbd> next '
        "<kbd>/</kbd> search <kbd>n</kbd> next hit</span></nav>"
    )


# ---- rules


def _rules(timeline: Timeline) -> str:
    if not timeline.verdicts:
        return ""
    broken = [verdict for verdict in timeline.verdicts if verdict.broken]
    rest = [verdict for verdict in timeline.verdicts if not verdict.broken]
    told = "".join(_broken(verdict, link=True) for verdict in broken)
    held = sum(verdict.verdict == "ok" for verdict in rest)
    summary = f"{held} held, {len(rest) - held} did not apply"
    others = f"<details><summary>{summary}</summary>{_quiet(rest, link=True)}</details>" if rest else ""
    none = "" if broken else '<p class="soft">No rule was broken.</p>'
    return f'<section class="card" id="rules"><h2>Rules</h2>{told}{none}{others}</section>'


def _broken(verdict: VerdictView, link: bool = False) -> str:
    where = f' <a href="#s{verdict.step}">step {verdict.step}</a>' if link else ""
    found = f'<p class="soft">found {value(verdict.found)}</p>' if verdict.found is not None else ""
    return (
        f'<div class="verdict"><span class="dot violation"></span><div><p><b class="bad">{inline(verdict.verdict)}</b> '
        f"{inline(verdict.place)}{where}</p>"
        f"{block(verdict.detail) if verdict.detail else ''}{found}"
        f"{f'<blockquote>{block(verdict.text)}</blockquote>' if verdict.text else ''}</div></div>"
    )


def _quiet(verdicts: Iterable[VerdictView], link: bool = False) -> str:
    lines = "".join(
        f"<li><span>{'held' if verdict.verdict == 'ok' else 'did not apply'}</span> "
        f"{inline(verdict.place or verdict.kind)}"
        f"{f' · <a href=#s{verdict.step}>step {verdict.step}</a>' if link else ''}</li>"
        for verdict in verdicts
    )
    return f'<ul class="quiet">{lines}</ul>'


# ---- steps


def _step(step: StepView, timeline: Timeline, purse: Purse, rows: Purse, decode: Callable[[int], str] | None) -> str:
    marks = "".join(f'<span class="mark {mark}">{mark}</span>' for mark in step.marks)
    return (
        f'<article class="step" id="s{step.number}" data-step="{step.number}" data-marks="{" ".join(step.marks)}">'
        f'<h3><a href="#s{step.number}">{f"Step {step.number}" if step.number else "Before the first turn"}</a>{marks}'
        f'<code class="hash" title="state after the step">{inline(step.hash[:10])}</code></h3>'
        f'<div class="turn">{_turn(step)}{tokens_told(step.tokens, purse, decode)}</div>'
        f'<aside aria-label="State">{_state(step, timeline.state_at(step.number), rows)}</aside></article>'
    )


def _turn(step: StepView) -> str:
    parts: list[tuple[int, str]] = []
    for line in step.lines:
        parts.append((line.n, _line(line)))
    for call in step.calls:
        parts.append((call.n, _call(call)))
    for note in step.notes:
        parts.append((note.n, _note(note)))
    parts.sort(key=lambda part: part[0])
    turn = ""
    if step.thought:
        turn += f'<div class="said thought"><small>thinks</small>{block(step.thought)}</div>'
    if step.format_error:
        turn += (
            f'<div class="said broken"><small>agent, not a valid turn</small>{block(step.turn or "")}'
            f'<p class="bad">{inline(step.format_error)}</p></div>'
        )
    elif step.reply is not None:
        turn += f'<div class="said agent"><small>agent</small>{block(step.reply)}</div>'
    return turn + "".join(text for _, text in parts) + _judged(step.verdicts)


def _line(line: LineView) -> str:
    if line.who == "system":
        told = f"instructions, {len(line.text):,} characters"
        return f"<details class=system><summary>{told}</summary>{block(line.text)}</details>"
    ending = '<p class="good">satisfied</p>' if line.done else ""
    ending += f'<p class="bad">leaves: {inline(line.left)}</p>' if line.left else ""
    told = f'<p class="soft">tells {inline(", ".join(line.reveals))}</p>' if line.reveals else ""
    return f'<div class="said {line.who}"><small>{line.who}</small>{block(line.text)}{told}{ending}</div>'


def _call(call: CallView) -> str:
    name = inline(call.name or "?") + (
        f' <span class="soft">as {inline(call.shown)}</span>' if call.shown != call.name else ""
    )
    who = "customer calls" if call.requestor == "user" else "calls"
    delay = f" after {call.delay:g} s" if call.delay else ""
    fault = f'<p class="bad">fault: {inline(call.fault)}{delay}</p>' if call.fault else ""
    if call.error is not None:
        answer = block(f"{call.error.get('code', 'error')}: {call.error.get('message', '')}", "bad")
    else:
        answer = json_block(call.result)
    return (
        f'<div class="call{" failed" if call.failed else ""}"><small>{who}<code>{inline(call.id)}</code>'
        f'{inline(call.effect)}</small><div class="text code" dir="ltr"><b class="name">{name}</b> '
        f'{_arguments(call)}</div><div class="answer">{fault}{answer}</div>{_judged(call.verdicts)}</div>'
    )


def _arguments(call: CallView) -> str:
    parts = [f'<span class="key">{inline(key)}</span> {value(item)}' for key, item in call.arguments.items()]
    return '<span class="arg">' + '</span> <span class="arg">'.join(parts) + "</span>" if parts else ""


def _judged(verdicts: tuple[VerdictView, ...]) -> str:
    rest = [verdict for verdict in verdicts if not verdict.broken]
    told = "".join(_broken(verdict) for verdict in verdicts if verdict.broken)
    if rest:
        held = sum(verdict.verdict == "ok" for verdict in rest)
        parts = [f"{held} held"] * bool(held) + [f"{len(rest) - held} did not apply"] * (held < len(rest))
        told += f"<details class=held><summary>rules: {', '.join(parts)}</summary>{_quiet(rest)}</details>"
    return told


def _note(note: NoteView) -> str:
    kind = "bad" if note.kind in ("limit", "error") else "soft"
    return f'<div class="note {kind}"><b>{note.kind}</b> {block(note.text)}</div>'


# ---- state


def _state(step: StepView, known: tuple[RowView, ...], purse: Purse) -> str:
    changed = [row for row in known if row.changes]
    same = [row for row in known if not row.changes and row.value is not ABSENT]
    told = "".join(_changed(row) for row in changed)
    if not changed:
        told = '<p class="soft nothing">state unchanged</p>' if step.number else ""
    shown = same[: purse.take(len(same))]
    if shown:
        opened = " open" if step.number == 0 else ""
        summary = (
            f"{len(same)} row{'s' * (len(same) != 1)} {'as the task sets them' if step.number == 0 else 'unchanged'}"
        )
        told += f"<details{opened}><summary>{summary}</summary>{''.join(map(_row, shown))}</details>"
    return told


def _row(row: RowView) -> str:
    return f'<div class="row">{_row_name(row)}{_fields(row)}</div>'


def _changed(row: RowView) -> str:
    lines = "".join(
        f"<tr><th>{inline(change.path or 'row')}</th><td>"
        + ("" if change.op == "add" else f"<del>{value(change.old, CELL)}</del> ")
        + ("<em>removed</em>" if change.op == "remove" else f"<ins>{value(change.new, CELL)}</ins>")
        + "</td></tr>"
        for change in row.changes
    )
    rest = f"<details><summary>all of the row</summary>{_fields(row)}</details>" if _partly(row) else ""
    return f'<div class="row changed">{_row_name(row)}<table>{lines}</table>{rest}</div>'


def _partly(row: RowView) -> bool:
    """Whether there is more in a row than what has changed."""
    return isinstance(row.value, dict) and len(row.value) > len(row.changes) and all(c.path for c in row.changes)


def _row_name(row: RowView) -> str:
    part = "" if row.whole else ' <span class="soft">known in part</span>'
    return f"<h4>{inline(row.table)} <b>{inline(row.key)}</b>{part}</h4>"


def _fields(row: RowView) -> str:
    if not isinstance(row.value, dict):
        return f"<p>{value(row.value, CELL)}</p>"
    lines = [f"<tr><th>{inline(key)}</th><td>{value(item, CELL)}</td></tr>" for key, item in row.value.items()]
    more = f"<p>{len(lines) - FIELDS:,} more fields</p>" if len(lines) > FIELDS else ""
    return f"<table>{''.join(lines[:FIELDS])}</table>{more}"


def _appendix(timeline: Timeline) -> str:
    return (
        f'<section class="card"><details><summary>the task as it was recorded</summary>'
        f"{json_block(timeline.episode.task)}</details></section>"
        f"<footer>Read it in a terminal: <code>ccgym replay {inline(repr(timeline.name))}</code>; play it again and "
        "compare: <code>--verify</code>.</footer>"
    )
