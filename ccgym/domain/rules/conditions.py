"""Conditions of rules, written in CEL: what they may say, found at load, so that judging one is bounded.

CEL has no loops and no side effects. What is left to bound: macros such as `all` repeat their body for each item of a
list, `+` makes texts longer, and a pattern that an agent writes can take minutes. So macros are not nested, no `+` is
inside one, patterns are literals, and where there is a macro or a `+` at all, what is read is at most `MAX_READ` bytes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ccgym.domain.findings import did_you_mean
from ccgym.domain.rules.cel import environment, plain_error
from ccgym.domain.rules.reads import Part, Token, literal, pieces, select, tokens

MAX_CHARS = 1_000
MAX_READ = 16 * 1024
"""Bytes, as JSON, of the arguments, result and rows that a condition with a macro or a `+` may read, each."""
MACROS = frozenset(("all", "exists", "exists_one", "map", "filter"))
FUNCTIONS = ("row", "has_row", "now")


class ConditionError(ValueError):
    """A condition is not acceptable. `fix` says what would be right."""

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.fix = fix


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A CEL expression that has been checked. The same text is the same object."""

    text: str
    arguments: tuple[str, ...]
    """Arguments of the call that it names."""
    tables: tuple[str, ...]
    """Tables that it reads by name."""
    parts: tuple[Part, ...]
    """The expression in pieces."""
    calls_back: bool
    """Whether a `row` or `has_row` is left in the text."""
    guarded: bool
    """Whether what it reads is held to `MAX_READ`."""


@lru_cache(maxsize=4096)
def parse_condition(text: str, names: tuple[str, ...] = ("args",), boolean: bool = True) -> Condition:
    """Check a condition.

    Args:
        text: CEL.
        names: the variables it may read: of `args` and `result`.
        boolean: whether it must give true or false.

    Raises:
        ConditionError: what is wrong, and the fix.
    """
    if not text.strip():
        raise ConditionError("the condition is empty", "Write a CEL expression, such as args.amount <= 100")
    if len(text) > MAX_CHARS:
        raise ConditionError(f"longer than {MAX_CHARS} characters", "Split it over several rules")
    if not text.isprintable() and any(not c.isprintable() and c not in "\n\t" for c in text):
        raise ConditionError("holds control characters", "Remove them")
    solid = [token for token in tokens(text) if token.kind != "space"]
    guarded = _check_shape(solid, names)
    _compile(text, names, boolean)
    parts, calls_back = pieces(solid)
    return Condition(text, _arguments(solid), _tables(solid), tuple(parts), calls_back, guarded)


def _arguments(solid: list[Token]) -> tuple[str, ...]:
    """The arguments that an expression names, as `args.name` or `args['name']`."""
    named: set[str] = set()
    for i, token in enumerate(solid):
        if token == ("name", "args") and (i == 0 or solid[i - 1].text != "."):
            path, _ = select(solid, i + 1)
            named.update(path[:1])
    return tuple(sorted(named))


def _tables(solid: list[Token]) -> tuple[str, ...]:
    calls = (solid[i + 2].text for i, t in enumerate(solid[:-2]) if t.text in ("row", "has_row"))
    return tuple(dict.fromkeys(table for table in map(literal, calls) if table is not None))


def _check_shape(solid: list[Token], names: tuple[str, ...]) -> bool:
    """Refuse what would not be bounded; whether what is read must be held small."""
    depth, macro, guarded = 0, 0, False  # `macro`: the depth of the open macro's body, 0 outside
    for i, (kind, text) in enumerate(solid):
        before = solid[i - 1].text if i else ""
        after = solid[i + 1].text if i + 1 < len(solid) else ""
        if text in ("(", "[", "{"):
            depth += 1
        elif text in (")", "]", "}"):
            if depth == macro:
                macro = 0
            depth -= 1
        elif text == "+" and kind == "mark":
            guarded = True
            if macro:
                raise ConditionError("a `+` inside `all`, `exists`, `map` or `filter`",
                                     "Compute outside of it, or compare without adding")  # fmt: skip
        elif kind != "name":
            continue
        elif before == "." and after == "(":
            if text in MACROS:
                if macro:
                    raise ConditionError(f"`{text}` inside another macro", "Write one rule for each, without nesting")
                macro, guarded = depth + 1, True
                variable = solid[i + 2].text if i + 2 < len(solid) else ""
                if variable in ("args", "result", *FUNCTIONS):
                    raise ConditionError(f"the variable of `{text}` is called `{variable}`", "Call it something else")
            elif text == "matches":
                _check_pattern(solid, i + 2)
        elif before != ".":
            if text.startswith("__") or text in ("google", "bytes", "matches"):
                fix = "Write text.matches('pattern')" if text == "matches" else "Leave it out"
                raise ConditionError(f"`{text}` is not among what conditions may use", fix)
            if text in ("args", "result") and text not in names:
                raise ConditionError(f"`{text}` means nothing here", _where_it_means(text))
    return guarded


def _where_it_means(name: str) -> str:
    if name == "args":
        return "No call is judged at the end of an episode: read rows, or ask for calls with `args` and `result`"
    return "Only the `result` of a call in a tree reads it"


def _check_pattern(solid: list[Token], i: int) -> None:
    if i + 1 >= len(solid) or solid[i].kind != "string" or solid[i + 1].text != ")":
        raise ConditionError(
            "the pattern of `matches` must be a text written out", "Such as args.code.matches('^A[0-9]+$')"
        )
    value = environment().compile(f"''.matches({solid[i].text})").eval(data={})
    if not isinstance(value.value(), bool):
        raise ConditionError(f"bad pattern {solid[i].text[:60]}: {plain_error(str(value.value()))}")


def _compile(text: str, names: Collection[str], boolean: bool) -> None:
    try:
        given = environment().compile(text).return_type().name()
    except RuntimeError as error:
        raise _explained(str(error), names) from None
    if boolean and given not in ("BOOL", "DYN"):
        raise ConditionError(f"gives {given.casefold()}, must give true or false", "Compare it, such as … == 'paid'")


def _explained(error: str, names: Collection[str]) -> ConditionError:
    text = plain_error(error)
    if found := re.search(r"undeclared reference to '([^']*)'", text):
        known = [*names, *FUNCTIONS, "size", "has", "string", "int", "double", "timestamp", "duration"]
        return ConditionError(f"bad CEL: '{found[1][:60]}' is not known", did_you_mean(found[1], known))
    if "recursion" in text:
        return ConditionError("bad CEL: nested deeper than 32", "Split it over several rules")
    column = re.search(r"<input>:\d+:(\d+)", error)
    at = f" at character {column[1]}" if column else ""
    return ConditionError(f"bad CEL{at}: {text}")


def check_names(
    condition: Condition, tools: Mapping[str, Collection[str] | None], tables: Collection[str]
) -> Iterator[tuple[str, str, str | None]]:
    """What a condition names and nobody has: (code, message, fix).

    Args:
        condition: a checked condition.
        tools: the calls whose arguments it reads, each with its arguments; None: they are open.
        tables: the tables that are known; none: nothing is known of them.
    """
    for name in condition.arguments:
        lacking = [tool for tool, known in tools.items() if known is not None and name not in known]
        if lacking and len(lacking) == len(tools):
            known = sorted({each for arguments in tools.values() for each in arguments or ()})
            yield "unknown-argument", f"no argument '{name[:60]}' of '{lacking[0]}'", did_you_mean(name, known)
    for table in condition.tables:
        if tables and table not in tables:
            yield "unknown-table", f"no table '{table[:60]}'", did_you_mean(table, tables)
