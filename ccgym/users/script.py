"""A customer who follows a script: tells only what is asked for, answers deterministically, ends the talk.

Its words come from `user.sim` of the task over `users.sim` of the domain:

- `asks`: fact → words that ask for it, in a question, or in a sentence with one of the `markers` of a request; `tell`:
  fact → the line that tells it, with `{fact}` for the value.
- `confirm`: `yes` or `no`, said when one of `confirm_words` occurs in a question. Facts that stand in such a reply are
  read back, and not asked for.
- `mind`: changes of mind, `{at, line, known, confirm}`: at a reply by its number, at `confirm`, or at `done`.
- `done`: `statement` (default: a reply that asks nothing ends the talk), or phrases one of which must occur.
- `closing`: phrases that ask whether there is more, which there is not.
- `hold`: phrases that ask to wait; `patience`: replies without progress before the customer leaves; `anger`: remarks
  that sharpen as it runs down.
- `acts`: what the customer does with tools of his own when he is asked for it: see `ccgym.users.acts`.
- `lines`: `yes, no, unknown, done, again, wait, bye`, in the customer's language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from ccgym.turns import fold
from ccgym.types import CustomerCall, CustomerTurn
from ccgym.users.acts import Act, asked_for, read_acts
from ccgym.users.words import ANGER, CLOSING, CONFIRM_WORDS, HOLD, LINES, MARKERS

_QUESTION = re.compile(r"[?？](?![\w/=&%])")
_SENTENCE = re.compile(r"(?<=[.!?？])\s+")


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return _folded_once(tuple(words))


@lru_cache(maxsize=1024)
def _folded_once(words: tuple[str, ...]) -> tuple[str, ...]:
    """Customers of a domain share most of their words."""
    return tuple(map(fold, words))


@lru_cache
def _usual(words: str) -> dict[str, tuple[str, ...]]:
    """What a customer of a language listens for where his task says nothing else."""
    usual = {"confirm_words": CONFIRM_WORDS, "markers": MARKERS, "closing": CLOSING, "hold": HOLD}
    return {name: _folded(by_language[words]) for name, by_language in usual.items()}


def _asks(text: str) -> bool:
    """Whether there is a question mark that is no part of an address."""
    return ("?" in text or "？" in text) and _QUESTION.search(text) is not None


def _any(words: Iterable[str], text: str) -> bool:
    return any(word in text for word in words)


def _begins(word: str, text: str) -> bool:
    """Whether a word of the text begins with this one: `age` is in no `message`, and `order` is in `orders`."""
    at = text.find(word)
    while at > 0 and text[at - 1].isalnum():
        at = text.find(word, at + 1)
    return at >= 0


def _stands(value: str, text: str) -> bool:
    """Whether a value stands in the text as words of its own."""
    return bool(value) and value in text and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


class ScriptCustomer:
    """See the module. State: what is left of the patience, what has been told, and which minds have changed."""

    def __init__(self, user: dict[str, Any], sim: dict[str, Any], language: str) -> None:
        language = sim.get("language", language)
        words = language if language in LINES else "en"
        self._first = user.get("first_message", "")
        self._known: dict[str, Any] = dict(user.get("known", {}))
        self._unknown = set(user.get("unknown", ()))
        asks = sim.get("asks") or {fact: [fact.replace("_", " ")] for fact in [*self._known, *self._unknown]}
        self._asks = {fact: _folded(said) for fact, said in asks.items()}
        self._tell: dict[str, str] = sim.get("tell", {})
        self._confirm = "no" if sim.get("confirm") in ("no", False) else "yes"
        usual = _usual(words)
        self._confirm_words, self._markers, self._closing, self._hold = [
            _folded(sim[name]) if name in sim else usual[name] for name in usual
        ]
        done = sim.get("done", "statement")
        self._done = None if done == "statement" else _folded([done] if isinstance(done, str) else done)
        self._patience = int(sim.get("patience", 2))
        anger = sim.get("anger", False)
        self._anger: list[str] = ANGER[words] if anger is True else list(anger or ())
        self._minds: list[dict[str, Any]] = list(sim.get("mind", ()))
        self._heard = 0
        self._known_by_now: set[str] = set()
        self._acts = read_acts(sim, words)
        self._doing: list[Act] = []
        self._told: list[str] = []
        self._reveals: tuple[str, ...] = ()
        self._lines = {**LINES[words], **sim.get("lines", {})}

    def first(self) -> CustomerTurn:
        """The task's `first_message`."""
        return CustomerTurn(self._first)

    def answer(self, reply: str) -> CustomerTurn:
        """Calls of his own, told facts, a yes or no, patience, or the end of the talk: see the module."""
        self._heard += 1
        changed = self._change(self._heard)
        if changed is not None:
            return changed
        text = fold(reply)
        acts = asked_for(self._acts, text)
        if acts:
            return self._act(acts, text)
        question = _asks(text)
        rest = self._question(text) if question else ""
        confirms = _any(self._confirm_words, rest)
        asked = self._asked(text, anywhere=bool(rest) and not confirms)
        if confirms:  # what is read back in it, or beside it, is not asked for
            asked = [fact for fact in asked if fact not in self._known or not _stands(fold(self._value(fact)), text)]
        if asked:
            known = [fact for fact in asked if fact in self._known]
            if known:
                return self._reveal(known)
            if any(fact in self._unknown for fact in asked):
                return self._stall("unknown")
        if question:
            if confirms:
                return self._change("confirm") or CustomerTurn(self._lines[self._confirm])
            if not rest and self._satisfied(text):
                return self._finish()
            return self._stall("again")
        if _any(self._hold, text):
            return self._stall("wait")
        return self._finish() if self._satisfied(text) else self._stall("again")

    def _question(self, text: str) -> str:
        """A folded reply without the sentences that ask whether there is more; "" where nothing else is asked."""
        rest = " ".join(part for part in _SENTENCE.split(text) if not _any(self._closing, part))
        return rest if _asks(rest) else ""

    def _satisfied(self, text: str) -> bool:
        """Whether a folded reply is one that the customer ends the talk with."""
        return self._done is None or _any(self._done, text)

    def _finish(self) -> CustomerTurn:
        """The end of the talk, if the customer does not change his mind about that."""
        return self._change("done") or CustomerTurn(self._lines["done"], done=True)

    def _change(self, at: int | str) -> CustomerTurn | None:
        """The change of mind that is due here, if one is: new facts, and a line in place of the answer."""
        mind = next((mind for mind in self._minds if mind["at"] == at), None)
        if mind is None:
            return None
        self._minds.remove(mind)
        self._known.update(mind.get("known", {}))
        self._known_by_now.difference_update(mind.get("known", {}))
        if "confirm" in mind:
            self._confirm = "no" if mind["confirm"] in ("no", False) else "yes"
        return CustomerTurn(mind["line"])

    def results(self, calls: Sequence[CustomerCall]) -> CustomerTurn:
        """What came of the calls that the last turn asked for, told one after the other."""
        told = [act.line(call) for act, call in zip(self._doing, calls, strict=True)]
        return CustomerTurn(" ".join(filter(None, [*told, *self._told])), reveals=self._reveals)

    def _act(self, acts: list[Act], text: str) -> CustomerTurn:
        """Do what was asked for, unless he refuses; facts that were asked for beside it are told after it."""
        known = [fact for fact in self._asked(text, anywhere=_asks(text)) if fact in self._known]
        self._doing = [act for act in acts if not act.refuses]
        self._told = [*(act.refuses for act in acts if act.refuses), *map(self._say, known)]
        self._known_by_now.update(known)
        self._reveals = tuple(known)
        if not self._doing:
            return self.results(())
        return CustomerTurn("", calls=tuple((act.call, act.args) for act in self._doing))

    def _asked(self, text: str, anywhere: bool) -> list[str]:
        """The facts that a folded reply asks for: anywhere in it, or only in the sentences that ask for something."""
        if not anywhere:
            parts = [part for part in _SENTENCE.split(text) if not _any(self._closing, part)]
            text = " ".join(part for part in parts if _asks(part) or _any(self._markers, part))
        return [fact for fact, words in self._asks.items() if any(_begins(word, text) for word in words)]

    def _reveal(self, facts: list[str]) -> CustomerTurn:
        """Tell facts. Where all of them have been told, that is no progress."""
        line = " ".join(map(self._say, facts))
        if self._known_by_now.issuperset(facts):
            return self._lose_patience(line, facts)
        self._known_by_now.update(facts)
        return CustomerTurn(line, reveals=tuple(facts))

    def _say(self, fact: str) -> str:
        hole = "{" + fact + "}"
        return self._tell.get(fact, hole).replace(hole, self._value(fact))

    def _value(self, fact: str) -> str:
        value = self._known[fact]
        return value if isinstance(value, str) else str(value)

    def _stall(self, line: str) -> CustomerTurn:
        return self._lose_patience(self._lines[line])

    def _lose_patience(self, line: str, reveals: Sequence[str] = ()) -> CustomerTurn:
        """No progress: patience runs down, words sharpen, and then the customer leaves."""
        self._patience -= 1
        if self._patience < 0:
            return CustomerTurn(self._lines["bye"], left="out of patience")
        if self._patience < len(self._anger):
            line = f"{line} {self._anger[-1 - self._patience]}"
        return CustomerTurn(line, reveals=tuple(reveals))
