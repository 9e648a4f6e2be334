"""Copies of tables that are kept for the episodes that were last played.

Enough for a batch that is rolled out together, too few to matter when thousands of episodes live. Losing one costs a
copy, and nothing else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sized
from typing import Generic, TypeVar

T = TypeVar("T", bound=Sized)
Name = tuple[int, str]
"""Token of a state, and section."""


class Kept(Generic[T]):
    """Tables by state and section, those used longest ago dropped first.

    Args:
        capacity: how many rows all of them together may have.
    """

    __slots__ = ("_held", "_tables", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._tables: OrderedDict[Name, tuple[T, int]] = OrderedDict()
        self._held = 0

    def get(self, name: Name) -> T | None:
        """The table, which stays here."""
        found = self._tables.get(name)
        return None if found is None else found[0]

    def take(self, name: Name) -> T | None:
        """The table, which is no longer here."""
        found = self._tables.pop(name, None)
        if found is None:
            return None
        self._held -= found[1]
        return found[0]

    def put(self, name: Name, table: T) -> None:
        """Keep a table that is not here."""
        weight = len(table)
        self._tables[name] = table, weight
        self._held += weight
        while self._held > self.capacity and self._tables:
            self._held -= self._tables.popitem(last=False)[1][1]
