"""`ccgym check` on a domain of a thousand tasks, each with rules of its own beside the SOP's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench import bigdesk
from bench.measure import Result, cpu_seconds
from ccgym.checking import check

TASKS = 1_000
ROWS = 2_000
ASKED = 60.0
SOP = """\
# Desk

Look the order up before you change anything about it.

```rules
before: [set_address, return_items]
require: {call: get_order, same: [order_id]}
```

An order is sent to one new address at most.

```rules
at_most: 1
call: set_address
per: [order_id]
```

Only what was delivered can come back.

```rules
before: return_items
when: row("orders", args.order_id).status == "delivered"
```
"""


def task(number: int) -> dict[str, Any]:
    """A change of address for two orders in three, and for the third a return; every task has two rules."""
    order = f"W{number:05d}"
    look = {"name": "get_order", "args": {"order_id": order}}
    if number % 3 == 2:
        args = {"order_id": order, "skus": [f"S{number % 977:04d}"], "reason": "damaged", "refund_to": "card"}
        deed, line = {"name": "return_items", "args": args}, f"{order} came broken. My money back, please."
    else:
        deed = {"name": "set_address", "args": {"order_id": order, **bigdesk.ADDRESS}}
        line = f"Please send {order} to {', '.join(bigdesk.ADDRESS.values())}."
    return {
        "id": f"t{number}",
        "split": "test" if number % 5 == 0 else "train",
        "user": {"first_message": line},
        "expect": {"actions": [look, deed], "say": [f"{order} is settled"]},
        "rules": [
            {"before": deed["name"], "when": f"args.order_id == '{order}'"},
            {"finally": {"call": "get_order", "args": {"order_id": order}}},
        ],
    }


def write(folder: Path, tasks: int = TASKS, rows: int = ROWS) -> Path:
    """Write the domain into an empty folder."""
    bigdesk.load(folder, rows)
    (folder / "domain.yaml").write_text("name: BigDesk\ntools: bigdesk\n")
    (folder / "sop.md").write_text(SOP)
    (folder / "tasks.jsonl").write_text("".join(json.dumps(task(number)) + "\n" for number in range(tasks)))
    return folder


def measure(folder: Path, tasks: int = TASKS, rows: int = ROWS) -> Result:
    """CPU seconds of the whole check."""
    write(folder, tasks, rows)
    found: list[Any] = []
    seconds = cpu_seconds(lambda: found.append(check(folder)))
    checked = found[0]
    wrong = [str(finding) for finding in checked.findings if finding.severity != "notice"]
    assert checked.played == tasks, wrong[:3]
    assert not wrong, wrong[:3]
    return Result(
        f"check of {tasks:,} tasks with rules",
        f"at most {ASKED:.0f} s of CPU",
        f"{seconds:.1f} s ({1e3 * seconds / tasks:.1f} ms a task)",
        seconds <= ASKED,
        {"seconds": seconds, "tasks": tasks},
    )
