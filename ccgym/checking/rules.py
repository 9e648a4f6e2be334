"""Rules against each other and against the tasks: whether they can be kept, and whether they can ever matter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

from ccgym import jsontext
from ccgym.checking.constraints import clash, constant
from ccgym.checking.playing import Played
from ccgym.domain import Domain, Task
from ccgym.domain.findings import Findings
from ccgym.domain.rules import ANY, All, AnyOf, Called, Rule, Sequence, Tree, callable_tools, conditions, walk
from ccgym.turns import render_call

_END = "the end of an episode"
"""Stands for a tool that is called last: what `finally` asks for comes before it."""


def look_at_rules(domain: Domain, played: list[Played], findings: Findings) -> None:
    """Findings about the rules of the SOP and of the tasks."""
    tasks = [one.task for one in played]
    _among_themselves(domain, domain.rules, domain.rules, findings)
    for rule in domain.rules:
        _applies(domain, rule, tasks, findings)
    seen: set[str] = set()
    missing: set[tuple[str, str]] = set()
    for one in played:
        rules = domain.rules_of(one.task)
        own = rules[len(domain.rules) :]
        if own and (key := jsontext.digest([rule.source for rule in own])) not in seen:
            seen.add(key)
            _among_themselves(domain, rules, own, findings)
            for rule in own:
                _applies(domain, rule, [one.task], findings)
        _allowed(domain, one, rules, missing, findings)


def _among_themselves(domain: Domain, rules: tuple[Rule, ...], told: tuple[Rule, ...], findings: Findings) -> None:
    """Contradictions between rules, at the places of those in `told`."""
    _twice(rules, told, findings)
    _barred(domain, rules, told, findings)
    _whens(rules, told, findings)
    _order(rules, told, findings)


def _twice(rules: tuple[Rule, ...], told: tuple[Rule, ...], findings: Findings) -> None:
    first: dict[str, Rule] = {}
    for rule in rules:
        body = {key: value for key, value in rule.source.items() if key not in ("id", "note")}
        other = first.setdefault(jsontext.dumps(body), rule)
        if other is not rule and rule in told:
            findings.add("same-rule-twice", rule.place, f"demands what '{other.id}' at {other.place} demands",
                         "Remove one: each break would count twice")  # fmt: skip


def _barred(domain: Domain, rules: tuple[Rule, ...], told: tuple[Rule, ...], findings: Findings) -> None:
    """What is never to be called, and demanded all the same."""
    never = {name: rule for rule in rules if rule.kind == "never" and rule.applies is None for name in rule.calls}
    tools = {*domain.tools, _END}
    ends = [replace(rule, kind="before", calls=(_END,)) for rule in rules if rule.kind == "finally"]
    before = [rule for rule in rules if rule.kind in ("before", "never")]
    for rule in rules:
        if rule.applies is not None:
            continue
        barred = [never[name] for name in rule.calls if name in never]
        if rule.kind != "never" and barred and len(barred) == len(rule.calls) and (rule in told or barred[0] in told):
            findings.add("contradictory-rules", rule.place, f"judges only calls that '{barred[0].id}' at "
                         f"{barred[0].place} never allows", "Remove one of the two", severity="warning")  # fmt: skip
            continue
        if rule.tree is None or not (asked := sorted(rule.tree.tools() & never.keys())):
            continue
        by = never[asked[0]]
        if rule not in told and by not in told:
            continue
        call = rule.calls[0] if rule.calls else _END
        mine = [end for end in ends if end.id == rule.id] if rule.kind == "finally" else []
        able = callable_tools([*before, *mine], tools)
        lost = _END if mine and _END not in able else next((name for name in rule.calls if name not in able), None)
        if lost is not None:
            what = "every episode breaks it" if lost == _END else f"'{call}' can never be called rightly"
            findings.add("contradictory-rules", rule.place, f"asks for '{asked[0]}', which '{by.id}' at {by.place} "
                         f"never allows: {what}", "Remove one, or give it an `if`", severity="error")  # fmt: skip


def _whens(rules: tuple[Rule, ...], told: tuple[Rule, ...], findings: Findings) -> None:
    """Conditions that cannot both hold at one call."""
    whens = [rule for rule in rules if rule.when is not None and rule.applies is None]
    for index, rule in enumerate(whens):
        assert rule.when is not None
        if rule in told and (problem := clash([rule.when.text])):
            findings.add("contradictory-rules", rule.place, f"can never hold: {problem}", "Correct the condition")
            continue
        for other in whens[:index]:
            assert other.when is not None
            shared = set(rule.calls) & set(other.calls) or (ANY in (*rule.calls, *other.calls))
            if shared and (rule in told or other in told) and (problem := clash([other.when.text, rule.when.text])):
                findings.add("contradictory-rules", rule.place, f"never holds together with '{other.id}' at "
                             f"{other.place}: {problem}", "Correct one, or give each an `if`")  # fmt: skip


def _order(rules: tuple[Rule, ...], told: tuple[Rule, ...], findings: Findings) -> None:
    """A sequence whose first call itself asks for the second before it."""
    needs: dict[str, dict[str, Rule]] = {}
    for rule in rules:
        if rule.kind == "before" and rule.applies is None and rule.tree is not None:
            for name in rule.calls:
                needs.setdefault(name, {}).update(dict.fromkeys(_sure(rule.tree), rule))
    for rule in rules:
        for node in walk(rule.tree):
            for first, then in pairwise(node.parts) if isinstance(node, Sequence) else ():
                for name in _sure(first):
                    for later in _sure(then) - {name}:
                        by = needs.get(name, {}).get(later)
                        if by is not None and by is not rule and (rule in told or by in told):
                            findings.add("sequence-against-before", rule.place, f"asks for '{name}', then '{later}', "
                                         f"but '{by.id}' at {by.place} asks for '{later}' before '{name}'",
                                         "Turn the sequence round, or use `all`")  # fmt: skip


def _sure(tree: Tree) -> set[str]:
    """The tools without which a tree cannot be complete."""
    if isinstance(tree, Called):
        return set(tree.calls) if len(tree.calls) == 1 else set()
    if isinstance(tree, AnyOf):
        return set.intersection(*map(_sure, tree.parts)) if tree.parts else set()
    if isinstance(tree, All):
        return set().union(*map(_sure, tree.parts))
    return set()


def _applies(domain: Domain, rule: Rule, tasks: list[Task], findings: Findings) -> None:
    """Whether a rule can matter in some task."""
    for condition, _ in conditions(rule):
        value = constant(condition)
        if value is not None:
            field = "if" if condition is rule.applies else "when" if condition is rule.when else "holds"
            what = "the rule never applies" if field == "if" and not value else "it says nothing"
            if field != "if" and not value:
                what = "no call is ever right"
            findings.add("constant-condition", rule.place, f"`{field}: {condition.text[:60]}` is always "
                         f"{str(value).lower()}: {what}", "Let it read `args`, row() or now()")  # fmt: skip
    if rule.kind == "finally" or ANY in rule.calls or not tasks:
        return
    if not any(tool.name in rule.calls for task in tasks for tool in domain.tools_for(task)):
        names = "', '".join(rule.calls[:3])
        findings.add("rule-never-applies", rule.place, f"no task gives the agent '{names}'",
                     "Add the tool to a task's tools_allow, or remove the rule")  # fmt: skip
    if rule.kind == "at_most":
        _limit(domain, rule, tasks, findings)


def _limit(domain: Domain, rule: Rule, tasks: Iterable[Task], findings: Findings) -> None:
    """A number of calls that no episode can exceed."""
    if len(rule.calls) == 1 and domain.tools[rule.calls[0]].terminal and rule.at_most >= 1:
        findings.add("at-most-too-high", rule.place, f"'{rule.calls[0]}' ends the episode, so it is never called twice",
                     "Remove the rule")  # fmt: skip
        return
    room = max(domain.limits(task).max_chars for task in tasks)
    shortest = min(len(render_call(name, {})) for name in rule.calls)
    if rule.at_most * shortest > room:
        findings.add("at-most-too-high", rule.place, f"{rule.at_most} calls take more than the {room:,} characters "
                     "that an agent may write, so the rule is never broken", "Lower it")  # fmt: skip


def _allowed(
    domain: Domain, one: Played, rules: tuple[Rule, ...], told: set[tuple[str, str]], findings: Findings
) -> None:
    """Tools that a task allows, and that need one which it does not."""
    if one.task.tools_allow is None:
        return
    allowed = [tool.name for tool in domain.tools_for(one.task)]
    lost = {*allowed} & callable_tools(rules, domain.tools) - callable_tools(rules, allowed)
    for rule in rules:
        for name in sorted(lost.intersection(rule.calls)) if rule.kind == "before" and rule.applies is None else ():
            asked = sorted(rule.tools() - set(allowed))
            if asked and (name, one.place) not in told:
                told.add((name, one.place))
                findings.add("required-tool-not-allowed", f"{one.place} /tools_allow", f"allows '{name}', but not "
                             f"'{asked[0]}', which '{rule.id}' at {rule.place} asks for first",
                             f"Add '{asked[0]}', or take '{name}' out")  # fmt: skip
