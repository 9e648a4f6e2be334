"""A customer who says and does again what a log holds, so that a replay needs no model."""

from __future__ import annotations

from collections.abc import Sequence

from ccgym.types import CustomerCall, CustomerTurn, Episode, ToolEvent, UserEvent

LIVE = ("llm",)
"""Kinds of customer whose words cannot be made again. A plugin's factory says so by the attribute `live = True`."""


class RecordedCustomer:
    """Plays back the customer of an episode, line by line."""

    def __init__(self, episode: Episode) -> None:
        self._lines: list[UserEvent] = episode.of(UserEvent)
        said = {line.step: line.n for line in self._lines}
        self._calls: dict[int, list[ToolEvent]] = {}
        for event in episode.of(ToolEvent):
            if event.requestor == "user" and event.n < said.get(event.step, -1):
                self._calls.setdefault(event.step, []).append(event)
        self._next = 0

    def first(self) -> CustomerTurn:
        """The line that opened the talk."""
        return self._line()

    def answer(self, reply: str) -> CustomerTurn:
        """The next line, or first the calls that were made before it."""
        if self._next < len(self._lines):
            calls = self._calls.get(self._lines[self._next].step)
            if calls:
                return CustomerTurn("", calls=tuple((call.name, call.arguments) for call in calls))
        return self._line()

    def results(self, calls: Sequence[CustomerCall]) -> CustomerTurn:
        """The line that followed the calls."""
        return self._line()

    def _line(self) -> CustomerTurn:
        if self._next >= len(self._lines):
            return CustomerTurn("", left="the recording ends here")
        line = self._lines[self._next]
        self._next += 1
        return CustomerTurn(line.content, done=line.done, left=line.left, reveals=tuple(line.reveals))
