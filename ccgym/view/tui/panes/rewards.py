"""The waterfall: what each reward added to the total, and at which steps its evidence stands."""

from __future__ import annotations

from textual.content import Content

from ccgym.view.steps import StepView
from ccgym.view.timeline import RewardView, Timeline
from ccgym.view.tui.blocks import Block, Row, cut, shown

NAMES, SUMS, BAR = 12, 8, 24
"""Columns of the rewards' names, of what they add, and of the bars."""


def rewards(timeline: Timeline, step: StepView) -> list[tuple[Block, int | None]]:
    """The grid, then for each reward a block that says why, and a line for each step of its evidence, leading there."""
    if not timeline.rewards:
        return [(Block([Row(Content.styled("No rewards are recorded.", "$foreground-muted"), beside=False)]), None)]
    blocks: list[tuple[Block, int | None]] = [(Block(lambda width: _grid(timeline, step, width)), None)]
    for reward in timeline.rewards:
        blocks.append((_reason(reward), None))
        for number in reward.steps:
            here = "  this step" if number == step.number else ""
            line = Content.assemble((f"→ step {number}", "$accent"), (here, "$foreground-muted"))
            label = "evidence" if number == reward.steps[0] else ""
            blocks.append((Block([Row(line, label)], apart=number == reward.steps[-1]), number))
    return blocks


def _grid(timeline: Timeline, step: StepView, width: int) -> list[Row]:
    """Rewards under each other; a mark at each step where the evidence stands, what it adds, and a bar of the sum."""
    numbers = [each.number for each in timeline.steps]
    bar = BAR if width >= NAMES + 2 * len(numbers) + SUMS + BAR + 2 else 0
    room = max((width - NAMES - SUMS - bar - 3) // 2, 1)
    per = -(-len(numbers) // room)  # so many steps share a column
    columns = [numbers[at : at + per] for at in range(0, len(numbers), per)]
    sums = [reward.contribution or 0.0 for reward in timeline.rewards]
    ends = [sum(sums[:at]) for at in range(len(sums) + 1)]
    low, high = min(ends), max(ends)
    rows = [Row(Content.assemble(" " * NAMES, _numbers(columns, step.number)), beside=False)]
    for reward, start, end in zip(timeline.rewards, ends, ends[1:], strict=False):
        marks: list[tuple[str, str]] = []
        for column in columns:
            held = any(number in reward.steps for number in column)
            style = "$accent" if step.number in column else "" if held else "$foreground-disabled"
            marks.append(("■ " if held else "· ", style))
        added = "–" if reward.contribution is None else f"{reward.contribution:+.3f}"
        style = "$foreground-muted" if not reward.contribution else "$success" if reward.contribution > 0 else "$error"
        drawn = _bar(start, end, low, high) if bar else ""
        name = cut(reward.name)[: NAMES - 1].ljust(NAMES)
        rows.append(Row(Content.assemble(name, *marks, (added.rjust(SUMS), style), " ", (drawn, style)), beside=False))
    total = "–" if timeline.total is None else f"{timeline.total:+.3f}"
    space = " " * 2 * len(columns)
    rows.append(Row(Content.assemble(("total".ljust(NAMES), "bold"), space, (total.rjust(SUMS), "bold")), beside=False))
    return rows


def _numbers(columns: list[list[int]], current: int) -> Content:
    """The steps over their columns: every one where they have room, else every fifth."""
    every = 1 if columns[-1][0] < 10 else 5
    text, at = "", 0
    for at, column in enumerate(columns):
        if at % every == 0:
            text = text.ljust(2 * at) + str(column[0])
    content = Content.styled(text.ljust(2 * len(columns)), "$foreground-muted")
    for at, column in enumerate(columns):
        if current in column:
            content = content.stylize("$accent bold", 2 * at, 2 * at + 2)
    return content


def _bar(start: float, end: float, low: float, high: float) -> str:
    """From the sum before to the sum after, on the scale of all sums."""
    scale = (BAR - 1) / (high - low) if high > low else 0.0
    first, last = sorted((round((start - low) * scale), round((end - low) * scale)))
    return " " * first + ("█" * (last - first) or "▏")


def _reason(reward: RewardView) -> Block:
    value = "–" if reward.value is None else f"{reward.value:.3f}"
    gate = f" × {reward.factor:.3g} ({reward.gate})" if reward.gate else ""
    added = "" if reward.contribution is None else f" = {reward.contribution:+.3f}"
    status = "" if reward.status == "ok" else "  " + reward.status.replace("_", " ")
    style = "$error" if reward.status in ("failed", "unscored") else "$foreground-muted"
    sum_ = f"  {value}{gate} × {reward.weight:g}{added}"
    rows = [Row(Content.assemble((cut(reward.name), "bold"), sum_, (cut(status), style)), beside=False)]
    if reward.explanation:
        rows.append(Row(shown(reward.explanation), "why"))
    if reward.parts:
        parts = (f"{name} {'unscored' if part is None else format(part, '.3g')}" for name, part in reward.parts.items())
        rows.append(Row(shown(", ".join(parts)), "parts"))
    return Block(rows, apart=not reward.steps)
