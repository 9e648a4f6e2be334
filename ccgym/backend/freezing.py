"""From what a tool has left behind to the immutable values of a state."""

from __future__ import annotations

from collections.abc import Iterable
from operator import is_
from typing import Any

from ccgym import jsontext
from ccgym.backend.nodes import FROZEN, SCALARS, Leaf, Node, Seq, Sheet
from ccgym.backend.views import CLEAN, VIEWS, WRITTEN, Call, List, Row, View
from ccgym.jsontext import MAX_DEPTH

_KEPT = SCALARS | FROZEN
_ABSENT: Any = object()


class BadValue(TypeError):
    """A value that JSON cannot hold. `path` lists the keys and indices that lead to it."""

    def __init__(self, what: str, path: tuple[str | int, ...]) -> None:
        super().__init__(what)
        self.what, self.path = what, path


def freeze(value: Any, depth: int = 0) -> Any:
    """An immutable copy of a value. What is immutable already is shared; a view in which nothing was written, at any
    depth, is what it shows.

    Scalars are not looked into: `jsontext.canonical` of the result tells whether JSON can hold them.

    Raises:
        BadValue: an object of a type that JSON has not, or nesting deeper than 64.
    """
    kind = type(value)
    if kind in _KEPT:
        return value
    if depth > MAX_DEPTH:
        raise BadValue(f"nested deeper than {MAX_DEPTH}, or contains itself", ())
    if kind is View:
        return _shown(value, depth)
    if kind is List:
        return _shown_list(value, depth)
    if kind is Row and type(value._call) is Call and (source := getattr(value, "_source", None)) is not None:
        return source
    if kind is dict or issubclass(kind, dict):
        if SCALARS.issuperset(map(type, dict.values(value))):
            return Leaf(value)
        return Node(_frozen_items(dict.items(value) if kind in VIEWS else value.items(), depth))
    if issubclass(kind, list | tuple):
        items = []
        for item in value:
            try:
                items.append(item if type(item) in _KEPT else freeze(item, depth + 1))
            except BadValue as error:
                raise BadValue(error.what, (len(items), *error.path)) from None
        return Seq(items)
    try:
        return freeze(jsontext.clean(value), depth)
    except TypeError:
        raise BadValue(f"a {kind.__name__} is not JSON", ()) from None


def _shown(view: View, depth: int) -> Any:
    state, source, get = view._state, view._source, dict.__getitem__
    if state is CLEAN:
        return source
    if state is not WRITTEN:
        changed = {}
        for key in state:
            item = dict.get(view, key, _ABSENT)
            if item is _ABSENT:  # removed past the view's methods, which is no change
                continue
            try:
                item = freeze(item, depth + 1)
            except BadValue as error:
                raise BadValue(error.what, (key, *error.path)) from None
            if item is not get(source, key):
                changed[key] = item
        return Node({**dict(source), **changed}) if changed else source
    frozen = _frozen_items(dict.items(view), depth)
    return (Leaf if SCALARS.issuperset(map(type, frozen.values())) else Node)(frozen)


def _shown_list(view: List, depth: int) -> Any:
    first, source, items = view._first, view._source, []
    same = len(view) == len(first) and all(map(is_, view, first))
    for index, item in enumerate(view):
        if type(item) not in _KEPT:
            try:
                item = freeze(item, depth + 1)
            except BadValue as error:
                raise BadValue(error.what, (index, *error.path)) from None
            same = same and item is source[index]
        items.append(item)
    return source if same else Seq(items)


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
    items = dict.items(value) if type(value) in VIEWS else value.items()
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
