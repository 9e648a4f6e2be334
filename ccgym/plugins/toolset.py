"""What a tool plugin registers: a Toolset of functions, and the marks that `@tool` leaves on them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, overload

from ccgym.errors import PluginError
from ccgym.types import ToolFunction

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "__ccgym_tool__"


@dataclass(frozen=True, slots=True)
class ToolMark:
    """How a tool function wants to be called."""

    name: str
    blocking: bool = False
    """It waits (network, disk): run it in a thread with a time limit."""
    seconds: float = 10.0
    """Time limit of one call, for a blocking tool."""
    wants_ctx: bool = False
    """It has a keyword-only parameter `ctx`: give it the ToolContext (clock, ids, randomness)."""


@overload
def tool(function: F) -> F: ...
@overload
def tool(*, name: str | None = None, blocking: bool = False, seconds: float = 10.0) -> Callable[[F], F]: ...
def tool(
    function: F | None = None, *, name: str | None = None, blocking: bool = False, seconds: float = 10.0
) -> F | Callable[[F], F]:
    """Mark `fn(state, **arguments)` as a tool. It stays the plain function that it is.

    A keyword-only parameter named `ctx` receives a ToolContext and is never part of the arguments. A function without
    the decorator works as well: the decorator is for a name of its own, and for functions that wait.

    Raises:
        PluginError: the function has no parameter for the state, or the time limit is not above 0.
    """

    def mark(function: F) -> F:
        setattr(function, _ATTRIBUTE, _read(function, name, blocking, seconds))
        return function

    return mark if function is None else mark(function)


def tool_mark(function: ToolFunction) -> ToolMark:
    """The mark of a tool function, decorated or not."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, ToolMark) else _read(function, None, False, 10.0)


def _read(function: Callable[..., Any], name: str | None, blocking: bool, seconds: float) -> ToolMark:
    own = name or getattr(function, "__name__", None)
    if not own:
        raise PluginError(f"{function!r} has no name", fix='Write @tool(name="…")')
    if not seconds > 0:
        raise PluginError(f"seconds={seconds} is no time limit", where=f"tool {own!r}", fix="Give a number above 0")
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ToolMark(own, blocking, float(seconds))
    if all(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters.values()):
        raise PluginError("the function takes no state", where=f"tool {own!r}", fix=f"Write def {own}(state, …)")
    ctx = parameters.get("ctx")
    return ToolMark(own, blocking, float(seconds), ctx is not None and ctx.kind is ctx.KEYWORD_ONLY)


@dataclass(frozen=True)
class Toolset:
    """A named set of tool functions, which `tools:` in a domain.yaml refers to.

    Raises:
        PluginError: something in `functions` or `probes` cannot be called, or two functions share a name.
    """

    name: str
    """What `tools` of a domain.yaml says to have it."""
    functions: Mapping[str, ToolFunction] = field(default_factory=dict)
    """Tool name to `fn(state, **arguments)`. A list of functions stands for their own names."""
    probes: Mapping[str, ToolFunction] = field(default_factory=dict)
    """Functions that are no tools, for `init.calls` and asserts."""
    schemas: Path | str | list[dict[str, Any]] | None = None
    """The tools' schemas: a JSON file, or the objects themselves, in any dialect a domain's tools.json may have."""
    sync: Callable[[dict[str, Any]], Any] | None = None
    """`sync(document)` keeps both sides in step, `{"tables": …, "user": …}`: it runs after each successful call that
    changed something, of the agent's tools or the customer's, and is part of that call."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "functions", self._by_name(self.functions))
        object.__setattr__(self, "probes", self._by_name(self.probes))
        if self.sync is not None and not callable(self.sync):
            raise PluginError(f"`sync` is {type(self.sync).__name__}, not a function", where=f"toolset {self.name!r}")

    def _by_name(self, functions: Mapping[str, ToolFunction] | Iterable[ToolFunction]) -> dict[str, ToolFunction]:
        where = f"toolset {self.name!r}"
        if isinstance(functions, Mapping):
            named = list(functions.items())
        else:
            named = [(tool_mark(function).name, function) for function in functions]
        found: dict[str, ToolFunction] = {}
        for name, function in named:
            if not callable(function):
                raise PluginError(f"{name!r} is {type(function).__name__}, not a function", where=where)
            if name in found:
                raise PluginError(f"two functions are called {name!r}", where=where)
            found[name] = function
        return found
