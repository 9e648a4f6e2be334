"""What a scripted customer does with tools of his own: when the agent asks for it, and how he tells what came of it.

`acts` of `user.sim` maps a name to `{asked, call, args, tell, failed}`, or to `{asked, refuses}`.
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
_HOLE = re.compile(r"\{(/(?:result|error|args)(?:/[^{}]*)?)\}")


class Act(NamedTuple):
    """One thing that a customer does, or refuses to do, when he is asked."""

    asked: tuple[str, ...]
    call: str
    args: dict[str, Any]
    tell: str
    failed: str
    refuses: str

    def line(self, made: CustomerCall) -> str:
        """What the customer tells of the call."""
        roots = {"args": made.arguments, "error": made.error, "result": made.result}
        return _HOLE.sub(lambda hole: _told(roots, hole.group(1)), self.tell if made.error is None else self.failed)


def read_acts(sim: dict[str, Any], language: str) -> list[Act]:
    """The acts of a customer who speaks a language of `TELL`."""
    return [
        Act(
            tuple(map(fold, act["asked"])), act.get("call", name), act.get("args", {}), act.get("tell", TELL[language]),
            act.get("failed", FAILED[language]), act.get("refuses", ""),
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


def _told(roots: dict[str, Any], pointer: str) -> str:
    value: Any = roots
    for segment in pointer[1:].split("/"):
        segment = segment.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(segment)
        elif isinstance(value, list) and segment.isdigit() and int(segment) < len(value):
            value = value[int(segment)]
        else:
            value = None
    return value if isinstance(value, str) else "" if value is None else jsontext.dumps(value)
