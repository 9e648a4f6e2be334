"""The laws of tools: of the toolsets of a plugin, and of the domains that it brings."""

from __future__ import annotations

import inspect
import random
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

from ccgym import jsontext
from ccgym.backend import make_backend
from ccgym.backend.faulty import KEY_ARGUMENT
from ccgym.domain import Domain, Task, load_domain
from ccgym.domain.findings import Finding, show
from ccgym.domain.models import Call
from ccgym.env import find_domain
from ccgym.errors import CcgymError, ToolError
from ccgym.kit.law import Say, Trial, finding
from ccgym.kit.purity import another_day, changed, fingerprint, impure_names
from ccgym.kit.subject import Subject, find_subject, source_place
from ccgym.plugins import registry
from ccgym.rollouts.schema_values import draw
from ccgym.types import Tool

_AROUND = "Kit"
"""Name of a domain that is made around a toolset."""
ROUNDS = 25
"""Random calls of each tool."""
_CODES = {
    "bad_result": "tool-result", "bad_state": "tool-state", "read_tool_wrote": "tool-writes",
    "undeclared_table": "tool-touches", "tool_raised": "tool-raises",
}  # fmt: skip


class World(NamedTuple):
    """Where a tool is tried: a domain, a task to begin with, and calls of it that a reference makes."""

    domain: Domain
    task: Task
    tool: Tool
    place: str
    calls: list[dict[str, Any]]
    """Arguments that are on its schema: first the references', then random ones."""


def tool_trials(subject: Subject) -> Iterator[Trial]:
    """Every law of tools, for every tool of the domains that the distribution brings or that use its toolsets."""
    seen: set[str] = set()
    for domain, task in _domains(subject):
        for name, tool in domain.tools.items():
            if name not in domain.functions and tool.mock.get("kind") == "python":
                continue  # a plugin's own backend runs it: the environment's laws try that
            title = f"tool {name}" if name not in seen else f"tool {name} of {domain.name}"
            seen.add(name)
            place = f"{subject} tool {name!r}{source_place(domain.functions.get(name)) or f' of {domain.name}'}"
            first = f"{title}: {_FIRST[0]}"
            for says, law in (_FIRST, *_LAWS):
                run = partial(_tried, law, domain, task, tool, place)
                yield Trial(f"{title}: {says}", place, run, tool.seconds + 20.0, () if law is _FIRST[1] else (first,))


def _domains(subject: Subject) -> Iterator[tuple[Domain, Task]]:
    """The domains of the distribution, and one around each toolset that none of them uses; with a task of each."""
    names: set[str] = set()
    wanted = subject.names("tool")
    whole = find_subject(subject.name).envs if wanted else subject.envs
    for env in whole:
        try:
            domain = find_domain(env)
        except CcgymError:  # the finding of whoever looks at its environments
            continue
        task = next(iter(domain.tasks.values()), None)
        if task is None and domain.templates:
            task = next(iter(domain.stream_tasks("train", 1)))
        own = env in subject.envs or domain.spec.tools in wanted
        if own and task is not None and domain.name not in names:
            names |= {domain.name, domain.spec.tools}
            yield domain, task
    for name in wanted:
        if name not in names and registry().tools[name].schemas is not None:
            domain = _around(name)
            yield domain, next(iter(domain.tasks.values()))


def _around(toolset: str) -> Domain:
    """A domain of a toolset and nothing else: its tables are those that its tools name."""
    with tempfile.TemporaryDirectory() as folder:
        files = {
            "domain.yaml": f"name: {_AROUND}\ntools: {jsontext.dumps(toolset)}\n",
            "sop.md": "Be kind.\n",
            "tasks.jsonl": '{"id": "kit", "user": {"first_message": "Hi."}, "expect": {"say": ["Hi"]}}\n',
        }
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        tables: dict[str, Any] = {
            table: {} for tool in load_domain(folder).tools.values() for table in tool.touches or ()
        }
        Path(folder, "state.json").write_text(jsontext.dumps({"tables": tables}), encoding="utf-8")
        return load_domain(folder)


def _tried(law: Any, domain: Domain, task: Task, tool: Tool, place: str, say: Say) -> Iterator[Finding]:
    say("drawing arguments")
    yield from law(World(domain, task, tool, place, _arguments(domain, tool)), say)


def _arguments(domain: Domain, tool: Tool) -> list[dict[str, Any]]:
    """Arguments on the tool's schema: those of the references, and random ones with keys of the state's tables."""
    rng = random.Random(f"kit {tool.name}")
    tasks = [*domain.tasks.values()][:50]
    found = [
        dict(action.args or {}) for task in tasks for action in task.expect.actions
        if isinstance(action, Call) and action.name == tool.name
    ][:ROUNDS]  # fmt: skip
    tables = [list(rows) for rows in domain.state.get("tables", {}).values() if isinstance(rows, dict) and rows]
    keys = [key for rows in tables for key in rng.sample(rows, min(5, len(rows)))]
    for _ in range(ROUNDS):
        made = draw(tool.parameters, rng)
        if keys and isinstance(made, dict):
            mixed = {k: rng.choice(keys) if isinstance(v, str) and rng.random() < 0.6 else v for k, v in made.items()}
            found.append(mixed)
        found.append(made)
    check = domain.validators[tool.name]
    return [one for one in found if isinstance(one, dict) and check(one) is None]


def _call(world: World, backend: Any, arguments: dict[str, Any]) -> tuple[Any, tuple[str, str] | None]:
    try:
        return backend.call(world.tool.name, arguments, world.tool.requestor), None
    except ToolError as error:
        return None, (error.code, error.message)


def _new(world: World, seed: int = 7) -> Any:
    return make_backend(world.domain, world.task, seed)


def keeps_its_schema(world: World, say: Say) -> Iterator[Finding]:
    """It takes what its schema allows, returns JSON on the schema of its result, and changes only what it declares."""
    if problem := _signature(world):
        yield finding("tool-signature", world.place, problem)
        return
    returns = world.tool.returns
    told: set[str] = set()
    for arguments in world.calls:
        say(f"calling it with {_short(arguments)}")
        backend, given = _new(world), jsontext.clean(arguments)
        before = backend.digest()
        result, error = _call(world, backend, arguments)
        if arguments != given:
            yield finding("tool-changes-arguments", world.place, f"changed its arguments {_short(given)}")
            return
        invented = (
            error is not None and error[0] == "tool_raised" and world.domain.name == _AROUND
        )  # no rows: a KeyError is nobody's fault
        if error is not None and error[0] in _CODES and error[0] not in told and not invented:
            told.add(error[0])
            yield finding(_CODES[error[0]], world.place, f"called with {_short(arguments)}: {error[1]}")
        if error is not None and backend.digest() != before:
            yield finding(
                "tool-not-atomic", world.place, f"failed with {_short(arguments)}, and left the state changed"
            )
            return
        if error is None and returns is not None and "returns" not in told:
            wrong = next(jsonschema_rs.validator_for(returns).iter_errors(result), None)
            if wrong is not None:
                told.add("returns")
                text = f"called with {_short(arguments)}, returned {_short(result)}: {wrong.message}"
                yield finding("tool-returns", world.place, text)


def _signature(world: World) -> str | None:
    """What Python would say of a call with every argument of the schema."""
    function = world.domain.functions.get(world.tool.name)
    if function is None:
        return None
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        return "is an async function or a generator: a call gives no result"
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    ctx = signature.parameters.get("ctx")
    extra = {"ctx": None} if ctx is not None and ctx.kind is ctx.KEYWORD_ONLY else {}
    properties = world.tool.parameters.get("properties", {})
    for names in (properties, world.tool.parameters.get("required", [])):
        try:
            signature.bind(None, **dict.fromkeys(names), **extra)
        except TypeError as error:
            return f"cannot take the arguments of its schema ({', '.join(names) or 'none'}): {error}"
    return None


def repeats(world: World, say: Say) -> Iterator[Finding]:
    """The same calls in two episodes of one seed give the same, on whatever day."""
    runs = []
    for again in (False, True):
        backend = _new(world)
        if again:
            with another_day():
                runs.append(_run(world, backend, say))
        else:
            runs.append(_run(world, backend, say))
    for number, (one, two) in enumerate(zip(*runs, strict=True)):
        if one != two:
            called = f"called with {_short(world.calls[number])}, gave {_short(one[0])}"
            text = f"{called}, and {_short(two[0])} in an episode of the same seed"
            yield finding("tool-not-deterministic", world.place, text)
            return
    function = world.domain.functions.get(world.tool.name)
    if names := impure_names(function):
        yield finding("reads-the-clock-or-chance", world.place, f"its code calls {', '.join(names)}")


def _run(world: World, backend: Any, say: Say) -> list[tuple[Any, str]]:
    done = []
    for arguments in world.calls:
        say(f"calling it with {_short(arguments)}")
        result = _call(world, backend, jsontext.clean(arguments))
        done.append((result, backend.digest()))
    return done


def keeps_apart(world: World, say: Say) -> Iterator[Finding]:
    """What it does in one episode does not show in the next, nor in the seed state."""
    seed, patches = jsontext.canonical(world.domain.state), fingerprint()
    first = _run(world, _new(world), say)[:1]
    for arguments in world.calls:
        say(f"calling it with {_short(arguments)}")
        _call(world, _new(world, seed=8), jsontext.clean(arguments))
    if jsontext.canonical(world.domain.state) != seed:
        yield finding("tool-leaks", world.place, "changed the domain's seed state, which all episodes share")
    again = _run(world, _new(world), say)[:1]
    if first != again:
        text = (
            f"called with {_short(world.calls[0])}, gave {_short(first[0][0])}, and {_short(again[0][0])} after other"
        )
        yield finding("tool-leaks", world.place, f"{text} episodes: it keeps something outside the state")
    if names := changed(patches):
        yield finding("plugin-patches", world.place, f"replaced {', '.join(names[:3])}")


def is_idempotent(world: World, say: Say) -> Iterator[Finding]:
    """Where it is declared idempotent, making a call twice changes what making it once does."""
    if (
        not world.tool.idempotent
        or world.tool.effect != "write"
        or KEY_ARGUMENT in world.tool.parameters.get("properties", {})
    ):
        return
    for arguments in world.calls:
        say(f"calling it twice with {_short(arguments)}")
        backend = _new(world)
        if _call(world, backend, jsontext.clean(arguments))[1] is not None:
            continue
        once = backend.digest()
        _call(world, backend, jsontext.clean(arguments))
        if backend.digest() != once:
            text = f"called twice with {_short(arguments)}, it changes more than called once"
            yield finding("tool-not-idempotent", world.place, text)
            return


def _short(value: Any) -> str:
    try:
        text = jsontext.dumps(value)
    except (TypeError, ValueError):
        text = show(value)
    return text if len(text) <= 100 else f"{text[:99]}…"


_FIRST = ("keeps its schema, and changes only what it declares", keeps_its_schema)
_LAWS = (
    ("does the same again", repeats),
    ("keeps episodes apart", keeps_apart),
    ("is idempotent where it says so", is_idempotent),
)
