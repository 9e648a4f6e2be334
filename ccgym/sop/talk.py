"""What agent and customer said to each other, as rules ask for it."""

from __future__ import annotations

from math import inf

from ccgym.sop.agreement import agrees, said
from ccgym.turns import fold

NEVER = inf
"""The moment of what did not happen."""


class Talk:
    """What agent and customer said to each other, each reply searched once for each term."""

    __slots__ = ("_answers", "_heard", "_lines", "_replies")

    def __init__(self) -> None:
        self._replies: list[str] = []
        self._lines: list[tuple[int, str]] = []
        """(event number, what the customer said)."""
        self._answers: list[tuple[int, str, int]] = []
        """(event number, the customer's line, index of the reply that it answers)."""
        self._heard: dict[tuple[str, ...], tuple[int, int | None]] = {}
        """Term to how many replies were searched, and the index of the first that holds it."""

    def say(self, n: int, reply: str) -> None:
        """The agent replied."""
        self._replies.append(reply)

    def hear(self, n: int, line: str) -> None:
        """The customer said something."""
        line = fold(line)
        self._lines.append((n, line))
        if self._replies:
            self._answers.append((n, line, len(self._replies) - 1))

    def told(self, terms: list[tuple[str, ...]], after: float) -> float:
        """The moment by which the customer had said each of the terms, after `after`: a talk has few lines."""
        moment = after
        for term in terms:
            first = next((n for n, line in self._lines if n > after and said(line, term)), NEVER)
            if first == NEVER:
                return NEVER
            moment = max(moment, first)
        return moment

    def agreed(self, terms: list[tuple[str, ...]], yes: tuple[str, ...], after: float) -> float:
        """The first moment after `after` at which the customer agreed to a question, having heard the terms, and which
        no later refusal takes back."""
        heard = [self._first(term) for term in terms]
        if None in heard:
            return NEVER
        latest = max((index for index in heard if index is not None), default=0)
        words = tuple(map(fold, yes))
        moment = NEVER
        for n, line, answered in self._answers:
            if n <= after or answered < latest:
                continue
            answer = agrees(line, words)
            if answer is False:
                moment = NEVER
            elif answer and moment == NEVER and _asks(self._replies[answered]):
                moment = n
        return moment

    def _first(self, term: tuple[str, ...]) -> int | None:
        searched, found = self._heard.get(term, (0, None))
        if found is None and searched < len(self._replies):
            for index in range(searched, len(self._replies)):
                if said(self._replies[index], term):
                    found = index
                    break
            self._heard[term] = (len(self._replies), found)
        return found


def _asks(reply: str) -> bool:
    return "?" in reply or "？" in reply
