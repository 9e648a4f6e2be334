"""Tables that are kept for the episodes that were last played: as they stand, and as their tools see them.

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

    def put(self, name: Name, table: T) -> None:
        """Keep a table that is not here."""
        weight = len(table)
        self._tables[name] = table, weight
        self._held += weight
        while self._held > self.capacity and self._tables:
            self._held -= self._tables.popitem(last=False)[1][1]


class Lent(Generic[T]):
    """What is lent for one call at a time and comes back: a few for each table, by the token of who had it last.

    Args:
        capacity: how many there are of each table at the most; then whoever comes next gets the one that has been
            here longest, to make it his own.
    """

    __slots__ = ("_tables", "capacity")

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._tables: dict[str, dict[int, T]] = {}

    def take(self, section: str, token: int) -> T | None:
        """What this state had last; or somebody else's, where there are enough; or None. Safe in threads."""
        held = self._tables.get(section)
        if not held:
            return None
        found = held.pop(token, None)
        if found is None and len(held) >= self.capacity:
            found = held.pop(next(iter(held.copy())), None)
        return found

    def put(self, section: str, token: int, table: T) -> None:
        """Take it back."""
        self._tables.setdefault(section, {})[token] = table
