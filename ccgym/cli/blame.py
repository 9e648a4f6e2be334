"""`ccgym blame EPISODE`: which turn took success out of reach."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from ccgym.cli.choose import parse_options
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.replay import one_episode
from ccgym.terminal import one_line

SHOWN = 500
"""How many characters of a turn are shown."""


@verb("blame")
@click.argument("episode")
@click.option("--policy", metavar="P", help="Who plays the branches; without one the oracle, in every way it knows.")
@click.option("-o", "options", multiple=True, metavar="NAME=VALUE", help="An option of the policy.")
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="N",
    help="Branches from each step, with --policy.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the policy.")
def command(
    out: Output, episode: str, policy: str | None, options: tuple[str, ...], count: int, seed: int
) -> None:  # fmt: skip
    """Find the step that took success out of an episode's reach.

    EPISODE is FILE#k. From every step, from the last one backwards, branches are played; the first that succeeds stands
    before the mistake.
    """
    from ccgym.replay import blame
    from ccgym.rollouts import make_policy

    if options and policy is None:
        raise click.UsageError("-o is an option of the policy. Give --policy")
    name, found = one_episode(out, episode)
    player = None if policy is None else make_policy(policy, **parse_options(options))
    done = blame(found, player, count, seed=seed)
    if out.json:
        out.data({"episode": name, **asdict(done)})
        return
    who = "the oracle" if policy is None else policy
    if done.succeeded:
        out.line(f"{name} succeeded: there is nothing to blame.", "green")
    elif done.step is None and done.before is not None and done.before.success > 0:
        out.line(f"{name} is not at its end, and {who} still succeeds from there.", "green")
    elif done.step is None:
        why = f" It lacks this: {done.before.why}." if done.before is not None and done.before.why else ""
        out.line(f"Success was never reachable for {who}, not even before the first turn.{why}", "red")
    else:
        out.line(f"Step {done.step} of {found.steps} took success out of reach (event {done.event}).", "red")
        text = one_line(done.turn)
        out.line(f"  {text if len(text) <= SHOWN else text[:SHOWN] + '…'}")
        for sentence in done.broke:
            out.line(f"  {sentence}", "yellow")
        for worth in (done.before, done.after):
            if worth is not None:
                out.line(f"Success after step {worth.step}: {worth.success:.2f}{_range(worth.interval)}{_why(worth)}")
        out.line(
            f"Try another turn there: ccgym fork '{name}' --at {done.step - 1} --action TEXT --policy oracle", "bold"
        )


def _range(interval: Any) -> str:
    return "" if interval is None else f" (95 % interval {interval[0]:.2f} to {interval[1]:.2f})"


def _why(worth: Any) -> str:
    return f": {worth.why}" if worth.why and worth.success == 0 else ""
