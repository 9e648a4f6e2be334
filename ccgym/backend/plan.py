"""What committing the views of one call would do to a state, worked out before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from ccgym.backend import patch
from ccgym.backend.base import USER, Base, pointer
from ccgym.backend.freezing import BadValue, freeze, freeze_table
from ccgym.backend.nodes import FROZEN, SCALARS, Leaf, Sheet, thaw
from ccgym.backend.patch import Op
from ccgym.backend.views import CLEAN, WRITTEN, Call, Root, Row, Table, View

ABSENT: Any = object()
"""Stands for a row or a table that is not there."""
_get = dict.get


Change = tuple[str, str, Any, bool, int]
"""One row as it will be: section, key, row (or ABSENT), whether it stands at the end of its table from now on, and what
it adds to the hash."""


class Plan:
    """The rows that change, the operations that tell of it, and what they add to the hash.

    Every method adds one part of a view; they raise BadValue, with the whole path, where a value is not JSON.

    Args:
        base: the seed.
        digests: what rows add to the hash that are not the seed's.
        row: `row(section, key)` as it stands, or ABSENT.
        section: `section(name)` as it stands, frozen.
    """

    __slots__ = ("_base", "_digests", "_row_of", "_section_of", "changes", "delta", "names", "ops", "whole")

    def __init__(
        self, base: Base, digests: dict[tuple[str, str], int], row: Callable[[str, str], Any],
        section: Callable[[str], Any],
    ) -> None:  # fmt: skip
        self._base, self._digests, self._row_of, self._section_of = base, digests, row, section
        self.ops: list[Op] = []
        """JSON Patch operations over the state document, each with what it replaced as `old`."""
        self.changes: list[Change] = []
        self.whole: dict[str, Any] = {}
        """Tables that are no objects, by name; ABSENT: an object from now on."""
        self.names: list[str] | None = None
        """All tables in order, where one came or went."""
        self.delta = 0
        """What is to be added to the sum that the state hash is."""

    def __bool__(self) -> bool:
        return bool(self.changes or self.whole) or self.names is not None

    def touched(self) -> list[str]:
        """Names of the tables that change. The customer's document is none."""
        paths = [op["path"] for op in self.ops]
        return list(dict.fromkeys(patch.split(path)[1] for path in paths if path.startswith("/tables/")))

    def tables(self, root: Root) -> None:
        """Add all tables that were reached or written."""
        before = root._source
        if root._state is WRITTEN:
            for name in before:
                if name not in root:
                    self.section(name, self._section_of(name), ABSENT)
            names = list(dict.keys(root))
            if names != list(before):
                self.names = names
        for name, value in dict.items(root):
            kind = type(value)
            if kind is Table and value._name == name:
                self.table(name, value)
            elif kind not in FROZEN:
                self.section(name, self._section_of(name) if name in before else ABSENT, value)

    def table(self, section: str, table: Table) -> None:
        """Add the rows of a table that were reached, written or dropped."""
        was, gone, put = self._row_of, table._gone, table._put
        for key in table._reached:
            child: Any = _get(table, key)
            kind = type(child)
            if kind is Row:
                if type(child._call) is Call:
                    continue
            elif kind is View and child._state is CLEAN:
                continue
            if key in put or key in gone:
                continue
            if type(key) is not str:  # a StrEnum, say: the table holds the text
                key = str.__str__(key)
            if kind is not Row or type(child._call) is not list or not self._cells(section, key, child):
                self._row(section, key, was(section, key), child)
        for key in gone:
            if key not in table and (old := was(section, key)) is not ABSENT:
                self._row(section, key, old, ABSENT)
        for key in put:
            self._row(section, key, was(section, key), _get(table, key), moved=key in gone)

    def section(self, section: str, old: Any, value: Any) -> None:
        """Add a table that was made, removed, or replaced as a whole."""
        if type(section) is not str or (section == USER and old is ABSENT):
            raise BadValue(f"a table cannot be named {section!r:.40}", ("tables",))
        try:
            new = value if value is ABSENT else freeze_table(value)
        except BadValue as error:
            raise BadValue(error.what, (*_root(section), *error.path)) from None
        if type(old) is Sheet and type(new) is Sheet:
            self._sheet(section, old, new)
            return
        self._whole(section, old, -1)
        self._whole(section, new, 1)
        at = pointer(section)
        if old is ABSENT:
            self.ops.append({"op": "add", "path": at, "value": thaw(new)})
        elif new is ABSENT:
            self.ops.append({"op": "remove", "path": at, "old": thaw(old)})
        elif type(old) is Sheet or type(new) is Sheet:
            self.ops.append({"op": "replace", "path": at, "value": thaw(new), "old": thaw(old)})
        else:
            patch.extend(self.ops, old, new, at)
        if type(new) is not Sheet and new is not ABSENT:
            self.whole[section] = new
        elif type(old) is not Sheet:
            self.whole[section] = ABSENT

    def _whole(self, section: str, value: Any, sign: int) -> None:
        """Add or take away a table as a whole; an operation on all of it tells of that."""
        if type(value) is Sheet:
            for key, row in value.items():
                digest = self._hash(section, key, row)
                self.delta += sign * digest
                self.changes.append((section, key, row if sign > 0 else ABSENT, False, digest))
        elif value is not ABSENT:
            self.delta += sign * self._hash(section, None, value)

    def _sheet(self, section: str, old: Sheet, new: Sheet) -> None:
        stays = [key for key in old if key in new]
        reordered = list(new)[: len(stays)] != stays
        for key, row in old.items():
            if key not in new:
                self._row(section, key, row, ABSENT)
        for key, row in new.items():
            self._row(section, key, _get(old, key, ABSENT), row, moved=reordered)

    def _row(self, section: str, key: str, old: Any, value: Any, moved: bool = False) -> None:
        """Add one row: what it was, and what it is to be, not yet frozen."""
        if value is ABSENT:
            self.delta -= self._known_hash(section, key)
            self.changes.append((section, key, ABSENT, False, 0))
            self.ops.append({"op": "remove", "path": pointer(section, key), "old": thaw(old)})
            return
        try:
            new = freeze(value)
            if new is old and not moved:
                return
            after = self._base.hasher(section, key, new)
        except BadValue as error:
            raise BadValue(error.what, (*_root(section), key, *error.path)) from None
        ops = self.ops
        if old is ABSENT:
            self.delta += after
            ops.append({"op": "add", "path": pointer(section, key), "value": thaw(new)})
        else:
            count = len(ops)
            patch.extend(ops, old, new, pointer(section, key))
            if len(ops) > count:
                self.delta += after - self._known_hash(section, key)
            elif not moved and orjson.dumps(old) == orjson.dumps(new):
                return
        self.changes.append((section, key, new, moved, after))

    def _cells(self, section: str, key: str, row: Row) -> bool:
        """As `_row`, for the most common change: some columns of a row of scalars were set to scalars."""
        ops: list[Op] = []
        at, old = pointer(section, key), self._row_of(section, key)
        for column in dict.fromkeys(row._call):  # type: ignore[arg-type]
            value, before = _get(row, column), _get(old, column, ABSENT)
            if type(value) not in SCALARS or type(column) is not str:
                return False
            if before is ABSENT:
                ops.append({"op": "add", "path": f"{at}/{patch.escape(column)}", "value": value})
            elif not patch.same(before, value):
                ops.append({"op": "replace", "path": f"{at}/{patch.escape(column)}", "value": value, "old": before})
        if ops:
            new = Leaf(row)
            digest = self._hash(section, key, new)
            self.delta += digest - self._known_hash(section, key)
            self.ops += ops
            self.changes.append((section, key, new, False, digest))
        return True

    def _known_hash(self, section: str, key: str) -> int:
        """What a row adds to the hash as it stands: each was hashed when it came."""
        digest = self._digests.get((section, key))
        return self._base.digests[section][key] if digest is None else digest

    def _hash(self, section: str, key: str | None, value: Any) -> int:
        try:
            return self._base.hasher(section, key, value)
        except BadValue as error:
            raise BadValue(error.what, (*_root(section), *([] if key is None else [key]), *error.path)) from None


def _root(section: str) -> tuple[str, ...]:
    return ("user",) if section == USER else ("tables", section)
