"""Proposals as fenced `rules` blocks, each behind the prose that says it, in a copy of the SOP."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from ccgym.authoring.fields import members
from ccgym.authoring.lexicon import PROVEN
from ccgym.authoring.plans import Plan
from ccgym.authoring.proposals import Proposal
from ccgym.authoring.words import identifier
from ccgym.authoring.world import World

NOTE = "proposed from the prose; confirm, change or remove it"


def write_rules(sop: str, proposals: list[Proposal], world: World) -> tuple[str, dict[str, Proposal]]:
    """The SOP with the proposed rules in it, and rule id to proposal."""
    behind: dict[int, list[dict[str, Any]]] = {}
    owners: dict[str, Proposal] = {}
    for proposal in proposals:
        if proposal.dropped:
            continue
        for rule in _rules(proposal, world):
            name = f"{_slug(proposal.targets[0].name)}-{proposal.kind.replace('_', '-')}"
            number, id = 1, name
            while id in owners:
                number += 1
                id = f"{name}-{number}"
            owners[id] = proposal
            behind.setdefault(proposal.block.end, []).append({"id": id, **rule, "note": NOTE})
    lines = sop.split("\n")
    made: list[str] = []
    for number, line in enumerate([*lines, None]):
        if number in behind:
            made += ["```rules", *(line for rule in behind[number] for line in _yaml(rule)), "```"]
        if line is not None:
            made.append(line)
    return "\n".join(made), owners


def _rules(proposal: Proposal, world: World) -> list[dict[str, Any]]:
    targets = proposal.targets
    if proposal.kind == "never":
        return [{"never": _names(targets)}]
    if proposal.kind == "at_most":
        per = {"per": proposal.per} if proposal.per else {}
        return [{"at_most": proposal.count, "call": targets[0].name, **per}]
    if proposal.kind == "confirm":
        return [{"before": _names(targets), "confirm": {"terms": proposal.terms} if proposal.terms else {}}]
    if proposal.kind == "when":
        assert proposal.condition is not None
        return [{"before": target.name, "when": _condition(target, proposal)} for target in targets]
    groups: dict[str, tuple[Any, list[Plan]]] = {}
    for target in targets:
        parts = [_call(target, needed, proposal, world) for needed in proposal.requires]
        tree = parts[0] if len(parts) == 1 else {"any" if proposal.any_of else "all": parts}
        groups.setdefault(json.dumps(tree), (tree, []))[1].append(target)
    return [{"before": _names(group), "require": tree} for tree, group in groups.values()]


def _yaml(rule: dict[str, Any]) -> list[str]:
    """A rule as an item of a YAML list: a line a member."""
    lines: list[str] = []
    for key, value in rule.items():
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=True, width=10_000)
        if isinstance(value, str) and "'" in value:
            text = json.dumps(value, ensure_ascii=False)
        lines.append(f"{'  ' if lines else '- '}{key}: {text.removesuffix('...' + chr(10)).strip()}")
    return lines


def _names(plans: list[Plan]) -> Any:
    names = [plan.name for plan in plans]
    return names[0] if len(names) == 1 else names


def _call(target: Plan, needed: Plan, proposal: Proposal, world: World) -> Any:
    pairs = proposal.same(target, needed, world)
    made: dict[str, Any] = {"call": needed.name}
    if pairs:
        made["same"] = list(pairs) if all(mine == its for mine, its in pairs.items()) else pairs
    returns = needed.job.tool.returns
    if returns and needed.role == "verify":
        flags = [item for item in members(returns, returns) if item.required and "boolean" in item.types]
        proof = next((item.name for item in flags if identifier(item.name).replace("is_", "") in PROVEN), None)
        if proof is not None:
            made["result"] = f"result.{proof} == true"
    return made if len(made) > 1 else needed.name


def _condition(target: Plan, proposal: Proposal) -> str:
    assert proposal.condition is not None
    assert target.key is not None
    entity, column, values = proposal.condition
    key = (
        f"args.{target.key.name}"
        if re.fullmatch(r"[A-Za-z_]\w*", target.key.name)
        else f"args[{_quoted(target.key.name)}]"
    )
    found = f"row({_quoted(entity.table)}, {key})[{_quoted(column)}]"
    if len(values) == 1:
        return f"{found} == {_quoted(values[0])}"
    return f"{found} in [{', '.join(map(_quoted, values))}]"


def _quoted(value: Any) -> str:
    """A literal of CEL."""
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return json.dumps(value)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "rule"
