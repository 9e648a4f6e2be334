"""What no task exercises: tools that nobody calls, rules that nobody is judged by, prose without a rule."""

from __future__ import annotations

import re

from ccgym.checking.playing import Played
from ccgym.domain import Domain
from ccgym.domain.findings import Findings
from ccgym.domain.models import Call
from ccgym.domain.rules import ANY, Rule
from ccgym.types import RuleEvent, ToolEvent

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(?P<text>.+?)(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")


def look_at_coverage(domain: Domain, played: list[Played], findings: Findings) -> None:
    """Notices about what is there and not used."""
    if not played:
        return
    _tools(domain, played, findings)
    if all(one.right for one in played):  # else nobody knows what they would have exercised
        _rules(domain, played, findings)
    _headings(domain, findings)


def _tools(domain: Domain, played: list[Played], findings: Findings) -> None:
    called = {event.name for one in played for event in one.episode.of(ToolEvent)}
    called |= {call.name for one in played for call in one.task.init.calls}
    called |= {a.name for task in domain.tasks.values() for a in task.expect.actions if isinstance(a, Call)}
    wrong = [finding.place for finding in findings if finding.severity != "notice"]
    text = "\n".join([*domain.sop_sources.values(), domain.sop_digest or ""])
    words = set(re.findall(r"[\w.-]+", text))
    words |= {word.strip(".-") for word in words}
    given = {tool.name for one in played for tool in domain.tools_for(one.task)}
    ruled = {name for one in played for rule in domain.rules_of(one.task)[len(domain.rules) :] for name in _names(rule)}
    for name, tool in domain.tools.items():
        place = domain.places.get(f"tool {name}", f"tool {name}")
        if name in called or any(other.startswith(place) for other in wrong):
            continue
        if (name in words or name in ruled) and name not in given and tool.requestor == "assistant":
            continue  # what speaks of it is told to matter in no task
        if name in words or name in ruled:
            findings.add("uncalled-tool", place, "SOP or rules name it, and no reference calls it",
                         "Write a task that needs it")  # fmt: skip
        else:
            findings.add("unused-tool", place, "no reference calls it, and neither SOP nor rules name it",
                         "Write a task that needs it, or leave it out")  # fmt: skip


def _names(rule: Rule) -> set[str]:
    return {name for name in (*rule.calls, *rule.tools()) if name != ANY}


def _rules(domain: Domain, played: list[Played], findings: Findings) -> None:
    """Rules of the SOP that gave no verdict on any reference."""
    judged = {
        event.clause.get("id")
        for one in played
        for event in one.episode.of(RuleEvent)
        if event.kind != "assert" and event.verdict != "not_applicable"
    }
    told = {finding.place for finding in findings}
    for rule in domain.rules:
        # A `never` without exception is kept by not calling: no reference can exercise it.
        if rule.id not in judged and rule.place not in told and not (rule.kind == "never" and rule.applies is None):
            what = ", ".join(rule.calls) or "the end of an episode"
            findings.add("unexercised-rule", rule.place, f"no reference is judged by the rule '{rule.id}', on {what}",
                         "Write a task in which it matters")  # fmt: skip


def _headings(domain: Domain, findings: Findings) -> None:
    """Passages of the SOP that no rule formalises."""
    if not domain.rules:
        if domain.tools and domain.sop.strip() and not any(task.rules for task in domain.tasks.values()):
            file = next(iter(domain.sop_sources), "sop.md")
            findings.add("no-rules", file, "the SOP has no rules, so nothing checks whether it is kept",
                         "Put a `rules` block beside the prose: see docs/sop.md")  # fmt: skip
        return
    covered = {(rule.clause.file, rule.clause.heading) for rule in domain.rules}
    for file, text in domain.sop_sources.items():
        for line, heading in _passages(text):
            if (file, heading) not in covered:
                findings.add("clause-without-rule", f"{file}:{line}", "no rule stands beside the prose of this heading",
                             "If a machine can check it, write a rule")  # fmt: skip


def _passages(text: str) -> list[tuple[int, str]]:
    """Line and text of each heading that has prose of its own."""
    found: list[tuple[int, str]] = []
    prose: list[bool] = []
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and line.strip().startswith(fence) else fence
        elif mark:
            fence = mark[1]
        elif heading := _HEADING.match(line):
            found.append((number, heading["text"]))
            prose.append(False)
        elif line.strip() and found:
            prose[-1] = True
    return [one for one, has in zip(found, prose, strict=True) if has]
