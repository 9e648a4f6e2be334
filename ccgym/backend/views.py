"""What a tool sees of the state during one call: dicts and lists that it may change as it likes.

A view is a real dict (or list) that holds shallow copies of the pointers of its source, so whatever reads dicts in C
reads it natively. Children are wrapped when they are reached, and put back in place, so that `d["a"] is d["a"]`.
What the tool writes is kept as it is: a fresh dict stays the tool's own object until the call ends. Nothing points
upwards, so a call's views die with it, and only what was reached is looked at when the call commits.
"""

from __future__ import annotations

import copy
import json.encoder
import sys
from collections.abc import Callable, ItemsView, Iterator, ValuesView
from sys import getrefcount
from typing import Any

from ccgym.backend.nodes import FROZEN, Leaf, Node, Seq, Sheet

_get = dict.__getitem__
_set = dict.__setitem__
_del = dict.__delitem__
_iter = dict.__iter__
_items = dict.items
_values = dict.values
_MISSING: Any = object()
_WRITES_JSON = json.encoder.__dict__
_frame = sys._getframe
CLEAN, WRITTEN = None, ()
"""What a view's `_state` may be besides the list of the keys whose children were wrapped."""


class Call:
    """What the views of one call share: whether anything was written, and whether a list was reached."""

    __slots__ = ("dirty", "lists", "version")

    def __init__(self, version: int) -> None:
        self.dirty = self.lists = False
        self.version = version


_MADE_ROW: dict[str, Any] = {"_call": None, "_source": None}
_MADE_LIST: dict[str, Any] = {"_first": (_MISSING,), "_source": None}
_MADE_VIEW: dict[str, Callable[[], Any]] = {
    "_call": lambda: Call(0), "_source": dict, "_state": tuple, "_reached": list, "_put": dict, "_gone": dict,
    "_shown": set, "_name": lambda: None, "_reordered": bool, "_size": int, "_at": lambda: (0, 0), "_lent": list,
    "_lend": lambda: lambda name: None,
}  # fmt: skip
"""What the slots hold of views that nobody wrapped: written by the tool from beginning to end."""


def _unset(name: str, made: dict[str, Any]) -> Any:
    try:
        return made[name]
    except KeyError:
        raise AttributeError(name) from None


def _made_view(name: str) -> Any:
    return _unset(name, _MADE_VIEW)()


class _Copies:
    """How views are copied and pickled: as plain dicts."""

    __slots__ = ()

    def __copy__(self) -> dict[str, Any]:
        return dict(self)  # type: ignore[call-overload]

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        memo[id(self)] = result
        for key, value in _items(self):  # type: ignore[arg-type, var-annotated]
            result[key] = copy.deepcopy(value, memo)
        return result

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return dict, (dict(self),)  # type: ignore[call-overload]

    @classmethod
    def fromkeys(cls, keys: Any, value: Any = None) -> dict[Any, Any]:
        """A plain dict, as `dict.fromkeys`."""
        return dict.fromkeys(keys, value)


class Row(_Copies, dict[str, Any]):
    """A view of an object that holds scalars only: reads are native, writes say so."""

    __slots__ = ("_call", "_source")
    _source: Leaf
    """Where it stands in a list or an object; the rows of tables do without, their key tells."""
    _call: Call | list[str] | None
    """The call, while nothing was written; then the keys that were set; None once anything else was done."""

    def __getattr__(self, name: str) -> Any:
        """Reached for a slot that is empty: in a row that a tool has made by `type(row)(…)`, as `asdict` does."""
        return _unset(name, _MADE_ROW)

    def _touch(self) -> None:
        if type(self._call) is Call:
            self._call.dirty = True
        self._call = None

    def __setitem__(self, key: str, value: Any) -> None:
        call = self._call
        if type(call) is Call:
            call.dirty = True
            self._call = [key]
        elif call is not None:
            call.append(key)  # type: ignore[union-attr]
        _set(self, key, value)

    def __delitem__(self, key: str) -> None:
        self._touch()
        _del(self, key)

    def __ior__(self, other: Any) -> Row:  # type: ignore[override, misc]
        self._touch()
        return dict.__ior__(self, other)  # type: ignore[return-value]

    def clear(self) -> None:
        """As `dict.clear`."""
        self._touch()
        dict.clear(self)

    def pop(self, *args: Any) -> Any:  # type: ignore[override]
        """As `dict.pop`."""
        self._touch()
        return dict.pop(self, *args)

    def popitem(self) -> tuple[str, Any]:
        """As `dict.popitem`."""
        self._touch()
        return dict.popitem(self)

    def setdefault(self, *args: Any) -> Any:
        """As `dict.setdefault`."""
        self._touch()
        return dict.setdefault(self, *args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As `dict.update`."""
        self._touch()
        dict.update(self, *args, **kwargs)


class List(list[Any]):
    """A view of a list. Its children are wrapped at once; whether it was changed is seen by comparing, so it overrides
    nothing that reads or writes: not even `heapq` can change it unseen."""

    __slots__ = ("_first", "_source")
    _first: list[Any]
    _source: Seq

    def __getattr__(self, name: str) -> Any:
        """As of `Row`."""
        return _unset(name, _MADE_LIST)

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        result: list[Any] = []
        memo[id(self)] = result
        result.extend([copy.deepcopy(item, memo) for item in self])
        return result

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return list, (list(self),)


class View(_Copies, dict[str, Any]):
    """A view of an object with objects or lists in it, wrapped when they are reached."""

    __slots__ = ("_call", "_source", "_state")
    _source: Node | Sheet | dict[str, Any]
    _call: Call
    _state: Any
    """CLEAN, the keys whose children were wrapped, or WRITTEN."""

    def __getattr__(self, name: str) -> Any:
        """As of `Row`."""
        return _made_view(name)

    def _reach(self, key: str, source: Any) -> Any:
        # Most of what is reached are objects of scalars: `wrap` in place, for them, as scans of a table do little else.
        if type(source) is Leaf:
            child: Any = Row(source)
            child._call, child._source = self._call, source
        else:
            child = wrap(source, self._call)
        _set(self, key, child)
        if self._state is CLEAN:
            self._state = [key]
        elif self._state is not WRITTEN:
            self._state.append(key)
        return child

    def _dropped(self, key: str) -> None:
        self._state, self._call.dirty = WRITTEN, True

    def __getitem__(self, key: str) -> Any:
        value = _get(self, key)
        return self._reach(key, value) if type(value) in FROZEN else value

    def get(self, key: str, default: Any = None) -> Any:  # type: ignore[override]
        """As `dict.get`."""
        value = dict.get(self, key, default)
        return self._reach(key, value) if type(value) in FROZEN else value

    def __iter__(self) -> Iterator[str]:
        # Overridden, though it does what dict does: without it dict(view), {**view} and update(view) would take the
        # storage as it is, past __getitem__.
        return _iter(self)

    def items(self) -> Any:
        """As `dict.items`."""
        # Whoever writes JSON only reads: nothing need be wrapped. Tools that return `json.dumps(row)` are many.
        return _items(self) if _frame(1).f_globals is _WRITES_JSON else Items(self)

    def values(self) -> Values:  # type: ignore[override]
        """As `dict.values`."""
        return Values(self)

    def copy(self) -> dict[str, Any]:
        """A plain dict that shares the children, as `dict.copy`."""
        return dict(self)

    def __or__(self, other: Any) -> Any:
        return dict(self) | other if isinstance(other, dict) else NotImplemented

    def __setitem__(self, key: str, value: Any) -> None:
        _set(self, key, value)
        self._state, self._call.dirty = WRITTEN, True

    def __delitem__(self, key: str) -> None:
        _del(self, key)
        self._dropped(key)

    def __ior__(self, other: Any) -> View:  # type: ignore[override, misc]
        self.update(other)
        return self

    def clear(self) -> None:
        """As `dict.clear`."""
        for key in list(_iter(self)):
            self._dropped(key)
        dict.clear(self)

    def pop(self, key: str, default: Any = _MISSING) -> Any:  # type: ignore[override]
        """As `dict.pop`."""
        if key in self:
            value = self[key]
            del self[key]
            return value
        if default is _MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[str, Any]:
        """As `dict.popitem`."""
        for key in dict.__reversed__(self):
            return key, self.pop(key)
        raise KeyError("popitem(): dictionary is empty")

    def setdefault(self, key: str, default: Any = None) -> Any:
        """As `dict.setdefault`."""
        if key in self:
            return self[key]
        self[key] = default
        return default

    def update(self, *args: Any, **kwargs: Any) -> None:
        """As `dict.update`."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value


class Table(View):
    """A view of a table. It remembers which keys were reached, written and dropped: a commit looks at no others.

    Views of large tables are lent to one call after the other, of one state and then perhaps of another. Between calls
    they hold no views, only frozen rows: those of the state that had them last, which are `_shown` beside the seed's.
    """

    __slots__ = ("_at", "_gone", "_name", "_put", "_reached", "_reordered", "_shown", "_size")
    _source: Sheet
    _name: str
    """The table's own name, where it stands among the tables."""
    _reached: list[str]
    _put: dict[str, None]
    """Keys written in this call, in the order in which new ones stand in the table."""
    _gone: dict[str, None]
    """Keys dropped in this call, even if they came back."""
    _shown: set[str]
    """Keys whose rows are not those of the seed, in a view that is lent."""
    _at: tuple[int, int]
    """Token and version of the state that it shows."""
    _reordered: bool
    """Rows of the seed were dropped: its order cannot come back."""
    _size: int
    """How many rows it had when it was lent."""

    def _reach(self, key: str, source: Any) -> Any:
        kind = type(source)
        child: Any
        if kind is Leaf:
            child = Row(source)
            child._call = self._call
        elif kind is Node:
            child = View(source)
            child._call, child._state, child._source = self._call, CLEAN, source
        else:
            child = wrap(source, self._call)
        _set(self, key, child)
        self._reached.append(key)
        return child

    def __setitem__(self, key: str, value: Any) -> None:
        _set(self, key, value)
        self._call.dirty = True
        if key not in self._put:
            self._put[key] = None

    def _dropped(self, key: str) -> None:
        self._call.dirty = True
        self._put.pop(key, None)
        self._gone[key] = None


def view_table(source: Sheet, name: str = "") -> Table:
    """A new view of a table. `_call` is still to be set."""
    table = Table(source)
    table._state, table._source, table._name = CLEAN, source, name
    table._reached, table._put, table._gone, table._shown = [], {}, {}, set()
    table._at, table._reordered, table._size = (0, 0), False, len(source)
    return table


class Root(View):
    """A view of the dict of tables. `lend` gives the views of large ones."""

    __slots__ = ("_lend", "_lent")
    _source: dict[str, Any]
    _lent: list[str]
    """Names of the tables whose views are lent."""
    _lend: Callable[[str], Table | None]

    def _reach(self, key: str, source: Any) -> Any:
        if type(source) is not Sheet:
            return View._reach(self, key, source)
        table = self._lend(key)
        if table is None:
            table = view_table(source, key)
        else:
            self._lent.append(key)
        table._call = self._call
        _set(self, key, table)
        return table

    def give_back(self, name: str) -> Table | None:
        """Take a table's view out, if it may serve another call: nobody has kept it, and little was done to it."""
        table = dict.get(self, name)
        if type(table) is not Table or table._name != name:
            return None
        _set(self, name, self._source[name])
        # One reference is ours, one the argument's: any other may be the tool's, who must not see a later call.
        if len(table._reached) * WORTH_CLEANING > len(table) or getrefcount(table) > 2:
            return None
        return table


WORTH_LENDING = 64
"""Rows from which on it is cheaper to clean a table's view than to make another."""
WORTH_CLEANING = 16
"""Where more than one row in so many was reached, it is not."""
VIEWS = frozenset((Row, View, Table, List, Root))


def wrap_root(tables: dict[str, Any], call: Call, lend: Callable[[str], Table | None]) -> Root:
    """A view of the dict of tables, for one call."""
    root = Root(tables)
    root._call, root._state, root._source, root._lend, root._lent = call, CLEAN, tables, lend, []
    return root


def wrap(source: Any, call: Call) -> Any:
    """A view of a frozen value, for one call."""
    kind = type(source)
    if kind is Leaf:
        row = Row(source)
        row._call, row._source = call, source
        return row
    if kind is Seq:
        call.lists = True
        items = List([wrap(item, call) if type(item) in FROZEN else item for item in source])
        items._first, items._source = items[:], source
        return items
    if kind is Sheet:
        table = view_table(source)
        table._call = call
        return table
    view = View(source)
    view._call, view._state, view._source = call, CLEAN, source
    return view


class Items(ItemsView[str, Any]):
    """As `dict_items`, of a view."""

    __slots__ = ()
    _mapping: View

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        view = self._mapping
        for key, value in _items(view):
            if type(value) in FROZEN:
                value = view._reach(key, value)
            yield key, value

    def __reversed__(self) -> Iterator[tuple[str, Any]]:
        view = self._mapping
        for key in dict.__reversed__(view):
            yield key, view[key]

    def __repr__(self) -> str:
        return f"dict_items({list(_items(self._mapping))!r})"


class Values(ValuesView[Any]):
    """As `dict_values`, of a view."""

    __slots__ = ()
    _mapping: View

    def __iter__(self) -> Iterator[Any]:
        view = self._mapping
        for key, value in _items(view):
            if type(value) in FROZEN:
                value = view._reach(key, value)
            yield value

    def __reversed__(self) -> Iterator[Any]:
        view = self._mapping
        for key in dict.__reversed__(view):
            yield view[key]

    def __repr__(self) -> str:
        return f"dict_values({list(_values(self._mapping))!r})"
