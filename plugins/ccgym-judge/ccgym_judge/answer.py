"""Reading what the model answered: strictly, or not at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from ccgym import jsontext

_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)


class Malformed(Exception):
    """The answer is no verdict."""


class Answer(NamedTuple):
    """What was answered to one question."""

    yes: bool
    reason: str
    events: tuple[int, ...]


def content_of(answer: dict[str, Any]) -> str:
    """The text of a server's answer. Raises Malformed where there is none, or it was cut off."""
    try:
        choice = answer["choices"][0]
        content = choice["message"].get("content") or ""
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Malformed(f"{type(error).__name__}: {error}") from None
    if not isinstance(content, str):
        raise Malformed("content that is no text")
    if choice.get("finish_reason") == "length":
        raise Malformed("it does not end")
    return content.encode("utf-8", "replace").decode()


def read_answers(text: str, case: str, names: Iterable[str], events: Iterable[int]) -> dict[str, Answer]:
    """The answers in a model's text: one JSON object that names the case and answers every question, and nothing else.

    Args:
        text: what the model wrote. A thought before it, or a fence of code around all of it, is taken off.
        case: what the answer has to name.
        names: of the questions.
        events: those that may be cited; others are left out.

    Raises:
        Malformed: anything else.
    """
    text = _THOUGHT.sub("", text)
    if fenced := _FENCE.match(text):
        text = fenced[1]
    try:
        value = jsontext.parse(text.strip())
    except jsontext.JsonError as error:
        raise Malformed(f"no JSON: {error}") from None
    if not isinstance(value, dict) or value.keys() != {"case", "answers"}:
        raise Malformed("it is no object of case and answers")
    if value["case"] != case:
        raise Malformed("it names another case")
    answers, wanted, known = value["answers"], list(names), set(events)
    if not isinstance(answers, dict) or answers.keys() != set(wanted):
        raise Malformed("it does not answer each question once")
    return {name: _answer(name, answers[name], known) for name in wanted}


def _answer(name: str, value: Any, known: set[int]) -> Answer:
    if not isinstance(value, dict) or not value.keys() <= {"reason", "events", "yes"}:
        raise Malformed(f"its answer to {name!r} is no object of reason, events and yes")
    yes, reason, events = value.get("yes"), value.get("reason", ""), value.get("events", [])
    if not isinstance(yes, bool) or not isinstance(reason, str) or not isinstance(events, list):
        raise Malformed(f"its answer to {name!r} has no yes that is true or false, or a part of another type")
    cited = {n for n in events if isinstance(n, int) and not isinstance(n, bool) and n in known}
    return Answer(yes, " ".join(reason.split())[:300], tuple(sorted(cited)))
