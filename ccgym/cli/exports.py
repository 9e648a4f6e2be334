"""`ccgym replay EPISODE --minimise | --to-test FILE | --to-task PATH`: from an episode to something that stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ccgym.cli.output import Output
from ccgym.cli.transcript import print_line, transcript
from ccgym.errors import CcgymError
from ccgym.types import Episode


def export(
    out: Output, name: str, episode: Episode, minimise: bool, file: Path | None, test: Path | None, task: Path | None
) -> None:
    """Minimise an episode where that is asked for, and keep what is left as an episode, a test or a task."""
    told: dict[str, Any] = {"episode": name}
    if minimise:
        episode = _minimised(out, name, episode, file, told)
    if test is not None:
        from ccgym.replay import write_test

        code, data = write_test(episode, test)
        told |= {"test": str(code), "data": str(data)}
        out.line(f"Wrote {code} and {data}. Run it: pytest {code}")
    if task is not None:
        from ccgym.replay import add_task, to_task

        made = to_task(episode)
        kept = add_task(made, task)
        told |= {"task": made, "tasks": str(kept)}
        check = f" Check it: ccgym check {kept.parent}" if kept.name == "tasks.jsonl" else ""
        out.line(f"Added the task {made['id']} to {kept}.{check}")
    if out.json:
        out.data(told)


def _minimised(out: Output, name: str, episode: Episode, file: Path | None, told: dict[str, Any]) -> Episode:
    """Print the shortest sequence that still breaks the rule, and write it as an episode. Returns that episode."""
    from ccgym.log import EpisodeWriter
    from ccgym.replay import minimise
    from ccgym.replay.blaming import told as words

    if file is not None and file.exists():
        raise CcgymError("is there already", where=str(file), fix="Choose another --out, or remove it")
    done = minimise(episode, parent=name)
    before, after = done.turns
    if not out.json:
        for step in range(1, done.episode.steps + 1):
            for line in transcript(done.episode, step):
                print_line(out, line)
    out.line()
    out.line(f"{after} of {before} turns still violate {words(done.rule)}", "bold")
    rule = {"kind": done.rule.kind, "clause": done.rule.clause, "detail": done.rule.detail}
    told |= {"rule": rule, "turns": [turn.content for turn in done.episode.turns], "of": before}
    if file is not None:
        with EpisodeWriter(file) as writer:
            writer.write(done.episode.events)
        told["out"] = str(file)
        out.line(f"Episode: {file}")
    return done.episode


def options(function: Any) -> Any:
    """The options of `replay` that keep an episode."""
    path = click.Path(dir_okay=False, path_type=Path)
    for option in reversed([
        click.option("--minimise", is_flag=True, help="Leave out what the first violation does not need."),
        click.option("--out", "file", type=path, metavar="FILE", help="With --minimise: write what is left."),
        click.option("--to-test", type=path, metavar="FILE", help="Write a pytest regression test: test_….py."),
        click.option("--to-task", type=click.Path(path_type=Path), metavar="PATH",
                     help="Add a task made from the episode to a domain folder or a file."),
    ]):  # fmt: skip
        function = option(function)
    return function
