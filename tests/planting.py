"""Episodes with exactly one mistake at a known step: a reference that is played with one wrong turn in it.

That the turn is a mistake is known without asking what it costs: it breaks a rule, ends the talk before its time, or
changes what the reference never touches. What comes after it is the rest of the reference.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ccgym.env import CcgymEnv
from ccgym.rollouts.scripted import REFUSAL
from ccgym.turns import render_call
from ccgym.types import Episode, RuleEvent, StateEvent

SESSIONS = ("/tables/session",)
"""What first-party domains leave out of the hash: who was verified."""


class Planted(NamedTuple):
    episode: Episode
    step: int
    """The step of the wrong turn."""
    kind: str


def plant(env: CcgymEnv, task: Mapping[str, Any], rng: random.Random) -> Planted | None:
    """Play a task's reference with one mistake at a random place; None where the task gives no occasion for it."""
    actions = [*task["expect"].get("actions", ())]
    turns = [i for i, action in enumerate(actions) if action.get("requestor") != "user"]
    kinds = list(MISTAKES)
    rng.shuffle(kinds)
    for kind in kinds:
        wrong = list(MISTAKES[kind](env, actions, rng))
        rng.shuffle(wrong)
        for place, text, takes_the_place in wrong[:6]:
            number = turns[place] if place < len(turns) else len(actions)
            rest = actions[number + 1 :] if takes_the_place else actions[number:]
            episode, step = _play(env, task, actions[:number], text, rest, rng)
            if step is not None and _is_a_mistake(episode, step, kind) and episode.rewards["correctness"] == 0:
                return Planted(episode, step, kind)
    return None


def _play(
    env: CcgymEnv, task: Any, before: Any, wrong: str, rest: Any, rng: random.Random
) -> tuple[Episode, int | None]:  # fmt: skip
    """The episode, and the step of the wrong turn; None where the talk ended before it. A read more does no harm."""
    env.reset(options={"task": dict(task), "seed": 7})
    made = 0
    over = False

    def act(action: Any) -> bool:
        nonlocal made
        if action.get("requestor") == "user":
            calls = [e for e in env.episode.events if getattr(e, "requestor", "") == "user"]
            if len(calls) <= made:
                env.user_call(action["name"], dict(action.get("args") or {}))
            made += 1
            return False
        text = action["say"] if "say" in action else render_call(action["name"], action.get("args") or {})
        return any(env.step(text)[2:4])

    for action in before:
        over = over or act(action)
    reads = [a for a in before if "name" in a and env.domain.tools[a["name"]].effect == "read" and "requestor" not in a]
    needed = len(before) + len(rest) + 4
    spare = bool(reads) and rng.random() < 0.5 and needed <= env.domain.spec.limits.max_steps
    if spare and not over:
        over = act(rng.choice(reads))
    if over:
        return env.episode, None
    over = any(env.step(wrong)[2:4])
    step = env.episode.steps
    if spare and not over:
        over = act(rng.choice(reads))
    for action in rest:
        over = over or act(action)
    words = ", ".join(task["expect"].get("say", ())) or "OK"
    while not over:
        over = any(env.step(f"{words}.")[2:4])
    return env.episode, step


def _is_a_mistake(episode: Episode, step: int, kind: str) -> bool:
    here = [event for event in episode.events if event.step == step]
    if kind in ("refusal", "hand over"):
        return episode.steps == step
    if any(type(event) is RuleEvent and event.verdict == "violated" and event.cause for event in here):
        return True
    target = episode.begin.target
    meant = {op["path"].rsplit("/", 1)[0] for op in (target.patch if target else None) or ()}
    changed = [op["path"] for event in here if type(event) is StateEvent for op in event.patch or ()]
    rows = {"/".join(path.split("/")[:4]) for path in changed if not path.startswith(SESSIONS)}
    return bool(rows) and not any(path.startswith(row) for row in rows for path in meant)


# --- mistakes: (place among the agent's turns, the wrong turn, whether it takes the right one's place) ---------------


Wrong = Iterator[tuple[int, str, bool]]


def _own(actions: list[Any]) -> list[Any]:
    return [action for action in actions if action.get("requestor") != "user"]


def _writes(env: CcgymEnv, actions: list[Any]) -> list[tuple[int, Any]]:
    return [
        (place, action) for place, action in enumerate(_own(actions))
        if "name" in action and env.domain.tools[action["name"]].effect == "write"
    ]  # fmt: skip


def _unverified(env: CcgymEnv, actions: list[Any], rng: random.Random) -> Wrong:
    """A write before the customer has shown who he is."""
    for place, action in _writes(env, actions)[1:]:
        for earlier in range(place):
            yield earlier, render_call(action["name"], action.get("args") or {}), False


def _wrong_arguments(env: CcgymEnv, actions: list[Any], rng: random.Random) -> Wrong:
    """The right write with an argument of another task's."""
    values: dict[str, set[Any]] = {}
    for other in env.domain.tasks.values():
        for action in other.as_json()["expect"].get("actions", ()):
            for name, value in (action.get("args") or {}).items():
                if isinstance(value, str | int):
                    values.setdefault(name, set()).add(value)
    for place, action in _writes(env, actions):
        for name, value in (action.get("args") or {}).items():
            for wrong in rng.sample(pool := sorted(values.get(name, set()) - {value}, key=str), min(2, len(pool))):
                yield place, render_call(action["name"], {**action["args"], name: wrong}), True


def _refusal(env: CcgymEnv, actions: list[Any], rng: random.Random) -> Wrong:
    """A refusal, or a promise, that ends the talk."""
    for place in range(len(_own(actions))):
        yield (
            place,
            rng.choice([REFUSAL["vi"], REFUSAL["en"], "All of it has been taken care of.", "Xong rồi ạ."]),
            False,
        )


def _hand_over(env: CcgymEnv, actions: list[Any], rng: random.Random) -> Wrong:
    """The talk is given to somebody else."""
    from ccgym.rollouts.schema_values import smallest

    for tool in env.domain.tools_for(env.domain.task(next(iter(env.domain.tasks)))):
        if tool.terminal:
            for place in range(len(_own(actions))):
                yield place, render_call(tool.name, smallest(tool.parameters)), False


def _not_asked_for(env: CcgymEnv, actions: list[Any], rng: random.Random) -> Wrong:
    """A write that belongs to another task."""
    others = [
        action for task in env.domain.tasks.values() for action in task.as_json()["expect"].get("actions", ())
        if "name" in action and action.get("requestor") != "user" and action not in actions
        and env.domain.tools[action["name"]].effect == "write"
    ]  # fmt: skip
    for action in rng.sample(others, min(8, len(others))):
        yield rng.randrange(len(_own(actions))), render_call(action["name"], action.get("args") or {}), False


MISTAKES = {
    "unverified": _unverified, "arguments": _wrong_arguments, "refusal": _refusal, "hand over": _hand_over,
    "not asked for": _not_asked_for,
}  # fmt: skip
