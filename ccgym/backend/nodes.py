"""The immutable values that states are made of, and the way out of them, `thaw`.

A dict of scalars becomes a `Leaf`, any other dict a `Node`, a table a `Sheet`, a list a `Seq`. They are real dicts and
lists, so they compare, print and serialise natively; they refuse to be changed; and their type alone tells a value of
the state from a fresh one that a tool has just made.
"""

from __future__ import annotations

from typing import Any, NoReturn

import orjson

SCALARS = frozenset((str, int, float, bool, type(None)))


_refused = 0


def _refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
    global _refused
    _refused += 1
    raise TypeError("the seed state is shared by all episodes and cannot be changed")


def refusals() -> int:
    """How many times something has tried to change a value of a state: it may have caught what it was told."""
    return _refused


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


def thaw(value: Any) -> Any:
    """A fresh plain copy of a value of the state, or of a view of it."""
    kind = type(value)
    if kind in SCALARS:
        return value
    if kind is Leaf:
        return dict(value)
    return orjson.loads(orjson.dumps(value))
