"""`ccgym runs diff RUN RUN`: which tasks got better or worse between two runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.view.runs import RunsDiff, Side, TaskDiff, diff_runs

SHOWN = 20
"""How many tasks are listed."""


@verb("runs")
@click.argument("action", type=click.Choice(["diff"]))
@click.argument("a", metavar="RUN")
@click.argument("b", metavar="RUN")
def command(out: Output, action: str, a: str, b: str) -> None:
    """Compare two runs by stage and task: success rates, what got better or worse, and episodes to open."""
    found = diff_runs(a, b)
    for notice in found.notices:
        out.note(notice)
    if out.json:
        out.data(
            {
                "a": a,
                "b": b,
                "stages": [asdict(stage) for stage in found.stages],
                "tasks": [_task(task) for task in found.tasks],
                "notices": found.notices,
            }
        )
        return
    _print(out, found)


def _task(task: TaskDiff) -> dict[str, Any]:
    sides = {name: asdict(side) | {"rate": side.rate} for name, side in (("a", task.a), ("b", task.b))}
    return {"stage": task.stage, "task": task.task, "change": task.change, **sides}


def _print(out: Output, found: RunsDiff) -> None:
    if not found.stages:
        out.line("The runs have no stage in common.")
        return
    columns = [
        "stage",
        "tasks in both",
        "better",
        "worse",
        "success, first",
        "success, second",
        "only first",
        "only second",
    ]
    rows = [[s.stage, s.tasks, s.better, s.worse, s.a_rate, s.b_rate, s.only_a, s.only_b] for s in found.stages]
    out.table(columns, rows)
    for title, tasks in (
        ("Worse", [task for task in found.tasks if task.change < 0]),
        ("Better", [task for task in reversed(found.tasks) if task.change > 0]),
    ):
        if tasks:
            out.line()
            told = f", the first {SHOWN} of {len(tasks):,}" if len(tasks) > SHOWN else ""
            lines = [[t.task, t.stage, _share(t.a), _share(t.b), _episode(t)] for t in tasks[:SHOWN]]
            out.table(["task", "stage", "before", "now", "open"], lines, title=f"{title}{told}")
    if found.tasks:
        out.line()
        task = found.tasks[0] if found.tasks[0].change < 0 else found.tasks[-1]
        out.line(f"Compare two: ccgym diff '{task.a.solved or task.a.failed}' '{_episode(task)}'")


def _share(side: Side) -> str:
    return f"{side.successes}/{side.tries}"


def _episode(task: TaskDiff) -> str:
    """An episode of the second run that shows the change."""
    return (task.b.failed or task.b.solved) if task.change < 0 else (task.b.solved or task.b.failed)
