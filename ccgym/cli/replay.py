"""`ccgym replay EPISODE`: read what happened, or prove that it happens again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import click

from ccgym.cli import exports
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.transcript import print_line, transcript
from ccgym.damage import Damage, salvage
from ccgym.errors import EpisodeError
from ccgym.log import file_and_number, log_files
from ccgym.types import Episode

SHOWN = 20
"""How many episodes of a long run are listed."""


@verb("replay")
@click.argument("episode")
@click.option("--verify", is_flag=True, help="Play the recorded actions again and compare; exit 3 on a divergence.")
@click.option("--tui", is_flag=True, help="Step through it in this terminal: state, rules, rewards, tokens, events.")
@click.option(
    "--live", multiple=True, type=click.Choice(["user", "judge"]),
    help="With --verify: ask customers or judges who are models anew, instead of playing them from the record.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="With --verify: so many processes [cores].")
@click.option("--step", type=click.IntRange(min=0), metavar="K", help="Only step K (0: before the agent's first turn).")
@click.option("--html", metavar="PAGE", help="Write it as one page that reads offline; a file of several: as a group.")
@exports.options
def command(
    out: Output, episode: str, verify: bool, tui: bool, live: tuple[str, ...], jobs: int | None, step: int | None,
    html: str | None, minimise: bool, file: Path | None, to_test: Path | None, to_task: Path | None,
) -> int:  # fmt: skip
    """Print a recorded episode, or prove that it happens again.

    EPISODE is a log file, FILE#k for its episode number k, or a run's folder. One episode is printed whole; of many,
    a list.
    """
    asked = {"--tui": tui, "--html": html, "--verify": verify, "--minimise": minimise or to_test or to_task}
    chosen = [option for option, given in asked.items() if given]
    if len(chosen) > 1:
        raise click.UsageError(f"{chosen[0]} and {chosen[1]} are two things to do: ask for one")
    if step is not None and chosen not in ([], ["--tui"]):
        raise click.UsageError(f"{chosen[0]} takes the whole episode: give it without --step")
    if (live or jobs) and not verify:
        raise click.UsageError("--live and --jobs go with --verify")
    if file is not None and not minimise:
        raise click.UsageError("--out is where --minimise writes to. Give --minimise")
    if tui:
        return _step_through(out, episode, step)
    if html is not None:
        from ccgym.cli.pages import write_page

        return write_page(out, episode, html)
    if verify:
        from ccgym.cli.verifying import verify_all

        return verify_all(out, episode, file_and_number(episode)[1], jobs, live)
    if chosen:
        exports.export(out, *one_episode(out, episode), minimise, file, to_test, to_task)
        return 0
    rows: list[list[Any]] = []
    damage: list[Damage] = []
    last = None
    for name, found in _episodes(out, episode, damage):
        rows.append(_row(name, found))
        last = found
    if last is None and not damage:
        raise EpisodeError("holds no episodes", where=episode)
    if len(rows) == 1:
        _print(out, rows[0][0], last, step)
    elif step is not None and rows:
        raise click.UsageError(f"--step needs one episode, and {episode} holds {len(rows)}. Take {rows[-1][0]}")
    elif rows:
        _list(out, rows)
    for each in damage:
        out.note(f"Damaged: {each}")
    # A file that is being written ends within a line now and then: it is read as far as it goes.
    return int(any(each.what != "truncated" for each in damage))


def _step_through(out: Output, name: str, step: int | None) -> int:
    from ccgym.view.tui import show

    if not out.rich:
        raise click.UsageError("--tui needs a terminal, and no --json. In a pipe leave it out")
    show(name, step)
    return 0


def _episodes(out: Output, name: str, damage: list[Damage]) -> Iterator[tuple[str, Any]]:
    """`FILE#k` and Episode, of all that the name holds, as far as it can be read; what is damaged goes to `damage`."""
    _, wanted = file_and_number(name)
    for file in log_files(name):
        log, wrong = salvage(file)
        damage += wrong
        if wrong and wanted is not None and wanted not in log.episodes:
            continue
        if wanted is not None and wanted not in log.episodes:
            have = ", ".join(map(str, sorted(log.episodes))) or "none"
            raise EpisodeError(f"holds no episode {wanted}", where=str(file), fix=f"It holds {have}")
        for key in sorted(log.episodes) if wanted is None else [wanted]:
            yield f"{file}#{key}", log.episodes[key]


def one_episode(out: Output, name: str) -> tuple[str, Episode]:
    """The one episode that a name stands for, and its `FILE#k`.

    Raises:
        EpisodeError: there is none. click.UsageError: there are several.
    """
    damage: list[Damage] = []
    found = list(islice(_episodes(out, name, damage), 2))
    for each in damage:
        out.note(f"Damaged: {each}")
    if not found:
        raise EpisodeError("holds no episodes", where=name)
    if len(found) > 1:
        raise click.UsageError(f"{name} holds several episodes, and one is wanted. Take {found[0][0]}")
    return found[0]


def _print(out: Output, name: str, episode: Any, step: int | None) -> None:
    if step is not None and step > episode.steps:
        raise click.UsageError(f"There is no step {step}: the episode {name} has {episode.steps}")
    if out.json:
        import msgspec

        events = [event for event in episode if step is None or event.step == step]
        out.data({"episode": name, "events": [msgspec.to_builtins(event) for event in events]})
        return
    for line in transcript(episode, step):
        print_line(out, line)


def _row(name: str, episode: Any) -> list[Any]:
    end = episode.end.reason if episode.end else "unfinished"
    return [name, episode.task.get("id"), episode.steps, end, episode.rewards.get("correctness")]


def _list(out: Output, rows: list[list[Any]]) -> None:
    columns = ["episode", "task", "steps", "end", "correctness"]
    if out.json:
        out.data({"episodes": [dict(zip(columns, row, strict=True)) for row in rows]})
        return
    out.table(columns, rows[-SHOWN:])
    out.line()
    told = f"The last {SHOWN} of {len(rows):,}; --json lists all" if len(rows) > SHOWN else f"{len(rows)} episodes"
    out.line(f"{told}. Print one: ccgym replay '{rows[-1][0]}'")
