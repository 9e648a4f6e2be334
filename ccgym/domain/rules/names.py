"""Whether what a rule names exists, and whether rules leave a way to keep them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ccgym.domain.findings import Findings, did_you_mean
from ccgym.domain.rules.clauses import Clause
from ccgym.domain.rules.conditions import Condition, check_names
from ccgym.domain.rules.model import ANY, Called, Confirmed, Rule, Told, callable_tools, conditions, walk
from ccgym.types import Tool

Place = Callable[[Iterable[Any]], str]
"""From a path inside a rule to what a finding names."""


@dataclass(slots=True)
class Names:
    """What a domain has, for rules to name."""

    tools: Mapping[str, Tool]
    tables: Collection[str] = ()
    broken: Collection[str] | None = ()
    """Tools that could not be read, which has been said already; None: none could be."""
    headings: Mapping[str, Clause] = field(default_factory=dict)
    """Folded heading of the SOP to what stands under it."""


def _arguments(tool: Tool) -> set[str] | None:
    """The arguments of a tool; None where others are let through."""
    known = tool.parameters.get("properties")
    return set(known) if isinstance(known, dict) and known and not tool.parameters.get("additionalProperties") else None


def check_rule(rule: Rule, place: Place, names: Names, findings: Findings) -> None:
    """Everything that a rule names and the domain does not have, and whether it demands itself."""
    tools = names.tools

    def lacks(argument: str, calls: Iterable[str], at: str, every: bool = True) -> None:
        each = [(name, _arguments(tools[name])) for name in calls if name in tools]
        without = [name for name, known in each if known is not None and argument not in known]
        if without and (every or len(without) == len(each)):
            known = sorted({argument for _, arguments in each for argument in arguments or ()})
            findings.add("unknown-argument", place((at,)), f"no argument '{argument[:60]}' of '{without[0]}'",
                         did_you_mean(argument, known))  # fmt: skip

    key = {"when": "when", "confirm": "confirm", "finally": "finally"}.get(rule.kind, "require")
    for name in rule.calls:
        if name in tools and tools[name].requestor != "assistant":
            at = next(field for field in ("before", "call", "never") if field in rule.source)
            findings.add(
                "wrong-requestor",
                place((at,)),
                f"'{name}' is a tool of the customer's",
                "Rules judge the agent's calls",
            )
    for argument in rule.per:
        lacks(argument, rule.calls, "per")
    for node in walk(rule.tree):
        if isinstance(node, Called):
            for mine, theirs in node.same:
                lacks(mine, rule.calls, key)
                lacks(theirs, node.calls, key)
            for argument, _ in node.args:
                lacks(argument, node.calls, key)
        elif isinstance(node, Told):
            for argument in node.args:
                lacks(argument, rule.calls, key)
        elif isinstance(node, Confirmed):
            for term in node.terms:
                if isinstance(term, str):
                    lacks(term, rule.calls, key)
    for condition, asked in conditions(rule):
        read = {name: _arguments(tools[name]) for name in (asked.calls if asked else rule.calls) if name in tools}
        for code, message, fix in check_names(condition, read, names.tables):
            severity = "error" if code == "unknown-argument" else "warning"
            findings.add(code, place((_field_of(rule, condition) or key,)), message, fix, severity=severity)  # type: ignore[arg-type]
    if rule.kind == "before" and rule.tree is not None:
        for name in rule.calls:
            if name != ANY and not callable_tools([rule], {name, *rule.tools()}) >= {name}:
                findings.add("self-requirement", place((key,)), f"'{name}' is required before '{name}' itself",
                             "Name the call that must come first")  # fmt: skip


def _field_of(rule: Rule, condition: Condition) -> str | None:
    return "if" if condition is rule.applies else "when" if condition is rule.when else None


def check_circles(rules: list[Rule], names: Names, findings: Findings, known: Iterable[Rule] = ()) -> None:
    """Calls that demand each other before each other: none of them can ever be made rightly."""
    binding = [rule for rule in rules if rule.kind == "before" and rule.applies is None]
    if not binding:
        return
    before = [rule for rule in (*known, *rules) if rule.kind == "before"]
    stuck = set(names.tools) - callable_tools(before, names.tools)
    for rule in binding:
        held = sorted(stuck.intersection(names.tools if ANY in rule.calls else rule.calls) - rule.tools())
        if held and (round_ := sorted(stuck & rule.tools())):
            message = (
                f"'{held[0]}' comes only after '{round_[0]}', which itself can never be called: rules go in a circle"
            )
            fix = f"Take back one of the rules on {', '.join(sorted(stuck)[:6])}"
            findings.add("cyclic-requirement", rule.place, message, fix)
