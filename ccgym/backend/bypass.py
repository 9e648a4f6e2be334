"""Whether a tool may change what it is given without calling its methods: no frozen dict or list refuses that."""

from __future__ import annotations

import dis
import functools
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_PAST = frozenset(("heapq", "_heapq", "queue", "PriorityQueue", "__dict__", "eval", "exec", "ctypes"))
"""Names behind which C code changes lists and dicts directly."""
_NAMES = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "IMPORT_NAME", "IMPORT_FROM")
_METHODS = (FunctionType, staticmethod, classmethod, property)
MOST = 300
"""So many functions are looked through; whoever reaches more than these is not followed, and counts as one who may."""


def changes_past_methods(function: Callable[..., Any]) -> bool:
    """Whether a function, or what it refers to outside the standard library, names one of those ways; or has no code
    that could be looked at."""
    try:
        return _changes(function)
    except Exception:  # a stranger's objects: whatever they are, nothing is known of them
        return True


def _changes(function: Callable[..., Any]) -> bool:
    found: list[Any] = [function]
    seen: set[int] = set()
    functions = 0
    while found:
        value = found.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if getattr(value, "__module__", None) in ("heapq", "_heapq"):
            return True
        if isinstance(value, FunctionType):
            functions += 1
            if functions > MOST or _goes_past(value.__code__):
                return True
        found += _referred(value)
    return functions == 0


@lru_cache(maxsize=4096)
def _goes_past(code: CodeType) -> bool:
    before = None
    for step in dis.get_instructions(code):
        if step.opname in _NAMES:
            if step.argval in _PAST:
                return True
            if before in ("list", "dict") and step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval != "fromkeys":
                return True  # a method of the type itself, past those of the value
        before = step.argval if step.opname == "LOAD_GLOBAL" else None
    return any(_goes_past(part) for part in code.co_consts if isinstance(part, CodeType))


def _referred(value: Any) -> Iterator[Any]:
    """What can be called through a value; nothing of the standard library or of C."""
    if isinstance(value, FunctionType):
        names = _names(value.__code__)
        for name in names:
            named = value.__globals__.get(name)
            yield named
            if isinstance(named, ModuleType) and not _standard(named.__name__):
                yield from [vars(named)[member] for member in names if member in vars(named)]
        yield from value.__defaults__ or ()
        yield from (value.__kwdefaults__ or {}).values()
        yield getattr(value, "__wrapped__", None)
        for cell in value.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # still empty
                continue
    elif isinstance(value, MethodType):
        yield value.__func__
        yield type(value.__self__)
    elif isinstance(value, functools.partial):
        yield value.func
        yield from value.args
        yield from value.keywords.values()
    elif isinstance(value, staticmethod | classmethod):
        yield value.__func__
    elif isinstance(value, property):
        yield value.fget
    elif isinstance(value, dict | list | tuple | set | frozenset):
        yield from value.values() if isinstance(value, dict) else value
    else:
        of = value if isinstance(value, type) else type(value)
        if not _standard(of.__module__):
            for part in of.__mro__:
                if not _standard(part.__module__):
                    yield from [
                        m for m in vars(part).values() if isinstance(m, FunctionType | staticmethod | classmethod)
                    ]


@lru_cache(maxsize=4096)
def _names(code: CodeType) -> tuple[str, ...]:
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names(part)]
    return tuple(dict.fromkeys([*code.co_names, *inner]))


def _standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names
