"""Conditions of rules, written in CEL: what they may say, found at load, so that judging one is bounded.

CEL has no loops and no side effects. What is left to bound: macros such as `all` repeat their body for each item of a
list, `+` makes texts longer, and a pattern that an agent writes can take minutes. So macros are not nested, no `+` is
inside one, patterns are literals, and where there is a macro or a `+` at all, what is read is at most `MAX_READ` bytes.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

from ccgym.domain.findings import did_you_mean

MAX_CHARS = 1_000
MAX_READ = 16 * 1024
"""Bytes, as JSON, of the arguments, result and rows that a condition with a macro or a `+` may read, each."""
SLOTS = 48
"""How many rows one evaluation can be given."""
MACROS = frozenset(("all", "exists", "exists_one", "map", "filter"))
FUNCTIONS = ("row", "has_row", "now")
_LONG = r"""'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""""
_SHORT = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
_STRING = rf"(?:[rR]?[bB]?|[bB][rR])(?:{_LONG}|{_SHORT})"
_TOKEN = re.compile(
    rf"(?P<space>\s+|//[^\n]*)|(?P<string>{_STRING})|(?P<name>[A-Za-z_]\w*)|(?P<number>\.?\d[\w.]*)|(?P<mark>.)",
    re.ASCII | re.S,
)
_PLAIN = re.compile(r"""(['"])([^'"\\\n]*)\1""")


class ConditionError(ValueError):
    """A condition is not acceptable. `fix` says what would be right."""

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.fix = fix


class Lookup(NamedTuple):
    """A `row` or `has_row` of a condition whose table and key are plain: read once, before CEL begins."""

    function: str
    table: str
    key: str
    """Name of the argument that holds the key, or the key itself."""
    from_argument: bool


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """A CEL expression that has been checked. The same text is the same object."""

    text: str
    arguments: tuple[str, ...]
    """Arguments of the call that it reads by name."""
    tables: tuple[str, ...]
    """Tables that it reads by name."""
    parts: tuple[str | Lookup | None, ...]
    """The expression in pieces: text of CEL, look-ups that an evaluation puts variables for, and None for `now()`."""
    calls_back: bool
    """Whether a `row` or `has_row` is left in the text."""
    guarded: bool
    """Whether what it reads is held to `MAX_READ`."""


class _Token(NamedTuple):
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    return [_Token(m.lastgroup or "", m.group()) for m in _TOKEN.finditer(text)]


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
    tokens = _tokens(text)
    solid = [token for token in tokens if token.kind != "space"]
    guarded = _check_shape(solid, names)
    _compile(text, names, boolean)
    parts, calls_back = _pieces(tokens)
    lookups = [part for part in parts if isinstance(part, Lookup)]
    named = {solid[i + 2].text for i, t in enumerate(solid[:-2]) if t.text == "args" and _member(solid, i)}
    named |= {plain for i, t in enumerate(solid[:-3]) if t.text == "args" and (plain := _indexed(solid, i)) is not None}
    named |= {lookup.key for lookup in lookups if lookup.from_argument}
    tables = [table[2] for i, t in enumerate(solid[:-2]) if t.text in ("row", "has_row") and solid[i + 1].text == "("
              and (table := _PLAIN.fullmatch(solid[i + 2].text))]  # fmt: skip
    return Condition(text, tuple(sorted(named)), tuple(dict.fromkeys(tables)), tuple(parts), calls_back, guarded)


def _member(solid: list[_Token], i: int) -> bool:
    """Whether `args.name` stands at i: read, not asked for, and no `x.args.name`."""
    if i and solid[i - 1].text == ".":
        return False
    return solid[i + 1].text == "." and solid[i + 2].kind == "name" and solid[i + 3 : i + 4] != [_Token("mark", "(")]


def _indexed(solid: list[_Token], i: int) -> str | None:
    plain = _PLAIN.fullmatch(solid[i + 2].text)
    return plain[2] if solid[i + 1].text == "[" and plain and solid[i + 3].text == "]" else None


def _check_shape(solid: list[_Token], names: tuple[str, ...]) -> bool:
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


def _check_pattern(solid: list[_Token], i: int) -> None:
    if i + 1 >= len(solid) or solid[i].kind != "string" or solid[i + 1].text != ")":
        raise ConditionError(
            "the pattern of `matches` must be a text written out", "Such as args.code.matches('^A[0-9]+$')"
        )
    value = environment().compile(f"''.matches({solid[i].text})").eval(data={})
    if not isinstance(value.value(), bool):
        raise ConditionError(f"bad pattern {solid[i].text[:60]}: {plain_error(str(value.value()))}")


def _pieces(tokens: list[_Token]) -> tuple[list[str | Lookup | None], bool]:
    """Cut the look-ups with plain table and key out of an expression, and `now()`, which is None."""
    parts: list[str | Lookup | None] = []
    pending, calls_back, i = "", False, 0
    last = ""
    while i < len(tokens):
        kind, text = tokens[i]
        if kind == "name" and text in ("row", "has_row") and last != ".":
            lookup, end = _lookup(tokens, i)
            if lookup is not None:
                parts += [pending, lookup] if pending else [lookup]
                pending, last, i = "", ")", end
                continue
            calls_back = True
        elif kind == "name" and text == "now" and last != "." and (end := _empty_call(tokens, i)):
            parts += [pending, None] if pending else [None]
            pending, last, i = "", ")", end
            continue
        pending += text if kind != "space" else " "
        last = text if kind != "space" else last
        i += 1
    return [*parts, pending] if pending else parts, calls_back


def _empty_call(tokens: list[_Token], start: int) -> int:
    """The token after `name()`, or 0 where something else stands."""
    solid = [(i, token.text) for i, token in enumerate(tokens[start : start + 8], start) if token.kind != "space"]
    return solid[2][0] + 1 if [text for _, text in solid[1:3]] == ["(", ")"] else 0


def _lookup(tokens: list[_Token], start: int) -> tuple[Lookup | None, int]:
    found: list[str] = []
    i = start
    while i < len(tokens) and len(found) < 9:
        if tokens[i].kind != "space":
            found.append(tokens[i].text)
            if found[-1] == ")":
                break
        i += 1
    table = _PLAIN.fullmatch(found[2]) if len(found) > 5 and found[1] == "(" and found[3] == "," else None
    if table is None:
        return None, start
    rest = found[4:]
    if len(rest) == 2 and rest[1] == ")" and (key := _PLAIN.fullmatch(rest[0])):
        return Lookup(found[0], table[2], key[2], False), i + 1
    if len(rest) == 4 and rest[:2] == ["args", "."] and rest[3] == ")":
        return Lookup(found[0], table[2], rest[2], True), i + 1
    return None, start


# --- the CEL library ------------------------------------------------------------------------------------------------


class World(threading.local):
    """What `row` and `has_row` ask while a condition is evaluated in this thread: `read(function, table, key)`."""

    read: Callable[[str, str, str], Any] | None = None


WORLD = World()


@cache
def environment() -> Any:
    """The CEL environment: `args`, `result`, `row`, `has_row`, and the variables `__0` … that stand for look-ups.

    The library is imported here and not before: most programs that import ccgym judge no condition.
    """
    from cel_expr_python import cel

    kinds = cel.Type

    def declare(name: str, gives: Any) -> Any:
        def impl(table: str, key: str | int) -> Any:
            if WORLD.read is None:
                raise KeyError("there is no state to read")
            return WORLD.read(name, table, str(key))

        overloads = [
            cel.Overload(f"{name}_{key.name()}", return_type=gives, parameters=[kinds.STRING, key], impl=impl)
            for key in (kinds.STRING, kinds.INT)
        ]
        return cel.FunctionDecl(name, overloads)

    clock = cel.Overload("now_", return_type=kinds.TIMESTAMP, parameters=[], impl=lambda: None)
    functions = [declare("row", kinds.DYN), declare("has_row", kinds.BOOL), cel.FunctionDecl("now", [clock])]
    variables = {"args": kinds.DYN, "result": kinds.DYN, **{f"__{i}": kinds.DYN for i in range(SLOTS)}}
    return cel.NewEnv(variables=variables, functions=functions)


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


def plain_error(error: str) -> str:
    """The first line of an error of the library, without its decoration."""
    line = re.sub(r"^[A-Z_]+: ", "", error.strip().split("\n")[0])
    line = re.sub(r"^ERROR: <input>:-?\d+:-?\d+: ", "", line)
    return re.sub(r" \[[A-Z_]+\]$", "", line)[:200]


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
