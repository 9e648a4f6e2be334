"""What all episodes of a domain share: the frozen seed state, and its tools made ready to be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ccgym import jsontext
from ccgym.backend.base import Base
from ccgym.backend.bypass import changes_past_methods
from ccgym.backend.context import DEFAULT_CLOCK
from ccgym.backend.mocks import compile_mock
from ccgym.errors import DomainError
from ccgym.plugins import tool_mark
from ccgym.types import Tool, ToolFunction

Runner = Callable[[Any, dict[str, Any], Any], Any]
"""`run(state, arguments, context)`."""


class Ready(NamedTuple):
    """A tool or probe that is ready to be called."""

    name: str
    run: Runner
    requestor: str | None
    """The only one who may call it; None: anyone."""
    writes: bool
    """Whether a call may change the state at all."""
    touches: frozenset[str] | None
    """The only tables that a call may change; None: any."""
    wants_context: bool = True
    """Whether it gets a ToolContext; else None."""
    frozen: bool = False
    """Whether it is run on the frozen state: it only reads, as long as nothing refuses what it does."""


class Program:
    """A domain as its backends use it. Immutable; one for all its episodes."""

    __slots__ = ("base", "clock", "probes", "started", "sync", "tools")

    def __init__(
        self, domain: Any, functions: Mapping[str, ToolFunction] | None, probes: Mapping[str, ToolFunction] | None
    ) -> None:
        spec = domain.spec
        functions = domain.functions if functions is None else functions
        self.base = Base(domain.state, spec.state.exclude)
        self.clock: str = getattr(spec, "clock", None) or DEFAULT_CLOCK
        self.tools = {tool.name: _ready(tool, functions) for tool in domain.tools.values()}
        self.probes = {
            name: Ready(name, python_runner(function), None, True, None)
            for name, function in (domain.probes if probes is None else probes).items()
        }
        self.sync: Callable[[dict[str, Any]], Any] | None = getattr(domain, "sync", None)
        self.started: dict[str, Any] = {}
        """Task digest to the state after its `init`, for inits that ask for no ids."""


def _ready(tool: Tool, functions: Mapping[str, ToolFunction]) -> Ready:
    run: Runner
    wants, frozen = True, tool.effect != "write"
    if tool.mock.get("kind", "python") != "python":
        run = compile_mock(tool)
    elif (function := functions.get(tool.name)) is not None:
        run, wants = python_runner(function), tool_mark(function).wants_ctx
        frozen = frozen and not changes_past_methods(function)
    else:
        run = _no_backend(tool.name)
    touches = None if tool.touches is None else frozenset(tool.touches)
    return Ready(tool.name, run, tool.requestor, tool.effect == "write", touches, wants, frozen)


def python_runner(function: ToolFunction) -> Runner:
    """A function `fn(state, **arguments)` as a Runner. What it gets of the arguments it may change: they are copies."""
    if tool_mark(function).wants_ctx:

        def run_with_context(state: Any, arguments: dict[str, Any], context: Any) -> Any:
            return function(state, **jsontext.clean(arguments), ctx=context)

        return run_with_context

    def run(state: Any, arguments: dict[str, Any], context: Any) -> Any:
        for value in arguments.values():
            if type(value) is dict or type(value) is list:
                return function(state, **jsontext.clean(arguments))
        return function(state, **arguments)

    return run


def _no_backend(name: str) -> Runner:
    def run(state: Any, arguments: dict[str, Any], context: Any) -> Any:
        raise DomainError(
            f"the tool '{name}' has no backend", where="tools", fix="Give it a mock, or register a function of its name"
        )

    return run


_PROGRAMS: WeakKeyDictionary[Any, Program] = WeakKeyDictionary()


def program(domain: Any) -> Program:
    """The domain's Program: made at first use, kept as long as the domain."""
    try:
        found = _PROGRAMS.get(domain)
        if found is None:
            found = _PROGRAMS[domain] = Program(domain, None, None)
        return found
    except TypeError:  # a stand-in that cannot be referred to weakly, or has no hash
        return Program(domain, None, None)
