"""Rules of an SOP as data: what each demands of which calls, and the clause that it formalises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ccgym.domain.rules.clauses import Clause
from ccgym.domain.rules.conditions import Condition

Kind = Literal["before", "when", "confirm", "at_most", "never", "finally"]
ANY = "*"
"""Every call of the agent's, but for tools that only think and those that the rule's own tree asks for."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call of one of these tools was made: it succeeded, or with `tried` was executed at all."""

    calls: tuple[str, ...]
    same: tuple[tuple[str, str], ...] = ()
    """(argument of the judged call, argument of this one) that must be equal."""
    args: tuple[tuple[str, Any], ...] = ()
    """(argument, value) that this call must have."""
    result: Condition | None = None
    tried: bool = False

    def tools(self) -> frozenset[str]:
        """The tools that are asked for."""
        return frozenset(self.calls)


@dataclass(frozen=True, slots=True)
class All:
    """Each part holds."""

    parts: tuple[Tree, ...]

    def tools(self) -> frozenset[str]:
        """The tools that are asked for."""
        return frozenset().union(*(part.tools() for part in self.parts))


@dataclass(frozen=True, slots=True)
class AnyOf(All):
    """At least one part holds."""


@dataclass(frozen=True, slots=True)
class Sequence(All):
    """Each part holds, after the one before."""


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Tree

    def tools(self) -> frozenset[str]:
        """None: it asks for no call."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Holds:
    """A condition holds at the moment of judging."""

    condition: Condition

    def tools(self) -> frozenset[str]:
        """None: it asks for no call."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Said:
    """The agent said each of these texts in replies."""

    texts: tuple[str, ...]

    def tools(self) -> frozenset[str]:
        """None: it asks for no call."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """The customer said the values of these arguments of the judged call: the agent made none of them up."""

    args: tuple[str, ...]

    def tools(self) -> frozenset[str]:
        """None: it asks for no call."""
        return frozenset()


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The customer agreed: answered yes to a question of the agent's, who had said the terms by then."""

    terms: tuple[str | Condition, ...] = ()
    """Arguments of the judged call, or expressions, whose values the agent must have said."""
    say: tuple[str, ...] = ()
    """Texts that the agent must have said."""
    yes: tuple[str, ...] = ()
    """What counts as agreement; empty: the usual words."""

    def tools(self) -> frozenset[str]:
        """None: it asks for no call."""
        return frozenset()


Tree = Called | All | AnyOf | Sequence | Not | Holds | Said | Told | Confirmed


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. What its kind does not use is empty."""

    id: str
    """Its name, which verdicts cite."""
    kind: Kind
    """What it demands."""
    calls: tuple[str, ...]
    """The calls that are judged; `("*",)`: all. Empty for `finally`."""
    clause: Clause
    """The prose that it formalises."""
    source: dict[str, Any]
    """The rule as it was written."""
    place: str
    """File and line of the rule itself, for findings."""
    tree: Tree | None = None
    """What `require` or `finally` demands; for `confirm`, a `Confirmed`."""
    when: Condition | None = None
    """What has to hold at the moment of the call."""
    applies: Condition | None = None
    """The rule's `if`."""
    at_most: int = 0
    """How many successful calls there may be."""
    per: tuple[str, ...] = ()
    """The arguments by which they are counted apart."""
    note: str = ""
    """A sentence for people."""
    _cited: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def tools(self) -> frozenset[str]:
        """The tools that the rule's tree asks for."""
        return self.tree.tools() if self.tree is not None else frozenset()

    def cite(self) -> dict[str, Any]:
        """The clause as `rule` events hold it: `id, file, heading, line, text`. One dict, not to be changed."""
        if not self._cited:
            clause = self.clause
            self._cited.update(id=self.id, file=clause.file, heading=clause.heading, line=clause.line, text=clause.text)
        return self._cited


def walk(tree: Tree | None) -> Iterator[Tree]:
    """A tree's nodes, itself first."""
    stack = [tree] if tree is not None else []
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, All):
            stack.extend(reversed(node.parts))
        elif isinstance(node, Not):
            stack.append(node.part)


def conditions(rule: Rule) -> Iterator[tuple[Condition, Called | None]]:
    """Every condition of a rule, with the call in a tree whose result it reads."""
    for condition in (rule.when, rule.applies):
        if condition is not None:
            yield condition, None
    for node in walk(rule.tree):
        if isinstance(node, Holds):
            yield node.condition, None
        elif isinstance(node, Called) and node.result is not None:
            yield node.result, node
        elif isinstance(node, Confirmed):
            yield from ((term, None) for term in node.terms if isinstance(term, Condition))


def callable_tools(rules: Iterable[Rule], tools: Iterable[str]) -> set[str]:
    """The tools that can be called at all, as far as rules without `if` demand calls before calls.

    A tool is callable once what is demanded before it can be had from callable tools; those left over demand each
    other in a circle, or something that may never be called.
    """
    demands: dict[str, list[Tree]] = {tool: [] for tool in tools}
    barred: set[str] = set()
    for rule in rules:
        if rule.applies is not None:
            continue
        judged = [tool for tool in demands if tool in rule.calls or (ANY in rule.calls and tool not in rule.tools())]
        if rule.kind == "never" or (rule.kind == "at_most" and rule.at_most == 0):
            barred.update(judged)
        elif rule.kind == "before" and rule.tree is not None:
            for tool in judged:
                demands[tool].append(rule.tree)
    able: set[str] = set()
    while True:
        more = {tool for tool, trees in demands.items() if tool not in able | barred
                and all(_satisfiable(tree, able) for tree in trees)}  # fmt: skip
        if not more:
            return able
        able |= more


def _satisfiable(tree: Tree, able: set[str]) -> bool:
    if isinstance(tree, Called):
        return not able.isdisjoint(tree.calls)
    if isinstance(tree, AnyOf):
        return any(_satisfiable(part, able) for part in tree.parts)
    if isinstance(tree, All):
        return all(_satisfiable(part, able) for part in tree.parts)
    return True
