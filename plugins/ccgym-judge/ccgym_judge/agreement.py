"""`ccgym judge-agreement LABELS.jsonl`: how far the judge agrees with people."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

import ccgym
from ccgym.errors import ConfigError
from ccgym_judge import configured

Pair = tuple[bool, bool]
"""What a person said, and what the judge said."""


def kappa(pairs: Iterable[Pair]) -> float | None:
    """Cohen's kappa (1960): agreement beyond chance. None where chance alone would agree always."""
    pairs = list(pairs)
    if not pairs:
        return None
    total = len(pairs)
    agreed = sum(person == judge for person, judge in pairs) / total
    person_yes, judge_yes = (sum(pair[side] for pair in pairs) / total for side in (0, 1))
    chance = person_yes * judge_yes + (1 - person_yes) * (1 - judge_yes)
    return None if chance == 1 else (agreed - chance) / (1 - chance)


def figures(pairs: list[Pair]) -> dict[str, Any]:
    """`labels`, `accuracy`, `kappa`, and `confusion`: what a person and what the judge said, to how often."""
    names = {(a, b): f"{'yes' if a else 'no'}/{'yes' if b else 'no'}" for a in (True, False) for b in (True, False)}
    confusion = {name: sum(pair == both for pair in pairs) for both, name in names.items()}
    agreed = confusion["yes/yes"] + confusion["no/no"]
    accuracy = agreed / len(pairs) if pairs else None
    return {"labels": len(pairs), "accuracy": accuracy, "kappa": kappa(pairs), "confusion": confusion}


def read_labels(path: Path) -> list[tuple[str, dict[str, bool]]]:
    """Episode and labels of each line. Raises ConfigError with the line where it is something else."""
    rows = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name, labels = row["episode"], row["labels"]
            right = isinstance(name, str) and bool(labels) and all(isinstance(v, bool) for v in labels.values())
        except (ValueError, KeyError, TypeError, AttributeError):
            right = False
        if not right:
            fix = 'Write {"episode": "FILE#k", "labels": {"criterion": true}}'
            raise ConfigError("no episode with labels", where=f"{path}:{number}", fix=fix)
        rows.append((name, labels))
    return rows


def compare(path: Path) -> dict[str, Any]:
    """The figures of a file of labels: of all criteria together, of each, and what was asked for them."""
    judge = configured()
    if judge is None:
        raise ConfigError("no judge is configured", fix="Set CCGYM_JUDGE_MODEL, and CCGYM_JUDGE_URL")
    pairs: dict[str, list[Pair]] = {}
    unscored: dict[str, str] = {}
    for name, labels in read_labels(path):
        unknown = sorted(labels.keys() - judge.rubric.criteria.keys())
        if unknown:
            have = ", ".join(judge.rubric.criteria)
            raise ConfigError(f"{unknown[0]!r} is no criterion of the rubric", where=str(path), fix=f"It has {have}")
        found = ccgym.read_episodes(path.parent / name)
        if len(found) != 1:
            raise ConfigError(f"{name} holds {len(found)} episodes", where=str(path), fix="Write FILE#k")
        verdict = judge.by_rubric(found[0])
        if verdict.answers is None:
            unscored[name] = verdict.problem
            continue
        for criterion, label in labels.items():
            pairs.setdefault(criterion, []).append((label, verdict.answers[criterion].yes))
    usage = judge.usage
    return {
        **figures([pair for some in pairs.values() for pair in some]),
        "criteria": {criterion: figures(some) for criterion, some in sorted(pairs.items())},
        "unscored": unscored,
        "calls": usage.calls,
        "cached": usage.cached,
        "tokens": {"read": usage.tokens_read, "written": usage.tokens_written},
        "cost": judge.cost((usage.tokens_read, usage.tokens_written)),
    }


@click.command("judge-agreement")
@click.argument("labels", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
def command(labels: Path, as_json: bool) -> None:
    """Compare the judge with people who labelled the same episodes.

    A line of LABELS is {"episode": "FILE#k", "labels": {"criterion": true}}; FILE is found from the folder of LABELS.
    """
    told = compare(labels)
    if as_json:
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo("criterion             labels  accuracy  kappa   yes/yes  yes/no  no/yes  no/no   (person/judge)")
    for name, row in {**told["criteria"], "all": told}.items():
        counts = row["confusion"]
        cells = [_number(row["accuracy"]).rjust(8), _number(row["kappa"]).rjust(6)]
        cells += [str(counts[key]).rjust(max(len(key), 6)) for key in ("yes/yes", "yes/no", "no/yes", "no/no")]
        click.echo(f"{name:20}  {row['labels']:6}  {'  '.join(cells)}")
    for name, why in told["unscored"].items():
        click.echo(f"unscored: {name}: {why}")
    cost = "" if told["cost"] is None else f", cost {told['cost']:.4f}"
    tokens = sum(told["tokens"].values())
    click.echo(f"{told['calls']} calls, {told['cached']} from the cache, {tokens} tokens{cost}")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
