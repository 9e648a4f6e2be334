"""Conditions that are plainly constant, or plainly exclude each other. Where that is not plain, nothing is said."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ccgym.domain.rules.conditions import Condition, environment

_ATOM = re.compile(r"(?P<left>.+?)\s*(?P<op>==|!=|<=|>=|<|>|\bin\b)\s*(?P<right>[^=<>!]+)", re.S)
_LITERAL = re.compile(r"""(?:(['"])(?P<text>[^'"\\]*)\1|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>true|false))""")
_STRING = re.compile(r"""(['"])(?:\\.|(?!\1).)*\1""", re.S)
_PATH = re.compile(r"[\w.\[\]()'\", -]+")
_READS = re.compile(r"\b(?:args|result|row|has_row|now)\b")


def constant(condition: Condition) -> bool | None:
    """The value of a condition that reads nothing; None for all others."""
    if _READS.search(_STRING.sub("''", condition.text)):
        return None
    try:
        value = environment().compile(condition.text).eval(data={}).value()
    except Exception:  # the library's own kinds of error: then it is no constant
        return None
    return value if isinstance(value, bool) else None


@dataclass
class _Values:
    """What conditions leave of one expression's values."""

    allowed: set[Any] | None = None
    refused: set[Any] = field(default_factory=set)
    low: float = float("-inf")
    high: float = float("inf")
    open_low: bool = False
    open_high: bool = False

    def add(self, op: str, values: set[Any]) -> None:
        if op in ("==", "in"):
            self.allowed = values if self.allowed is None else self.allowed & values
        elif op == "!=":
            self.refused |= values
        else:
            number = next(iter(values))
            if op[0] == ">" and (number > self.low or (number == self.low and op == ">")):
                self.low, self.open_low = number, op == ">"
            elif op[0] == "<" and (number < self.high or (number == self.high and op == "<")):
                self.high, self.open_high = number, op == "<"

    def empty(self) -> bool:
        if self.allowed is not None:
            return not any(self._within(value) for value in self.allowed - self.refused)
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))

    def _within(self, value: tuple[str, Any]) -> bool:
        if value[0] != "number":
            return True
        above = value[1] > self.low or (value[1] == self.low and not self.open_low)
        return above and (value[1] < self.high or (value[1] == self.high and not self.open_high))


def clash(conditions: list[str]) -> str | None:
    """Why conditions cannot all hold, in a few words; None where they can, or where that is not plain."""
    found: dict[str, _Values] = {}
    written: dict[str, list[str]] = {}
    for text in conditions:
        for part in _conjuncts(text):
            atom = _atom(part)
            if atom is None:
                continue
            left, op, values = atom
            held = found.setdefault(left, _Values())
            held.add(op, values)
            written.setdefault(left, []).append(" ".join(part.split()))
            if held.empty():
                return " and ".join(dict.fromkeys(written[left]))
    return None


def _conjuncts(text: str) -> list[str]:
    """The parts of a condition that all must hold, cut at `&&` outside of brackets; none where there is a choice."""
    plain = _STRING.sub(lambda match: "_" * len(match.group()), text)
    cuts, depth, start = [], 0, 0
    for index, mark in enumerate(plain):
        depth += (mark in "([{") - (mark in ")]}")
        if depth == 0 and plain.startswith(("||", "?"), index):
            return []
        if depth == 0 and plain.startswith("&&", index):
            cuts.append(text[start:index])
            start = index + 2
    cuts.append(text[start:])
    parts = [part.strip() for part in cuts]
    inner = [part[1:-1] if part.startswith("(") and part.endswith(")") and _closed(part) else None for part in parts]
    return [one for part, body in zip(parts, inner, strict=True) for one in (_conjuncts(body) if body else [part])]


def _closed(part: str) -> bool:
    """Whether the first bracket of a part closes at its end."""
    depth = 0
    for index, mark in enumerate(_STRING.sub(lambda match: "_" * len(match.group()), part)):
        depth += (mark == "(") - (mark == ")")
        if depth == 0:
            return index == len(part) - 1
    return False


def _atom(part: str) -> tuple[str, str, set[Any]] | None:
    """`expression operator literal` as its three parts; a bare expression is true, and `!expression` false."""
    match = _ATOM.fullmatch(part)
    if match is None:
        negated = part.startswith("!")
        left = part[1:].strip() if negated else part
        return (_key(left), "==", {("word", not negated)}) if _PATH.fullmatch(left) and "(" in left else None
    left, op, right = match["left"], match["op"], match["right"].strip()
    if not _PATH.fullmatch(left):
        return None
    if op == "in":
        items = right[1:-1].split(",") if right.startswith("[") and right.endswith("]") else []
        values = {value for item in items if (value := _literal(item.strip())) is not None}
        return (_key(left), op, values) if items and len(values) == len(items) else None
    value = _literal(right)
    if value is None:
        return None
    if op in ("==", "!="):
        return _key(left), op, {value}
    return (_key(left), op, {value[1]}) if value[0] == "number" else None


def _key(left: str) -> str:
    return re.sub(r"\s+", "", left).replace('"', "'")


def _literal(text: str) -> tuple[str, Any] | None:
    match = _LITERAL.fullmatch(text)
    if match is None:
        return None
    if match["number"] is not None:
        return "number", float(match["number"])
    return ("word", match["word"] == "true") if match["word"] else ("text", match["text"])
