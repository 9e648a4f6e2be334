"""What a scripted customer does with tools of his own: when the agent asks for it, and how he tells what came of it.

`acts` of `user.sim` maps a name to `{asked, call, args, tell, failed}`, or to `{asked, refuses}`. What fills a hole is
read out as people read a screen: `mobile data: no, signal: 5G`, not JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ccgym import jsontext
from ccgym.turns import fold
from ccgym.types import CustomerCall

TELL = {"en": "Done: {/result}", "vi": "Xong rồi ạ: {/result}"}
FAILED = {"en": "It did not work: {/error/message}", "vi": "Không được ạ: {/error/message}"}
YES_NO_NONE = {"en": ("yes", "no", "nothing"), "vi": ("có", "không", "không có gì")}
_HOLE = re.compile(r"\{(/(?:result|error|args)(?:/[^{}]*)?)\}")


class Act(NamedTuple):
    """One thing that a customer does, or refuses to do, when he is asked."""

    asked: tuple[str, ...]
    call: str
    args: dict[str, Any]
    tell: str
    failed: str
    refuses: str
    language: str

    def line(self, made: CustomerCall) -> str:
        """What the customer tells of the call."""
        roots = {"args": made.arguments, "error": made.error, "result": made.result}
        words = YES_NO_NONE[self.language]
        line = self.tell if made.error is None else self.failed
        return _HOLE.sub(lambda hole: _spoken(_at(roots, hole.group(1)), words), line)


def read_acts(sim: dict[str, Any], language: str) -> list[Act]:
    """The acts of a customer who speaks a language of `TELL`."""
    return [
        Act(
            tuple(map(fold, act["asked"])), act.get("call", name), act.get("args", {}), act.get("tell", TELL[language]),
            act.get("failed", FAILED[language]), act.get("refuses", ""), language,
        )
        for name, act in sim.get("acts", {}).items()
    ]  # fmt: skip


def asked_for(acts: Sequence[Act], text: str) -> list[Act]:
    """The acts that a folded reply asks for, in the order in which it does.

    Words that stand inside longer words of another act ask for that one alone: "data" in "data saver".
    """
    spans = [(start, start + len(word), act) for act in acts for word in act.asked for start in _places(word, text)]
    asked: dict[int, Act] = {}
    for start, end, act in sorted(spans, key=lambda span: span[0]):
        if not any(s <= start and end <= e and e - s > end - start and other is not act for s, e, other in spans):
            asked.setdefault(id(act), act)
    return list(asked.values())


def _places(word: str, text: str) -> Iterator[int]:
    place = text.find(word)
    while place >= 0:
        yield place
        place = text.find(word, place + 1)


def words_for(sim: dict[str, Any], call: str, args: dict[str, Any]) -> str | None:
    """Words that make a customer call a tool with these arguments; None: no words do."""
    for name, act in sim.get("acts", {}).items():
        if act.get("call", name) == call and act.get("args", {}) == args and act["asked"] and not act.get("refuses"):
            return act["asked"][0]
    return None


def _at(roots: dict[str, Any], pointer: str) -> Any:
    """What a JSON pointer leads to; an empty text where that is nothing."""
    value: Any = roots
    for segment in pointer[1:].split("/"):
        segment = segment.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and segment in value:
            value = value[segment]
        elif isinstance(value, list) and segment.isdigit() and int(segment) < len(value):
            value = value[int(segment)]
        else:
            return ""
    return value


def _spoken(value: Any, words: tuple[str, str, str]) -> str:
    """A value as it is read out: fields with their names, lists in a row."""
    if isinstance(value, str):
        return value
    yes, no, nothing = words
    if isinstance(value, bool):
        return yes if value else no
    if value is None or value == [] or value == {}:
        return nothing
    if isinstance(value, dict):
        return ", ".join(f"{key.replace('_', ' ')}: {_spoken(item, words)}" for key, item in value.items())
    if isinstance(value, list):
        return ("; " if isinstance(value[0], dict) else ", ").join(_spoken(item, words) for item in value)
    return jsontext.dumps(value)
