"""Why the episode got its reward: each reward's part of the sum, floating where the parts before it end."""

from __future__ import annotations

from ccgym.view.html.markup import block, inline, number
from ccgym.view.timeline import RewardView, Timeline

WIDTH, HEIGHT = 300, 14
STEPS = 60
"""Steps for which each reward has a cell; past them, only those of its evidence."""


def waterfall(timeline: Timeline) -> str:
    """The rewards, a row each: value, gate, weight, part, and the steps that its evidence stands in."""
    if not timeline.rewards:
        return ""
    ends = [0.0]
    for reward in timeline.rewards:
        ends.append(ends[-1] + (reward.contribution or 0.0))
    low, high = min(ends), max(*ends, 1e-9)
    rows = []
    for place, reward in enumerate(timeline.rewards):
        rows.append(_row(timeline, reward, _bar(ends[place], ends[place + 1], low, high, place)))
    filled = ""
    if timeline.total is not None and abs(timeline.total - ends[-1]) >= 5e-4:
        gap = number(timeline.total - ends[-1])
        filled = f'<tr><th>filled from its group</th><td colspan="3"></td><td>{gap}</td><td colspan="2"></td></tr>'
    total = (
        f'<tr class="total"><th>total</th><td colspan="3"></td><td>{number(timeline.total)}</td>'
        f"<td>{_bar(0.0, ends[-1], low, high, None)}</td><td></td></tr>"
    )
    return (
        '<section class="card" id="rewards"><h2>Rewards</h2><div class="scroll"><table class="waterfall">'
        "<thead><tr><th>reward</th><th>value</th><th>× gate</th><th>× weight</th><th>= part</th><th></th>"
        f"<th>evidence, by step</th></tr></thead><tbody>{''.join(rows)}{filled}{total}</tbody></table></div></section>"
    )


def _row(timeline: Timeline, reward: RewardView, bar: str) -> str:
    value = number(reward.value) if reward.value is not None else inline(reward.status.replace("_", " "))
    gate = f"{inline(reward.gate)} {number(reward.factor, 2)}" if reward.gate else ""
    parts = "".join(
        f'<li class="{"bad" if part == 0 else ""}"><span>{inline(name)}</span> {number(part, 2)}</li>'
        for name, part in reward.parts.items()
    )
    told = block(reward.explanation) if reward.explanation else ""
    more = f'{told}<ul class="parts">{parts}</ul>' if parts else told
    return (
        f'<tr><th>{inline(reward.name)}</th><td class="{"bad" if reward.value == 0 else ""}">{value}</td>'
        f"<td>{gate}</td><td>{number(reward.weight, 2)}</td><td>{number(reward.contribution)}</td>"
        f'<td>{bar}</td><td class="cells">{_cells(timeline, reward)}</td></tr>'
        + (f'<tr class="more"><td colspan="7">{more}</td></tr>' if more else "")
    )


def _cells(timeline: Timeline, reward: RewardView) -> str:
    """A cell a step; those that the reward's evidence stands in lead there."""
    if not reward.steps:
        return ""
    every = [step.number for step in timeline.steps]
    if len(every) > STEPS:
        every = list(reward.steps[:STEPS])
    on = frozenset(reward.steps)
    return "".join(f'<a href="#s{step}">{step}</a>' if step in on else f"<span>{step}</span>" for step in every)


def _bar(start: float, end: float, low: float, high: float, place: int | None) -> str:
    scale = WIDTH / (high - low)
    left, width = (min(start, end) - low) * scale, abs(end - start) * scale
    kind = "sum" if place is None else "minus" if end < start else f"fill{place % 6 + 1}"
    zero = f'<line x1="{-low * scale:.1f}" x2="{-low * scale:.1f}" y1="0" y2="{HEIGHT}"/>'
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">{zero}'
        f'<rect class="{kind}" x="{left:.1f}" y="1" width="{max(width, 1.5):.1f}" height="{HEIGHT - 2}" rx="2"/></svg>'
    )
