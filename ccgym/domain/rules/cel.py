"""The CEL library, entered in one place."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

SLOTS = 96
"""How many look-ups one evaluation can be given."""


class World(threading.local):
    """What `row` and `has_row` ask while a condition is evaluated in this thread: `read(function, table, key)`."""

    read: Callable[[str, str, str], Any] | None = None


WORLD = World()


@cache
def environment() -> Any:
    """The CEL environment: `args`, `result`, `row`, `has_row`, and the variables `__0` … that stand for look-ups.

    The library is imported here and not before: most programs that import ccgym judge no condition.
    """
    from cel_expr_python import cel

    kinds = cel.Type

    def declare(name: str, gives: Any) -> Any:
        def impl(table: str, key: str | int) -> Any:
            if WORLD.read is None:
                raise KeyError("there is no state to read")
            return WORLD.read(name, table, str(key))

        overloads = [
            cel.Overload(f"{name}_{key.name()}", return_type=gives, parameters=[kinds.STRING, key], impl=impl)
            for key in (kinds.STRING, kinds.INT)
        ]
        return cel.FunctionDecl(name, overloads)

    clock = cel.Overload("now_", return_type=kinds.TIMESTAMP, parameters=[], impl=lambda: None)
    functions = [declare("row", kinds.DYN), declare("has_row", kinds.BOOL), cel.FunctionDecl("now", [clock])]
    variables = {"args": kinds.DYN, "result": kinds.DYN, **{f"__{i}": kinds.DYN for i in range(SLOTS)}}
    return cel.NewEnv(variables=variables, functions=functions)


def plain_error(error: str) -> str:
    """The first line of an error of the library, without its decoration."""
    line = re.sub(r"^[A-Z_]+: ", "", error.strip().split("\n")[0])
    line = re.sub(r"^ERROR: <input>:-?\d+:-?\d+: ", "", line)
    return re.sub(r" \[[A-Z_]+\]$", "", line)[:200]
