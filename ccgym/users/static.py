"""A customer who says the lines of a list, whatever the agent says."""

from __future__ import annotations

from typing import Any

from ccgym.types import CustomerTurn


class StaticCustomer:
    """`first_message`, then each of `user.sim.lines` in turn; the talk ends with the last one."""

    def __init__(self, user: dict[str, Any], sim: dict[str, Any]) -> None:
        self._first = user.get("first_message", "")
        self._lines = list(sim.get("lines", ()))
        self._next = 0

    def first(self) -> CustomerTurn:
        """The task's `first_message`."""
        return CustomerTurn(self._first)

    def answer(self, reply: str) -> CustomerTurn:
        """The next line; without one, an empty line that ends the talk."""
        line = self._lines[self._next] if self._next < len(self._lines) else ""
        self._next += 1
        return CustomerTurn(line, done=self._next >= len(self._lines))
