"""Rules made ready to be judged: once a domain and set of task rules, shared by all its episodes."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ccgym import jsontext
from ccgym.compare import equal
from ccgym.domain import Domain, Task
from ccgym.domain.rules import ANY, Called, Confirmed, Rule, Said, Told, walk
from ccgym.domain.rules.conditions import Condition
from ccgym.recent import Recent
from ccgym.sop.batch import Batch, Slot
from ccgym.sop.verdict import Verdict
from ccgym.turns import fold


def plain_key(value: Any) -> Any:
    """A hashable stand-in for a JSON value, equal where the values are: 1 and 1.0, but not 1 and true."""
    kind = type(value)
    if kind is str or value is None or kind is int or kind is float:
        return value
    if kind is bool:
        return ("bool", value)
    if kind is list:
        return ("list", *map(plain_key, value))
    if kind is dict:
        return ("dict", *((key, plain_key(value[key])) for key in sorted(value)))
    return ("other", repr(value))


class Atom:
    """One call that rules ask for, found in any number of trees: what is remembered of it, and under which key."""

    __slots__ = ("args", "batch", "index", "theirs", "tried")

    def __init__(self, index: int, node: Called, clock: str) -> None:
        self.index = index
        self.theirs = tuple(theirs for _, theirs in node.same)
        self.args = node.args
        self.tried = node.tried
        self.batch = Batch([Slot(node.result)], clock) if node.result is not None else None

    def matches(self, arguments: dict[str, Any]) -> bool:
        """Whether a call has the arguments that are asked for."""
        return all(name in arguments and equal(arguments[name], value) for name, value in self.args)

    def key(self, arguments: dict[str, Any]) -> Any:
        """What a call is remembered under: the arguments that are compared with those of the judged call."""
        theirs = self.theirs
        if len(theirs) == 1:
            return plain_key(arguments.get(theirs[0]))
        return tuple([plain_key(arguments.get(name)) for name in theirs])


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule as one call is judged by it: its conditions are slots of the plan's batch."""

    rule: Rule
    number: int
    """Position among the program's rules."""
    slots: dict[Condition, int]
    kept: Verdict
    """The verdict where `when` holds."""
    applies: int | None = None
    """Slot of the rule's `if`; None: it has none."""
    when: int | None = None
    """Slot of what must hold, where that is all that the rule demands."""


class Plan(NamedTuple):
    """All that one call is judged by."""

    rules: tuple[Judged, ...]
    batch: Batch | None


class RuleProgram:
    """The rules of a domain and one task, ready. Immutable but for what it compiles at first use."""

    def __init__(self, rules: Iterable[Rule], domain: Domain) -> None:
        self.rules: tuple[Rule, ...] = ()
        self.clock = domain.spec.clock
        self._tools = tuple(domain.tools)
        self._thinking = {name for name, tool in domain.tools.items() if tool.effect == "think"}
        self.atoms: dict[int, Atom] = {}
        """Atom by the id of the node that asks for it: the nodes live as long as the rules."""
        self.watched: dict[str, tuple[Atom, ...]] = {}
        """Tool to the atoms that a call of it may add to."""
        self.texts: tuple[str, ...] = ()
        """Folded texts that rules ask the agent to have said."""
        self.counted: dict[str, tuple[int, ...]] = {}
        """Tool to the `at_most` rules that count it."""
        self.listens = False
        """Whether replies and customer's lines matter."""
        self._plans: dict[str, Plan | None] = {}
        self._known: dict[Any, Atom] = {}
        self._take(tuple(rules))

    def joined_by(self, rules: Iterable[Rule]) -> RuleProgram:
        """This program with a task's rules besides; what these do not touch is not made again."""
        for name in self._tools:
            self.plan(name)
        self.ending()
        joined = copy.copy(self)
        joined.atoms, joined.counted, joined._known = dict(self.atoms), dict(self.counted), dict(self._known)
        joined._take(tuple(rules))
        own = joined.rules[len(self.rules) :]
        touched = {name for rule in own for name in rule.calls or ("",)}
        kept = {} if ANY in touched else {name: plan for name, plan in self._plans.items() if name not in touched}
        joined._plans = kept
        return joined

    def _take(self, rules: tuple[Rule, ...]) -> None:
        """Take in more rules."""
        known = self._known
        watched = {name: list(atoms) for name, atoms in self.watched.items()}
        texts = dict.fromkeys(self.texts)
        first, self.rules = len(self.rules), (*self.rules, *rules)
        for number, rule in enumerate(rules, first):
            if rule.kind == "at_most":
                for name in rule.calls:
                    self.counted[name] = (*self.counted.get(name, ()), number)
            for node in walk(rule.tree):
                if isinstance(node, Said):
                    texts.update(dict.fromkeys(map(fold, node.texts)))
                elif isinstance(node, Confirmed | Told):
                    self.listens = True
                elif isinstance(node, Called):
                    theirs = tuple(name for _, name in node.same)
                    same = (node.calls, theirs, jsontext.canonical(dict(node.args)), node.result, node.tried)
                    atom = known.get(same)
                    if atom is None:
                        atom = known[same] = Atom(len(known), node, self.clock)
                        for name in node.calls:
                            watched.setdefault(name, []).append(atom)
                    self.atoms[id(node)] = atom
        self.texts = tuple(texts)
        self.listens = self.listens or bool(texts)
        self.watched = {name: tuple(atoms) for name, atoms in watched.items()}
        self.size = len(known)

    def plan(self, name: str) -> Plan | None:
        """What a call of a tool is judged by; None: nothing."""
        try:
            return self._plans[name]
        except KeyError:
            applying = [
                (number, rule) for number, rule in enumerate(self.rules)
                if name in rule.calls or (rule.calls == (ANY,) and name not in self._thinking | rule.tools())
            ]  # fmt: skip
            plan = self._plans[name] = self.make_plan(applying) if applying else None
            return plan

    def ending(self) -> Plan | None:
        """What the end of an episode is judged by."""
        if "" not in self._plans:
            applying = [(number, rule) for number, rule in enumerate(self.rules) if rule.kind == "finally"]
            self._plans[""] = self.make_plan(applying) if applying else None
        return self._plans[""]

    def make_plan(self, applying: Iterable[tuple[int, Rule]]) -> Plan:
        """The plan of some rules: their conditions in one batch."""
        slots: list[Slot] = []
        judged = []
        for number, rule in applying:
            own: dict[Condition, int] = {}
            when = applies = None
            if rule.when is not None:
                when = len(slots)
                slots.append(Slot(rule.when, rule.applies))
            elif rule.applies is not None:
                applies = len(slots)
                slots.append(Slot(rule.applies))
            for condition in tree_conditions(rule):
                if condition not in own:
                    own[condition] = len(slots)
                    slots.append(Slot(condition, rule.applies))
            kept = Verdict(rule.kind, "ok", "sop", rule.cite(), None, "")
            judged.append(Judged(rule, number, own, kept, applies, when))
        return Plan(tuple(judged), Batch(slots, self.clock) if slots else None)


def tree_conditions(rule: Rule) -> Iterable[Condition]:
    """The conditions of a rule's tree that are evaluated when it is judged."""
    for node in walk(rule.tree):
        condition = getattr(node, "condition", None)
        if condition is not None:
            yield condition
        elif isinstance(node, Confirmed):
            yield from (term for term in node.terms if isinstance(term, Condition))


_PROGRAMS: WeakKeyDictionary[Domain, Recent[str, RuleProgram]] = WeakKeyDictionary()


def rule_program(domain: Domain, task: Task) -> RuleProgram | None:
    """The rules that a task is played under, ready; None where there are none."""
    if not domain.rules and not task.rules:
        return None
    known = _PROGRAMS.setdefault(domain, Recent(10_000))
    key = task.digest if task.rules else ""
    program = known.get(key)
    if program is None:
        program = known.get("") or RuleProgram(domain.rules, domain)
        known[""] = program  # and so is not the oldest
        if task.rules:
            program = known[key] = program.joined_by(domain.rules_of(task)[len(domain.rules) :])
    return program
