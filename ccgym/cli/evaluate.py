"""`ccgym eval ENV --policy P`: success, pass^k, by tag, by component, cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ccgym.cli.choose import choose_tasks, new_folder, parse_options
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.cli.rollout import open_env, playing_options


@verb("eval")
@click.argument("env")
@playing_options
@click.option(
    "-G", "--samples", "group", type=click.IntRange(min=1), default=8, show_default=True, metavar="N",
    help="Episodes of each task.",
)  # fmt: skip
def command(
    out: Output, env: str, policy: str, options: tuple[str, ...], split: str | None, tasks: int | None, seed: int,
    rewards: tuple[str, ...], faults: tuple[str, ...], perturb: tuple[str, ...], batch: int, folder: Path | None,
    group: int,
) -> None:  # fmt: skip
    """Measure a policy: success, pass^k, by tag and by component.

    ENV is an environment's id or a domain folder. pass^k is the chance that k episodes of one task all succeed.
    """
    from ccgym.evaluate import evaluate
    from ccgym.rollouts import make_policy

    world = open_env(env, rewards, faults, perturb)
    player = make_policy(policy, **parse_options(options))
    chosen = choose_tasks(world.domain, split or "test", tasks)
    root = new_folder(folder, f"eval-{policy}-{world.domain.name}")
    with out.progress("playing", len(chosen) * group) as advance:
        found = evaluate(world, player, chosen, group, seed=seed, batch=batch, out=root, advance=advance)
    if out.json:
        out.data({"env": env, "policy": policy, **found, "out": str(root)})
        return
    out.table(["measure", "value"], list(_measures(found)), title=f"{policy} on {env}")
    out.table(["tag", "pass^1"], list(found["tags"].items()))
    out.line()
    out.line("Ended with " + ", ".join(f"{reason} ({count})" for reason, count in found["ended"].items()) + ".")
    out.line(f"Episodes: {root / 'episodes'}. Read one: ccgym replay '{root}'", "bold")


def _measures(found: dict[str, Any]) -> list[list[Any]]:
    """The rows of the first table, in the order of what a reader asks first."""
    rows = [[name, found[name]] for name in found if name.startswith("pass^")]
    rows.append(["SOP breaks per episode", found["sop_breaks_per_episode"]])
    rows += [[f"reward {name}", value] for name, value in found["rewards"].items()]
    rows += [[f"correctness: {name}", value] for name, value in found["components"].items()]
    rows += [["tasks", found["tasks"]], ["samples", found["samples"]], ["unscored", found["unscored"]]]
    rows += [["turns per episode", found["turns"]], ["tokens per episode", found["tokens"]]]
    return [*rows, ["seconds", found["seconds"]], ["CPU seconds", found["cpu_seconds"]]]
