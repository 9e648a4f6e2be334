"""`ccgym play ENV`: be the agent yourself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ccgym.cli.choose import choose_tasks
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.transcript import Line, event_lines, header, print_line
from ccgym.types import Request

HELP = "Write a reply, or call a tool: /name {…}.  ? shows the tools, ?? the instructions; Ctrl-D leaves."


@verb("play")
@click.argument("env")
@click.option("--task", metavar="ID", help="The task to play; default: the first of the split.")
@click.option("--split", metavar="S", help="Take the task from this split.")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the episode.")
@click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR", help="Log it there.")
def command(out: Output, env: str, task: str | None, split: str | None, seed: int, folder: Path | None) -> None:
    """Be the agent yourself, in this terminal.

    ENV is an environment's id or a domain folder. Reads a turn a line, so that a file of turns can be piped in.
    """
    from ccgym.env.registration import make
    from ccgym.rollouts import rollout
    from ccgym.rollouts.scripted import human

    world = make(env)
    chosen = world.domain.task(task) if task is not None else choose_tasks(world.domain, split, 1)[0]
    seat = _Seat(out)
    (episode,) = rollout(world, human(seat.read), [chosen], seed=seed, out=folder)
    seat.show(episode)
    if out.json:
        import msgspec

        end = episode.end.reason if episode.end else None
        events = [msgspec.to_builtins(event) for event in episode]
        out.data({"task": chosen.id, "end": end, "rewards": episode.rewards, "events": events})


class _Seat:
    """Where the person sits: shows what is new, then reads a turn."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._shown = 0

    def read(self, request: Request) -> str:
        """One turn of the person. Raises EOFError at the end of the input."""
        episode = request.env.episode
        if not self._shown:
            for line in header(episode):
                print_line(self._out, line)
            self._out.line(HELP, "dim")
        self.show(episode)
        while True:
            text = self._prompt()
            if text == "?":
                self._tools(request.env.tools)
            elif text == "??":
                self._out.line(episode.messages()[0]["content"])
            elif text:
                return text

    def show(self, episode: Any) -> None:
        """Print the events since the last time, but not the person's own words again."""
        for event in episode.events[self._shown :]:
            for line in event_lines(event):
                if not (line.label == "agent" and self._out.rich):
                    print_line(self._out, line)
        self._shown = len(episode.events)

    def _prompt(self) -> str:
        if self._out.rich and sys.stdin.isatty():
            return input("> ").strip()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.strip()

    def _tools(self, tools: list[Any]) -> None:
        for tool in tools:
            names = ", ".join(tool.parameters.get("properties", {}))
            print_line(self._out, Line("/" + tool.name, f"({names})  {tool.description}"))
