"""`ccgym replay EPISODE`: read what happened, or prove that it happens again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.transcript import print_line, transcript
from ccgym.errors import EpisodeError
from ccgym.log import log_files, read_log

DIVERGED = 3
"""Exit status where a replay differs from its record."""
SHOWN = 20
"""How many episodes of a long run are listed."""


@verb("replay")
@click.argument("episode")
@click.option("--verify", is_flag=True, help="Play the recorded actions again and compare; exit 3 on a divergence.")
@click.option("--tui", is_flag=True, help="Step through it in this terminal: state, rules, rewards, tokens, events.")
@click.option("--step", type=click.IntRange(min=0), metavar="K", help="Only step K (0: before the agent's first turn).")
@click.option("--html", metavar="PAGE", help="Write it as one page that reads offline; a file of several: as a group.")
def command(out: Output, episode: str, verify: bool, tui: bool, step: int | None, html: str | None) -> int:
    """Print a recorded episode, or prove that it happens again.

    EPISODE is a log file, FILE#k for its episode number k, or a run's folder. One episode is printed whole; of many,
    a list.
    """
    if tui:
        if verify or html is not None:
            raise click.UsageError("--tui steps through the episode: give it alone or with --step")
        return _step_through(out, episode, step)
    if html is not None:
        if verify or step is not None:
            raise click.UsageError("--html writes the whole episode: give it without --verify and --step")
        from ccgym.cli.pages import write_page

        return write_page(out, episode, html)
    if verify:
        return _verify(out, episode)
    rows, last = [], None
    for name, found in _episodes(out, episode):
        rows.append(_row(name, found))
        last = found
    if last is None:
        raise EpisodeError("holds no episodes", where=episode)
    if len(rows) == 1:
        _print(out, rows[0][0], last, step)
    elif step is None:
        _list(out, rows)
    else:
        raise click.UsageError(f"--step needs one episode, and {episode} holds {len(rows)}. Take {rows[-1][0]}")
    return 0


def _step_through(out: Output, name: str, step: int | None) -> int:
    from ccgym.view.tui import show

    if not out.rich:
        raise click.UsageError("--tui needs a terminal, and no --json. In a pipe leave it out")
    show(name, step)
    return 0


def _episodes(out: Output, name: str) -> Iterator[tuple[str, Any]]:
    """`FILE#k` and Episode, of all that the name holds. A torn tail is a note on stderr."""
    wanted = _number(name)
    for file in log_files(name):
        log = read_log(file)
        for notice in log.notices:
            out.note(notice)
        if wanted is not None and wanted not in log.episodes:
            have = ", ".join(map(str, sorted(log.episodes))) or "none"
            raise EpisodeError(f"holds no episode {wanted}", where=str(file), fix=f"It holds {have}")
        for key in sorted(log.episodes) if wanted is None else [wanted]:
            yield f"{file}#{key}", log.episodes[key]


def _number(name: str) -> int | None:
    """The k of `FILE#k`."""
    _, mark, tail = name.rpartition("#")
    return int(tail) if mark and tail.isdigit() else None


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


def _verify(out: Output, name: str) -> int:
    from ccgym.replay import Divergence, verify

    only, files = _number(name), log_files(name)
    episodes = steps = 0
    found: list[Divergence] = []
    notices: list[str] = []
    envs: dict[Any, Any] = {}
    with out.progress("replaying", len(files)) as advance:
        for file in files:
            done = verify(file, only=only, envs=envs)
            advance(1)
            episodes, steps = episodes + done.episodes, steps + done.steps
            found += [done.divergence] if done.divergence is not None else []
            notices += [notice for notice in done.notices if notice not in notices]
    if not episodes:
        raise EpisodeError("holds no such episode", where=name)
    for notice in notices:
        out.note(f"Note: {notice}")
    if out.json:
        divergences = [asdict(divergence) for divergence in found]
        out.data({"episodes": episodes, "steps": steps, "divergences": divergences, "notices": notices})
    for divergence in found:
        out.line(f"Diverged: {divergence}", "red")
    if not found:
        out.line(
            f"Replayed {episodes} episode{'s' * (episodes != 1)}, {steps} steps: every event is the same.", "green"
        )
    return DIVERGED if found else 0
