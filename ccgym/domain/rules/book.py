"""The rules of an SOP and of a task: every problem a finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ccgym import jsontext
from ccgym.domain.findings import Findings, pointer
from ccgym.domain.rules.clauses import Clause, astray, one_line, slug, split_rules
from ccgym.domain.rules.model import Rule
from ccgym.domain.rules.names import Names, Place, check_circles, check_rule
from ccgym.domain.rules.reader import RuleReader, WrongRule
from ccgym.domain.yamltext import YamlError, YamlText

MAX_RULES = 500
_MARKUP = re.compile(r"<\|[^|<>]{0,64}\|>|<(?:script|style|iframe|img|svg|object|embed)\b|\{\{|\{%", re.IGNORECASE)


def read_rules(sources: Mapping[str, str], names: Names, findings: Findings) -> tuple[Rule, ...]:
    """The rules of an SOP.

    Args:
        sources: file name to text.
        names: what the domain has.
        findings: where every problem goes.
    """
    rules: list[Rule] = []
    ids: dict[str, str] = {}
    for file, text in sources.items():
        counters: dict[str, Any] = {}
        for line, message, fix in astray(text):
            findings.add("rule-block-astray", f"{file}:{line}", message, fix)
        for block in split_rules(text, file)[1]:
            place, clause = f"{file}:{block.line}", block.clause
            if not block.closed:
                findings.add("rule-block-open", place, "this `rules` block is never closed", "End it with a line ```")
                continue
            if found := _MARKUP.search(clause.text):
                message = f"the clause holds markup, '{found.group()[:40]}'"
                fix = "Write plain Markdown: verdicts and prompts show the clause as it is"
                findings.add("clause-markup", f"{file}:{clause.line}", message, fix, severity="warning")
            counter = counters.setdefault(clause.heading, slug(clause.heading or file.rpartition(".")[0]))
            found_rules = _from_yaml(block.body, f"{file}", block.line, findings)
            if not found_rules and found_rules is not None:
                findings.add(
                    "rule-block-empty", place, "this `rules` block holds no rule", "Write one, or remove the block"
                )
            for item, at in found_rules or ():
                name = next(each for each in counter if each not in ids)
                rule = read_rule(item, name, clause, at, names, findings)
                if rule is None:
                    ids.setdefault(name, at(()))
                elif rule.id in ids:
                    message = f"a second rule '{rule.id[:60]}': the first is at {ids[rule.id]}"
                    findings.add("duplicate-rule", at(("id",)), message, "Give it an id of its own")
                else:
                    ids[rule.id] = at(())
                    rules.append(rule)
    if len(rules) > MAX_RULES:
        findings.add("too-many-rules", rules[MAX_RULES].place, f"more than {MAX_RULES} rules", "Remove some")
        return ()
    check_circles(rules, names, findings)
    return tuple(rules)


def read_task_rules(
    items: Iterable[Any], task: str, place: str, names: Names, findings: Findings, known: Iterable[Rule] = ()
) -> tuple[Rule, ...]:
    """The rules of a task: objects, or texts of YAML.

    Args:
        items: `task.rules`.
        task: the task's id, which the clauses cite.
        place: what findings name.
        names: what the domain has.
        findings: where every problem goes.
        known: the SOP's rules: those of a task may not contradict them.
    """
    rules: list[Rule] = []
    known = tuple(known)
    ids = {rule.id for rule in known}
    for index, item in enumerate(items):
        at = f"{place} /rules/{index}"
        listed: list[tuple[Any, Place]] | None
        if isinstance(item, str):
            listed = _from_yaml(item, at, 0, findings)
            if listed is not None and not listed:
                findings.add("rule-block-empty", at, "holds no rule", "Write one, or remove the text")
        else:
            listed = [(item, _below(at))]
        for data, where in listed or ():
            name = next(each for each in slug("task") if each not in ids)
            note = data.get("note") if isinstance(data, dict) else None
            clause = Clause("tasks.jsonl", f"task {task}", 0, one_line(note if isinstance(note, str) else _brief(data)))
            rule = read_rule(data, name, clause, where, names, findings)
            if rule is None:
                continue
            if rule.id in ids:
                findings.add(
                    "duplicate-rule", where(("id",)), f"a second rule '{rule.id[:60]}'", "Give it an id of its own"
                )
            ids.add(rule.id)
            rules.append(rule)
    if len(rules) > MAX_RULES:
        findings.add("too-many-rules", f"{place} /rules", f"more than {MAX_RULES} rules", "Remove some")
        return ()
    if rules:
        check_circles(rules, names, findings, known)
    return tuple(rules)


def _below(place: str) -> Place:
    """Places inside the JSON value at a place."""
    return lambda path: place + pointer(path)


def _brief(data: Any) -> str:
    try:
        return jsontext.dumps(data)
    except TypeError:
        return ""


def _from_yaml(text: str, file: str, line: int, findings: Findings) -> list[tuple[Any, Place]] | None:
    """The rules that a text lists, each with a function from a path in it to a place; None where it is no YAML."""
    lined = line > 0
    try:
        document = YamlText(text)
    except YamlError as error:
        where = f"{file}:{line + error.line}" if lined else file
        findings.add("rule-yaml", where, f"bad YAML: {error}", "Write a list of rules, such as `- never: delete_order`")
        return None
    value = document.value
    if value is None:
        return []
    alone = not isinstance(value, list)

    def place(index: int) -> Place:
        def at(path: Iterable[Any]) -> str:
            path = tuple(path)
            whole = path if alone else (index, *path)
            if not lined:
                return f"{file} line {document.line(whole)} {pointer(path)}".rstrip()
            return f"{file}:{line + document.line(whole)} {pointer(path)}".rstrip()

        return at

    return [(item, place(index)) for index, item in enumerate([value] if alone else value)]


def read_rule(data: Any, name: str, clause: Clause, place: Place, names: Names, findings: Findings) -> Rule | None:
    """One rule; None (with findings) where it is none."""
    try:
        rule = RuleReader(names).rule(data, name, clause, place(()))
    except WrongRule as wrong:
        findings.add(wrong.code, place(wrong.path), wrong.message, wrong.fix)
        return None
    before = len(findings)
    check_rule(rule, place, names, findings)
    return rule if not any(finding.severity == "error" for finding in findings[before:]) else None
