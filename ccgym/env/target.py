"""The target of a task: what its reference leads to when played through the agent's own code path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from ccgym import jsontext
from ccgym.domain import Domain, Task
from ccgym.errors import ToolError
from ccgym.recent import Recent
from ccgym.turns import render_call
from ccgym.types import Target


@dataclass(frozen=True, slots=True)
class Reference:
    """Target of a task, size of its reference, and what failed while playing it."""

    target: Target | None
    """None where nothing has to be played to know it, or where playing it failed."""
    size: dict[str, int]
    """`turns`, `calls` and `chars` of the agent in the reference."""
    problems: tuple[str, ...] = ()
    """What failed, a sentence each."""
    seeded: bool = False
    """Whether it is the reference of one seed only."""


_KNOWN: WeakKeyDictionary[Domain, Recent[Any, Reference]] = WeakKeyDictionary()


def reference_size(expect: dict[str, Any]) -> dict[str, int]:
    """Turns, calls and characters that the reference takes of the agent."""
    turns = calls = chars = 0
    said = ""
    for action in expect.get("actions", ()):
        if "say" in action:
            turns += 1
            chars += len(action["say"])
            said += action["say"] + "\n"
        elif action.get("requestor", "assistant") == "assistant":
            turns += 1
            calls += 1
            chars += len(render_call(action["name"], action.get("args", {})))
    rest = [text for text in expect.get("say", ()) if text not in said]
    if rest or "output" in expect or not said:
        turns += 1
        chars += sum(map(len, rest)) + (len(jsontext.dumps(expect["output"])) if "output" in expect else 0)
    return {"turns": turns, "calls": calls, "chars": chars}


def told_reference(task: Task, target: Target | None, seeded: bool = False) -> Reference:
    """A task's reference, with a target that somebody tells."""
    return Reference(target, reference_size(task.as_json().get("expect", {})), seeded=seeded)


def find_reference(domain: Domain, task: Task, seed: int, world: type, new_backend: Callable[[], Any]) -> Reference:
    """A task's reference, played once: for all seeds together, unless it asked for ids or random numbers.

    Args:
        domain: the task's.
        task: the task.
        seed: of the episode.
        world: the kind of backend; another kind may lead elsewhere.
        new_backend: makes a backend that stands at the episode's initial state.
    """
    found = known_reference(domain, task, seed, world)
    if found is None:
        backend = new_backend()
        found = _play(domain, task.as_json().get("expect", {}), backend)
        found = know_reference(domain, task, seed, world, replace(found, seeded=True) if backend.seeded else found)
    return found


def known_reference(domain: Domain, task: Task, seed: int, world: type) -> Reference | None:
    """A task's reference, where it is known already."""
    known: Mapping[Any, Reference] = _KNOWN.get(domain, {})
    return known.get((task.digest, world)) or known.get((task.digest, world, seed))


def know_reference(domain: Domain, task: Task, seed: int, world: type, found: Reference) -> Reference:
    """Remember a task's reference."""
    known = _KNOWN.setdefault(domain, Recent(100_000))
    known[(task.digest, world, seed) if found.seeded else (task.digest, world)] = found
    return found


def _play(domain: Domain, expect: dict[str, Any], backend: Any) -> Reference:
    """Find the target on a fresh backend, which is used up."""
    size = reference_size(expect)
    wanted = expect.get("state", {})
    mode = wanted.get("mode", "replay")
    if mode == "hash":
        return Reference(Target(hash=wanted["value"]), size)
    if mode == "literal":
        return Reference(Target(hash=backend.merged_hash(wanted["value"])), size)
    problems = []
    for number, action in enumerate(expect.get("actions", ())):
        if "say" in action:
            continue
        name, arguments = action["name"], action.get("args", {})
        problem = "no such tool" if name not in domain.tools else domain.validators[name](arguments)
        if problem is None:
            try:
                backend.call(name, arguments, action.get("requestor", "assistant"))
            except ToolError as error:
                # A refusal may rest on what a call was refused: a look-up that finds nothing.
                problem = None if expect.get("refuse") else f"{error.code}: {error.message}"
        if problem is not None:
            problems.append(f"/expect/actions/{number}: {name} answers {problem}")
    return Reference(Target(hash=backend.digest(), patch=backend.net_patch()), size, tuple(problems))
