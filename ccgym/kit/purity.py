"""What code reaches for that is not given to it: the clock, chance, and other people's modules."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

_IMPURE = {
    "time": {"time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime", "strftime", "ctime"},
    "datetime": {"now", "today", "utcnow"},
    "random": {
        "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss", "getrandbits",
        "SystemRandom",
    },
    "uuid": {"uuid1", "uuid4"},
    "secrets": {"token_hex", "token_bytes", "token_urlsafe", "choice", "randbelow", "randbits"},
    "os": {"urandom", "getpid"},
}  # fmt: skip
"""Module to names in it whose values differ from run to run."""
_DAY = 90_061.0
"""Seconds by which the clock is moved: a day, an hour, a minute and a second."""


def impure_names(function: Any) -> list[str]:
    """What a function's own code calls of the clock and of chance, such as `datetime.now`: read, not run."""
    function = getattr(function, "__func__", function)
    if not isinstance(function, FunctionType):
        return []
    found = []
    for code in _codes(function.__code__):
        for name in code.co_names:
            value = function.__globals__.get(name)
            owner = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
            wanted = _IMPURE.get(str(owner), set())
            if isinstance(value, ModuleType | type):
                found += [f"{name}.{other}" for other in code.co_names if other in wanted]
            elif getattr(value, "__name__", "") in wanted:
                found.append(name)
    return sorted(set(found))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


@contextmanager
def another_day() -> Iterator[None]:
    """The clock shows another day, and the shared generators of random numbers stand elsewhere."""
    now, now_ns = time.time, time.time_ns
    random.seed(20_260_101)
    np.random.seed(20_260_101)
    with patch("time.time", lambda: now() + _DAY), patch("time.time_ns", lambda: now_ns() + int(_DAY * 1e9)):
        yield


def fingerprint() -> dict[str, int]:
    """Identity of everything that ccgym and a few modules of Python's own define: name to id."""
    found = {}
    modules = [name for name in sys.modules if name.partition(".")[0] in ("ccgym", "ccgym_rewards")]
    for name in [*modules, "builtins", "json", "math", "random", "re", "time"]:
        module = sys.modules.get(name)
        for key, value in list(vars(module).items()) if module is not None else ():
            if callable(value) and not key.startswith("__"):
                found[f"{name}.{key}"] = id(value)
                if isinstance(value, type) and value.__module__ == name:
                    found |= {f"{name}.{key}.{own}": id(item) for own, item in vars(value).items() if callable(item)
                              or isinstance(item, property)}  # fmt: skip
    return found


def changed(before: dict[str, int]) -> list[str]:
    """What stands under another identity than it did."""
    after = fingerprint()
    return sorted(name for name, value in before.items() if after.get(name, value) != value)
