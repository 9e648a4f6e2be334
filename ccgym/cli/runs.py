"""`ccgym runs diff RUN RUN`: which tasks got better or worse between two runs."""

from __future__ import annotations

from collections.abc import Sequence
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
@click.option("--stage", multiple=True, metavar="NAME", help="Only this stage, such as eval-grpo; again for more.")
def command(out: Output, action: str, a: str, b: str, stage: tuple[str, ...]) -> None:
    """Compare two runs by task: `runs diff RUN RUN`.

    Told from the runs' indices: success rates by stage, by template and by task, and episodes to open.
    """
    found = diff_runs(a, b, stage or None)
    for notice in found.notices:
        out.note(notice)
    if out.json:
        tasks, templates = ([_task(each) for each in some] for some in (found.tasks, found.templates))
        stages = [asdict(each) for each in found.stages]
        out.data({"a": a, "b": b, "stages": stages, "templates": templates, "tasks": tasks, "notices": found.notices})
        return
    _print(out, found)


def _task(task: TaskDiff) -> dict[str, Any]:
    sides = {name: asdict(side) | {"rate": side.rate} for name, side in (("a", task.a), ("b", task.b))}
    return {"stage": task.stage, "task": task.task, "change": task.change, **sides}


def _print(out: Output, found: RunsDiff) -> None:
    if not found.stages:
        out.line("The runs have no stage in common.")
        return
    columns = ["stage", "tasks in both", "better", "worse", "success before", "success now", "only before", "only now"]
    rows = [[s.stage, s.tasks, s.better, s.worse, s.a_rate, s.b_rate, s.only_a, s.only_b] for s in found.stages]
    out.table(columns, rows)
    worse = [task for task in found.tasks if task.change < 0]
    better = [task for task in reversed(found.tasks) if task.change > 0]
    _table(out, "By template, all its tasks together", "template", found.templates, shown=None)
    _table(out, "Worse", "task", worse)
    _table(out, "Better", "task", better)
    if found.tasks:
        task = (worse or better)[0]
        before = (task.a.solved or task.a.failed) if task.change < 0 else (task.a.failed or task.a.solved)
        out.line()
        out.line(f"Compare two: ccgym diff '{before}' '{_episode(task)}'")


def _table(out: Output, title: str, what: str, tasks: Sequence[TaskDiff], shown: int | None = SHOWN) -> None:
    if not tasks:
        return
    told = f", the first {shown} of {len(tasks):,}" if shown is not None and len(tasks) > shown else ""
    rows = [[t.task, t.stage, _share(t.a), _share(t.b), t.change, _episode(t)] for t in tasks[:shown]]
    out.line()
    out.table([what, "stage", "before", "now", "change", "open"], rows, title=f"{title}{told}")


def _share(side: Side) -> str:
    return f"{side.successes:,}/{side.tries:,}"


def _episode(task: TaskDiff) -> str:
    """An episode of the second run that shows the change."""
    return (task.b.failed or task.b.solved) if task.change < 0 else (task.b.solved or task.b.failed)
