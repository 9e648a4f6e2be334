"""Policies that no model plays: the reference, the ways to fail that every reward must survive, and a person."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ccgym import jsontext
from ccgym.renaming import shown_name
from ccgym.rollouts.schema_values import draw, smallest
from ccgym.turns import fold, render_call
from ccgym.types import LOST, Request, ToolEvent, Turn
from ccgym.users.acts import words_for

DONE = {"en": "All done: {}.", "vi": "Đã xong: {}."}
ASK = {"en": "Please {}.", "vi": "Vui lòng {}."}
CLOSING = {"en": "OK, that is all done.", "vi": "Vâng, đã xong."}
REFUSAL = {"en": "I am sorry, I cannot help with that.", "vi": "Rất tiếc, mình không giúp được việc này."}


class Scripted:
    """A policy whose turn follows from the request alone: `line(request) -> text`. It keeps nothing."""

    def __init__(self, name: str, line: Callable[[Request], str]) -> None:
        self.name = name
        self.line = line

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """The line for each request."""
        return [Turn(self.line(request)) for request in requests]

    def close(self, key: int) -> None:
        """Nothing is kept."""


def oracle() -> Scripted:
    """Plays a task's reference: each action a turn of its own, then what is left to say, then the output.

    A customer who has not done of himself what the reference expects of him is asked for it.
    """
    return Scripted("oracle", _oracle_line)


def null() -> Scripted:
    """Says nothing at all: each turn is empty, which breaks the format, until the errors are too many."""
    return Scripted("null", lambda request: "")


def refuse() -> Scripted:
    """Tells the customer that it cannot help, whatever is asked."""
    return Scripted("refuse", lambda request: REFUSAL[_language(request)])


def spam() -> Scripted:
    """Calls every tool in every turn, with the smallest arguments that the schema accepts."""
    return Scripted("spam", _spam_line)


def echo() -> Scripted:
    """Says back to the customer what was last heard."""
    return Scripted("echo", lambda request: request.observation)


def chance() -> Scripted:
    """`random`: a random tool with random arguments that fit its schema, or now and then a random reply."""
    return Scripted("random", _random_line)


def human(read: Callable[[Request], str] | None = None) -> Human:
    """A person. `read` shows a request and returns what was typed; by default, at the terminal's prompt."""
    return Human(read or _ask_at_terminal)


class Human:
    """A person who types each turn. A line `/name {"argument": …}` is a call, `/name` one without arguments.

    The end of the input (Ctrl-D) ends the episode.
    """

    name = "human"

    def __init__(self, read: Callable[[Request], str]) -> None:
        self.read = read

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """Ask for each request in turn."""
        turns = []
        for request in requests:
            try:
                turns.append(Turn(typed(self.read(request))))
            except EOFError:
                turns.append(Turn("", error="the person left"))
        return turns

    def close(self, key: int) -> None:
        """Nothing is kept."""


def typed(text: str) -> str:
    """What a person typed, as the text of a turn: lines that begin with `/` are calls, unless they are no JSON."""
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    if not lines or not all(line.startswith("/") and len(line) > 1 for line in lines):
        return text
    calls = []
    for line in lines:
        name, _, rest = line[1:].partition(" ")
        try:
            arguments = jsontext.parse(rest) if rest.strip() else {}
        except jsontext.JsonError:
            # As it stands it is a broken call, and the environment says what is wrong with it.
            calls.append(f'<tool_call>{{"name": {jsontext.dumps(name)}, "arguments": {rest}}}</tool_call>')
        else:
            calls.append(render_call(name, arguments))
    return "".join(calls)


def _ask_at_terminal(request: Request) -> str:
    print(f"\n{request.observation}")
    return input("> ")


def language_of(task: Mapping[str, Any], default: str) -> str:
    """The language of a task's customer, or the domain's: one of those that scripted policies speak, else English."""
    language = task.get("user", {}).get("sim", {}).get("language") or default
    return language if language in DONE else "en"


def last_words(task: Mapping[str, Any], said: Iterable[str], language: str) -> str:
    """A reply with what `expect` wants and nobody said, the output, and the words that the customer waits for.

    Args:
        task: the task as JSON.
        said: the replies so far.
        language: one of `DONE`.

    Returns:
        The reply; "" where nothing is left to say.
    """
    expect, words, parts = task.get("expect", {}), fold("\n".join(said)), []
    left = [text for text in expect.get("say", ()) if fold(text) not in words]
    if left:
        parts.append(DONE[language].format(", ".join(left)))
    if expect.get("output") is not None:
        parts.append("```json\n" + jsontext.dumps(expect["output"]) + "\n```")
    return "\n".join([*parts, *_farewell(task)])


def _language(request: Request) -> str:
    return language_of(request.env.episode.task, request.env.domain.language)


def _farewell(task: Mapping[str, Any]) -> list[str]:
    """The words that the customer waits for, where a statement is not enough."""
    done = task.get("user", {}).get("sim", {}).get("done", "statement")
    return [] if done == "statement" else [done if isinstance(done, str) else done[0]]


def _oracle_line(request: Request) -> str:
    """The turn of the plan that the episode has come to. The plan is short, so it is laid out anew each time."""
    task = request.env.episode.task
    expect = task.get("expect", {})
    lost = _lost(request)
    step = request.env.episode.steps - len(lost)
    place, said = 0, []
    acted: list[ToolEvent] | None = None
    for action in expect.get("actions", ()):
        if action.get("requestor") == "user":
            name, args = action["name"], action.get("args", {})
            if acted is None:
                acted = [e for e in request.env.episode.events if type(e) is ToolEvent and e.requestor == "user"]
            made = next((event for event in acted if event.name == name and event.arguments == args), None)
            if made is not None:
                acted.remove(made)
                # Asked for in a turn of its own.
                place = max(place, made.step - sum(turn <= made.step for turn in lost))
                continue
            words = words_for(task.get("user", {}).get("sim", {}), name, args)
            if words is None:
                continue
            if place == step:
                return ASK[_language(request)].format(words)
            place += 1
            continue
        if place == step:
            if "say" in action:
                return action["say"]
            return render_call(shown_name(request.env.episode, action["name"]), action.get("args", {}))
        if "say" in action:
            said.append(action["say"])
        place += 1
    again = expect.get("output") is not None  # the last reply must give it, whatever the customer still said
    left = last_words(task, said, _language(request)) if again or place == step else "\n".join(_farewell(task))
    return left or CLOSING[_language(request)]


def _lost(request: Request) -> list[int]:
    """The turns whose answers a fault took, and that are played again: all but writes that are done and cannot be."""
    if not request.env.faults:
        return []
    return [
        event.step for event in request.env.episode.events
        if type(event) is ToolEvent and event.fault in LOST
        and (event.fault != "late" or request.env.domain.tools[event.name].idempotent)
    ]  # fmt: skip


def _spam_line(request: Request) -> str:
    calls = [render_call(tool.name, smallest(tool.parameters)) for tool in request.env.tools]
    return "".join(calls) or "…"


def _random_line(request: Request) -> str:
    rng = random.Random(request.seed)
    tools: list[Any] = request.env.tools
    if not tools or rng.random() < 0.2:
        return rng.choice(["OK.", "Could you tell me your order number?", "One moment.", "Shall I go on?", "12"])
    picked = [rng.choice(tools) for _ in range(rng.choice((1, 1, 1, 2)))]
    return "".join(render_call(tool.name, draw(tool.parameters, rng)) for tool in picked)


__all__ = [
    "Human", "Scripted", "chance", "echo", "human", "language_of", "last_words", "null", "oracle", "refuse", "spam",
    "typed",
]  # fmt: skip
