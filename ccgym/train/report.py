"""`report.html`: what a run did, in one file that needs no network, no script and no other file.

All text that a model, a customer or a tool said is escaped; the page's policy allows nothing but its own style sheet.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from ccgym.train.checkpoints import write_bytes
from ccgym.train.folder import STAGES
from ccgym.train.metrics import read_metrics
from ccgym.train.plots import Bars, Series, bar_chart, line_chart
from ccgym.train.samples import sample_episodes

MODELS = (("base", "base model", 1), ("sft", "warm start", 2), ("grpo", "GRPO", 3))
"""Name in eval.json, name on the page, colour."""
LAST = 10
"""Iterations at the end of GRPO that the table of rewards is about."""
FIGURES = ("mean", "std", "min", "max", "not_applicable", "unscored", "failed", "zero_spread")
Json = dict[str, Any]


def write_report(run: str | Path) -> Path:
    """Write `report.html` of a run directory from what it holds so far."""
    run = Path(run)
    facts = json.loads((run / "run.json").read_bytes())
    config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    found = json.loads((run / "eval.json").read_bytes()) if (run / "eval.json").exists() else {}
    lines = read_metrics(run / "metrics.jsonl")
    body = "".join(
        [
            _header(facts, config),
            _heroes(found, facts),
            _evaluation(found),
            _curves(lines, config),
            _cost(facts),
            sample_episodes(run),
            _appendix(run, facts, config),
        ]
    )
    path = run / "report.html"
    write_bytes(path, _page(f"ccgym: {facts['name']}", body).encode())
    return path


def _page(title: str, body: str) -> str:
    style = (files("ccgym.train") / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body><main>{body}</main></body></html>\n"
    )


def _header(facts: Json, config: Json) -> str:
    model = config["model"]
    chips = {
        "env": config["env"],
        "model": model["path"] + (f" + LoRA r={model['lora']['r']}" if model["lora"] else ""),
        "seed": facts["seed"],
        "group": f"G = {config['grpo']['group']}",
        "device": f"{facts['device']}, {facts['threads']} thread(s)",
        "ccgym": facts["ccgym"],
    }
    shown = "".join(f"<span>{escape(key)} <b>{escape(str(value))}</b></span>" for key, value in chips.items())
    what = "SFT warm start on demonstrations, then GRPO against the environment, measured on held-out tasks."
    return f'<header><h1>{escape(facts["name"])}</h1><p>{what}</p><div class="chips">{shown}</div></header>'


def _heroes(found: Json, facts: Json) -> str:
    cards = []
    before: float | None = None
    for name, told, colour in MODELS:
        if name not in found:
            continue
        value = found[name]["pass^1"]
        more = f"{found[name]['sop_breaks_per_episode']:.2f} SOP breaks an episode"
        if before is not None and value is not None:
            more = f"{100 * (value - before):+.0f} points · {more}"
        cards.append(_hero(f"{told} · pass^1", _percent(value), more, colour))
        before = value
    total = sum(stage.get("cpu_seconds", 0.0) for stage in facts["stages"].values())
    cards.append(_hero("CPU time in all", f"{total / 60:.1f} min", "every stage, evaluation included", 4))
    return f'<section class="heroes">{"".join(cards)}</section>'


def _hero(what: str, big: str, more: str, colour: int) -> str:
    return (
        f'<div class="card hero edge{colour}"><div class="what">{escape(what)}</div>'
        f'<div class="big">{escape(big)}</div><div class="more">{escape(more)}</div></div>'
    )


# ---- evaluation


def _evaluation(found: Json) -> str:
    present = [(name, told, colour) for name, told, colour in MODELS if name in found]
    if not present:
        return ""
    columns = ["pass^1", "pass^2", "pass^4", "pass^8", "sop_breaks_per_episode", "turns", "tokens", "tasks", "samples"]
    heads = [*columns[:4], "SOP breaks", "turns", "tokens", "tasks", "samples"]
    best = {c: max((found[name].get(c) or 0.0 for name, _, _ in present), default=0.0) for c in columns[:4]}
    rows = []
    for name, told, _ in present:
        cells = [
            f"<td{' class=best' if column in best and found[name].get(column) == best[column] else ''}>"
            f"{_value(found[name].get(column), column)}</td>"
            for column in columns
        ]
        rows.append(f"<tr><td>{escape(told)}</td>{''.join(cells)}</tr>")
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    table = f'<div class="card scroll"><table><tr><th></th>{head}</tr>{"".join(rows)}</table></div>'
    passes = [
        Series(told, [(k, v) for k in range(1, 9) if (v := found[name].get(f"pass^{k}")) is not None], colour)
        for name, told, colour in present
    ]
    cards = [
        _card("pass^k", line_chart(passes, low=0, high=1, unit="k"), "the chance that k tries all succeed"),
        _card("Rewards", _grouped(found, present, "rewards", None), "before weights and gates"),
        _card("Components", _grouped(found, present, "components", 1.0), "of correctness, share of episodes"),
        _card("By tag", _grouped(found, present, "tags", 1.0), "pass^1"),
        _card("How episodes ended", _endings(found, present), "share of episodes"),
    ]
    return f'<h2>Held-out tasks</h2>{table}<div class="grid2 gap">{"".join(cards)}</div>'


def _grouped(found: Json, present: Sequence[tuple[str, str, int]], section: str, high: float | None) -> str:
    labels = dict.fromkeys(label for name, _, _ in present for label in found[name].get(section, {}))
    rows = []
    for label in labels:
        values = [(told, found[name].get(section, {}).get(label), colour) for name, told, colour in present]
        rows.append(Bars(label, [(told, value, colour) for told, value, colour in values if value is not None]))
    return bar_chart(rows, high=high)


def _endings(found: Json, present: Sequence[tuple[str, str, int]]) -> str:
    shares: Json = {}
    for name, _, _ in present:
        total = sum(found[name]["ended"].values()) or 1
        shares[name] = {"shares": {reason: count / total for reason, count in found[name]["ended"].items()}}
    return _grouped(shares, present, "shares", 1.0)


# ---- curves


def _curves(lines: Sequence[Json], config: Json) -> str:
    grpo = [line for line in lines if line["stage"] == "grpo"]
    sft = [line for line in lines if line["stage"] == "sft"]
    names = sorted({key.removeprefix("reward/") for line in grpo for key in line if key.startswith("reward/")})
    stop = config["grpo"]["early_stop"] or {}
    unique = [(stop["unique"], f"alarm: unique below {stop['unique']:g}")] if stop else []
    cards = []
    if grpo:
        by_reward = [_series(grpo, f"reward/{name}", name, 2 + n) for n, name in enumerate(names)]
        cards += [
            _chart("Success", [_series(grpo, "correctness", "correct", 3),
                               _series(grpo, "sop_breaks", "SOP breaks", 6)],
                   "share of the episodes sampled in training", low=0, smooth=True),
            _chart("Reward", [_series(grpo, "reward", "weighted sum", 4)], "mean over episodes", smooth=True),
            _chart("Reward columns", by_reward, "after gates, before weights", low=0, smooth=True),
            _chart("Diversity", [_series(grpo, "diversity/unique", "unique tool sequences", 5),
                                 _series(grpo, "diversity/cosine", "mean cosine of replies", 7)],
                   "within a group", low=0, high=1, guides=unique),
            _chart("KL to the warm start", [_series(grpo, "kl", "nats a token", 4)], "estimator k3", low=0),
            _chart("Length", [_series(grpo, "length", "sampled tokens", 4)], "an episode, the policy's own", low=0),
            _chart("Groups that teach nothing", [_series(grpo, "zero_variance", "share of groups", 8)],
                   "all members earned the same", low=0, high=1),
            _chart("Entropy", [_series(grpo, "entropy", "nats a token", 7)], "of the policy", low=0, smooth=True),
        ]  # fmt: skip
        weights = [_series(grpo, f"weight/{name}", name, 2 + n) for n, name in enumerate(names)]
        if any(len({value for _, value in line.points}) > 1 for line in weights):
            cards.append(_chart("Reward weights", weights, "as scheduled"))
    warm = []
    if sft:
        warm = [
            _chart("Loss", [_series(sft, "loss", "loss", 2)], "nats a token", low=0, smooth=True),
            _chart("Token accuracy", [_series(sft, "accuracy", "accuracy", 2)], "share of trained tokens", smooth=True),
        ]
    found = f'<h2>GRPO</h2><div class="grid2">{"".join(cards)}</div>{_columns(grpo, names)}' if cards else ""
    return found + (f'<h2>Warm start</h2><div class="grid2">{"".join(warm)}</div>' if warm else "")


def _columns(grpo: Sequence[Json], names: Sequence[str]) -> str:
    """The figures of each reward over the last iterations, and the weight that it ends with."""
    last = grpo[-LAST:]
    rows = []
    for name in names:
        figures = [last[-1].get(f"weight/{name}"), *(_over(last, name, figure) for figure in FIGURES)]
        rows.append([name, *("–" if value is None else f"{value:.3g}" for value in figures)])
    heads = [
        "reward",
        "weight",
        "mean",
        "std",
        "min",
        "max",
        "not applicable",
        "unscored",
        "failed",
        "groups all alike",
    ]
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    told = f"the last {len(last)} iterations; values before gates and weights"
    table = f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'
    return f'<div class="gap">{_card("Rewards", table, told)}</div>'


def _over(lines: Sequence[Json], name: str, figure: str) -> float | None:
    """One figure of a reward over some iterations: the mean, but of extremes the extreme."""
    known = [value for line in lines if (value := line.get(f"score/{name}/{figure}")) is not None]
    if not known:
        return None
    extremes: Json = {"min": min, "max": max}
    return float(extremes[figure](known)) if figure in extremes else sum(known) / len(known)


def _chart(title: str, series: Sequence[Series], small: str, **how: Any) -> str:
    return _card(title, line_chart(series, **how), small)


def _series(lines: Sequence[Json], key: str, name: str, colour: int) -> Series:
    points = [(line["step"], line[key]) for line in lines if line.get(key) is not None]
    return Series(name, points, (colour - 1) % 8 + 1)


# ---- cost, and the rest


def _cost(facts: Json) -> str:
    stages = facts["stages"]
    rows = [
        Bars(name, [("CPU seconds", stages[name]["cpu_seconds"], 4)])
        for name in ("startup", *STAGES)
        if stages.get(name, {}).get("cpu_seconds")
    ]
    notes = [f"{facts['resumed']} time(s) taken up again after a stop"] if facts["resumed"] else []
    notes += [f"stopped early: {stage['stopped']}" for stage in stages.values() if stage.get("stopped")]
    notes += [f"mask of the warm start: {stages['sft']['mask']}"] if stages.get("sft", {}).get("mask") else []
    told = "".join(f'<p class="verdict">{escape(note)}</p>' for note in notes)
    return (
        '<h2>Cost</h2><div class="grid2">'
        + _card("CPU seconds by stage", bar_chart(rows, form="{:.0f} s"))
        + f'<div class="card"><h3>Notes</h3>{told or "<p class=verdict>nothing out of the ordinary</p>"}</div></div>'
    )


def _appendix(run: Path, facts: Json, config: Json) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    folders = sorted(path.name for path in (run / "episodes").iterdir()) if (run / "episodes").is_dir() else []
    links = ", ".join(f'<a href="episodes/{escape(name)}/">{escape(name)}</a>' for name in folders)
    told = escape(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return (
        f'<h2>Config</h2><details class="card"><summary>the resolved config</summary><pre>{told}</pre></details>'
        f"<footer><p>Episodes: {links}. Each file is one group, a line an event; "
        "<code>ccgym replay FILE#k</code> shows one and <code>--verify</code> plays it again.</p>"
        f"<p>Python {escape(facts['python'])}, {escape(versions)}</p></footer>"
    )


def _card(title: str, inside: str, small: str = "") -> str:
    note = f"<small>{escape(small)}</small>" if small else ""
    return f'<div class="card"><h3>{escape(title)}{note}</h3>{inside}</div>'


def _value(value: float | None, column: str) -> str:
    if value is None:
        return "–"
    if column.startswith("pass"):
        return _percent(value, 1)
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"


def _percent(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f} %"
