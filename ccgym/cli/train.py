"""`ccgym train [CONFIG]`: SFT warm start, GRPO, evaluation, report."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ccgym.cli.choose import parse_weights
from ccgym.cli.health_training import importable
from ccgym.cli.output import Output
from ccgym.cli.output import command as verb
from ccgym.errors import ConfigError, MissingExtra

NEEDED = ("torch", "transformers", "trl", "peft", "accelerate")


@verb("train")
@click.argument("config", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("-o", "overrides", multiple=True, metavar="KEY=VALUE", help="Change the config: -o grpo.lr=1e-4")
@click.option("--reward", "rewards", multiple=True, metavar="NAME=W", help="Add a reward, or weigh it.")
@click.option("--stage", type=click.Choice(["sft", "grpo"]), help="Only this stage, with its evaluation.")
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="RUN", help="Take up a run's folder where it stopped."
)
@click.option("--dry-run", is_flag=True, help="Print the resolved config, device, memory and time; train nothing.")
def command(
    out: Output, config: Path | None, overrides: tuple[str, ...], rewards: tuple[str, ...], stage: Any,
    resume: Path | None, dry_run: bool,
) -> None:  # fmt: skip
    """Train an agent: SFT warm start, then GRPO, then evaluation.

    CONFIG is a YAML file; without one, the quickstart that comes with ccgym. Ends with a table, and with the paths of
    the report and the episodes.
    """
    if missing := [name for name in NEEDED if not importable(name)]:
        raise MissingExtra(f"training ({', '.join(missing)})", "train")
    from ccgym.train.config import load_config
    from ccgym.train.estimate import estimate
    from ccgym.train.rewarding import resolved
    from ccgym.train.run import train

    if resume is not None:
        _check_resume(resume, config, (*overrides, *rewards))
        chosen = None
    else:
        chosen = resolved(load_config(config, overrides), parse_weights(rewards))
    if dry_run and out.json and chosen is not None:
        out.data({"config": chosen.model_dump(mode="json"), "estimate": asdict(estimate(chosen))})
        return
    folder = train(chosen, resume=resume, stage=stage, dry_run=dry_run, console=out)
    if out.json and folder is not None:
        results = folder / "eval.json"
        found = json.loads(results.read_bytes()) if results.exists() else {}
        out.data({"run": str(folder), "report": str(folder / "report.html"), "eval": found})


def _check_resume(run: Path, config: Path | None, overrides: tuple[str, ...]) -> None:
    if config is not None or overrides:
        raise click.UsageError("--resume goes on with the run's own config: give no CONFIG, -o or --reward with it.")
    if not (run / "config.yaml").is_file():
        raise ConfigError("is no run: it has no config.yaml", where=str(run), fix="Give a folder in runs/")
