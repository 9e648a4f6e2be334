"""What a command line chooses: tasks of a domain, weights of rewards, options of a policy, a folder for a run."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ccgym.cli.names import pick
from ccgym.domain import Domain, Task
from ccgym.errors import ConfigError, PluginError

DRAWN = 20
"""How many tasks to draw where the domain has only templates and nobody says how many."""


def choose_tasks(domain: Domain, split: str | None, count: int | None) -> list[Task]:
    """The written tasks of a split (None: of all), then drawn ones until there are `count`.

    Without `count`: all written tasks, or DRAWN drawn ones where there are none. Without `split`, templates draw for
    `test`.

    Raises:
        ConfigError: the domain has no such tasks, or fewer than asked for.
    """
    written = list(domain.tasks.values()) if split is None else domain.split(split)
    wanted = count if count is not None else len(written) or DRAWN
    missing = wanted - len(written)
    if missing > 0 and domain.templates:
        return [*written, *domain.stream_tasks(split or "test", missing)]
    if missing > 0:
        where = f"{domain.name}, split {split!r}" if split else domain.name
        fix = f"Its splits are: {', '.join(domain.splits) or 'none'}"
        raise ConfigError(f"has {len(written)} tasks, and {wanted} are asked for", where=where, fix=fix)
    return written[:wanted]


def parse_weights(given: Sequence[str]) -> dict[str, float]:
    """`name=w` from --reward.

    Raises:
        click.UsageError: an unknown reward, or what is no number.
        PluginError: the reward's plugin is broken, or two plugins claim the name.
    """
    from ccgym.plugins import registry

    weights = {}
    for text in given:
        name, sign, number = text.partition("=")
        try:
            registry().require("reward", name)
        except PluginError as error:
            if error.data.keys() & {"plugin", "owners"}:  # it is there, and its plugin is broken, or two claim it
                raise
            pick(name, registry().rewards, "reward")
        try:
            weights[name] = float(number) if sign else 1.0
        except ValueError:
            weights[name] = math.nan
        if not math.isfinite(weights[name]):
            raise click.UsageError(f"--reward {text}: {number!r} is no weight. Write {name}=0.5")
    return weights


def parse_options(given: Sequence[str]) -> dict[str, Any]:
    """`name=value` from -o, the value as YAML. Raises click.UsageError where there is no `=`."""
    options = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise click.UsageError(f"-o {text}: write name=value, such as temperature=0.7")
        options[name] = yaml_value(value)
    return options


def yaml_value(text: str) -> Any:
    """What a text is as YAML, such as a number; else the text."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def parse_world(faults: Sequence[str], perturb: Sequence[str]) -> dict[str, dict[str, Any]]:
    """`faults` and `perturb` of an environment, from --fault and --perturb; only what was given.

    Raises:
        click.UsageError: an unknown name, or a value that it cannot have.
    """
    from ccgym.backend.faults import KINDS
    from ccgym.env.perturbing import PERTURBATIONS

    found: dict[str, dict[str, Any]] = {}
    for option, key, given, known in (
        ("--fault", "faults", faults, KINDS),
        ("--perturb", "perturb", perturb, PERTURBATIONS),
    ):
        for text in given:
            name, sign, value = text.partition("=")
            pick(name, known, option.strip("-"))
            if not sign and option == "--fault":
                raise click.UsageError(f"{option} {text}: write {name}=0.05, the probability of a call to meet it")
            found.setdefault(key, {})[name] = yaml_value(value) if sign else True
    return found


def new_folder(asked: Path | None, name: str) -> Path:
    """The folder of a new run: the one asked for, else `runs/<name>`, numbered where that is taken.

    Raises:
        ConfigError: the one asked for holds episodes already.
    """
    if asked is not None:
        if (asked / "episodes").exists():
            raise ConfigError("holds episodes already", where=str(asked), fix="Choose another --out, or remove it")
        return asked
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")
    number = 1
    while (folder := Path("runs") / (plain if number == 1 else f"{plain}-{number}")).exists():
        number += 1
    return folder
