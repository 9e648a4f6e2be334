"""`ccgym rescore LOG`: what recorded episodes would have earned, under the same rewards or under others."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import click

from ccgym.changes import Change, Changes, RewardChange
from ccgym.cli.choose import new_folder, parse_weights
from ccgym.cli.output import Output, shown
from ccgym.cli.output import command as verb
from ccgym.errors import EpisodeError
from ccgym.log import file_and_number, log_files, read_log
from ccgym.rescore import Rescorer, write_rescored
from ccgym.rollouts.runner import rare_collections

SHOWN = 10
"""How many of the biggest changes are listed."""


@verb("rescore")
@click.argument("log")
@click.option("--reward", "rewards", multiple=True, metavar="NAME=W", help="Add a reward, or weigh it otherwise.")
@click.option("--env", metavar="ENV", help="Domain to prepare rewards on; default: the one that each episode names.")
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Write the episodes there, scored anew.")  # fmt: skip
def command(out: Output, log: str, rewards: tuple[str, ...], env: str | None, folder: Path | None) -> None:
    """Score recorded episodes anew and show what changes.

    LOG is a log file, a run's folder or a folder of episodes; it is only read. Shown are rewards, advantages and
    members that leave their group. Without --reward: the recorded rewards with the weights that stood in each episode.
    `--reward brief=0.5` adds one, or weighs a recorded one otherwise.
    """
    if file_and_number(log)[1] is not None:
        raise click.UsageError(f"Advantages are a group's, so {log} cannot be rescored alone. Give its file")
    added = parse_weights(rewards)
    files, changes, rescorer = log_files(log), Changes(), Rescorer(added, env)
    root = None if folder is None else new_folder(folder, "")
    started = time.process_time()
    with rare_collections(), out.progress("rescoring", len(files)) as advance:
        for file in files:
            read = read_log(file)
            for notice in read.notices:
                out.note(notice)
            groups = rescorer.rescore(read)
            for group in groups:
                changes.add(group)
            if root is not None and groups:
                write_rescored(groups, _place(root, Path(log), file), root)
            advance(1)
    if not changes.episodes:
        raise EpisodeError("holds no group whose episodes have all ended", where=log)
    if rescorer.unfinished:
        out.note(f"Passed over {rescorer.unfinished} groups with episodes that have not ended.")
    for notice in rescorer.notices:
        out.note(f"Note: {notice}")
    if out.json:
        found = {"log": log, **changes.json(), "notices": rescorer.notices, "unfinished_groups": rescorer.unfinished}
        out.data({**found, "out": root and str(root), "cpu_seconds": round(time.process_time() - started, 3)})
        return
    _print(out, changes, set(added))
    if root is not None:
        out.line(f"Rescored episodes: {root / 'episodes'}. Compare: ccgym rewards compare '{root}'", "bold")


def _place(root: Path, given: Path, file: Path) -> Path:
    """Where a file of the log goes: under `episodes`, as it lay in the run, with the stage's folder."""
    base = given / "episodes" if (given / "episodes").is_dir() else given if given.is_dir() else file.parent
    inside = file.relative_to(base)
    return root / "episodes" / (inside if len(inside.parts) > 1 else Path(file.parent.name) / inside)


def _print(out: Output, changes: Changes, asked: Collection[str]) -> None:
    columns = ["reward", "weight", "recorded", "now", "changed", "n/a", "unscored", "failed"]
    rows = [_row(name, found) for name, found in changes.rewards.items()]
    total = ["total", "", changes.recorded_total.mean, changes.total.mean, None, None, None, None]
    out.table(columns, [*rows, total])
    out.line()
    told = f"{changes.episodes:,} episodes in {changes.groups:,} groups"
    if not changes.any:
        out.line(f"Rescored {told}: every reward and every advantage is as recorded.", "green")
        return
    out.line(f"Rescored {told}. Advantages: {changes.advantages:,} changed, {changes.flips:,} of them in sign; "
             f"the largest change is {changes.largest:.3g}.")  # fmt: skip
    if changes.ungrouped:
        out.line(f"{changes.ungrouped:,} groups have no recorded advantages to compare with.", "yellow")
    if changes.recorded_dropped or changes.dropped:
        now = sum(changes.dropped.values())
        out.line(f"Members that left their group: {changes.recorded_dropped:,} recorded, {now:,} now.", "yellow")
        for reason, count in changes.dropped.most_common(5):
            out.line(f"  {count:,} × {reason}")
    shown_changes = changes.biggest[:SHOWN]
    out.line()
    out.table(
        ["episode", "advantage", "total", "rewards", "why"], [_change(change) for change in shown_changes],
        title="The biggest changes",
    )  # fmt: skip
    out.line(f"Read one: ccgym replay '{shown_changes[0].episode}'")


def _row(name: str, found: RewardChange) -> list[Any]:
    now, was = _weights(found.weights), _weights(found.recorded_weights)
    weight = now if now == was else f"{now} (new)" if not found.episodes else f"{was} → {now}"
    counts = [found.statuses[status] for status in ("not_applicable", "unscored", "failed")]
    changed = found.changed if found.episodes else None
    return [name, weight, found.recorded.mean, found.now.mean, changed, *counts]


def _weights(found: set[float]) -> str:
    low, high = min(found, default=0.0), max(found, default=0.0)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _change(change: Change) -> list[Any]:
    rewards = ", ".join(f"{name} {_step(pair)}" for name, pair in change.rewards.items())
    return [change.episode, _step(change.advantage), _step(change.total), rewards, change.why[:120]]


def _step(pair: tuple[float | None, float | None]) -> str:
    return f"{shown(pair[0])} → {shown(pair[1])}"
