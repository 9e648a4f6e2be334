"""`ccgym rollout ENV --policy P`: play episodes, score them, log them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from ccgym.cli.choose import choose_tasks, new_folder, parse_options, parse_weights, parse_world
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.summary import ALL, by_tag, print_summary
from ccgym.errors import CcgymError
from ccgym.types import Episode, ErrorEvent


def playing_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that `rollout` and `eval` share."""
    for option in reversed([
        click.option("--policy", required=True, metavar="P", help="Such as oracle, hf:PATH or openai:MODEL."),
        click.option("-o", "options", multiple=True, metavar="NAME=VALUE", help="An option of the policy."),
        click.option("--split", metavar="S", help="Tasks of this split only."),
        click.option("--tasks", type=click.IntRange(min=1), metavar="N", help="How many tasks; templates draw more."),
        click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Seed of the run."),
        click.option("--reward", "rewards", multiple=True, metavar="NAME=W", help="Add a reward, or weigh it."),
        click.option("--fault", "faults", multiple=True, metavar="KIND=P",
                     help="Let calls meet a fault: timeout, error, duplicate, stale or slow."),
        click.option("--perturb", multiple=True, metavar="HOW[=X]",
                     help="Change the tools that are shown: rename, hide=0.2, distract=3 or shuffle."),
        click.option("--batch", type=click.IntRange(min=1), default=64, show_default=True, metavar="N",
                     help="Episodes at once."),
        click.option("--out", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
                     help="Run folder; default: a new one in runs/."),
    ]):  # fmt: skip
        function = option(function)
    return function


def open_env(name: str, rewards: tuple[str, ...], faults: tuple[str, ...] = (), perturb: tuple[str, ...] = ()) -> Any:
    """The environment with the domain's weights and what --reward adds to them, broken and perturbed as asked."""
    from ccgym.env.registration import find_domain, make

    added = parse_weights(rewards)
    weights = {**find_domain(name).spec.rewards.weights, **added} if added else None
    return make(name, weights=weights, **parse_world(faults, perturb))


@verb("rollout")
@click.argument("env")
@playing_options
@click.option(
    "-G", "group", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Episodes of each task."
)
def command(
    out: Output, env: str, policy: str, options: tuple[str, ...], split: str | None, tasks: int | None, seed: int,
    rewards: tuple[str, ...], faults: tuple[str, ...], perturb: tuple[str, ...], batch: int, folder: Path | None,
    group: int,
) -> None:  # fmt: skip
    """Play episodes with a policy, score them and log them.

    ENV is an environment's id or a domain folder. Plays the written tasks, or tasks drawn from the templates.
    """
    from ccgym.rollouts import iter_groups, make_policy

    world = open_env(env, rewards, faults, perturb)
    player = make_policy(policy, **parse_options(options))
    chosen = choose_tasks(world.domain, split, tasks)
    root = new_folder(folder, f"{policy}-{world.domain.name}")
    start, episodes = time.perf_counter(), []
    with out.progress("playing", len(chosen) * group) as advance:
        for done in iter_groups(world, player, chosen, group, seed=seed, batch=batch, out=root):
            episodes += done.episodes
            advance(len(done.episodes))
    refuse_failure(episodes)
    figures = by_tag(episodes)
    if out.json:
        tags = {tag: row for tag, row in figures.items() if tag != ALL}
        seconds = round(time.perf_counter() - start, 3)
        out.data({"env": env, "policy": policy, **figures[ALL], "tags": tags, "out": str(root), "seconds": seconds})
        return
    print_summary(out, figures)
    out.line(f"Episodes: {root / 'episodes'}. Read one: ccgym replay '{root}'", "bold")


def refuse_failure(episodes: Sequence[Episode]) -> None:
    """Raise CcgymError where not one episode could be played: that is a failure, not a result."""
    failed = [episode for episode in episodes if episode.end and episode.end.reason in ("policy_error", "env_error")]
    if not episodes or len(failed) < len(episodes):
        return
    error = failed[0].of(ErrorEvent)[-1]
    what = "the policy" if error.code == "policy_error" else "the environment"
    raise CcgymError(f"{what} failed in every episode ({error.message})", fix="See the traceback with --debug")
