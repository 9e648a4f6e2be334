"""What a CEL expression reads: look-ups are cut out of its text, so that they are made once, before CEL begins.

Entering CEL is cheap, and walking Python's objects from inside of it is not: `row('orders', args.order_id).status` is
twice as fast where the status is looked up here and given to CEL as a variable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
    of: Lookup | None = None
    """What holds the key, where that is read of another row."""

    def chain(self) -> Iterator[Lookup]:
        """This look-up, after those that its key comes from."""
        if self.of is not None:
            yield from self.of.chain()
        yield self

    def __str__(self) -> str:
        if self.function in FIELDS:
            return self.function + "".join(map(_selected, (self.key, *self.path)))
        key = (
            str(self.of)
            if self.of is not None
            else "args" + _selected(self.key)
            if self.from_argument
            else repr(self.key)
        )
        return f"{self.function}({self.table!r}, {key})" + "".join(map(_selected, self.path))


def _selected(name: str) -> str:
    return f".{name}" if name.isidentifier() and name.isascii() else f"[{name!r}]"


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
            if text in ("row", "has_row"):
                found, end = _row(solid, i)
                calls_back = calls_back or found is None
            elif text == "now" and [token.text for token in solid[i + 1 : i + 3]] == ["(", ")"]:
                parts += [*_joined(pending), None]
                pending, i = [], i + 3
                continue
            elif text in FIELDS and not _asked(solid, i):
                path, end = select(solid, i + 1)
                found = Lookup(text, "", path[0], True, path[1:]) if path else None
        if found is None:
            pending.append(text)
            i += 1
            continue
        if found.function == "row" and not _asked(solid, i):
            path, end = select(solid, end)
            found = found._replace(path=path)
        parts += [*_joined(pending), found]
        pending, i = [], end
    return [*parts, *_joined(pending)], calls_back


def _joined(words: list[str]) -> list[str]:
    return [" ".join(words)] if words else []


def _asked(solid: list[Token], i: int) -> bool:
    """Whether `has(` stands before: then a field may be missing, which is for CEL to say."""
    return i > 1 and solid[i - 1].text == "(" and solid[i - 2].text == "has"


def select(solid: list[Token], i: int) -> tuple[tuple[str, ...], int]:
    """The fields that are selected from here on, as far as no method is called; and the token after."""
    path: list[str] = []
    while i + 1 < len(solid):
        after = solid[i + 2].text if i + 2 < len(solid) else ""
        if solid[i].text == "." and solid[i + 1].kind == "name" and after != "(":
            path.append(solid[i + 1].text)
            i += 2
        elif solid[i].text == "[" and after == "]" and (name := literal(solid[i + 1].text)) is not None:
            path.append(name)
            i += 3
        else:
            break
    return tuple(path), i


def _row(solid: list[Token], start: int) -> tuple[Lookup | None, int]:
    """`row('table', KEY)` and the token after, where KEY is a text, an argument, or read of another row."""
    words = [token.text for token in solid[start : start + 5]]
    table = literal(words[2]) if len(words) == 5 and words[1] == "(" and words[3] == "," else None
    if table is None:
        return None, start + 1
    found = Lookup(words[0], table, "", False)
    i = start + 4
    if (key := literal(words[4])) is not None:
        found, i = found._replace(key=key), i + 1
    elif words[4] == "args":
        path, i = select(solid, i + 1)
        if len(path) != 1:
            return None, start + 1
        found = found._replace(key=path[0], from_argument=True)
    elif words[4] == "row":
        of, i = _row(solid, i)
        if of is None:
            return None, start + 1
        path, i = select(solid, i)
        found = found._replace(of=of._replace(path=path))
    else:
        return None, start + 1
    if i < len(solid) and solid[i].text == ")":
        return found, i + 1
    return None, start + 1
