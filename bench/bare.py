"""A tool call at its barest: what anybody would write first. The baseline of a step, and the yardstick of every rate.

A rate alone says as much about the machine as about ccgym, so each is told in bare calls of the same run too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

import fastjsonschema
import jsonschema

from bench import bigdesk
from bench.measure import Result, cpu_seconds

STEPS = 300
ROWS = 500
"""Orders in the desk on which they are made."""
ROUNDS = 10
Todo = Sequence[tuple[str, dict[str, Any]]]


def calls() -> Todo:
    """Two writes to each read, over a hundred orders."""
    found: list[tuple[str, dict[str, Any]]] = []
    for i in range(STEPS // 3):
        order = f"W{i % 100:05d}"
        found.append(("get_order", {"order_id": order}))
        found.append(("set_address", {"order_id": order, **bigdesk.ADDRESS, "street": f"{i} Hill Road"}))
        back = {"skus": [f"S{i % 977:04d}", "S0001"], "reason": "damaged", "refund_to": ("card", "voucher")[i % 2]}
        found.append(("return_items", {"order_id": order, **back}))
    return found


def bare(todo: Todo, tables: dict[str, Any], validator: str = "jsonschema") -> Callable[[], float]:
    """What makes the calls once more, on a copy of these tables, and tells the CPU seconds of all of them.

    Args:
        todo: the calls.
        tables: plain dicts.
        validator: `jsonschema` (a cached Draft202012Validator) or `fastjsonschema` (compiled).
    """
    bodies = [json.dumps({"name": name, "arguments": arguments}) for name, arguments in todo]
    functions = {function.__name__: function for function in bigdesk.FUNCTIONS}
    schemas = {schema["name"]: schema["parameters"] for schema in bigdesk.SCHEMAS}
    made: Any = fastjsonschema.compile
    if validator == "jsonschema":
        made = lambda schema: jsonschema.Draft202012Validator(schema).validate  # noqa: E731
    validators = {name: made(schema) for name, schema in schemas.items()}
    tables = copy.deepcopy(tables)

    def each() -> None:
        for body in bodies:
            call = json.loads(body)
            validators[call["name"]](call["arguments"])
            functions[call["name"]](tables, **call["arguments"])

    return lambda: cpu_seconds(each)


def rated(what: str, rate: float, asked: float, told: str, figures: dict[str, Any], more: str = "") -> Result:
    """The result of a bench that counts something per CPU-second, with what one of it costs in bare calls.

    Args:
        what: what is counted.
        rate: how many in a second.
        asked: at least so many.
        told: what stands behind the rate.
        figures: the numbers behind it.
        more: what is asked besides.
    """
    work = bare(calls(), bigdesk.state(ROWS)["tables"])
    call = min(work() for _ in range(ROUNDS)) / STEPS
    return Result(
        what,
        f"at least {asked:,}{more}",
        f"{rate:,.0f} = {1 / rate / call:.1f} bare calls of {1e6 * call:.0f} µs each; {told}",
        rate >= asked,
        {**figures, "rate": rate, "bare_calls_each": 1 / rate / call, "seconds_bare_call": call},
    )
