"""Judging an episode by rules while it is played: nothing that happened is looked at twice.

What rules ask for is remembered under the key by which it is asked for, as a sorted list of event numbers. A tree
is judged by the moment at which it was complete: `earliest(tree, t)` is the first moment after t: a look-up for a call,
the latest of `all`, the earliest of `any`, one after the other for `sequence`.
"""

from __future__ import annotations

from bisect import bisect_right
from math import nan
from typing import Any

from ccgym.domain.rules import All, AnyOf, Called, Confirmed, Holds, Not, Rule, Said, Sequence, Told, Tree
from ccgym.sop.agreement import forms
from ccgym.sop.batch import Failure, Rows
from ccgym.sop.missing import missing
from ccgym.sop.program import Judged, Plan, RuleProgram, plain_key
from ccgym.sop.talk import NEVER, Talk
from ccgym.sop.verdict import Verdict
from ccgym.turns import fold, reply_of
from ccgym.types import Message, ToolEvent, UserEvent

UNKNOWN = nan
"""The moment of a tree that holds a condition which errs."""
UNRUN = frozenset(("bad_json", "unknown_tool", "bad_arguments", "not_run"))
"""Errors of calls that were never executed."""


class Monitor:
    """Judges one episode. Never raises: what cannot be judged is an `error`.

    `see` each event as it happens; `attempt` a call before it runs, which gives its verdicts; `finish` at the end.
    """

    __slots__ = ("_counts", "_errs", "_facts", "_judged", "_program", "_rows", "_talk", "_texts", "_why")

    def __init__(self, program: RuleProgram, rows: Rows) -> None:
        self._program, self._rows = program, rows
        self._facts: list[dict[Any, list[int]]] = [{} for _ in range(program.size)]
        self._errs: list[dict[Any, list[int]]] | None = None
        self._counts: dict[tuple[int, Any], int] = {}
        self._texts: dict[str, list[int]] = {text: [] for text in program.texts}
        self._talk = Talk()
        self._judged: set[int] = set()
        self._why = ""

    # --- what happens -----------------------------------------------------------------------------------------------

    def see(self, event: Any) -> None:
        """Take in an event of the episode."""
        kind = type(event)
        if kind is ToolEvent:
            if event.step > 0:
                self._called(event)
        elif self._program.listens:
            if kind is UserEvent:
                self._talk.hear(event.n, event.content)
            elif kind is Message and event.step > 0 and event.role == "assistant":
                self._replied(event)
            elif kind is Message and event.step == 0 and event.role == "user":
                self._talk.hear(event.n, event.content)

    def _called(self, event: ToolEvent) -> None:
        # A call whose answer was lost after the tool had done its work counts: it has happened.
        name, error = event.name, event.error if event.fault != "late" else None
        if error is not None and error.get("code") in UNRUN:
            return
        for atom in self._program.watched.get(name, ()):
            if (error is not None and not atom.tried) or not atom.matches(event.arguments):
                continue
            if atom.batch is not None and event.fault == "late":
                continue  # a condition on a result that nobody has seen
            store = self._facts[atom.index]
            if atom.batch is not None:
                (value,) = atom.batch.values(event.arguments, self._rows, event.result)
                if value is False:
                    continue
                if value is not True:
                    self._why = f"{atom.batch.slots[0].condition.text}: {_why(value)}"[:300]
                    if self._errs is None:
                        self._errs = [{} for _ in self._facts]
                    store = self._errs[atom.index]
            store.setdefault(atom.key(event.arguments), []).append(event.n)
        if error is None and event.fault != "retry":
            for number in self._program.counted.get(name, ()):
                key = (number, self._per(self._program.rules[number], event.arguments))
                self._counts[key] = self._counts.get(key, 0) + 1

    def _replied(self, event: Message) -> None:
        reply = reply_of(event.content)
        if reply is None:
            return
        reply = fold(reply)
        for text, moments in self._texts.items():
            if text in reply:
                moments.append(event.n)
        self._talk.say(event.n, reply)

    def _per(self, rule: Rule, arguments: dict[str, Any]) -> Any:
        return tuple([plain_key(arguments.get(name)) for name in rule.per])

    # --- verdicts ---------------------------------------------------------------------------------------------------

    def attempt(self, name: str, arguments: dict[str, Any]) -> list[Verdict]:
        """The verdicts on a valid call that is about to run. A rule that does not apply gives none."""
        plan = self._program.plan(name)
        return [] if plan is None else self._judge(plan, name, arguments)

    def finish(self) -> list[Verdict]:
        """The verdicts at the end: of `finally` rules, and one for each rule that was never judged."""
        plan = self._program.ending()
        found = [] if plan is None else self._judge(plan, "", {})
        for number, rule in enumerate(self._program.rules):
            if number not in self._judged:
                found.append(Verdict(rule.kind, "not_applicable", "sop", rule.cite(), None, ""))
        return found

    def _judge(self, plan: Plan, name: str, arguments: dict[str, Any]) -> list[Verdict]:
        values: Any = None
        if plan.batch is not None:
            try:
                values = plan.batch.values(arguments, self._rows)
            except Exception as error:  # never the episode's end: the rules are what cannot be judged
                values = [Failure(f"{type(error).__name__}: {error}"[:200])] * len(plan.batch.slots)
        found: list[Verdict] = []
        for judged in plan.rules:
            if judged.when is not None and values[judged.when] is True:
                found.append(judged.kept)
            else:
                try:
                    told = self._one(judged, name, arguments, values)
                except Exception as error:
                    told = "error", None, f"{type(error).__name__}: {error}"[:200]
                if told is None:
                    continue
                found.append(Verdict(judged.rule.kind, told[0], "sop", judged.rule.cite(), told[1], told[2]))
            self._judged.add(judged.number)
        return found

    def _one(self, judged: Judged, name: str, arguments: dict[str, Any], values: Any) -> tuple[str, Any, str] | None:
        """Verdict, what was found, and a few words; None where the rule does not apply."""
        rule = judged.rule
        if judged.applies is not None:
            value = values[judged.applies]
            if value is False:
                return None
            if value is not True:
                return "error", None, _erred(rule.applies, value)
        kind = rule.kind
        if kind == "when":
            value = values[judged.when]
            if value is None and rule.applies is not None:
                return None
            if value is False:
                return "violated", None, f"{name} while this does not hold: {_short(rule.when)}"
            return "error", None, _erred(rule.when, value)
        if kind == "never":
            return "violated", None, f"{name} is never to be called"
        if kind == "at_most":
            count = self._counts.get((judged.number, self._per(rule, arguments)), 0)
            if count < rule.at_most:
                return "ok", count, ""
            per = f" with the same {', '.join(rule.per)}" if rule.per else ""
            return "violated", count, f"{name} for the {_nth(count + 1)} time{per}, at most {rule.at_most} allowed"
        assert rule.tree is not None
        told = {condition: values[slot] for condition, slot in judged.slots.items()} if judged.slots else {}
        moment = self.earliest(rule.tree, -1, arguments, told)
        if moment < NEVER:
            return "ok", int(moment) if moment >= 0 else None, ""
        if moment == NEVER:
            lacking = missing(rule.tree, lambda tree, t: self.earliest(tree, t, arguments, told), arguments)
            return "violated", None, f"{name} before {lacking}" if name else f"the talk ended before {lacking}"
        why = next((_erred(each, told[each]) for each in told if type(told[each]) is not bool), "")
        return "error", None, why or self._why

    # --- trees ------------------------------------------------------------------------------------------------------

    def earliest(self, tree: Tree, after: float, arguments: dict[str, Any], told: dict[Any, Any]) -> float:
        """The first moment after `after` at which a tree is complete; NEVER; UNKNOWN where a condition errs.

        Args:
            tree: what must hold.
            after: number of an event, or -1.
            arguments: of the call that is judged.
            told: what the tree's conditions gave.
        """
        kind = type(tree)
        if kind is Called:
            return self._made(tree, after, arguments)  # type: ignore[arg-type]
        if kind is All:
            latest, unknown = after, False
            for part in tree.parts:  # type: ignore[union-attr]
                moment = self.earliest(part, after, arguments, told)
                if moment == NEVER:
                    return NEVER
                unknown = unknown or moment != moment
                latest = max(latest, moment)
            return UNKNOWN if unknown else latest
        if kind is AnyOf:
            first, unknown = NEVER, False
            for part in tree.parts:  # type: ignore[union-attr]
                moment = self.earliest(part, after, arguments, told)
                unknown = unknown or moment != moment
                if moment < first:
                    first = moment
            return UNKNOWN if unknown and first == NEVER else first
        if kind is Sequence:
            unknown = False
            for part in tree.parts:  # type: ignore[union-attr]
                moment = self.earliest(part, after, arguments, told)
                if moment == NEVER:
                    return NEVER
                if moment != moment:
                    unknown = True
                else:
                    after = moment
            return UNKNOWN if unknown else after
        if kind is Not:
            moment = self.earliest(tree.part, after, arguments, told)  # type: ignore[union-attr]
            return after if moment == NEVER else NEVER if moment == moment else UNKNOWN
        if kind is Holds:
            value = told[tree.condition]  # type: ignore[union-attr]
            return after if value is True else NEVER if value is False else UNKNOWN
        if kind is Said:
            return max(_first(self._texts[fold(text)], after) for text in tree.texts)  # type: ignore[union-attr]
        if kind is Told:
            return self._told(tree, after, arguments)  # type: ignore[arg-type]
        return self._agreed(tree, after, arguments, told)  # type: ignore[arg-type]

    def _made(self, call: Called, after: float, arguments: dict[str, Any]) -> float:
        atom = self._program.atoms[id(call)]
        same = call.same
        key: Any = plain_key(arguments.get(same[0][0])) if len(same) == 1 else tuple(
            [plain_key(arguments.get(mine)) for mine, _ in same]
        )  # fmt: skip
        moment = _first(self._facts[atom.index].get(key, ()), after)
        if moment == NEVER and self._errs is not None and _first(self._errs[atom.index].get(key, ()), after) < NEVER:
            return UNKNOWN
        return moment

    def _told(self, tree: Told, after: float, arguments: dict[str, Any]) -> float:
        return self._talk.told([way for name in tree.args for way in forms(arguments.get(name))], after)

    def _agreed(self, tree: Confirmed, after: float, arguments: dict[str, Any], told: dict[Any, Any]) -> float:
        ways = [forms(text) for text in tree.say]
        for term in tree.terms:
            if isinstance(term, str):
                ways.append(forms(arguments.get(term)))
            elif type(told[term]) is Failure:
                return UNKNOWN
            else:
                ways.append(forms(told[term]))
        return self._talk.agreed([way for group in ways for way in group], tree.yes, after)


def _first(moments: Any, after: float) -> float:
    """The first of sorted moments after another."""
    if not moments:
        return NEVER
    if moments[0] > after:
        return float(moments[0])
    at = bisect_right(moments, after)
    return float(moments[at]) if at < len(moments) else NEVER


def _short(condition: Any) -> str:
    return " ".join(condition.text.split())[:160]


def _erred(condition: Any, value: Any) -> str:
    return f"{_short(condition)}: {_why(value)}"[:300]


def _why(value: Any) -> str:
    return value.why if type(value) is Failure else f"gives {_kind(value)}, not true or false"


def _kind(value: Any) -> str:
    return {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}.get(type(value), "null")


def _nth(n: int) -> str:
    return f"{n}{'th' if 10 < n % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"
