"""`ccgym rewards`: what can be scored, and by whom; and how the rewards of recorded episodes go together."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from typing import Any

from ccgym.cli.listing import listing, print_fields
from ccgym.cli.output import Output
from ccgym.errors import EpisodeError
from ccgym.log import iter_logs
from ccgym.plugins import registry
from ccgym.plugins.rewardclass import reward_mark
from ccgym.types import RewardEvent

SHOWN = 10
"""How many disagreements are listed."""


def _fields(name: str) -> dict[str, Any]:
    cls = registry().rewards[name]
    mark, owner = reward_mark(cls), registry().owner("reward", name)
    return {
        "reward": name,
        "scores": mark.scope,
        "range": f"{mark.range[0]:g} to {mark.range[1]:g}",
        "plugin": owner.name if owner else None,
        "what": (inspect.getdoc(cls) or "").partition("\n")[0],
    }


def _show(out: Output, name: str) -> None:
    cls = registry().rewards[name]
    fields = _fields(name) | {"seconds": reward_mark(cls).seconds, "what": inspect.getdoc(cls) or ""}
    fields["class"] = f"{cls.__module__}.{getattr(cls, '__qualname__', name)}"
    out.data(fields) if out.json else print_fields(out, fields)


def _compare(out: Output, log: str) -> None:
    from ccgym.columns import Columns, disagreements, figures, pairs

    columns = Columns()
    for read in iter_logs(log):
        columns.add(read)
    if not columns.episodes:
        raise EpisodeError("holds no scored episodes", where=log)
    found, related, apart = figures(columns), pairs(columns), disagreements(columns)
    if out.json:
        counts = {"log": log, "episodes": len(columns.episodes), "groups": len(set(columns.groups))}
        out.data({
            **counts, "rewards": [asdict(f) for f in found], "pairs": [asdict(p) for p in related],
            "disagreements": [
                {"episode": d.episode, "high": _event(d.high), "low": _event(d.low), "gap": d.gap} for d in apart
            ],
        })  # fmt: skip
        return
    out.table(
        ["reward", "values", "mean", "std", "min", "max", "at a bound", "flat groups", "called out"],
        [[f.reward, f.values, f.mean, f.std, f.min, f.max, f.at_bound, f.flat_groups, f.verdict] for f in found],
        title=f"{len(columns.episodes):,} episodes in {len(set(columns.groups)):,} groups",
    )
    out.line()
    out.table(
        ["rewards", "episodes", "Pearson", "Spearman", "Pearson in groups", "Spearman in groups", "ordered oppositely"],
        [
            [f"{p.a} ~ {p.b}", p.episodes, p.pearson, p.spearman, p.pearson_within, p.spearman_within, p.opposed]
            for p in related
        ],
        title="How they go together",
    )  # fmt: skip
    out.line()
    if apart:
        rows = [[d.episode, _said(d.high), _said(d.low)] for d in apart[:SHOWN]]
        out.table(["episode", "ranked high", "ranked low"], rows, title="Where they disagree most")
        out.line(f"Read one: ccgym replay '{apart[0].episode}'")


def _event(event: RewardEvent) -> dict[str, Any]:
    return {"reward": event.name, "value": event.value, "explanation": event.explanation}


def _said(event: RewardEvent) -> str:
    told = f": {event.explanation[:80]}" if event.explanation else ""
    return f"{event.name} {event.value:.3g}{told}"


command = listing(
    "rewards",
    lambda: [_fields(name) for name in sorted(registry().rewards)],
    _show,
    lambda: list(registry().rewards),
    compare=("LOG", _compare),
)
