"""What a tool that only reads is given of the state: the state itself, frozen, and nothing made for the call.

Tables in which the episode has changed rows stand on pages: copies that serve one call after the other, of one state
and then perhaps of another, and are brought to where that state stands.
"""

from __future__ import annotations

from sys import getrefcount

from ccgym.backend.nodes import Node, Sheet


class Page:
    """A table as some state has it."""

    __slots__ = ("_at", "_reordered", "_shown", "sheet")

    def __init__(self, source: Sheet) -> None:
        self.sheet = Sheet(source)
        """The table, frozen."""
        self._shown: set[str] = set()
        """Keys whose rows are not those of the seed."""
        self._at = (0, 0)
        """Token and version of the state that it shows."""
        self._reordered = False
        """Rows of the seed were dropped: its order cannot come back."""


class Reading(Node):
    """The dict of tables, with the pages of those that have changed."""

    __slots__ = ("pages",)
    pages: dict[str, Page]

    def give_back(self, name: str) -> Page | None:
        """Take a page out, if it may serve another call: the tool has not kept it."""
        page = self.pages[name]
        dict.__delitem__(self, name)
        # One reference is the page's, one the argument's.
        return page if getrefcount(page.sheet) == 2 else None
