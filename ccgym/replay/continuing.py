"""The oracle from the middle of an episode: it does what is left of the task's reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ccgym import jsontext
from ccgym.renaming import shown_name
from ccgym.rollouts.scripted import ASK, CLOSING, language_of, last_words
from ccgym.turns import fold, render_call
from ccgym.types import LOST, Episode, Request, ToolEvent, Turn
from ccgym.users.acts import words_for

WAYS = ("rest", "after", "again")
"""What counts as done: `rest`, whatever of the reference has happened word for word; `after`, beside it all that should
have been said before; `again`, only what changed something, and all else is played once more."""
Action = Mapping[str, Any]


class Continuation:
    """A policy that plays what is left of a task's reference, from wherever it is first asked for a turn.

    A call whose answer a fault took is made again; a customer who has not done what the reference expects of him is
    asked for it. What an earlier mistake has broken it does not mend: it knows the reference and nothing else.

    Args:
        way: one of `WAYS`.
    """

    name = "oracle"

    def __init__(self, way: str = "rest") -> None:
        self.way = way
        self._plans: dict[int, list[Action]] = {}

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """The next turn of each plan."""
        return [Turn(self._line(request)) for request in requests]

    def close(self, key: int) -> None:
        """Forget an episode's plan."""
        self._plans.pop(key, None)

    def _line(self, request: Request) -> str:
        env = request.env
        episode: Episode = env.episode
        plan = self._plans.get(request.key)
        if plan is None:
            plan = self._plans[request.key] = remaining(episode, self.way)
        elif (lost := lost_call(episode, env.domain.tools)) is not None:
            return render_call(shown_name(episode, lost.name), lost.arguments)
        language = language_of(episode.task, env.domain.language)
        while plan:
            action = plan.pop(0)
            if "say" in action:
                return str(action["say"])
            name, args = action["name"], action.get("args", {})
            if action.get("requestor") != "user":
                return render_call(shown_name(episode, name), args)
            words = words_for(episode.task.get("user", {}).get("sim", {}), name, args)
            if words is not None and not _customer_did(episode, name, args, action["nth"]):
                return ASK[language].format(words)
        return last_words(episode.task, [text for _, text in episode.replies], language) or CLOSING[language]


def remaining(episode: Episode, way: str = "rest") -> list[Action]:
    """The actions of a task's reference that an episode has not come to yet.

    Args:
        episode: as far as it has been played.
        way: one of `WAYS`.
    """
    expect = episode.task.get("expect", {})
    refuses = bool(expect.get("refuse"))
    had: dict[Any, int] = {}
    key: Any
    for event in episode.of(ToolEvent):
        if event.requestor == "user" or (event.step > 0 and _counts(event, refuses, way)):
            key = _key({"name": event.name, "args": event.arguments, "requestor": event.requestor})
            had[key] = had.get(key, 0) + 1
    for _, text in episode.replies if way != "again" else ():
        key = fold(text)
        had[key] = had.get(key, 0) + 1
    actions, done, nth = [], [], dict[Any, int]()
    for action in expect.get("actions", ()):
        key = fold(action["say"]) if "say" in action else _key(action)
        nth[key] = nth.get(key, 0) + 1
        actions.append({**action, "nth": nth[key]})
        done.append(nth[key] <= had.get(key, 0))
    last = max((i for i, is_done in enumerate(done) if is_done), default=-1) if way == "after" else -1
    return [
        action for i, action in enumerate(actions)
        if not done[i] and not (i < last and "say" in action)
    ]  # fmt: skip


def lost_call(episode: Episode, tools: Mapping[str, Any]) -> ToolEvent | None:
    """The agent's last call, where a fault took its answer and it is to be made again."""
    last = next((e for e in reversed(episode.events) if type(e) is ToolEvent and e.requestor == "assistant"), None)
    if last is None or last.step != episode.steps or last.fault not in LOST:
        return None
    return last if last.fault != "late" or tools[last.name].idempotent else None


def _counts(event: ToolEvent, refuses: bool, way: str) -> bool:
    """Whether a call of the agent's need not be made again."""
    if event.fault == "late":
        return True
    if event.error is not None:
        return refuses and event.fault not in LOST and way != "again"
    return way != "again" or event.effect == "write"


def _key(action: Action) -> tuple[str, bytes, str]:
    return action["name"], jsontext.canonical(action.get("args", {})), action.get("requestor") or "assistant"


def _customer_did(episode: Episode, name: str, args: dict[str, Any], nth: int) -> bool:
    """Whether the customer has made a call so many times."""
    calls = (event for event in episode.of(ToolEvent) if event.requestor == "user")
    return sum(event.name == name and event.arguments == args for event in calls) >= nth
