"""What a task's reference consists of: the deeds, the checks before them, the questions, and the words at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Case:
    """One task, as the policies of the audit see it. Indices are places in `actions`."""

    domain: Domain
    task: Task
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

    @cached_property
    def gives_up(self) -> bool:
        """Whether the right thing is to refuse, or to do no more than hand over."""
        return self.task.expect.refuse or bool(self.deeds and not self.acts)

    @cached_property
    def question(self) -> int | None:
        """The question right before the first deed, which asks the customer to agree; None: it is not asked."""
        if not self.deeds or self.deeds[0] == 0:
            return None
        before = self.deeds[0] - 1
        return before if "?" in self.actions[before].get("say", "") else None

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
        """Who demands that these calls, or an agreement, come before the deeds: the rules, or the SOP. "": nobody."""
        deeds = {self.actions[i]["name"] for i in self.deeds}
        moved = {self.actions[i]["name"] for i in places if "name" in self.actions[i]}
        asked = any("say" in self.actions[i] for i in places)
        about = [rule for rule in self.rules if not rule.calls or "*" in rule.calls or deeds.intersection(rule.calls)]
        for rule in about:
            if moved & rule.tools() or (asked and any(isinstance(node, Said | Confirmed) for node in walk(rule.tree))):
                return f"the rule {rule.id} ({rule.place})"
        if any(rule.kind in ("before", "confirm") for rule in about):
            return ""  # somebody has thought of what comes first, and did not want this
        if any(item.get("tag") == "sop" for item in self.json.get("expect", {}).get("asserts", ())):
            return "an assert tagged sop"
        sentence = (moved and self._sentence(deeds, _ORDER)) or (asked and self._sentence(deeds, _AGREE))
        return f"the SOP ({sentence!r})" if sentence else ""

    def _sentence(self, deeds: set[str], words: re.Pattern[str]) -> str:
        """The first sentence of the SOP that has such words and, in English, speaks of one of these calls."""
        stems = {word[:5] for name in deeds for word in re.findall(r"[a-z]{4,}", name.casefold())}
        for sentence in _SENTENCE.split(self.domain.sop):
            text = " ".join(sentence.split())
            if words.search(text) and (self.domain.language != "en" or any(stem in fold(text) for stem in stems)):
                return text if len(text) <= 120 else text[:119] + "…"
        return ""

    def _writes(self, place: int) -> bool:
        tool = self.domain.tools.get(self.actions[place]["name"])
        if tool is None or tool.effect != "write":
            return False
        left_out = {path.split("/")[2] for path in self.domain.spec.state.exclude if path.count("/") == 2}
        return not tool.touches or bool(set(tool.touches) - left_out)


def turn(action: Action) -> str:
    """The text of an action: a reply, or a call."""
    return action["say"] if "say" in action else render_call(action["name"], action.get("args", {}))
