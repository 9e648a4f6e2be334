"""`ccgym fork EPISODE --at K`: go back to a step, change one thing, and go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ccgym import jsontext
from ccgym.cli.choose import new_folder, parse_options
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.replay import one_episode
from ccgym.cli.transcript import print_line, transcript
from ccgym.types import Episode


@verb("fork")
@click.argument("episode")
@click.option(
    "--at",
    type=click.IntRange(min=0),
    required=True,
    metavar="K",
    help="The step after which to fork (0: before the agent's first turn).",
)
@click.option("--action", metavar="TEXT", help="The agent's next turn.")
@click.option(
    "--policy", metavar="P", help="Who plays on, such as oracle or hf:PATH. Without one the recorded turns do."
)
@click.option("-o", "options", multiple=True, metavar="NAME=VALUE", help="An option of the policy.")
@click.option(
    "--edit",
    "edits",
    type=(str, str),
    multiple=True,
    metavar="WHAT VALUE",
    help="Change what was so: result CALL=JSON, state POINTER=JSON, state PATCH, or user TEXT.",
)
@click.option(
    "-n", "count", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="How many branches."
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the policy.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Run folder of the branches; default: a new one in runs/.",
)
def command(
    out: Output, episode: str, at: int, action: str | None, policy: str | None, options: tuple[str, ...],
    edits: tuple[tuple[str, str], ...], count: int, seed: int, folder: Path | None,
) -> None:  # fmt: skip
    """Go back to a step of an episode, change one thing, and go on.

    EPISODE is FILE#k. The state is rebuilt by replay, and must be the recorded one. A branch is an episode of its own;
    what N of them come to is what the state is worth.
    """
    from ccgym.replay import branch_out
    from ccgym.rollouts import make_policy

    if action is None and policy is None and not edits:
        raise click.UsageError("nothing is changed. Give --action, --policy or --edit")
    if options and policy is None:
        raise click.UsageError("-o is an option of the policy. Give --policy")
    name, found = one_episode(out, episode)
    change = read_edits(edits, found, at)
    player: Any = (
        policy if policy in (None, "oracle") and not options else make_policy(str(policy), **parse_options(options))
    )
    root = folder or new_folder(None, f"fork-{found.task.get('id', 'episode')}")
    done = branch_out(
        found, at, count, action=action, policy=player, change=change, seed=seed, parent=name, out=root
    )  # fmt: skip
    if out.json:
        out.data({
            "parent": name, "at": at, "success": done.success, "interval": done.interval, "rewards": done.rewards,
            "out": str(done.path), "branches": [_figures(branch) for branch in done.episodes],
        })  # fmt: skip
        return
    if count == 1:
        branch = done.episodes[0]
        for step in range(at + 1, branch.steps + 1):
            for line in transcript(branch, step):
                print_line(out, line)
        if branch.end is None:
            out.line("The branch is not at its end: no turn is left. Go on from it with --policy.", "yellow")
    else:
        names = list(done.rewards)
        rows = []
        for number, branch in enumerate(done.episodes):
            end = branch.end.reason if branch.end else "unfinished"
            rows.append([number, branch.steps - at, end, *map(branch.rewards.get, names)])
        out.table(["branch", "turns", "end", *names], rows)
    out.line()
    if done.success is not None and done.interval is not None and count > 1:
        low, high = done.interval
        out.line(
            f"Success from step {at}: {done.success:.3f} (95 % interval {low:.3f} to {high:.3f}, {count} branches)."
        )
        out.line("Means: " + ", ".join(f"{k} {v:.3f}" for k, v in done.rewards.items() if v is not None) + ".")
    out.line(f"Branches: {done.path}. Read one: ccgym replay '{done.path}#0'", "bold")


def _figures(branch: Episode) -> dict[str, Any]:
    end = branch.end.reason if branch.end else None
    return {"episode": branch.begin.sample, "steps": branch.steps, "end": end, "rewards": branch.rewards}


def read_edits(given: tuple[tuple[str, str], ...], episode: Episode, at: int) -> Any:
    """What --edit asks for, as a Change.

    Raises:
        click.UsageError: an unknown kind of edit, or a value that is none.
    """
    from ccgym.replay import Change

    results: dict[str, Any] = {}
    ops: list[dict[str, Any]] = []
    line = None
    for what, value in given:
        if what == "user":
            if line is not None:
                raise click.UsageError("--edit user: the customer says one line. Give it once")
            line = value
        elif what == "result":
            call, sign, text = value.partition("=")
            if not sign:
                raise click.UsageError(f'--edit result {value}: write CALL=JSON, such as c2=\'{{"status": "open"}}\'')
            if call in results:
                raise click.UsageError(f"--edit result {call}: a call has one answer. Give it once")
            results[call] = _json(text, f"--edit result {call}")
        elif what == "state":
            ops += _patch(value)
        else:
            raise click.UsageError(f"--edit {what}: there is no such edit. Write result, state or user")
    return Change(results, line, ops or None)


def _patch(value: str) -> list[dict[str, Any]]:
    """A JSON Patch, or POINTER=JSON: what is to stand in place of what stands there."""
    if value.lstrip().startswith("["):
        ops = _json(value, "--edit state")
        if not all(isinstance(op, dict) and isinstance(op.get("path"), str) for op in ops):
            raise click.UsageError("--edit state: a JSON Patch is a list of objects with op, path and value")
        return list(ops)
    path, sign, text = value.partition("=")
    if not sign or not path.startswith("/"):
        raise click.UsageError(f"--edit state {value}: write POINTER=JSON, such as /tables/orders/W1/status='\"open\"'")
    return [{"op": "replace", "path": path, "value": _json(text, f"--edit state {path}")}]


def _json(text: str, where: str) -> Any:
    from ccgym.turns import nfc_json

    try:
        return nfc_json(jsontext.parse(text))
    except ValueError as error:
        raise click.UsageError(
            f"{where}: {text!r:.60} is no JSON ({error}). A text needs its quotes: '\"open\"'"
        ) from None
