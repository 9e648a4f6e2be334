"""A group as a page: what each member earned, and the turns they share, a column a member."""

from __future__ import annotations

from collections.abc import Sequence

from ccgym.view.grouping import Cell, GroupView
from ccgym.view.html.markup import block, inline, number, page
from ccgym.view.timeline import Timeline

LABEL, LANE = 44, 130
"""Least width of the column of steps, and of a member's, in pixels."""


def group_page(group: GroupView) -> str:
    """The page of one group."""
    first = next(iter(group.members.values()))
    facts = dict(first.facts)
    chips = "".join(
        f"<li><span>{label}</span> {inline(facts[label])}</li>"
        for label in ("domain", "environment", "policy", "seed", "tags")
        if label in facts
    )
    totals = [member.total for member in group.members.values() if member.total is not None]
    solved = sum(member.episode.rewards.get("correctness") == 1.0 for member in group.members.values())
    heroes = [
        ("members", str(len(group.members)), f"{len(group.event.dropped) if group.event else 0} dropped"),
        ("correct", str(solved), f"of {len(group.members)}"),
        ("reward", number(sum(totals) / len(totals) if totals else None, 2), _spread(totals)),
        ("shared steps", str(group.common), "by all members"),
    ]
    cards = "".join(
        f'<div class="hero"><small>{what}</small><strong>{inline(big)}</strong><span>{inline(more)}</span></div>'
        for what, big, more in heroes
    )
    goal = block(facts["goal"], "goal") if "goal" in facts else ""
    body = (
        f'<header class="top"><p class="kicker">{inline(group.name)}</p><h1>{inline(first.task)}</h1>{goal}'
        f'<div class="heroes">{cards}</div><ul class="chips">{chips}</ul></header>'
        f'<section class="card"><h2>Rewards</h2><div class="scroll">{_matrix(group)}</div></section>'
        f'<section class="card"><h2>Where they part</h2><div class="scroll">{_lanes(group)}</div></section>'
        f"<footer>Open one as a page: <code>ccgym replay '{inline(first.name)}' --html episode.html</code></footer>"
    )
    return page(f"{first.task} · group · ccgym", body)


def _spread(totals: Sequence[float]) -> str:
    return f"mean, from {number(min(totals), 2)} to {number(max(totals), 2)}" if totals else "mean"


def _matrix(group: GroupView) -> str:
    members = list(group.members.items())
    head = "".join(f"<th>#{number}</th>" for number, _ in members)
    lines = [f"<tr><th></th>{head}</tr>"]
    for name in group.rewards:
        cells = []
        for _, member in members:
            reward = next((each for each in member.rewards if each.name == name), None)
            if reward is None:
                cells.append("<td></td>")
            elif reward.value is None:
                cells.append(f"<td>{inline(reward.status.replace('_', ' '))}</td>")
            else:
                cells.append(
                    f'<td{_tone(-1 if reward.value <= 0 else None)} title="its part: {number(reward.contribution)}">'
                    f"{number(reward.value, 2)}</td>"
                )
        lines.append(f"<tr><th>{inline(name)}</th>{''.join(cells)}</tr>")
    lines.append(_line("total", [number(member.total) for _, member in members], "strong"))
    cells = [f"<td{_tone(member.advantage)}>{number(member.advantage, 2, sign=True)}</td>" for _, member in members]
    lines.append(f'<tr class="strong"><th>advantage</th>{"".join(cells)}</tr>')
    lines.append(_line("steps", [str(member.steps[-1].number) for _, member in members]))
    lines.append(_line("ended", [inline(member.termination) for _, member in members]))
    if any(member.dropped for _, member in members):
        lines.append(_line("dropped", [inline(member.dropped) for _, member in members], "gone"))
    return f'<table class="matrix">{"".join(lines)}</table>'


def _line(label: str, cells: Sequence[str], kind: str = "") -> str:
    return f'<tr class="{kind}"><th>{label}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _tone(value: float | None) -> str:
    return "" if value is None or abs(value) < 1e-9 else f' class="{"up" if value > 0 else "down"}"'


def _lanes(group: GroupView) -> str:
    """A row a step; members that have done the same so far share a cell."""
    head = "".join(f"<th>#{number} {_earned(member)}</th>" for number, member in group.members.items())
    lines = [f"<tr><th></th>{head}</tr>"]
    for step, cells in enumerate(group.levels, 1):
        lines.append(f"<tr><th>step {step}</th>{''.join(_lane(cell, step, group) for cell in cells)}</tr>")
    width = LABEL + LANE * len(group.members)
    return f'<table class="lanes" width="{width}">{"".join(lines)}</table>'


def _earned(member: Timeline) -> str:
    known = member.advantage
    return "" if known is None else f"<b{_tone(known)}>{number(known, 2, sign=True)}</b>"


def _lane(cell: Cell, step: int, group: GroupView) -> str:
    span = f' colspan="{len(cell.members)}"'
    if cell.action is None:
        first = group.members[cell.members[0]]
        told = f"ended: {inline(first.termination)}" if step == len(first.steps) else ""
        return f'<td{span} class="{"done" if told else "empty"}">{told}</td>'
    says = cell.action.kind == "says"
    who = {"says": "said", "calls": "code", "broken": "said broken", "nothing": "soft"}[cell.action.kind]
    heard = f'<div class="{"said customer" if says else "code answer"}">{block(cell.answer)}</div>'
    return f'<td{span}><div class="{who}">{block(cell.action.text)}</div>{heard if cell.answer else ""}</td>'
