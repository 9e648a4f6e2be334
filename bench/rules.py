"""What rules cost: the steps of a desk with thirty rules, six of which apply to each call, against the desk without.

Each of the six has a condition that reads the row that the call is about; two of them also require a call before.
"""

from __future__ import annotations

from pathlib import Path

import ccgym
from bench import bigdesk
from bench.bare import calls
from bench.measure import Result, interleaved
from ccgym.domain import Domain
from ccgym.log import EpisodeWriter
from ccgym.turns import render_call

RULES = 30
APPLYING = 6
ASKED = 2.0
SIZES = (20, 20_000)
TOOLS = ("get_order", "set_address", "return_items")
CONDITIONS = (
    "row('orders', args.order_id).status in ['open', 'shipped', 'delivered', 'returning']",
    "row('orders', args.order_id).total >= 9.5",
    "row('orders', args.order_id).total * 2.0 < 1000.0 && size(args.order_id) == 6",
    "row('orders', args.order_id).items.all(item, item.quantity < 9)",
    "row('orders', args.order_id).order_id == args.order_id",
    "has_row('orders', args.order_id) && args.order_id.startsWith('W')",
)


def sop() -> str:
    """An SOP of thirty rules: six on each tool that is called, twelve on a tool that is not."""
    parts = ["# Desk\n\nFind the order, change it, say so.\n"]
    for tool in (*TOOLS, "count_open", "count_open"):
        for number, condition in enumerate(CONDITIONS):
            if tool == "count_open":
                demand = f"never: count_open\nif: {condition.replace('args.order_id', repr('W00001'))!r}"
            elif number < 2 and tool != "get_order":
                required = "{call: get_order, same: [order_id]}"
                demand = f'before: {tool}\nif: "{condition}"\nrequire: {required}'
            else:
                demand = f'before: {tool}\nwhen: "{condition}"'
            parts.append(f"Clause {len(parts)}: this is how it is done, in a sentence of the usual length.\n\n"
                         f"```rules\n{demand}\n```\n")  # fmt: skip
    return "\n".join(parts)


def seconds(folder: Path, rows: int, rounds: int) -> dict[str, float]:
    """CPU seconds of one step, with the log on disk: `plain` without rules, `ruled` with them."""
    plain = bigdesk.load(folder / f"plain{rows}", rows)
    bigdesk.load(folder / f"ruled{rows}", rows)
    (folder / f"ruled{rows}" / "sop.md").write_text(sop())
    ruled = ccgym.load_domain(folder / f"ruled{rows}")
    if len(ruled.rules) != RULES:
        raise RuntimeError(f"the bench has {len(ruled.rules)} rules")
    todo = [
        (name, {**arguments, "order_id": f"W{int(arguments['order_id'][1:]) % 20:05d}"}) for name, arguments in calls()
    ]
    turns = [render_call(name, arguments) for name, arguments in todo]

    def play(domain: Domain, name: str) -> None:
        env = ccgym.make(domain)
        env.reset(options={"task": "move", "seed": 1})
        with EpisodeWriter(folder / f"{name}.jsonl") as log:
            log.write(env.episode.events)
            for turn in turns:
                *_, info = env.step(turn)
                log.write(info["events"])

    best = interleaved(rounds, plain=lambda: play(plain, "plain"), ruled=lambda: play(ruled, "ruled"))
    return {name: total / len(turns) for name, total in best.items()}


def measure(folder: Path, rounds: int = 20) -> Result:
    """The ratio on a small state and on a large one."""
    found = {rows: seconds(folder, rows, rounds) for rows in SIZES}
    ratios = {rows: each["ruled"] / each["plain"] for rows, each in found.items()}
    told = "; ".join(
        f"{rows:,} rows: {ratios[rows]:.2f} × ({1e6 * each['ruled']:.1f} µs against {1e6 * each['plain']:.1f})"
        for rows, each in found.items()
    )
    return Result(
        f"tool step with {RULES} rules, {APPLYING} on the call, each with a condition, against the step without",
        f"at most {ASKED:g} ×",
        told,
        max(ratios.values()) <= ASKED,
        {f"ratio_{rows}": ratio for rows, ratio in ratios.items()}
        | {f"seconds_{name}_{rows}": value for rows, each in found.items() for name, value in each.items()},
    )
