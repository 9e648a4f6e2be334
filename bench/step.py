"""A tool step against the least that anybody would write: json.loads, jsonschema, the function on a plain dict."""

from __future__ import annotations

from pathlib import Path

import ccgym
from bench.bare import Todo, bare, calls
from bench.measure import Result, cpu_seconds
from ccgym.domain import Domain
from ccgym.log import EpisodeWriter
from ccgym.turns import render_call

ASKED = 1.5


def seconds(domain: Domain, folder: Path, todo: Todo, rounds: int) -> dict[str, float]:
    """CPU seconds of one of these calls: through `env.step` with the log on disk, and through the two baselines.

    The best of several rounds, taken in turn. A reset, and the opening of the log, are no part of a step.
    """
    turns = [render_call(name, arguments) for name, arguments in todo]
    tables = domain.state["tables"]
    env = ccgym.make(domain)

    def through_ccgym() -> float:
        env.reset(options={"task": "move", "seed": 1})
        with EpisodeWriter(folder / "step.jsonl") as log:
            log.write(env.episode.events)

            def steps() -> None:
                for turn in turns:
                    *_, info = env.step(turn)
                    log.write(info["events"])
                log.flush()

            return cpu_seconds(steps)

    works = {"ccgym": through_ccgym} | {name: bare(todo, tables, name) for name in ("jsonschema", "fastjsonschema")}
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            best[name] = min(best[name], work())
    return {name: total / len(todo) for name, total in best.items()}


def measure(domain: Domain, folder: Path, rounds: int = 20) -> Result:
    """The calls as they come; and, in the figures, the ratio of each tool alone."""
    todo = calls()
    each = seconds(domain, folder, todo, rounds)
    ratio, beside = each["ccgym"] / each["jsonschema"], each["ccgym"] / each["fastjsonschema"]
    alone = {}
    for name in dict.fromkeys(name for name, _ in todo):
        one = seconds(domain, folder, [call for call in todo if call[0] == name], rounds)
        alone[name] = one["ccgym"] / one["jsonschema"]
    told = ", ".join(f"{name} {value:.2f}" for name, value in alone.items())
    return Result(
        "tool step (parse, validate, execute, hash, log) against json.loads + jsonschema + the function",
        f"at most {ASKED} ×",
        f"{ratio:.2f} × ({1e6 * each['ccgym']:.1f} µs against {1e6 * each['jsonschema']:.1f}; {told}); "
        f"{beside:.1f} × with fastjsonschema ({1e6 * each['fastjsonschema']:.1f} µs)",
        ratio <= ASKED,
        {"ratio": ratio, "ratio_fastjsonschema": beside, "ratio_by_tool": alone}
        | {f"seconds_{name}": value for name, value in each.items()},
    )
