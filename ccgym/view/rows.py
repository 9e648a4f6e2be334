"""The state as an episode went, rebuilt from its patches alone: the rows that it touched, step by step."""

from __future__ import annotations

import copy
from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ccgym.backend.patch import PatchError, apply_to, is_index, split

Op = dict[str, Any]
Path = tuple[str, ...]


class _Absent(Enum):
    ABSENT = "absent"


ABSENT: Any = _Absent.ABSENT
"""Stands for a row, or a value, that is not there."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One value that a step changed."""

    path: str
    """Within the row: `status`, `items/2/price`; "" is the row as a whole."""
    op: str
    """`add`, `remove` or `replace`."""
    old: Any
    """ABSENT where there was none."""
    new: Any
    """ABSENT where there is none now."""


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of the state after a step."""

    table: str
    """The table; `user` for what the customer's own device holds; "" for the document as a whole."""
    key: str
    value: Any
    """What is known of it; ABSENT where it is not there (yet, or any more)."""
    whole: bool
    """Whether all of it is known: the task or a call brought it. Else only the values that were ever changed are."""
    changes: tuple[ChangeView, ...]
    """What the step changed, in order."""


@dataclass(slots=True)
class _Row:
    value: Any
    whole: bool


class Rows:
    """The touched rows after each step.

    Args:
        task: the task as JSON; the state that it sets is known from the start.
        patches: the operations of each step, each with the `old` value that it replaced.
        net: net patches against the seed state, which tell the rows that are new in this task.
    """

    def __init__(self, task: dict[str, Any], patches: Sequence[Sequence[Op]], net: Sequence[Op] = ()) -> None:
        self._patches = [[(*split_row(op), op) for op in ops] for ops in patches]
        self._start = self._before(task, _added(net))
        self._after: list[dict[Path, _Row]] = []
        """Rows after each step reached so far. A row that a step leaves alone is the same object as before."""

    def at(self, place: int) -> tuple[RowView, ...]:
        """The rows after the step at this place, in the order in which they were first touched."""
        while len(self._after) <= place:
            rows = dict(self._after[-1] if self._after else self._start)
            fresh: set[Path] = set()
            for row, inner, op in self._patches[len(self._after)]:
                if row not in fresh:
                    rows[row] = copy.deepcopy(rows[row])
                    fresh.add(row)
                rows[row] = _applied(rows[row], inner, op)
            self._after.append(rows)
        changes: dict[Path, list[ChangeView]] = {}
        for path, inner, op in self._patches[place]:
            changes.setdefault(path, []).append(_change(inner, op))
        return tuple(
            RowView(*_named(path), known.value, known.whole, tuple(changes.get(path, ())))
            for path, known in self._after[place].items()
        )

    def _before(self, task: dict[str, Any], added: Set[Path]) -> dict[Path, _Row]:
        """Rows before the first step: those that the task sets, and what the first change of each value replaced."""
        found = {path: _Row(value, path in added) for path, value in _set_by(task).items()}
        seen: dict[Path, list[tuple[Path, Op]]] = {}
        for ops in self._patches:
            for path, inner, op in ops:
                seen.setdefault(path, []).append((inner, op))
        for path, changes in seen.items():
            if path not in found:
                row = _Row({}, False)
                for inner, op in reversed(changes):  # undone, last first: what is left stood there at the start
                    row = _applied(row, inner, _undone(op))
                found[path] = row
        return found


def split_row(op: Op) -> tuple[Path, Path]:
    """The row that an operation is about, and the place within the row."""
    try:
        parts = split(str(op.get("path", "")))
    except PatchError:
        parts = []
    width = 3 if parts[:1] == ["tables"] else 2
    return tuple(parts[:width]), tuple(parts[width:])


def _named(path: Path) -> tuple[str, str]:
    """Table and key of a row."""
    if path[:1] == ("tables",):
        return (path[1] if len(path) > 1 else "", path[2] if len(path) > 2 else "")
    return (path[0] if path else "", path[1] if len(path) > 1 else "")


def _added(net: Sequence[Op]) -> set[Path]:
    """The rows that are new as a whole."""
    placed = [split_row(op) for op in net if op.get("op") == "add"]
    return {row for row, inner in placed if not inner}


def _set_by(task: dict[str, Any]) -> dict[Path, Any]:
    """The rows that the task's own state sets."""
    state = (task.get("init") or {}).get("state") if isinstance(task.get("init"), dict) else None
    tables = state.get("tables") if isinstance(state, dict) else None
    user = state.get("user") if isinstance(state, dict) else None
    found: dict[Path, Any] = {}
    for table, rows in tables.items() if isinstance(tables, dict) else ():
        for key, row in rows.items() if isinstance(rows, dict) else ():
            found["tables", table, key] = ABSENT if row is None else row
    for key, value in user.items() if isinstance(user, dict) else ():
        found["user", key] = ABSENT if value is None else value
    return found


def _undone(op: Op) -> Op:
    """The operation that takes one back, as far as it says what was there."""
    path = op.get("path", "")
    if "old" not in op:
        return {"op": "remove", "path": path}
    return {"op": "add" if op.get("op") == "remove" else "replace", "path": path, "value": op["old"]}


def _applied(row: _Row, inner: Path, op: Op) -> _Row:
    """A row with one operation applied, in place where it can be. Rows known in part grow as they must."""
    removed = op.get("op") == "remove"
    value = ABSENT if removed else copy.deepcopy(op.get("value"))
    if not inner:
        return _Row(value, True)
    if not isinstance(row.value, dict | list):
        row = _Row({}, False)
    if row.whole:
        try:
            apply_to(row.value, [{**op, "path": "".join(f"/{_escape(part)}" for part in inner)}])
            return row
        except PatchError:
            row = _Row(row.value, False)
    place: Any = row.value
    for part in inner[:-1]:
        following = _child(place, part)
        if not isinstance(following, dict | list):
            following = {}
            _put(place, part, following, False)
        place = following
    if not removed:
        _put(place, inner[-1], value, op.get("op") == "add")
    elif isinstance(place, dict):
        place.pop(inner[-1], None)
    elif is_index(inner[-1], len(place)):
        del place[int(inner[-1])]
    return row


def _child(place: Any, part: str) -> Any:
    if isinstance(place, dict):
        return place.get(part)
    return place[int(part)] if is_index(part, len(place)) else None


def _put(place: Any, part: str, value: Any, add: bool) -> None:
    if isinstance(place, dict):
        place[part] = value
    elif is_index(part, len(place)):
        place[int(part) : int(part) + (not add)] = [value]
    else:
        place.append(value)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _change(inner: Path, op: Op) -> ChangeView:
    removed = op.get("op") == "remove"
    new = ABSENT if removed else op.get("value")
    return ChangeView("/".join(inner), str(op.get("op")), op.get("old", ABSENT), new)
