"""Rules that the prose of an SOP says plainly: "before", "only if", "never", "at most", and the same in Vietnamese.

No proposal is better than a wrong one: a sentence that permits, excepts, asks or speaks of several things at once gives
none, and neither does one whose words fit two tools. What sounds like a rule and gave none is listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ccgym.authoring.fields import Argument
from ccgym.authoring.mentions import Mention, Mentions
from ccgym.authoring.phrases import label, noun_words
from ccgym.authoring.plans import Plan
from ccgym.authoring.prose import Block, blocks
from ccgym.authoring.statuses import statuses_said
from ccgym.authoring.wording import (
    AGREED,
    AMOUNT,
    ARTICLES,
    AT_ALL,
    BEFORE,
    CASE,
    EACH,
    EVERY,
    EXCEPT,
    FORBID,
    MORE,
    MOST,
    NUMBERS,
    ONLY,
    PER,
    PERMIT,
    PERSON_NOT_YET,
    QUOTED,
    REMINDER,
    SOUNDS,
    SPAN,
    SPEECH,
    STRICT,
    THEN,
    TIMED,
    USE,
    VIETNAMESE,
    WHO,
    WITHOUT,
)
from ccgym.authoring.words import plain, split
from ccgym.authoring.world import Entity, World, is_person


@dataclass
class Proposal:
    """One rule and the prose that says it."""

    block: Block
    sentence: str
    line: int
    """The line of the sentence, from 1."""
    kind: str
    """`require, when, confirm, at_most, never`."""
    targets: list[Plan]
    requires: list[Plan] = field(default_factory=list)
    any_of: bool = False
    condition: tuple[Entity, str, list[Any]] | None = None
    """Entity, column and the values of which it must have one."""
    terms: list[str] = field(default_factory=list)
    count: int = 0
    per: list[str] = field(default_factory=list)
    dropped: str = ""
    """Why it is not written, where it is not."""

    def same(self, target: Plan, other: Plan, world: World) -> dict[str, str]:
        """Arguments of two calls that name one row: of the one to of the other."""
        pairs = {}
        for argument in target.job.arguments:
            noun = world.noun(argument, target.job)
            if noun not in world.entities or not argument.scalar or not argument.required:
                continue
            for mine in other.job.arguments:
                if world.noun(mine, other.job) == noun and mine.required and mine.scalar:
                    pairs[argument.name] = mine.name
        return pairs


def propose(sop: str, plans: list[Plan], world: World) -> tuple[list[Proposal], list[tuple[int, str]]]:
    """The rules that an SOP says plainly, and the (line, sentence) of what sounds like one and gave none."""
    finder = Mentions(plans, world.language)
    found: list[Proposal] = []
    unclear: list[tuple[int, str]] = []
    for block in blocks(sop):
        if block.ruled:
            continue
        for sentence, line in block.sentences:
            made = _Sentence(sentence, line, block, finder, plans, world).proposals()
            fresh = [item for item in made if not any(_equal(item, other) for other in found)]
            found += fresh
            if not made and SOUNDS.search(plain(sentence)):
                unclear.append((line, sentence))
    return found, unclear


def _terms(plan: Plan, world: World) -> list[str]:
    """What a customer must have heard before agreeing: which row it is, or what else the call turns on."""

    def whose(argument: Argument) -> bool:
        entity = world.entity(argument, plan.job)
        return argument.identity or (entity is not None and is_person(entity))

    telling = [a for a in plan.job.arguments if a.required and a.scalar and not a.free and re.fullmatch(r"\w+", a.name)]
    telling = [a for a in telling if a is plan.key] or [a for a in telling if not whose(a)]
    telling.sort(key=lambda a: a is not plan.key and not AMOUNT & set(a.words))
    return [argument.name for argument in telling[:1]]


def _bare(text: str) -> str:
    """The text with blanks for what stands in parentheses."""
    return re.sub(r"\([^()]*\)", lambda match: " " * len(match.group()), text)


def _equal(a: Proposal, b: Proposal) -> bool:
    def key(p: Proposal) -> Any:
        names = sorted(plan.name for plan in p.requires)
        return p.kind, sorted(plan.name for plan in p.targets), names, p.condition and p.condition[2], p.count

    return bool(key(a) == key(b))


class _Sentence:
    """One sentence, and what it demands."""

    def __init__(
        self, sentence: str, line: int, block: Block, finder: Mentions, plans: list[Plan], world: World
    ) -> None:  # fmt: skip
        self.line = line
        self.sentence, self.block, self.plans, self.world = sentence, block, plans, world
        self.text = REMINDER.sub(lambda match: " " * len(match.group()), plain(sentence))
        self.by_name = {plan.name: plan for plan in plans}
        quoted = [match.span() for match in QUOTED.finditer(self.text)]
        self.mentions = [
            m for m in finder.find(self.text) if m.score == 3 or not any(a < m.end and m.start < b for a, b in quoted)
        ]

    def proposals(self) -> list[Proposal]:
        """All that it says plainly."""
        text = self.text
        if len(text) > 500 or text.rstrip().endswith("?") or PERMIT.search(text) or EXCEPT.search(text):
            return []
        if CASE.search(text) and not re.search(r"^neu chua\b", text):
            return []
        made = self._at_most()
        if made:
            return made
        for attempt in (self._without, self._before, self._only, self._only_then, self._never):
            made = attempt()
            if made:
                more = self._only() if attempt == self._before else []
                return made + [item for item in more if item.kind == "when"]
        return []

    # --- the forms of sentences -------------------------------------------------------------------------------------

    def _before(self) -> list[Proposal]:
        match = BEFORE.search(self.text)
        if match is None:
            return []
        if len(re.findall(r"\w+", self.text[: match.start()])) <= 1:  # "Always before …, do …"
            cut = self._turn(match.end())
            if cut is None:
                return []
            return self._demand((match.end(), cut), (cut, len(self.text)))
        forbidden = FORBID.search(self.text[: match.start()])
        stop = self._stop(match.end())
        if forbidden:
            return self._demand(self._about(forbidden, match.start()), (match.end(), stop))
        start = self.text.rfind(";", 0, match.start()) + 1
        return self._demand((match.end(), stop), (start, match.start()))

    def _only(self) -> list[Proposal]:
        only = ONLY.search(self.text)
        if only is None or "not only" in self.text or "khong chi" in self.text:
            return []
        then = THEN.search(self.text, only.end())
        if then is None:
            return []
        if then.start() - only.end() <= 1 and len(re.findall(r"\w+", self.text[: only.start()])) == 0:
            turn = re.search(r",|\bmoi\b|\bthi\b", self.text[then.end() :])
            if turn is None:
                return []
            cut = then.end() + turn.end()
            return self._demand((cut, len(self.text)), (then.end(), cut - len(turn.group())), conditions=True)
        return self._demand((0, then.start()), (then.end(), self._stop(then.end())), conditions=True)

    def _only_then(self) -> list[Proposal]:
        """Vietnamese puts the demand first: "xác minh khách hàng rồi mới hoàn tiền"."""
        then = re.search(r"\b(?:roi |xong |thi |xong roi )?moi (?:duoc |duoc phep )?", self.text)
        if then is None or self.world.language != "vi":
            return []
        return self._demand((then.end(), self._stop(then.end())), (0, then.start()))

    def _without(self) -> list[Proposal]:
        if match := re.search(r"^(?:neu |khi )?chua (.+?)(?:,| thi)\s*(?:tuyet doi )?khong", self.text):
            return self._demand((match.end(), len(self.text)), (match.start(1), match.end(1)))
        forbidden = FORBID.search(self.text)
        if forbidden is None:
            return []
        without = WITHOUT.search(self.text, forbidden.end())
        if without is None:
            return []
        demand = (without.end(), self._stop(without.end()))
        if PERSON_NOT_YET.match(without.group()):
            demand = (without.start(), demand[1])  # "neu khach hang chua xac nhan"
        return self._demand(self._about(forbidden, without.start()), demand, conditions=True)

    def _never(self) -> list[Proposal]:
        forbidden = STRICT.search(self.text)
        if forbidden is None:
            return []
        after = [m for m in self.mentions if m.start >= forbidden.end()]
        if len(after) != 1 or after[0].tool is None or after[0].score < 2:
            return []
        mention = after[0]
        between = re.findall(r"\w+", self.text[forbidden.end() : mention.start])
        plan = self.by_name[mention.tool or ""]
        rest = self.text[mention.end :].strip(" `'\"*_")
        while rest.split() and rest.split()[0].strip(".!;") in split(plan.name):
            rest = rest[len(rest.split()[0].strip(".!;")) :].strip()
        if set(between) - USE or not AT_ALL.fullmatch(rest) or self._some_only(mention, plan):
            return []
        return [Proposal(self.block, self.sentence, self.line, "never", [plan])]

    def _some_only(self, mention: Mention, plan: Plan) -> bool:
        """Whether a mention speaks of some rows only: "cancel shipped orders"."""
        inner = re.findall(r"\w+", self.text[mention.start : mention.end])[1:-1]
        return mention.score < 3 and bool(set(inner) - {*split(plan.name), *ARTICLES, *VIETNAMESE})

    def _at_most(self) -> list[Proposal]:
        match = MOST.search(self.text)
        if match is None and (forbidden := FORBID.search(self.text)):
            match = MORE.search(self.text, forbidden.end())
        if match is None or TIMED.search(self.text, match.start()):
            return []
        word, unit = match.group(1), match.group(2) or ""
        count = NUMBERS.get(word) or int(word) if word.isdigit() or word in NUMBERS else 0
        tools = self._tools(0, len(self.text), least=2)
        if count < 1 or tools is None or len(tools) != 1 or tools[0].job.terminal:
            return []
        plan = tools[0]
        nouns = {*plan.job.objects, *(f"{word}s" for word in plan.job.objects)}
        verb = plan.job.verb.words[0] if plan.job.verb.words else "?"
        counted = unit in ("time", "times", "lan", *nouns) or (len(verb) > 4 and unit.startswith(verb[:-1]))
        spelt = (
            re.match(
                rf"\s*(?:{'|'.join(sorted(nouns, key=len, reverse=True)) or '?'})\b",
                " ".join(self.text[match.start(2) :].split()[1:]),
            )
            if unit and len(plan.job.objects) > 1
            else None
        )
        if word not in ("once", "twice") and not counted and not (spelt and unit in plan.job.objects):
            return []
        per = self._per(plan, match.start())
        if per is None:
            return []
        return [Proposal(self.block, self.sentence, self.line, "at_most", [plan], count=count, per=per)]

    def _per(self, plan: Plan, place: int) -> list[str] | None:
        """What calls are counted apart by: as the sentence says, else by the row; None where no argument tells it."""
        scope = PER.search(self.text, place) or EACH.search(self.text)
        if scope is None:
            return [plan.key.name] if plan.key is not None and plan.kind != "insert" else []
        said = scope.group(1).split()
        if said[0] in ("conversation", "chat", "session", "cuoc", "phien"):
            return []
        if said[0] in SPAN or (said[-1] in SPAN and said[0] in ("business", "calendar", "mot")):
            return None
        for argument in plan.job.arguments:
            noun = self.world.noun(argument, plan.job) or ("",)
            if noun[0] == said[0] or " ".join(noun) == " ".join(said) or self._called(argument, plan, scope.group(1)):
                return [argument.name]
        return None

    # --- their parts ------------------------------------------------------------------------------------------------

    def _demand(self, target: tuple[int, int], demand: tuple[int, int], conditions: bool = False) -> list[Proposal]:
        """Rules that make one part of the sentence wait for the other."""
        targets = self._targets(*target)
        if not targets:
            return []
        text = self.text[demand[0] : demand[1]]
        requires = self._tools(*demand) if demand[0] < demand[1] else []
        if requires is None:
            return []
        requires = [plan for plan in requires if plan not in targets and not plan.job.terminal]
        if any(plan.job.effect == "write" and not self._named(plan, *demand) for plan in requires):
            return []  # a deed that a deed waits for is spelt out by its name
        made: list[Proposal] = []
        any_of = len(requires) > 1 and bool(re.search(r"\b(?:or|hoac|hay)\b", text))
        if requires:
            made.append(Proposal(self.block, self.sentence, self.line, "require", targets, requires, any_of))
        if AGREED.search(text) and not WHO.search(text):
            for plan in targets:
                terms = _terms(plan, self.world)
                made.append(Proposal(self.block, self.sentence, self.line, "confirm", [plan], terms=terms))
        if conditions:
            made += self._conditions(targets, demand)
        return made

    def _conditions(self, targets: list[Plan], demand: tuple[int, int]) -> list[Proposal]:
        made = []
        for plan in targets:
            if plan.entity is None or plan.key is None or not plan.key.required or plan.kind == "insert":
                continue
            values = statuses_said(self.sentence[demand[0] : demand[1]], plan.entity)
            if values:
                condition = (plan.entity, plan.entity.need_status(), values)
                made.append(Proposal(self.block, self.sentence, self.line, "when", [plan], condition=condition))
        return made

    def _about(self, forbidden: re.Match[str], end: int) -> tuple[int, int]:
        """What is forbidden: the words behind "must not", or the whole where they stand around it."""
        if SPEECH.search(self.text, forbidden.end(), end):
            return (end, end)  # "must not promise a refund" is about words
        return (forbidden.end() if self._tools(forbidden.end(), end) else 0, end)

    def _targets(self, start: int, end: int) -> list[Plan]:
        tools = self._tools(start, end)
        named = any(start <= m.start and m.end <= end + 1 and m.score == 3 for m in self.mentions)
        if tools and not (EVERY.search(self.text[start:end]) and not named):
            return tools
        if not named and EVERY.search(self.text[start:end]):
            return [
                plan
                for plan in self.plans
                if plan.job.effect == "write" and not plan.job.terminal and plan.job.playable
            ]
        return []

    def _tools(self, start: int, end: int, least: int = 1) -> list[Plan] | None:
        """The tools that a part of the sentence speaks of; None where its words fit several."""
        found: list[Mention] = [m for m in self.mentions if start <= m.start and m.end <= end + 1 and m.score >= least]
        surest = [m for m in found if m.score == 3]
        found = surest or found
        if any(m.tool is None for m in found):
            return None
        return [self.by_name[name] for name in dict.fromkeys(m.tool for m in found if m.tool is not None)]

    def _named(self, plan: Plan, start: int, end: int) -> bool:
        return any(
            start <= m.start and m.end <= end + 1 and m.score == 3 and m.tool == plan.name for m in self.mentions
        )

    def _turn(self, start: int) -> int | None:
        """Where the part behind "before" ends and the demand begins."""
        match = re.search(
            r",|\b(?:you must|must|always|make sure|please|ensure|first|you have to|phai|can phai|hay|bat buoc|luon|"
            r"can)\b",
            _bare(self.text)[start:],
        )
        return start + match.start() if match and match.start() > 1 else None

    def _stop(self, start: int) -> int:
        """Where a part at the end of the sentence ends: at a new thought."""
        match = re.search(r";|\b(?:but|however|otherwise|then|nhung|tuy nhien|neu khong)\b", self.text[start:])
        return start + match.start() if match else len(self.text)

    def _called(self, argument: Argument, plan: Plan, said: str) -> bool:
        noun = self.world.noun(argument, plan.job)
        names = (noun_words(noun or (), self.world.language), label(argument, self.world.language))
        return bool(noun) and (plain(names[0]).startswith(said.split()[0]) or said in plain(names[1]))
