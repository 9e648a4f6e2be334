"""What a task's reference consists of: the deeds, the checks before them, the questions, and the words at the end."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from ccgym.domain import Domain, Task
from ccgym.domain.rules import Confirmed, Rule, Said, walk
from ccgym.rollouts.scripted import CLOSING, language_of, last_words
from ccgym.turns import fold, render_call

Action = dict[str, Any]
_ORDER = re.compile(
    r"\b(?:before|beforehand|first|until|only after|after (?:you|that)|once you)\b"
    r"|(?<!\w)(?:trước|sau khi|cho đến khi)(?!\w)",
    re.IGNORECASE,
)
"""Words with which an SOP says that one thing comes before another."""
_AGREE = re.compile(
    r"\b(?:confirm\w*|agree\w*|consent\w*|approv\w*)\b|(?<!\w)(?:xác nhận|đồng ý|chấp thuận)(?!\w)", re.IGNORECASE
)
"""Words with which an SOP asks for the customer's agreement."""
_SENTENCE = re.compile(r"(?<=[.!?:;])\s+|\n\s*\n|\n(?=\s*(?:[-*+]|\d+[.)])\s)")
_NEEDLESS = re.compile(
    r"\b(?:no need|need not|not necessary|not required|do(?:es)? not (?:have|need))\b"
    r"|(?<!\w)không (?:cần|bắt buộc)(?!\w)",
    re.IGNORECASE,
)
"""Words with which an SOP says that something may be left out."""
_ITEM = re.compile(r"^(?:[-*+]|\d+[.)])\s+")


@dataclass(frozen=True)
class Case:
    """One task, as the policies of the audit see it. Indices are places in `actions`."""

    domain: Domain
    """The domain that is audited."""
    task: Task
    """The task itself."""
    common: tuple[str, ...] = ()
    """Texts that several of the audited tasks want to hear: anybody could learn to say them all."""

    @cached_property
    def json(self) -> dict[str, Any]:
        """The task as JSON."""
        return self.task.as_json()

    @property
    def written(self) -> bool:
        """Whether the task is written down, and not drawn from a template."""
        return self.task.id in self.domain.tasks

    @cached_property
    def language(self) -> str:
        """`en` or `vi`."""
        return language_of(self.json, self.domain.language)

    @cached_property
    def actions(self) -> list[Action]:
        """What the agent does in the reference, in order: calls, and replies `{say}`."""
        listed = self.json.get("expect", {}).get("actions", ())
        return [action for action in listed if action.get("requestor") != "user"]

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that the task is played under."""
        return self.domain.rules_of(self.task)

    @property
    def first(self) -> str:
        """The customer's first line."""
        return self.task.user.first_message or ""

    @cached_property
    def expected(self) -> list[str]:
        """The texts of `expect.say`."""
        return list(self.json.get("expect", {}).get("say", ()))

    @cached_property
    def calls(self) -> list[int]:
        """The calls of the reference."""
        return [i for i, action in enumerate(self.actions) if "name" in action]

    @cached_property
    def deeds(self) -> list[int]:
        """The calls that do what the task is about: writes, but for those that only keep what was checked."""
        demanded = frozenset().union(*(rule.tools() for rule in self.rules if rule.kind == "before"))
        return [i for i in self.calls if self._writes(i) and self.actions[i]["name"] not in demanded]

    @cached_property
    def acts(self) -> list[int]:
        """The deeds that do not just end the talk, such as a hand-over does."""
        return [i for i in self.deeds if not self.domain.tools[self.actions[i]["name"]].terminal]

    @cached_property
    def checks(self) -> list[int]:
        """The other calls that come before the last deed; all of them where there is none."""
        last = self.deeds[-1] if self.deeds else len(self.actions)
        return [i for i in self.calls if i < last and i not in self.deeds]

    def beside(self, args: dict[str, Any]) -> dict[str, Any]:
        """The arguments with another row for each key of a row in them."""
        return {name: self._next_row(value) if isinstance(value, str) else value for name, value in args.items()}

    def _next_row(self, key: str) -> str:
        for rows in self.domain.state.get("tables", {}).values():
            if key in rows and len(rows) > 1:
                keys = list(rows)
                return str(keys[(keys.index(key) + 1) % len(keys)])
        return key

    @cached_property
    def gives_up(self) -> bool:
        """Whether the right thing is to refuse, or to do no more than hand over."""
        return self.task.expect.refuse or bool(self.deeds and not self.acts)

    @cached_property
    def question(self) -> int | None:
        """The last question after the checks, which asks the customer to agree to the deed; None: it is not asked."""
        for place in range(self.deeds[0] - 1 if self.deeds else -1, -1, -1):
            if "say" not in self.actions[place]:
                return None
            if "?" in self.actions[place]["say"]:
                return place
        return None

    @cached_property
    def phrases(self) -> list[str]:
        """What the rules want to hear, whoever says it and when."""
        found: list[str] = []
        for rule in self.rules:
            for node in walk(rule.tree):
                found += node.texts if isinstance(node, Said) else node.say if isinstance(node, Confirmed) else ()
        return list(dict.fromkeys(found))

    def turns(self, actions: Iterable[Action], *, words: bool = True) -> list[str]:
        """Each action as a turn, then a last reply: with what `expect` still wants to hear, or without `words`."""
        actions = list(actions)
        told = [action["say"] for action in actions if "say" in action]
        left = last_words(self.json if words else {"user": self.json.get("user", {})}, told, self.language)
        return [*map(turn, actions), left or CLOSING[self.language]]

    def without(self, places: Iterable[int]) -> list[Action]:
        """The reference's actions but for some."""
        left_out = set(places)
        return [action for i, action in enumerate(self.actions) if i not in left_out]

    def demanded(self, places: Sequence[int]) -> str:
        """Who demands that these calls come before the deeds, or these questions: the rules, or the SOP. "": nobody."""
        deeds = {self.actions[i]["name"] for i in self.deeds}
        moved = {self.actions[i]["name"] for i in places if "name" in self.actions[i]}
        about = [rule for rule in self.rules if not rule.calls or "*" in rule.calls or deeds.intersection(rule.calls)]
        if not moved:
            rules = [rule for rule in about if any(isinstance(node, Said | Confirmed) for node in walk(rule.tree))]
            sentence = "" if rules else self._sentence(deeds, _AGREE)
        else:
            rules = [rule for rule in about if moved & rule.tools()]
            # Where somebody has thought of what comes first, the SOP has to name the very check.
            thought = any(rule.kind == "before" for rule in about)
            tagged = any(item.get("tag") == "sop" for item in self.json.get("expect", {}).get("asserts", ()))
            if tagged and not rules:
                return "an assert tagged sop"
            sentence = "" if rules else self._sentence(deeds, _ORDER, moved if thought else set())
        if rules:
            return f"the rule {rules[0].id} ({rules[0].place})"
        return f"the SOP ({sentence!r})" if sentence else ""

    def _sentence(self, deeds: set[str], words: re.Pattern[str], checks: Iterable[str] = ()) -> str:
        """The first sentence of the SOP that has such words, and speaks of a deed and of each of these checks.

        A sentence that a rule formalises which has nothing to do with the order of calls is passed over.
        """
        other = [rule.clause.text for rule in self.rules if rule.kind not in ("before", "finally")]
        called = {self.actions[i]["name"] for i in self.calls}
        mine, theirs = _stems_of(deeds), _stems_of(self.domain.tools.keys() - called)
        own = mine - theirs
        if self.domain.language != "en" and not any(stem in _plain(self.domain.sop) for stem in mine):
            mine = {""}  # the tools are named in another language than the SOP is written in
        for sentence in _SENTENCE.split(self.domain.sop):
            text = _ITEM.sub("", " ".join(sentence.split()))
            plain = _plain(text)
            told = _any(own, plain) or (_any(mine, plain) and not _any(theirs - mine, plain))
            if not told or not words.search(text) or _NEEDLESS.search(text):
                continue
            named = [name.casefold() in plain or _any(_stems_of({name}) - mine - theirs, plain) for name in checks]
            if all(named) and not any(text in " ".join(clause.split()) for clause in other):
                return text if len(text) <= 120 else text[:119] + "…"
        return ""

    def _writes(self, place: int) -> bool:
        tool = self.domain.tools.get(self.actions[place]["name"])
        if tool is None or tool.effect != "write":
            return False
        left_out = {path.split("/")[2] for path in self.domain.spec.state.exclude if path.count("/") == 2}
        return not tool.touches or bool(set(tool.touches) - left_out)


def _stems_of(names: Iterable[str]) -> set[str]:
    """How prose may name these tools: their long words in short, `cance`, or their short ones in pairs, `huy don`."""
    found: set[str] = set()
    for name in names:
        words = re.findall(r"[a-z]+", name.casefold())
        found |= {w[:5] for w in words if len(w) > 4} or {" ".join(pair) for pair in pairwise(words)} or set(words)
    return found


def _any(stems: Iterable[str], text: str) -> bool:
    return any(stem in text for stem in stems)


def _plain(text: str) -> str:
    """Folded, and without the marks of letters, as tools are named."""
    return re.sub(r"[\u0300-\u036f]", "", unicodedata.normalize("NFD", fold(text))).replace("đ", "d")


def turn(action: Action) -> str:
    """The text of an action: a reply, or a call."""
    return action["say"] if "say" in action else render_call(action["name"], action.get("args", {}))
