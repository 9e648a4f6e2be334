"""Other names for tools: what the agent reads and writes against what the domain calls them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ccgym.types import Begin, Episode, ToolEvent

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_PLAIN_WORD = re.compile(r"[a-z]+")
_PROSE = frozenset(("description", "title", "$comment"))
"""Keys of a JSON Schema that hold prose."""


class Renaming:
    """Tools' own names and the names that the agent knows them by.

    Args:
        names: own name to shown name.
    """

    __slots__ = ("_pattern", "names")

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = dict(names)
        # A name that is a plain word, such as `transfer`, is a word of the prose as often as it is a name.
        ways = [
            rf"`{re.escape(name)}`" if _PLAIN_WORD.fullmatch(name) else rf"(?<![\w-]){re.escape(name)}(?![\w-])"
            for name in sorted(self.names, key=len, reverse=True)
        ]
        self._pattern = re.compile("|".join(ways)) if ways else None

    def shown(self, name: str) -> str:
        """The name that the agent knows a tool by; a name that no tool has stays as it is."""
        return self.names.get(name, name)

    def text(self, text: str) -> str:
        """Prose with the tools' names as the agent knows them."""
        return text if self._pattern is None else self._pattern.sub(self._swap, text)

    def _swap(self, match: re.Match[str]) -> str:
        found = match.group()
        return f"`{self.names[found[1:-1]]}`" if found.startswith("`") else self.names[found]

    def value(self, value: Any) -> Any:
        """A JSON value whose texts are as the agent reads them."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def schema(self, schema: Any) -> Any:
        """A JSON Schema whose descriptions are as the agent reads them; what it accepts is the same."""
        if isinstance(schema, dict):
            return {
                key: self.text(item) if key in _PROSE and isinstance(item, str) else self.schema(item)
                for key, item in schema.items()
            }
        return [self.schema(item) for item in schema] if isinstance(schema, list) else schema

    def answer(self, event: ToolEvent) -> ToolEvent:
        """A call's answer as the agent reads it. What is said of a name that no tool has stays as it is."""
        if event.error is not None and event.error["code"] == "unknown_tool":
            return event
        return msgspec.structs.replace(
            event, name=self.shown(event.name), result=self.value(event.result), error=self.value(event.error)
        )


def renaming_of(episode: Episode) -> Renaming | None:
    """The names that an episode's agent knew its tools by; None where they are the domain's own."""
    first = episode.events[0] if episode.events else None
    if type(first) is not Begin:
        return None
    found = episode.__dict__.get("_renaming")
    if found is None:
        names = (first.options.get("perturb") or {}).get("names")
        if not names:
            return None
        found = episode.__dict__["_renaming"] = Renaming(names)
    return found


def shown_name(episode: Episode, name: str) -> str:
    """The name that an episode's agent knows a tool by."""
    names = renaming_of(episode)
    return name if names is None else names.shown(name)


def scramble(names: Iterable[str], rng: random.Random) -> dict[str, str]:
    """A name without meaning for each name: as long as it, in the same parts, so that no length tells them apart."""
    names = list(names)
    taken, made = set(names), {}
    for name in names:
        other = _syllables(name, rng)
        for _ in range(100):
            if other not in taken:
                break
            other = _syllables(name, rng)
        while other in taken:  # a short name, and all of its length are taken
            other += rng.choice(_CONSONANTS)
        taken.add(other)
        made[name] = other
    return made


def _syllables(name: str, rng: random.Random) -> str:
    made, place = [], 0
    for char in name:
        if not char.isalpha():
            made.append(char)
            place = 0
            continue
        letter = rng.choice(_VOWELS if place % 2 else _CONSONANTS)
        made.append(letter.upper() if char.isupper() else letter)
        place += 1
    return "".join(made)
