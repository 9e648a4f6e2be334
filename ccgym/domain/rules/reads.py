"""What a CEL expression reads: look-ups are cut out of its text, so that they are made once, before CEL begins.

Entering CEL is cheap, and walking Python's objects from inside of it is not: `row('orders', args.order_id).status` is
twice as fast where the status is looked up here and given to CEL as a variable.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LONG = r"""'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""""
_SHORT = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
_STRING = rf"(?:[rR]?[bB]?|[bB][rR])(?:{_LONG}|{_SHORT})"
_TOKEN = re.compile(
    rf"(?P<space>\s+|//[^\n]*)|(?P<string>{_STRING})|(?P<name>[A-Za-z_]\w*)|(?P<number>\.?\d[\w.]*)|(?P<mark>[=!<>]=|&&|\|\||.)",
    re.ASCII | re.S,
)
_PLAIN = re.compile(r"""(['"])([^'"\\\n]*)\1""")


FIELDS = ("args", "result")
"""Variables whose fields are looked up."""


class Token(NamedTuple):
    """One token of CEL."""

    kind: str
    """`space` (comments too), `string`, `name`, `number` or `mark`."""
    text: str


class Lookup(NamedTuple):
    """A value that an expression reads from a place that is known before it is evaluated."""

    function: str
    """`row`, `has_row`, `args` for an argument, or `result` for a field of what a call gave."""
    table: str
    key: str
    """Name of the argument that holds the key, or the key itself; for `args` and `result`, the field."""
    from_argument: bool
    path: tuple[str, ...] = ()
    """Fields within the row or argument."""

    def __str__(self) -> str:
        if self.function in FIELDS:
            return ".".join((self.function, self.key, *self.path))
        key = f"args.{self.key}" if self.from_argument else repr(self.key)
        return ".".join((f"{self.function}({self.table!r}, {key})", *self.path))


Part = str | Lookup | None
"""A piece of an expression: text of CEL, a look-up, or None for `now()`."""


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, spaces and comments included."""
    return [Token(m.lastgroup or "", m.group()) for m in _TOKEN.finditer(text)]


def literal(text: str) -> str | None:
    """The value of a string that is written without escapes, or None."""
    found = _PLAIN.fullmatch(text)
    return found[2] if found else None


def pieces(solid: list[Token]) -> tuple[list[Part], bool]:
    """Cut the look-ups out of an expression.

    Args:
        solid: its tokens, without spaces.

    Returns:
        The pieces, and whether a `row` or `has_row` is left in the text.
    """
    parts: list[Part] = []
    pending: list[str] = []
    calls_back, i = False, 0
    while i < len(solid):
        kind, text = solid[i]
        found: Lookup | None = None
        end = i + 1
        if kind == "name" and (i == 0 or solid[i - 1].text != "."):
            words = [token.text for token in solid[i : i + 8]]
            if text in ("row", "has_row"):
                found, end = _row(words, i)
                calls_back = calls_back or found is None
            elif text == "now" and words[1:3] == ["(", ")"]:
                parts += [*_joined(pending), None]
                pending, i = [], i + 3
                continue
            elif text in FIELDS and not _asked(solid, i):
                path, end = _path(solid, i + 1)
                found = Lookup(text, "", path[0], True, path[1:]) if path else None
        if found is None:
            pending.append(text)
            i += 1
            continue
        if found.function == "row" and not _asked(solid, i):
            path, end = _path(solid, end)
            found = found._replace(path=path)
        parts += [*_joined(pending), found]
        pending, i = [], end
    return [*parts, *_joined(pending)], calls_back


def _joined(words: list[str]) -> list[str]:
    return [" ".join(words)] if words else []


def _asked(solid: list[Token], i: int) -> bool:
    """Whether `has(` stands before: then a field may be missing, which is for CEL to say."""
    return i > 1 and solid[i - 1].text == "(" and solid[i - 2].text == "has"


def _path(solid: list[Token], i: int) -> tuple[tuple[str, ...], int]:
    """The fields that are selected from here on, as far as no method is called; and the token after."""
    path: list[str] = []
    while i + 1 < len(solid) and solid[i].text == "." and solid[i + 1].kind == "name":
        if i + 2 < len(solid) and solid[i + 2].text == "(":
            break
        path.append(solid[i + 1].text)
        i += 2
    return tuple(path), i


def _row(words: list[str], start: int) -> tuple[Lookup | None, int]:
    """`row('table', 'key')` or `row('table', args.name)`, and the token after."""
    table = literal(words[2]) if len(words) > 5 and words[1] == "(" and words[3] == "," else None
    if table is None:
        return None, start + 1
    key = literal(words[4])
    if key is not None and words[5] == ")":
        return Lookup(words[0], table, key, False), start + 6
    if words[4:6] == ["args", "."] and len(words) == 8 and words[7] == ")":
        return Lookup(words[0], table, words[6], True), start + 8
    return None, start + 1
