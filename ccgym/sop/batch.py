"""Conditions evaluated together: one expression for all that a call must be judged by, so that CEL is entered once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import orjson

from ccgym.domain.rules.cel import SLOTS, WORLD, environment, plain_error
from ccgym.domain.rules.conditions import MAX_READ, Condition
from ccgym.domain.rules.reads import FIELDS, Lookup
from ccgym.sop.plain import plain_test
from ccgym.sop.plainly import Test, sure

_MAX_TOGETHER = 50_000
_WORDS = frozenset((str, int, float, bool))
_TOO_MUCH = f"it would read more than {MAX_READ // 1024} KB"


class Rows(Protocol):
    """The state as conditions read it."""

    def row(self, table: str, key: str) -> Any:
        """One row. Raises KeyError where there is none."""
        ...


class Failure(NamedTuple):
    """A condition that gave neither true nor false."""

    why: str


class Slot(NamedTuple):
    """One condition of a batch."""

    condition: Condition
    applies: Condition | None = None
    """Where this is false, the slot's value is None, and the condition is not looked at."""


class Batch:
    """Evaluates slots against a call and the state.

    Look-ups with plain table and key are done here, once each. Plain conditions are judged in Python; the others by
    CEL, together, and one by one where one errs, or where one that must read little would read much.
    """

    __slots__ = (
        "_arguments", "_clock", "_guarded", "_names", "_others", "_plain", "_rows", "_single", "_together", "slots",
    )  # fmt: skip

    def __init__(self, slots: Sequence[Slot], clock: str) -> None:
        self.slots = tuple(slots)
        self._clock = clock
        names: dict[Lookup, str] = {}
        texts = [self._text(slot, names) for slot in self.slots]
        self._names = names
        self._arguments = [
            (n, each.function == "result", (each.key, *each.path), str(each))
            for each, n in names.items()
            if each.function in FIELDS
        ]
        self._rows = _by_row(names)
        self._plain: list[tuple[int, Test | None, Test]] = []
        self._others: list[int] = []
        for i, slot in enumerate(self.slots):
            test = plain_test(slot.condition, names, clock)
            applies = plain_test(slot.applies, names, clock) if slot.applies is not None else None
            if test is not None and (applies is not None or slot.applies is None):
                self._plain.append((i, applies, test))
            else:
                self._others.append(i)
        every = [condition for slot in self.slots for condition in slot if condition is not None]
        self._guarded = any(condition.guarded for condition in every)
        self._single: dict[int, tuple[Any, Any]] = {}
        self._together = None
        joined = "[" + ",".join(texts[i] for i in self._others) + "]"
        if self._others and len(joined) <= _MAX_TOGETHER:
            with suppress(RuntimeError):  # too deep with what stands around it: then one by one
                self._together = environment().compile(joined)

    def _text(self, slot: Slot, names: dict[Lookup, str]) -> str:
        text = f"({_cel(slot.condition, names, self._clock)})"
        if slot.applies is None:
            return text
        return f"({_cel(slot.applies, names, self._clock)}) ? dyn({text}) : dyn(null)"

    def values(self, args: dict[str, Any], rows: Rows, result: Any = None) -> list[Any]:
        """What each slot gives; None where it does not apply, a Failure where it errs."""
        data: dict[str, Any] = {"args": args, "result": result}
        missing: dict[str, str] = {}
        for name, of_result, path, where in self._arguments:
            held = result if of_result else args
            if len(path) == 1 and type(held) is dict and type(value := held.get(path[0])) in _WORDS:
                data[name] = value
            else:
                _bind(data, missing, name, held, path, where)
        for table, key, of, fields, asked in self._rows:
            _read(data, missing, args, rows, table, key, of, fields, asked)
        values: list[Any] = [None] * len(self.slots)
        left = list(self._others)
        for i, applies, test in self._plain:
            try:
                if applies is None or sure(applies(data)):
                    values[i] = test(data)
            except Exception:  # no plain case
                left.append(i)
        if left:
            self._by_cel(left, values, data, missing, rows)
        return values

    def _by_cel(
        self, left: list[int], values: list[Any], data: dict[str, Any], missing: dict[str, str], rows: Rows
    ) -> None:
        """Put in the values of the conditions that are left."""
        small = not self._guarded or len(orjson.dumps(data)) <= MAX_READ
        before = WORLD.read
        WORLD.read = _Reader(rows, self._guarded).read
        try:
            if self._together is not None and small:
                with suppress(Exception):  # which of them errs, and why, is asked for one by one
                    found = self._together.eval(data=data).plain_value()
                    if type(found) is list:
                        for i, value in zip(self._others, found, strict=True):
                            values[i] = value
                        left = left[len(found) :]
            for i in left:
                values[i] = self._alone(i, data, missing, small)
        finally:
            WORLD.read = before

    def _alone(self, i: int, data: dict[str, Any], missing: dict[str, str], small: bool) -> Any:
        slot = self.slots[i]
        compiled = self._single.get(i)
        if compiled is None:
            condition, applies = (
                None if each is None else environment().compile(_cel(each, self._names, self._clock)) for each in slot
            )
            compiled = self._single[i] = (condition, applies)
        value: Any = True
        if slot.applies is not None:
            value = _value(compiled[1], slot.applies, data, missing, small)
        if value is True:
            return _value(compiled[0], slot.condition, data, missing, small)
        if value is False:
            return None
        return value if type(value) is Failure else Failure("`if` gives neither true nor false")


_Field = tuple[str, tuple[str, ...], str]
"""Variable, path and name of a value."""


def _by_row(names: dict[Lookup, str]) -> list[tuple[str, str, str | None, list[_Field], list[str]]]:
    """Look-ups by row: (table, key, where the key is found, what is read, variables that ask for the row).

    The key is found as it is written (None), as an argument (""), or as the value of a variable.
    """
    found: dict[tuple[str, str, str | None], tuple[list[_Field], list[str]]] = {}
    for each, name in names.items():
        if each.function in FIELDS:
            continue
        of = names.get(each.of, "__") if each.of is not None else "" if each.from_argument else None
        fields, asked = found.setdefault((each.table, each.key, of), ([], []))
        if each.function == "has_row":
            asked.append(name)
        else:
            fields.append((name, each.path, str(each)))
    return [(*place, *read) for place, read in found.items()]


def _read(
    data: dict[str, Any], missing: dict[str, str], args: dict[str, Any], rows: Rows, table: str, key: str,
    of: str | None, fields: list[_Field], asked: list[str],
) -> None:  # fmt: skip
    """Put what is read of one row into `data`, or why it cannot be into `missing`."""
    found: Any = key if of is None else data.get(of) if of else args.get(key)
    if type(found) is int:
        found = str(found)
    if type(found) is not str:
        why = missing.get(of or "") or f"{'the key' if of else f'args.{key}'} is no text, or missing"
        missing.update(dict.fromkeys([*(name for name, _, _ in fields), *asked], why))
        return
    try:
        row = rows.row(table, found)
        if not isinstance(row, dict):
            raise KeyError(found)
    except KeyError:
        data.update(dict.fromkeys(asked, False))
        why = no_row(table, found)
        missing.update((name, why) for name, _, _ in fields)
        return
    for name in asked:
        data[name] = True
    for name, path, where in fields:
        if len(path) == 1 and type(value := row.get(path[0])) in _WORDS:  # most of what conditions read
            data[name] = value
        else:
            _bind(data, missing, name, row, path, where)


def _bind(
    data: dict[str, Any], missing: dict[str, str], name: str, value: Any, path: tuple[str, ...], where: str
) -> None:
    """Put the value at a path into `data` as CEL takes it, or why there is none into `missing`."""
    for field in path:
        if not isinstance(value, dict) or field not in value:
            missing[name] = f"there is no {where}, for want of '{field[:60]}'"
            return
        value = value[field]
    data[name] = value if type(value) in _WORDS or value is None else orjson.loads(orjson.dumps(value))


class _Reader:
    """Answers the look-ups that are left in an expression."""

    def __init__(self, rows: Rows, guarded: bool) -> None:
        self._rows, self._guarded = rows, guarded

    def read(self, function: str, table: str, key: str) -> Any:
        """What `row` or `has_row` gives."""
        try:
            row = self._rows.row(table, key)
        except KeyError:
            if function == "has_row":
                return False
            raise KeyError(no_row(table, key)) from None
        if function == "has_row":
            return True
        raw = orjson.dumps(row)
        if self._guarded and len(raw) > MAX_READ:
            raise ValueError(_TOO_MUCH)
        return orjson.loads(raw)


def no_row(table: str, key: str) -> str:
    """Why a row cannot be read."""
    return f"there is no row '{key[:60]}' in the table '{table[:60]}'"


def _value(expression: Any, condition: Condition, data: dict[str, Any], missing: dict[str, str], small: bool) -> Any:
    """What one condition gives, or a Failure."""
    if condition.guarded and not small:
        return Failure(_TOO_MUCH)
    try:
        value = expression.eval(data=data)
        if value.type().name() != "ERROR":
            return value.plain_value()
        why = str(value.value())
    except Exception as error:  # a budget that is spent, a value that CEL cannot hold
        why = str(error)
    for name, reason in missing.items():
        if f'"{name}"' in why:
            return Failure(reason)
    return Failure(plain_error(why).strip("'\""))


def _cel(condition: Condition, names: dict[Lookup, str], clock: str) -> str:
    """The expression as it is compiled: variables for look-ups, the time for `now()`."""
    out = []
    for part in condition.parts:
        if isinstance(part, str):
            out.append(part)
        elif part is None:
            out.append(f"timestamp({clock!r})")
        else:
            for each in part.chain():
                if each not in names and len(names) < SLOTS:
                    names[each] = f"__{len(names)}"
            name = names.get(part) or str(part)
            out.append(name)
    return " ".join(out)
