"""One episode's state: the rows in which it differs from the seed, and the hash, kept up to date row by row.

A call works on a view and commits it, or drops it. Making a State costs nothing that grows with the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from sys import getrefcount
from typing import Any, NamedTuple

import orjson

from ccgym.backend import patch
from ccgym.backend.base import MODULUS, USER, Base, pointer
from ccgym.backend.freezing import BadValue
from ccgym.backend.nodes import FROZEN, Node, Sheet, thaw
from ccgym.backend.patch import Op
from ccgym.backend.plan import ABSENT, Plan
from ccgym.backend.reading import Page, Reading
from ccgym.backend.views import VIEWS, Call, Root, Table, view_table, wrap, wrap_root
from ccgym.errors import ToolError

_EMPTY = Sheet()
_set, _pop, _update = dict.__setitem__, dict.pop, dict.update


class Snapshot(NamedTuple):
    """A point of a State to come back to."""

    rows: dict[str, dict[str, Any]]
    gone: dict[str, frozenset[str]]
    whole: dict[str, Any]
    names: tuple[str, ...] | None
    total: int
    digests: dict[tuple[str, str], int]


class State:
    """The state of one episode over a shared `Base`.

    `view()` gives what a call may read and change; `commit(view)` makes its changes real and tells them as JSON Patch.
    A view that is not committed leaves no trace.
    """

    __slots__ = (
        "_digests",
        "_gone",
        "_hash",
        "_lends",
        "_names",
        "_paged",
        "_rows",
        "_token",
        "_total",
        "_version",
        "_whole",
        "base",
    )

    def __init__(self, base: Base) -> None:
        self.base = base
        # Section to the rows that are new or differ from the base, those added in their order; and the keys of the
        # base that are removed, or were and now stand at the end. Sections that are no tables are kept whole.
        self._rows: dict[str, dict[str, Any]] = {}
        self._gone: dict[str, set[str]] = {}
        self._whole: dict[str, Any] = {}
        self._digests: dict[tuple[str, str], int] = {}
        self._names: tuple[str, ...] | None = None
        self._total = base.total
        self._hash: str | None = base.hash
        self._lends: Set[str] = base.large
        self._paged: Set[str] = base.plain
        self._version = 0
        self._token = base.token()

    @property
    def hash(self) -> str:
        """The state hash, 64 hex digits."""
        if self._hash is None:
            self._hash = f"{self._total:064x}"
        return self._hash

    # --- reading ----------------------------------------------------------------------------------------------------

    def tables(self) -> dict[str, Any]:
        """The tables as they stand, frozen: to be read at once, for the next commit may change them."""
        if self._names is not None:
            return {name: self.section(name) for name in self._names}
        if not self._rows and not self._whole:
            return self.base.tables
        tables = dict(self.base.tables)
        for name in (*self._rows, *self._whole):
            if name != USER:
                tables[name] = self.section(name)
        return tables

    def section(self, name: str) -> Any:
        """One table (or with `USER` the customer's document) as `tables()` has it."""
        if name in self._whole:
            return self._whole[name]
        base = self.base.sections.get(name, _EMPTY)
        rows = self._rows.get(name)
        if rows is None:
            return base
        if name in self._paged:
            pages, token = self.base.pages, self._token
            page = pages.look(name, token)
            if page is not None and page._at == (token, self._version):
                # Whoever takes the page from here on leaves a sheet alone that we hold; see `_page`.
                sheet = page.sheet
                if pages.look(name, token) is page:
                    return sheet
            page = self._page(name)
            sheet = page.sheet
            pages.put(name, token, page)
            return sheet
        sheet = Sheet(base if type(base) is Sheet else _EMPTY)
        for key in self._gone.get(name, ()):
            _pop(sheet, key, None)
        _update(sheet, rows)
        return sheet

    def document(self) -> dict[str, Any]:
        """The whole document as fresh plain JSON."""
        return orjson.loads(orjson.dumps({"tables": self.tables(), "user": self.section(USER)}))

    def row(self, table: str, key: str) -> Any:
        """One row as it stands, frozen: nothing is copied.

        Raises:
            KeyError: there is no such row.
        """
        if table == USER or (self._names is not None and table not in self._names):
            raise KeyError(key)
        if self._is_sheet(table):
            row = self._row(table, key)
        else:
            whole = self.section(table)
            row = whole.get(key, ABSENT) if isinstance(whole, dict) else ABSENT
        if row is ABSENT:
            raise KeyError(key)
        return row

    def find(self, path: str) -> list[tuple[str, Any]]:
        """The (pointer, value) pairs that a JSON pointer names; `*` stands for any one segment. Values are copies."""
        segments = patch.split(path)[:2]
        if len(segments) == 2 and segments[0] == "tables" and segments[1] != "*":
            name = segments[1]  # the other tables need not be made ready
            document = {"tables": {name: self.section(name)} if name in self._all_names() else {}}
        else:
            document = {"tables": self.tables(), "user": self.section(USER)}
        return [(at, thaw(value)) for at, value in patch.find(document, path)]

    def get(self, path: str) -> Any:
        """A copy of the value at a JSON pointer.

        Raises:
            KeyError: nothing stands there.
        """
        found = self.find(path)
        if len(found) != 1:
            raise KeyError(path)
        return found[0][1]

    # --- one call ---------------------------------------------------------------------------------------------------

    def reading(self, requestor: str = "assistant") -> Any:
        """What one call sees that only reads: as `view`, but frozen. `read` takes it back."""
        if requestor == "user":
            return self.section(USER)
        if not self._rows and not self._whole and self._names is None:
            return self.base.root
        if self._names is not None:
            return Node(self.tables())
        root = Reading(self.base.tables)
        root.pages = {name: self._page(name) for name in self._rows if name in self._paged}
        for name, page in root.pages.items():
            _set(root, name, page.sheet)
        for name in (*self._rows, *self._whole):
            if name != USER and name not in root.pages:
                _set(root, name, self.section(name))
        return root

    def read(self, root: Any) -> None:
        """A call that only read is over: take back the pages that nobody else holds."""
        if type(root) is Reading:
            for name in root.pages:
                page = root.give_back(name)
                if page is not None:
                    self.base.pages.put(name, self._token, page)

    def view(self, requestor: str = "assistant", lasting: bool = False) -> Any:
        """What one call sees: the dict of tables, or for the requestor `user` the customer's document.

        Args:
            requestor: whose call it is.
            lasting: other states may be read or changed before the call is over.
        """
        call = Call(self._version)
        if requestor == "user":
            section = self.section(USER)
            return wrap(section, call) if type(section) in FROZEN else section
        # Whoever reads the dict of tables in C finds in it what has changed, for now on pages.
        root = wrap_root(self.tables(), call, self._lend)
        if lasting:
            for name in self._rows:
                if name in self._paged:
                    root[name]
        return root

    def plan(self, view: Any) -> Plan | None:
        """What committing a view would do; None: nothing. Nothing is done yet.

        Raises:
            ToolError: `bad_state`: the state would hold something that is not JSON.
        """
        kind = type(view)
        if kind not in VIEWS:
            return None
        if kind is Table or kind is Root:
            call: Call = view._call
            if not call.dirty and not call.lists:
                return None
            if call.version != self._version:
                raise RuntimeError("the state has changed since this view of it was made")
        plan = Plan(self.base, self._digests, self._row, self.section)
        try:
            if kind is Root:
                plan.tables(view)
            elif kind is Table:
                plan.table(USER, view)
            else:
                plan.section(USER, self.section(USER), view)
        except BadValue as error:
            raise _bad_state(error) from None
        return plan if plan else None

    def apply(self, plan: Plan) -> None:
        """Make a plan real."""
        self._version += 1
        self._total = (self._total + plan.delta) & MODULUS
        self._hash = None
        if plan.names is not None:
            self._names = tuple(plan.names)
        for name, value in plan.whole.items():
            if value is ABSENT:
                self._whole.pop(name, None)
                self._rows.setdefault(name, {})
            else:
                self._whole[name] = value
        if plan.whole or plan.names is not None:
            self._reshaped()
        pages: dict[str, Page | None] = {}
        for section, key, row, moved, digest in plan.changes:
            rows = self._rows.get(section)
            if rows is None:
                rows = self._rows[section] = {}
            if section not in pages:
                pages[section] = self._taken_page(section)
            page = pages[section]
            if moved or row is ABSENT:
                rows.pop(key, None)
                base = self.base.sections.get(section, _EMPTY)
                if type(base) is Sheet and key in base:
                    self._gone.setdefault(section, set()).add(key)
                if page is not None:
                    _pop(page.sheet, key, None)
                    page._reordered = True
            if row is ABSENT:
                self._digests.pop((section, key), None)
            else:
                rows[key] = row
                self._digests[section, key] = digest
                if page is not None:
                    _set(page.sheet, key, row)
                    page._shown.add(key)
        for section, page in pages.items():
            if page is not None:
                page._at = self._token, self._version
                self.base.pages.put(section, self._token, page)

    def commit(self, view: Any) -> list[Op]:
        """Make a view's changes real, and tell them.

        Raises:
            ToolError: `bad_state`: the state would hold something that is not JSON. Nothing has changed.
        """
        plan = self.plan(view)
        if plan is None:
            return []
        self.apply(plan)
        return plan.ops

    def release(self, view: Any, applied: bool = False) -> None:
        """A call is over: take back the views of large tables that nobody else holds.

        Args:
            view: what the call worked on.
            applied: its plan has been made real, and nobody else's since.
        """
        if type(view) is not Root or not view._lent or self._version - view._call.version != applied:
            return
        for name in view._lent:
            table = view.give_back(name)
            if table is None or name not in self._lends or (table._gone and not applied):
                continue
            base, rows = self.base.sections[name], self._rows.get(name, {})
            reached, put, shown, size = table._reached, table._put, table._shown, table._size
            for key in put:
                if applied and key not in shown and key not in base:
                    size += 1
            for key in (*reached, *put):
                current = self._row(name, key)
                if current is ABSENT:
                    _pop(table, key, None)
                else:
                    _set(table, key, current)
                    if key in rows:
                        shown.add(key)
            if table._gone:
                table._reordered = True
            elif len(table) != size:
                continue  # a row was added past our back
            table._reached, table._put, table._gone = [], {}, {}
            table._at = self._token, self._version
            self.base.views.put(name, self._token, table)

    def _reshaped(self) -> None:
        """Pages show tables that have been there from the beginning; calls are lent views of large ones."""
        still = self._names is None
        self._lends = self.base.large - self._whole.keys() if still else frozenset()
        self._paged = self.base.plain - self._whole.keys() if still else frozenset()

    def _lend(self, name: str) -> Table | None:
        """A view of a large table as it stands, or None: then one has to be made."""
        if name not in self._lends:
            return None
        table = self.base.views.take(name, self._token)
        if table is None or (table._reordered and table._at != (self._token, self._version)):
            table = view_table(self.base.sections[name], name)
        self._show(name, table, table)
        table._size = len(table)
        return table

    def _taken_page(self, name: str) -> Page | None:
        """Take out the page that shows a table as it stood before the change that is made now, if there is one."""
        page = self.base.pages.take_own(name, self._token)
        return page if page is not None and page._at == (self._token, self._version - 1) else None

    def _page(self, name: str) -> Page:
        """Take out a page of a table as it stands. One whose sheet anybody holds is not changed any more."""
        page = self.base.pages.take(name, self._token)
        now = self._token, self._version
        # One reference is the page's, one the argument's.
        if page is None or (page._at != now and (page._reordered or getrefcount(page.sheet) > 2)):
            page = Page(self.base.sections[name])
        self._show(name, page.sheet, page)
        return page

    def _show(self, name: str, table: dict[str, Any], of: Table | Page) -> None:
        """Bring a table that was lent to where this state stands."""
        base, at = self.base.sections[name], (self._token, self._version)
        if of._at == at:
            return
        for key in of._shown:
            old = base.get(key, ABSENT)
            if old is ABSENT:
                _pop(table, key, None)
            else:
                _set(table, key, old)
        gone, rows = self._gone.get(name, ()), self._rows.get(name, {})
        for key in gone:
            _pop(table, key, None)
        _update(table, rows)
        of._shown, of._reordered, of._at = set(rows), bool(gone), at

    def edit(self, change: Callable[[dict[str, Any]], Any]) -> list[Op]:
        """Change the whole document: `change` may do so in place, and returns what the document is to be.

        Raises:
            ToolError: `bad_state`, as `commit`, or what it returns is no state document.
        """
        plan = self._changed(self.view(), self.view("user"), change)
        self.apply(plan)
        return plan.ops

    def plan_with(self, view: Any, change: Callable[[dict[str, Any]], Any]) -> Plan:
        """What committing a view of one side would do, once `change` has changed the document in which it stands.

        Raises:
            ToolError: as `edit`.
        """
        other = self.view("assistant" if type(view) is not Root else "user")
        root, user = (view, other) if type(view) is Root else (other, view)
        return self._changed(root, user, change)

    def _changed(self, root: Any, user: Any, change: Callable[[dict[str, Any]], Any]) -> Plan:
        document = change({"tables": root, "user": user})
        tables = document.get("tables", {}) if isinstance(document, dict) else None
        if not isinstance(tables, dict) or document.keys() - {"tables", "user"}:
            raise ToolError("a state document has the keys `tables` and `user` only", "bad_state")
        if tables is not root:
            root.clear()
            root.update(tables)
        plan, own = Plan(self.base, self._digests, self._row, self.section), document.get("user", {})
        try:
            plan.tables(root)
            if own is user and type(own) is Table:
                plan.table(USER, own)
            else:
                plan.section(USER, self.section(USER), own)
        except BadValue as error:
            raise _bad_state(error) from None
        return plan

    # --- points in time ---------------------------------------------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """A point to come back to, with `restore` of this State or of another over the same base."""
        return Snapshot(
            {name: dict(rows) for name, rows in self._rows.items()},
            {name: frozenset(keys) for name, keys in self._gone.items()},
            dict(self._whole), self._names, self._total, dict(self._digests),
        )  # fmt: skip

    def restore(self, point: Snapshot) -> None:
        """Go back to a point."""
        self._rows = {name: dict(rows) for name, rows in point.rows.items()}
        self._gone = {name: set(keys) for name, keys in point.gone.items()}
        self._whole, self._names, self._total = dict(point.whole), point.names, point.total
        self._digests = dict(point.digests)
        self._reshaped()
        self._hash = None
        self._version += 1
        self._token = self.base.token()

    def net_patch(self, since: Snapshot | None = None) -> list[Op]:
        """The operations that lead from the seed, or from a snapshot, to the state as it stands."""
        before = State(self.base)
        if since is not None:
            before.restore(since)
        ops: list[Op] = []
        old_names, new_names = before._all_names(), self._all_names()
        for name in old_names:
            if name not in new_names:
                ops.append({"op": "remove", "path": pointer(name), "old": thaw(before.section(name))})
        touched = self._touched() | before._touched()
        for name in (*new_names, USER):
            if name not in touched and (name == USER or name in old_names):
                continue
            if name != USER and name not in old_names:
                ops.append({"op": "add", "path": pointer(name), "value": thaw(self.section(name))})
            elif self._is_sheet(name) and before._is_sheet(name):
                for key in self._differing(name, before):
                    _tell_row(ops, pointer(name, key), before._row(name, key), self._row(name, key))
            else:
                patch.extend(ops, before.section(name), self.section(name), pointer(name))
        return ops

    def _touched(self) -> set[str]:
        """Sections that may differ from the seed's."""
        return {*self._rows, *self._gone, *self._whole}

    def _all_names(self) -> tuple[str, ...]:
        return tuple(self.base.tables) if self._names is None else self._names

    def _is_sheet(self, name: str) -> bool:
        return name not in self._whole and (name in self._rows or type(self.base.sections.get(name)) is Sheet)

    def _row(self, name: str, key: str) -> Any:
        rows = self._rows.get(name)
        if rows is not None and key in rows:
            return rows[key]
        if key in self._gone.get(name, ()):
            return ABSENT
        base = self.base.sections.get(name, _EMPTY)
        return base.get(key, ABSENT) if type(base) is Sheet else ABSENT

    def _differing(self, name: str, other: State) -> Iterator[str]:
        """Keys of rows that may differ between two states, in an order that depends on nothing else."""
        gone = sorted(self._gone.get(name, set()) | other._gone.get(name, set()))
        yield from dict.fromkeys([*gone, *other._rows.get(name, ()), *self._rows.get(name, ())])


def _tell_row(ops: list[Op], at: str, old: Any, new: Any) -> None:
    if old is ABSENT:
        if new is not ABSENT:
            ops.append({"op": "add", "path": at, "value": thaw(new)})
    elif new is ABSENT:
        ops.append({"op": "remove", "path": at, "old": thaw(old)})
    else:
        patch.extend(ops, old, new, at)


def _bad_state(error: BadValue) -> ToolError:
    at = patch.pointer(*error.path)
    return ToolError(f"the tool put something into the state that is not JSON: {error.what}, at {at}", "bad_state")
