"""Conditions evaluated together: one expression for all that a call must be judged by, so that CEL is entered once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

import orjson

from ccgym.domain.rules.conditions import MAX_READ, SLOTS, WORLD, Condition, Lookup, environment, plain_error

_MAX_TOGETHER = 50_000
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

    Look-ups with plain table and key are done here, once each, and given to CEL as variables. Where a slot errs, or one
    that must read little would read much, all are evaluated one by one.
    """

    __slots__ = ("_calls_back", "_clock", "_guarded", "_lookups", "_single", "_together", "slots")

    def __init__(self, slots: Sequence[Slot], clock: str) -> None:
        self.slots = tuple(slots)
        self._clock = clock
        names: dict[Lookup, str] = {}
        joined = "[" + ",".join(self._text(slot, names) for slot in self.slots) + "]"
        self._lookups = tuple(names.items())
        every = [condition for slot in self.slots for condition in slot if condition is not None]
        self._guarded = any(condition.guarded for condition in every)
        self._calls_back = len(names) == SLOTS or any(condition.calls_back for condition in every)
        self._single: list[tuple[Any, Any]] | None = None
        self._together = None
        if len(joined) <= _MAX_TOGETHER:
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
        small = self._look_up(args, rows, data, missing)
        if self._guarded and small:
            small = len(orjson.dumps([args, result])) <= MAX_READ
        if not self._calls_back:
            return self._evaluate(data, missing, small)
        before = WORLD.read
        WORLD.read = _Reader(rows, self._guarded).read
        try:
            return self._evaluate(data, missing, small)
        finally:
            WORLD.read = before

    def _look_up(self, args: dict[str, Any], rows: Rows, data: dict[str, Any], missing: dict[str, str]) -> bool:
        """Put what the look-ups find into `data`, and why one finds nothing into `missing`; whether all are small."""
        small = True
        for (function, table, key, from_argument), name in self._lookups:
            found: Any = args.get(key) if from_argument else key
            if type(found) is int:
                found = str(found)
            if type(found) is not str:
                what = "no text" if found else "missing"
                missing[name] = f"{function}('{table}', args.{key}): the argument is {what}"
                continue
            try:
                row = rows.row(table, found)
            except KeyError:
                if function == "has_row":
                    data[name] = False
                else:
                    missing[name] = no_row(table, found)
                continue
            if function == "has_row":
                data[name] = True
                continue
            raw = orjson.dumps(row)
            small = small and len(raw) <= MAX_READ
            data[name] = orjson.loads(raw)
        return small

    def _evaluate(self, data: dict[str, Any], missing: dict[str, str], small: bool) -> list[Any]:
        if self._together is not None and (small or not self._guarded):
            with suppress(Exception):  # which of them errs, and why, is asked for one by one
                values = self._together.eval(data=data).plain_value()
                if type(values) is list:
                    return values
        if self._single is None:
            names = dict(self._lookups)
            compiled = [
                [None if each is None else environment().compile(_cel(each, names, self._clock)) for each in slot]
                for slot in self.slots
            ]
            self._single = [(condition, applies) for condition, applies in compiled]
        values = []
        for slot, (condition, applies) in zip(self.slots, self._single, strict=True):
            value: Any = True
            if slot.applies is not None:
                value = _value(applies, slot.applies, data, missing, small)
            if value is True:
                value = _value(condition, slot.condition, data, missing, small)
            elif value is False:
                value = None
            elif type(value) is not Failure:
                value = Failure("`if` gives neither true nor false")
            values.append(value)
        return values


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
            name = names.get(part)
            if name is None and len(names) < SLOTS:
                name = names[part] = f"__{len(names)}"
            if name is None:
                key = f"args.{part.key}" if part.from_argument else repr(part.key)
                name = f"{part.function}({part.table!r}, {key})"
            out.append(name)
    return "".join(out)
