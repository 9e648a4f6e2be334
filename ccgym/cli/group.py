"""`ccgym group FILE`: the members of a group side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.pages import write_group
from ccgym.terminal import one_line
from ccgym.view.grouping import Cell, GroupView, read_group

WIDTH = 160
"""Characters of an action that are told."""


@verb("group")
@click.argument("file")
@click.option("--html", metavar="PAGE", help="Write the group as one page that reads offline.")
def command(out: Output, file: str, html: str | None) -> None:
    """Show the members of a group side by side, and where they part.

    FILE is a group's log; FILE#k, where it holds several, the group of its episode k.
    """
    group = read_group(file)
    if html is not None:
        write_group(out, group, html)
    elif out.json:
        out.data(_data(group))
    else:
        _matrix(out, group)
        _steps(out, group)


def _data(group: GroupView) -> dict[str, Any]:
    members = [
        {
            "episode": member.name, "number": number, "steps": member.steps[-1].number, "ended": member.termination,
            "rewards": {
                reward.name: {"value": reward.value, "status": reward.status, "part": reward.contribution}
                for reward in member.rewards
            },
            "total": member.total, "advantage": member.advantage, "dropped": member.dropped or None,
        }
        for number, member in sorted(group.members.items())
    ]  # fmt: skip
    first = next(iter(group.members.values()))
    steps = [
        {"step": step, "parts": [asdict(cell) for cell in cells]} for step, cells in enumerate(group.levels, 1)
    ]  # fmt: skip
    metrics = group.event.metrics if group.event else {}
    return {
        "file": group.name, "task": first.task, "common_steps": group.common, "members": members, "steps": steps,
        "metrics": metrics,
    }  # fmt: skip


def _matrix(out: Output, group: GroupView) -> None:
    first = next(iter(group.members.values()))
    rows: list[list[Any]] = []
    for number, member in group.members.items():
        values = {reward.name: reward.value for reward in member.rewards}
        row = [f"#{number}", *(values.get(name) for name in group.rewards), member.total, member.advantage]
        rows.append(
            [*row, member.steps[-1].number, f"dropped: {member.dropped}" if member.dropped else member.termination]
        )
    columns = ["", *group.rewards, "total", "advantage", "steps", "ended"]
    out.table([one_line(column, 40) for column in columns], rows, title=f"{first.task}: {len(rows)} episodes")
    out.line()


def _steps(out: Output, group: GroupView) -> None:
    """A line for each action that some members took in a step; those who share all before it are told together."""
    shared = f"All share the first {group.common} steps." if group.common > 1 else ""
    shared = shared or ("All share the first step." if group.common else "They part at the first step.")
    out.line(shared)
    for step, cells in enumerate(group.levels, 1):
        for place, cell in enumerate(cells):
            if cell.action is None:
                continue
            who = "all" if len(cell.members) == len(group.members) else " ".join(f"#{k}" for k in cell.members)
            label = f"step {step}" if place == 0 else ""
            told = f"{cell.action}, and hears: {cell.answer}" if _twins(group, step, cell) else str(cell.action)
            out.line(f"{label:<8} {who:<{3 * len(group.members) - 1}}  {one_line(told, WIDTH)}")
    out.line()
    worst, best = (choose(group.members.values(), key=lambda member: member.total or 0.0) for choose in (min, max))
    if worst.total != best.total:
        out.line(f"Compare the worst and the best: ccgym diff '{worst.name}' '{best.name}'")


def _twins(group: GroupView, step: int, cell: Cell) -> bool:
    """Whether others who shared all before did the same in the step, and only heard something else."""
    before = group.levels[step - 2] if step > 1 else ()
    together = next((each.members for each in before if cell.members[0] in each.members), tuple(group.members))
    same = [each for each in group.levels[step - 1] if each.action == cell.action and each.members[0] in together]
    return len(same) > 1
