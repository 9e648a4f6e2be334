"""Tables of the episodes that were last played: as their tools see them, and as they stand.

Enough for a batch that is rolled out together, too few to matter when thousands of episodes live. Losing one costs a
copy, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Lent(Generic[T]):
    """What whoever works with it takes out and puts back: a few for each table, by the token of the state that had it.

    Taking is safe in threads: nobody else has what one has taken.

    Args:
        room: how many there may be of a table, by its name; then whoever comes next gets the one that has been here
            longest, to make it his own.
    """

    __slots__ = ("_tables", "room")

    def __init__(self, room: Callable[[str], int]) -> None:
        self.room = room
        self._tables: dict[str, dict[int, T]] = {}

    def take(self, section: str, token: int) -> T | None:
        """What this state had last; or somebody else's, where there are enough; or None."""
        held = self._tables.get(section)
        if not held:
            return None
        found = held.pop(token, None)
        if found is None and len(held) >= self.room(section):
            try:
                found = held.pop(next(iter(held)), None)
            except (RuntimeError, StopIteration):  # another thread has come between
                return None
        return found

    def take_own(self, section: str, token: int) -> T | None:
        """What this state had last, or None."""
        held = self._tables.get(section)
        return None if held is None else held.pop(token, None)

    def look(self, section: str, token: int) -> T | None:
        """What this state had last, which stays here: somebody else may take it at any time."""
        held = self._tables.get(section)
        return None if held is None else held.get(token)

    def put(self, section: str, token: int, table: T) -> None:
        """Put it back."""
        self._tables.setdefault(section, {})[token] = table
