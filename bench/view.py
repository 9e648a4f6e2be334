"""`ccgym view`: opening the index of a long run, and filtering it, over its routes, in CPU seconds of the server."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

from bench.measure import Result, cpu_seconds, interleaved
from ccgym import seeds

ITERATIONS, GROUPS, GROUP = 500, 8, 8
ASKED_OPEN, ASKED_FILTER = 2.0, 0.3
REWARDS = ("correctness", "format", "efficiency", "style", "diversity")
QUESTIONS = {
    "all": "",
    "words": "q=return%20vi%20refused",
    "range": "stage=grpo&min.reward.style=0.2&max.reward.correctness=0.5&sort=reward.style",
    "clause": "clause=Returns&tag=vi&sort=task&desc=0",
}


def write_index(run: Path, iterations: int = ITERATIONS) -> int:
    """Write the index of a run of so many iterations; returns the number of its episodes."""
    draw = seeds.stream("index", 1)
    run.mkdir(parents=True, exist_ok=True)
    kinds = [(kind, language) for kind in ("return", "cancel", "track", "address") for language in ("en", "vi")]
    with open(run / "index.jsonl", "w", encoding="utf-8") as file:
        for iteration in range(iterations):
            for group in range(GROUPS):
                kind, language = draw.choice(kinds)
                task = f"{kind}-refused-{language}/train/{draw.randrange(2**31)}"
                for member in range(GROUP):
                    broken = draw.random() < 0.3
                    line = {
                        "file": f"episodes/grpo/{iteration:06d}-{group:04d}.jsonl", "episode": member, "task": task,
                        "tags": [kind, language, "refused"], "policy": "grpo", "seed": 1, "sample": member,
                        "reason": draw.choice(["customer_done", "max_steps"]), "steps": draw.randrange(2, 9),
                        "rewards": {name: draw.random() for name in REWARDS},
                        "violated": [f'{kind}_order before verify_customer(order_id="{member}")'] if broken else [],
                        "clauses": ["Returns"] if broken else [],
                    }  # fmt: skip
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return iterations * GROUPS * GROUP


def measure(folder: Path, iterations: int = ITERATIONS, rounds: int = 3) -> Result:
    """Open such a run, ask the questions, and look at what it takes."""
    from starlette.testclient import TestClient

    from ccgym.view.server.app import make_app
    from ccgym.view.server.runs import Runs

    episodes = write_index(folder / "run", iterations)

    def opened() -> Any:
        client = TestClient(make_app(Runs(folder / "run")))
        answer = client.get("/api/episodes").json()
        if answer["total"] != episodes:
            raise RuntimeError(f"{answer['total']} of {episodes} episodes were read")
        return client

    opening = min(cpu_seconds(opened) for _ in range(rounds))
    client = opened()
    filtering = interleaved(
        rounds, **{name: lambda asked=asked: client.get(f"/api/episodes?{asked}") for name, asked in QUESTIONS.items()}
    )
    slowest = max(filtering.values())
    tracemalloc.start()
    runs = Runs(folder / "run")
    run = runs.get("")
    assert run is not None
    run.refresh()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return Result(
        f"`ccgym view`: a run of {episodes:,} episodes opened, then filtered, CPU seconds of the server",
        f"under {ASKED_OPEN:g} and {ASKED_FILTER:g}",
        f"{opening:.2f} and {slowest:.3f} (the slowest of {len(QUESTIONS)}), {held / episodes:,.0f} bytes an episode",
        opening < ASKED_OPEN and slowest < ASKED_FILTER,
        {"episodes": episodes, "open": opening, "bytes": held, **{f"filter_{k}": v for k, v in filtering.items()}},
    )
