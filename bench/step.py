"""A tool step against the least that anybody would write: json.loads, jsonschema, the function on a plain dict."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fastjsonschema
import jsonschema

import ccgym
from bench import bigdesk
from bench.measure import Result, cpu_seconds
from ccgym.domain import Domain
from ccgym.log import EpisodeWriter
from ccgym.turns import render_call

STEPS = 300
ASKED = 1.5


def calls() -> list[tuple[str, dict[str, Any]]]:
    """Two writes to each read, over a hundred orders."""
    found: list[tuple[str, dict[str, Any]]] = []
    for i in range(STEPS // 3):
        order = f"W{i % 100:05d}"
        found.append(("get_order", {"order_id": order}))
        found.append(("set_address", {"order_id": order, **bigdesk.ADDRESS, "street": f"{i} Hill Road"}))
        back = {"skus": [f"S{i % 977:04d}", "S0001"], "reason": "damaged", "refund_to": ("card", "voucher")[i % 2]}
        found.append(("return_items", {"order_id": order, **back}))
    return found


def seconds(domain: Domain, folder: Path, todo: Sequence[tuple[str, dict[str, Any]]], rounds: int) -> dict[str, float]:
    """CPU seconds of one of these calls: through `env.step` with the log on disk, and through the two baselines.

    The best of several rounds, taken in turn. A reset, and the opening of the log, are no part of a step.
    """
    turns = [render_call(name, arguments) for name, arguments in todo]
    bodies = [json.dumps({"name": name, "arguments": arguments}) for name, arguments in todo]
    functions = {function.__name__: function for function in bigdesk.FUNCTIONS}
    schemas = {schema["name"]: schema["parameters"] for schema in bigdesk.SCHEMAS}
    slow = {name: jsonschema.Draft202012Validator(schema).validate for name, schema in schemas.items()}
    fast = {name: fastjsonschema.compile(schema) for name, schema in schemas.items()}
    tables = copy.deepcopy(domain.state)["tables"]
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

    def plain(validators: dict[str, Any]) -> float:
        def calls() -> None:
            for body in bodies:
                call = json.loads(body)
                validators[call["name"]](call["arguments"])
                functions[call["name"]](tables, **call["arguments"])

        return cpu_seconds(calls)

    works = {"ccgym": through_ccgym, "jsonschema": lambda: plain(slow), "fastjsonschema": lambda: plain(fast)}
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
