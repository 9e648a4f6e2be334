"""A customer who follows a script: tells only what is asked for, answers deterministically, ends the talk.

Its words come from `user.sim` of the task over `users.sim` of the domain:

- `asks`: fact → words that ask for it; `tell`: fact → the line that tells it, with `{fact}` for the value.
- `confirm`: `yes` or `no`, said when one of `confirm_words` occurs in a question.
- `done`: `statement` (default: a reply that asks nothing ends the talk), or phrases one of which must occur.
- `hold`: phrases that ask to wait; `patience`: replies without progress before the customer leaves.
- `acts`: what the customer does with tools of his own when he is asked for it: see `ccgym.users.acts`.
- `lines`: `yes, no, unknown, done, again, wait, bye`, in the customer's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from ccgym.turns import fold
from ccgym.types import CustomerCall, CustomerTurn
from ccgym.users.acts import Act, asked_for, read_acts

LINES = {
    "en": {
        "yes": "Yes, please.",
        "no": "No, please don't.",
        "unknown": "I don't know that.",
        "done": "Thanks, that's all.",
        "again": "Sorry, I don't follow.",
        "wait": "OK.",
        "bye": "I give up. Goodbye.",
    },
    "vi": {
        "yes": "Vâng, đúng rồi.",
        "no": "Không, thôi ạ.",
        "unknown": "Mình không biết.",
        "done": "Cảm ơn, vậy là đủ rồi.",
        "again": "Xin lỗi, mình chưa hiểu.",
        "wait": "Vâng.",
        "bye": "Thôi, mình không cần nữa.",
    },
}
MARKERS = {
    "en": ["please", "could you", "can you", "may i", "tell me", "i need", "provide"],
    "vi": ["vui lòng", "xin", "cho em", "cho mình", "cho tôi", "cho biết", "cần"],
}
CONFIRM_WORDS = {
    "en": ["confirm", "shall i", "do you want", "would you like", "is that correct", "agree", "proceed"],
    "vi": ["xác nhận", "đồng ý", "có muốn", "có đúng", "phải không", "tiếp tục"],
}
HOLD = {
    "en": ["one moment", "let me check", "please wait", "hold on", "just a second"],
    "vi": ["chờ một chút", "xin chờ", "vui lòng chờ", "để em kiểm tra", "đợi"],
}


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return _folded_once(tuple(words))


@lru_cache(maxsize=1024)
def _folded_once(words: tuple[str, ...]) -> tuple[str, ...]:
    """Customers of a domain share most of their words."""
    return tuple(map(fold, words))


class ScriptCustomer:
    """See the module. State: what is left of the patience, and nothing else."""

    def __init__(self, user: dict[str, Any], sim: dict[str, Any], language: str) -> None:
        language = sim.get("language", language)
        words = language if language in LINES else "en"
        self._first = user.get("first_message", "")
        self._known: dict[str, Any] = user.get("known", {})
        self._unknown = set(user.get("unknown", ()))
        asks = sim.get("asks") or {fact: [fact.replace("_", " ")] for fact in [*self._known, *self._unknown]}
        self._asks = {fact: _folded(said) for fact, said in asks.items()}
        self._tell: dict[str, str] = sim.get("tell", {})
        self._confirm = "no" if sim.get("confirm") in ("no", False) else "yes"
        self._confirm_words = _folded(sim.get("confirm_words", CONFIRM_WORDS[words]))
        self._markers = _folded(sim.get("markers", MARKERS[words]))
        self._hold = _folded(sim.get("hold", HOLD[words]))
        done = sim.get("done", "statement")
        self._done = None if done == "statement" else _folded([done] if isinstance(done, str) else done)
        self._patience = int(sim.get("patience", 2))
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
        text = fold(reply)
        acts = asked_for(self._acts, text)
        if acts:
            return self._act(acts, text)
        question = "?" in text or "？" in text
        asked = self._asked(text, question)
        if asked:
            known = [fact for fact in asked if fact in self._known]
            if known:
                return CustomerTurn(" ".join(self._say(fact) for fact in known), reveals=tuple(known))
            if any(fact in self._unknown for fact in asked):
                return self._stall("unknown")
        if question:
            if any(word in text for word in self._confirm_words):
                return CustomerTurn(self._lines[self._confirm])
            return self._stall("again")
        if any(word in text for word in self._hold):
            return self._stall("wait")
        if self._done is None or any(word in text for word in self._done):
            return CustomerTurn(self._lines["done"], done=True)
        return self._stall("again")

    def results(self, calls: Sequence[CustomerCall]) -> CustomerTurn:
        """What came of the calls that the last turn asked for, told one after the other."""
        told = [act.line(call) for act, call in zip(self._doing, calls, strict=True)]
        return CustomerTurn(" ".join(filter(None, [*told, *self._told])), reveals=self._reveals)

    def _act(self, acts: list[Act], text: str) -> CustomerTurn:
        """Do what was asked for, unless he refuses; facts that were asked for beside it are told after it."""
        known = [fact for fact in self._asked(text, "?" in text or "？" in text) if fact in self._known]
        self._doing = [act for act in acts if not act.refuses]
        self._told = [*(act.refuses for act in acts if act.refuses), *map(self._say, known)]
        self._reveals = tuple(known)
        if not self._doing:
            return self.results(())
        return CustomerTurn("", calls=tuple((act.call, act.args) for act in self._doing))

    def _asked(self, text: str, question: bool) -> list[str]:
        """The facts that a folded reply asks for."""
        if not question and not any(word in text for word in self._markers):
            return []
        return [fact for fact, words in self._asks.items() if any(word in text for word in words)]

    def _say(self, fact: str) -> str:
        value = self._known[fact]
        text = value if isinstance(value, str) else str(value)
        hole = "{" + fact + "}"
        return self._tell.get(fact, hole).replace(hole, text)

    def _stall(self, line: str) -> CustomerTurn:
        """No progress: patience runs down, and then the customer leaves."""
        self._patience -= 1
        if self._patience < 0:
            return CustomerTurn(self._lines["bye"], left="out of patience")
        return CustomerTurn(self._lines[line])
