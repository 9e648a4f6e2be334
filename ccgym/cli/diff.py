"""`ccgym diff A B`: where two episodes part, and what that did to state and rewards."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.terminal import one_line
from ccgym.view.comparing import Comparison, compare
from ccgym.view.rows import ABSENT
from ccgym.view.steps import json_text
from ccgym.view.timeline import Timeline, read_timeline

WIDTH = 300
"""Characters of an action or an answer that are told."""
_HOW = {
    "start": "They differ before the agent's first turn:",
    "action": "At step {step} the agents act differently:",
    "answer": "At step {step} they do the same, and are answered differently:",
    "end": "At step {step} one has ended:",
}


@verb("diff")
@click.argument("a")
@click.argument("b")
def command(out: Output, a: str, b: str) -> None:
    """Show where two episodes part: action, state, rewards.

    A and B are FILE#k each, or a file of one episode.
    """
    left, right = read_timeline(a), read_timeline(b)
    found = compare(left, right)
    if out.json:
        out.data({"a": left.name, "b": right.name, **_plain(asdict(found))})
        return
    _heads(out, left, right, found)
    _parting(out, found)
    _states(out, found)
    _rewards(out, found)


def _plain(value: Any) -> Any:
    """The comparison as JSON: what is not there is null, beside `there`, which says so."""
    if isinstance(value, dict):
        plain = {key: _plain(item) for key, item in value.items()}
        if "field" in value:
            plain["there"] = {side: value[side] is not ABSENT for side in ("a", "b")}
        return plain
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if value is ABSENT else value


def _heads(out: Output, a: Timeline, b: Timeline, found: Comparison) -> None:
    rows = [
        ["", "a", "b"],
        ["episode", a.name, b.name],
        *([label, *values] for label, values in found.setting.items()),
        ["steps", *map(str, found.steps)],
        ["ended", *found.ended],
    ]
    out.table(rows[0], rows[1:])
    out.line()


def _parting(out: Output, found: Comparison) -> None:
    same = f"{found.common} step{'s' * (found.common != 1)}"
    if found.parting is None:
        out.line(f"They are the same, turn for turn: {same}.", "green")
        return
    if found.common:
        out.line(f"The first {same} are the same." if found.common > 1 else "The first step is the same.")
    out.line(_HOW[found.parting.what].format(step=found.parting.step))
    out.line(f"  a  {one_line(found.parting.a, WIDTH) or 'nothing'}", "magenta")
    out.line(f"  b  {one_line(found.parting.b, WIDTH) or 'nothing'}", "cyan")


def _states(out: Output, found: Comparison) -> None:
    out.line()
    if not found.states:
        out.line("The final states agree in every row that the task sets or either episode changed.")
        return
    rows = [
        [f"{each.table} {each.key}", each.field or "the row", _cell(each.a), _cell(each.b)] for each in found.states
    ]
    out.table(["row", "field", "a", "b"], rows, title="Final states")


def _cell(value: Any) -> str:
    return "absent" if value is ABSENT else one_line(json_text(value), 120)


def _rewards(out: Output, found: Comparison) -> None:
    if not found.rewards:
        return
    out.line()
    rows: list[list[Any]] = []
    for reward in found.rewards:
        parts = ", ".join(f"{part} {_part(a)} → {_part(b)}" for part, (a, b) in reward.parts.items())
        rows.append([reward.name, reward.a, reward.b, _less(reward.a_part, reward.b_part), parts])
    rows.append(["total", *found.totals, _less(*found.totals), ""])
    out.table(["reward", "a", "b", "b − a, weighted", "components that differ"], rows, title="Rewards")


def _part(value: float | None) -> str:
    return "–" if value is None else format(value, ".3g")


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else b - a
