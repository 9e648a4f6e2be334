"""The target of a task: what its reference leads to when played through the agent's own code path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ccgym import jsontext
from ccgym.turns import render_call
from ccgym.types import Target

Play = Callable[[str, dict[str, Any], str], dict[str, str] | None]
"""Runs one call (name, arguments, requestor) and returns its error, or None."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Target of a task, size of its reference, and what failed while playing it."""

    target: Target | None
    size: dict[str, int]
    """`turns`, `calls` and `chars` of the agent in the reference."""
    problems: tuple[str, ...] = ()


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


def play_reference(expect: dict[str, Any], backend: Any, play: Play) -> Reference:
    """Find the target on a backend that stands at the episode's initial state. The backend is used up.

    Args:
        expect: the task's `expect` as JSON.
        backend: a fresh backend after the task's `init`.
        play: runs one call through the agent's own code path.
    """
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
        error = play(action["name"], action.get("args", {}), action.get("requestor", "assistant"))
        if error is not None:
            problems.append(f"/expect/actions/{number}: {action['name']} answers {error['code']}: {error['message']}")
    return Reference(Target(hash=backend.digest(), patch=backend.net_patch()), size, tuple(problems))
