"""What each tool does, guessed from its name, its description and its schema; and why."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ccgym.authoring.fields import Argument, members, noun_of
from ccgym.authoring.lexicon import FILLERS, NOUN_LIKE, PREPOSITIONS, VERBS, Verb
from ccgym.authoring.words import identifier, is_plural, plain, plural, singular
from ccgym.types import Effect, Tool

_UNKNOWN = Verb((), "")
_HUMAN = re.compile(
    r"\b(?:human|agent|person|representative|supervisor|operator|advisor|staff|specialist|colleague|live|manager|"
    r"nhan vien|tong dai|tu van vien|dien thoai vien|con nguoi|nguoi that|chuyen vien|cap tren|giam sat|"
    r"bo phan|chuyen gia)\b"
)
_HAND = re.compile(
    r"\b(?:transfer|hand ?off|hand ?over|hands over|hands off|escalates?|forward|connects?|route|transfers|talk to|"
    r"speak to|speak with|chuyen|chuyen tiep|ket noi|noi may|ban giao|gap)\b"
)
_END = re.compile(r"\b(?:end|finish|close|terminate|hang|ket thuc|dong) ?(?:the |cuoc |phien )?(?:up|conversation|chat|"
                  r"call|session|dialog|dialogue|hoi thoai|tro chuyen|goi|chat)\b")  # fmt: skip
_THINK = re.compile(r"^(?:think|think aloud|reflect|scratchpad|reasoning|suy nghi)$")


@dataclass
class Job:
    """A tool and what it is taken to do."""

    tool: Tool
    arguments: list[Argument]
    verb: Verb
    objects: tuple[str, ...]
    """What the name says it is about: `get_order_status` is about (order, status)."""
    role: str
    """`read, list, verify, create, update, delete, status, answer, think, terminal`."""
    why: str
    """What the effect was guessed from."""
    given: dict[str, Any] = field(default_factory=dict)
    """What the author's own `x-ccgym` says."""

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.tool.name

    @property
    def effect(self) -> Effect:
        """`read`, `write` or `think`."""
        if self.given.get("effect"):
            return self.given["effect"]
        if self.role == "think":
            return "think"
        return "read" if self.role in ("read", "list", "verify", "answer") else "write"

    @property
    def terminal(self) -> bool:
        """Whether a call ends the talk."""
        return bool(self.given.get("terminal", self.role == "terminal"))

    @property
    def playable(self) -> bool:
        """Whether the agent may call it."""
        return self.tool.requestor == "assistant"

    def argument(self, name: str) -> Argument | None:
        """An argument by name."""
        return next((item for item in self.arguments if item.name == name), None)


def survey(tool: Tool, given: dict[str, Any], hinted: bool | None) -> Job:
    """Guess what a tool does.

    Args:
        tool: as the loader reads it.
        given: its own `x-ccgym`.
        hinted: what MCP's `readOnlyHint` says, if anything.
    """
    words = [word for word in identifier(tool.name).split("_") if word]
    verb, objects = _parse(words)
    said = plain(tool.description)
    why = f"the verb '{' '.join(verb.words)}' of its name" if verb.words else ""
    role = verb.role
    if not role:
        verb_said = _described(said)
        role, why = (verb_said.role, f"its description ('{' '.join(verb_said.words)}')") if verb_said else ("", "")
        if verb_said and not verb.words:
            verb = verb_said
    arguments = members(tool.parameters, tool.parameters)
    if not verb.words and _retold(words[0], said):
        verb, role, objects = Verb((words[0],), "update"), "update", _objects(words[1:])
        why = f"its description: '{words[0]}' is what it does"
    known = bool(role)
    if not role:
        role, why = (
            ("read", "a name without a verb") if not verb.words and objects else ("update", "no word that says so")
        )
    name = " ".join(words)
    if hinted is not None and (hinted is not (role in ("read", "list", "verify"))):
        role = ("read" if role not in ("list", "verify") else role) if hinted else "update"
        why = f"its hint readOnlyHint: {str(hinted).lower()}"
    if _THINK.match(name) or (words[0] == "think" and len(arguments) <= 1):
        role, why = "think", "its name"
    elif _hands_over(name, said, arguments, role if known else ""):
        role, why = "terminal", "its name or description: it hands over to a person or ends the talk"
    elif role == "read" and (_lists(verb, objects) or _many(tool.returns)):
        role = "list"
    if role == "read" and re.search(r"\b(?:identity|danh tinh|chinh chu)\b", name):
        role = "verify"
    return Job(tool, arguments, verb, objects, role, why, given)


def _parse(words: list[str]) -> tuple[Verb, tuple[str, ...]]:
    """The verb of a name, and what else it says."""
    for start in range(len(words)):
        for count in (3, 2, 1):
            verb = VERBS.get(tuple(words[start : start + count]))
            if verb is None or start + count > len(words):
                continue
            if start and count == 1 and verb.words[0] in NOUN_LIKE and start != len(words) - 1:
                continue
            rest = words[start + count :] or words[:start]
            if not rest and count > 1 and verb.words[0] in ("dat", "doi", "tra", "mua"):
                rest = list(verb.words[1:])
            if verb.words in (("tinh", "phi"), ("bao", "gia")):
                rest = [verb.words[1], *rest]
            return verb, _objects(rest)
    return _UNKNOWN, _objects(words)


def _objects(words: list[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for position, word in enumerate(words):
        if word in PREPOSITIONS and position:
            break
        kept.append(word)
    while len(kept) > 1 and kept[0] in FILLERS:
        kept = kept[1:]
    while len(kept) > 1 and kept[-1] in FILLERS and kept[-1] not in ("tin", "moi"):
        kept = kept[:-1]
    while len(kept) > 1 and kept[-1] in ("id", "ids"):
        kept = kept[:-1]
    return tuple(word for word in kept if word not in ("a", "the", "all"))


def _described(said: str) -> Verb | None:
    """The verb that a description begins with: "Retrieves …"."""
    words = re.findall(r"[a-z]+", said)[:4]
    for start in (0, 1):
        for count in (3, 2, 1):
            part = words[start : start + count]
            if not part:
                continue
            for form in (tuple(part), (singular(part[0]), *part[1:]), (part[0].removesuffix("es"), *part[1:])):
                if form in VERBS:
                    return VERBS[form]
        if words[:1] == ["returns"]:
            return VERBS["get",]
    return None


def _retold(word: str, said: str) -> bool:
    """Whether a description begins with the name's first word, as a verb: `embargo_parcel`, "Embargoes a parcel"."""
    first = re.match(r"[a-z]+(?= \w+ \w+)", said)
    return first is not None and len(word) > 3 and first.group() in (word, plural(word), f"{word}s", f"{word}es")


def _hands_over(name: str, said: str, arguments: list[Argument], role: str) -> bool:
    if role in ("read", "list", "verify"):
        return False
    if _END.search(name) or re.search(r"\bhand ?(?:off|over)\b|\bescalate$|\bban giao\b", name):
        return not any(argument.required and noun_of(argument.name) for argument in arguments) or bool(
            re.search(r"\bhand ?(?:off|over)\b", name)
        )
    if _HAND.search(name) and _HUMAN.search(name):
        return True
    amounts = any(set(argument.words) & {"amount", "tien", "account", "khoan"} for argument in arguments)
    first = said.split(".")[0]
    return bool(_HAND.search(name)) and bool(_HAND.search(first)) and bool(_HUMAN.search(first)) and not amounts


def _lists(verb: Verb, objects: tuple[str, ...]) -> bool:
    return verb.role == "list" or bool(objects and is_plural(objects[-1]))


def _many(returns: dict[str, Any] | None) -> bool:
    return bool(returns) and (returns or {}).get("type") == "array"


__all__ = ["Job", "survey"]
