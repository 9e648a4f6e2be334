"""What is said in a reference: whether the customer understands it, and whether the agent could know what it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ccgym import jsontext
from ccgym.domain import Domain, Task
from ccgym.domain.domain import SCRIPTED
from ccgym.domain.findings import Findings, pointer
from ccgym.domain.models import Say
from ccgym.turns import fold
from ccgym.types import Episode, Message, ToolEvent, UserEvent
from ccgym.users.words import LINES

_ID = re.compile(r"(?=[^\s]*\d)[^\s]{3,80}")
"""What one cannot make up: a word with a digit."""
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?|\d{1,2}:\d{2}(?::\d{2})?")
_PLAIN = re.compile(r"[\W_]+")
_GIVEN = ("enum", "const", "default")


def look_at_talk(domain: Domain, task: Task, place: str, episode: Episode, findings: Findings) -> None:
    """Findings about the lines of an episode that plays a task's reference."""
    _lost(domain, task, place, episode, findings)
    _untold(domain, task, place, episode, findings)


def _own(task: Task) -> list[int]:
    """Numbers of the actions that are turns of the agent's."""
    return [i for i, a in enumerate(task.expect.actions) if isinstance(a, Say) or a.requestor == "assistant"]


def _lost(domain: Domain, task: Task, place: str, episode: Episode, findings: Findings) -> None:
    """Replies that a scripted customer does not follow."""
    sim = task.user.sim
    if sim.kind not in SCRIPTED:
        return
    extra = sim.model_extra or {}
    language = extra.get("language", domain.language)
    given = extra.get("lines")
    again = (given if isinstance(given, dict) else {}).get("again") or LINES.get(language, LINES["en"])["again"]
    turns = _own(task)
    for event in episode.of(UserEvent):
        if event.step > 0 and event.content.startswith(again) and not event.done and event.step <= len(turns):
            at = turns[event.step - 1]
            findings.add("customer-lost", f"{place} /expect/actions/{at}", f"the customer answers '{again}'",
                         "Add its words to `asks` or `confirm_words`, or the fact to known or unknown")  # fmt: skip
            return


def _untold(domain: Domain, task: Task, place: str, episode: Episode, findings: Findings) -> None:
    """Ids in calls that nobody has told the agent by then."""
    heard = [domain.sop]
    turns, told = _own(task), set()
    for event in episode:
        kind = type(event)
        if kind is UserEvent or (kind is Message and event.role != "assistant" and event.step == 0):
            heard.append(event.content if kind is UserEvent or event.role != "system" else "")
        if kind is not ToolEvent or event.step == 0:
            continue
        if event.requestor == "assistant" and event.step <= len(turns):
            for path, value in _ids(event.arguments, ()):
                if value in told or _DATE.fullmatch(value) or _known(value, heard, domain, event.name):
                    continue
                told.add(value)
                findings.add("untold-argument",
                             f"{place} /expect/actions/{turns[event.step - 1]}/args{pointer(path)}",
                             f"'{value}' is nowhere before: neither the customer nor a tool has told it",
                             _how(task, value))  # fmt: skip
        heard.append(jsontext.dumps(event.result if event.error is None else event.error))


def _how(task: Task, value: str) -> str:
    fact = next((name for name, known in task.user.known.items() if _plain(str(known)) == _plain(value)), None)
    if fact is not None:
        return f"The customer knows it as '{fact[:40]}': let the reference ask first"
    return "Let the customer say it, or a tool answer it, before the call"


def _ids(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        if _ID.fullmatch(value):
            yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _ids(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _ids(item, (*path, index))


def _plain(text: str) -> str:
    return _PLAIN.sub("", fold(text))


def _known(value: str, heard: list[str], domain: Domain, tool: str) -> bool:
    if any(value in text for text in heard):
        return True
    plain = _plain(value)
    if any(plain in _plain(text) for text in heard):
        return True
    return plain in map(_plain, _given(domain.tools[tool].parameters))


def _given(schema: Any) -> Iterator[str]:
    """Values that a schema itself names."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key in _GIVEN:
                yield from (str(item) for item in (value if isinstance(value, list) else [value]))
            else:
                yield from _given(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from _given(item)
