"""The immutable values that states are made of, and the way in (`freeze`) and out (`thaw`).

A dict of scalars becomes a `Leaf`, any other dict a `Node`, a table a `Sheet`, a list a `Seq`. They are real dicts and
lists, so they compare, print and serialise natively; they refuse to be changed; and their type alone tells a value of
the state from a fresh one that a tool has just made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

import orjson

from ccgym import jsontext
from ccgym.jsontext import MAX_DEPTH

SCALARS = frozenset((str, int, float, bool, type(None)))
_set = dict.__setitem__


class BadValue(TypeError):
    """A value that JSON cannot hold. `path` lists the keys and indices that lead to it."""

    def __init__(self, what: str, path: tuple[str | int, ...]) -> None:
        super().__init__(what)
        self.what, self.path = what, path


def _refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
    raise TypeError("the seed state is shared by all episodes and cannot be changed")


class Node(dict[str, Any]):
    """An immutable JSON object."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        return thaw(self)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return dict, (dict(self),)


class Leaf(Node):
    """An immutable JSON object that holds scalars only: most rows are."""

    __slots__ = ()


class Sheet(Node):
    """An immutable table: key to row, in order."""

    __slots__ = ()


class Seq(list[Any]):
    """An immutable JSON array."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = append = clear = extend = insert = pop = _refuse  # type: ignore[assignment]
    remove = reverse = sort = _refuse  # type: ignore[assignment]

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return thaw(self)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return list, (list(self),)


FROZEN = frozenset((Leaf, Node, Seq, Sheet))
_KEPT = SCALARS | FROZEN


def freeze(value: Any, depth: int = 0) -> Any:
    """An immutable copy of a value; what is immutable already is shared, not copied.

    Scalars are not looked into: `jsontext.canonical` of the result tells whether JSON can hold them.

    Raises:
        BadValue: an object of a type that JSON has not, or nesting deeper than 64.
    """
    kind = type(value)
    if kind in _KEPT:
        return value
    if depth > MAX_DEPTH:
        raise BadValue(f"nested deeper than {MAX_DEPTH}, or contains itself", ())
    if issubclass(kind, dict):
        if SCALARS.issuperset(map(type, dict.values(value))):
            return Leaf(value)
        return Node(_frozen_items(dict.items(value) if hasattr(kind, "_call") else value.items(), depth))
    if issubclass(kind, list | tuple):
        items = []
        for index, item in enumerate(value):
            try:
                items.append(item if type(item) in _KEPT else freeze(item, depth + 1))
            except BadValue as error:
                raise BadValue(error.what, (index, *error.path)) from None
        return Seq(items)
    try:
        return freeze(jsontext.clean(value), depth)
    except TypeError:
        raise BadValue(f"a {kind.__name__} is not JSON", ()) from None


def _frozen_items(items: Iterable[tuple[Any, Any]], depth: int) -> dict[Any, Any]:
    frozen = {}
    for key, item in items:
        try:
            frozen[key] = item if type(item) in _KEPT else freeze(item, depth + 1)
        except BadValue as error:
            raise BadValue(error.what, (key, *error.path)) from None
    return frozen


def freeze_table(value: Any) -> Any:
    """As `freeze`, where a dict becomes a `Sheet`."""
    if not isinstance(value, dict):
        return freeze(value)
    items = dict.items(value) if hasattr(type(value), "_call") else value.items()
    return Sheet(_frozen_items(items, 0))


def culprit(value: Any) -> BadValue:
    """Why `jsontext.canonical` refused a frozen value, and where."""
    if isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str:
                return BadValue(f"keys must be strings, found {key!r}", ())
            try:
                jsontext.canonical(key)
            except TypeError:
                return BadValue("a key is not valid Unicode", ())
            try:
                jsontext.canonical(item)
            except TypeError:
                inner = culprit(item)
                return BadValue(inner.what, (key, *inner.path))
    if isinstance(value, list):
        for index, item in enumerate(value):
            try:
                jsontext.canonical(item)
            except TypeError:
                inner = culprit(item)
                return BadValue(inner.what, (index, *inner.path))
    if type(value) is str:
        return BadValue("text that is not valid Unicode", ())
    if type(value) is int:
        return BadValue("an integer past 64 bits", ())
    return BadValue(f"{value!r:.40} is not JSON", ())


def thaw(value: Any) -> Any:
    """A fresh plain copy of a value of the state, or of a view of it."""
    if type(value) in SCALARS:
        return value
    return orjson.loads(orjson.dumps(value))
