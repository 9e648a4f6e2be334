"""References: which calls a task takes, with arguments out of the rows, so that every proposed rule is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ccgym import seeds
from ccgym.authoring.fields import Argument
from ccgym.authoring.plans import Plan
from ccgym.authoring.proposals import Proposal
from ccgym.authoring.values import Maker
from ccgym.authoring.world import ROWS, Entity, World
from ccgym.domain import Domain
from ccgym.domain.rules import ANY, AnyOf
from ccgym.rollouts.schema_values import draw

Rows = dict[tuple[str, ...], dict[str, Any]]


@dataclass
class Reference:
    """The calls of one task, and whom they are about."""

    plan: Plan
    number: int
    rows: Rows
    calls: list[tuple[Plan, dict[str, Any]]]
    """Prerequisites first, the tool's own call last."""
    confirm: bool = False
    facts: dict[str, tuple[Argument, Any]] = field(default_factory=dict)
    """What the customer must tell: name of the argument to the argument and its value."""

    @property
    def arguments(self) -> dict[str, Any]:
        """Those of the tool's own call."""
        return self.calls[-1][1]

    @property
    def key(self) -> Any:
        """The key of the row it is about; None where there is none."""
        return self.arguments.get(self.plan.key.name) if self.plan.key is not None else None


class References:
    """Makes references for the tools of a domain under its proposed rules."""

    def __init__(self, domain: Domain, world: World, plans: list[Plan], proposals: list[Proposal]) -> None:
        self.domain, self.world, self.plans = domain, world, plans
        self.proposals = [proposal for proposal in proposals if not proposal.dropped]

    def make(self, plan: Plan, number: int) -> Reference | None:
        """The reference number `number` of a tool; None where no row and no arguments can be found for it."""
        entity = plan.entity
        rows: Rows = {}
        if entity is not None and entity.rows and (plan.key is not None or plan.match) and plan.kind != "insert":
            eligible = self.eligible(plan)
            if not eligible:
                return None
            rows = self.around(entity, eligible[number % len(eligible)])
        own = rows.get(entity.noun) if entity is not None else None
        place = next((i for i, row in enumerate(entity.rows.values()) if row is own), number) if entity else number
        self._others(rows, place if rows else number)
        last = self.arguments(plan, rows, number)
        if last is None:
            return None
        self._settled(plan, last, rows)
        calls = []
        for step in self.before(plan):
            arguments = self.arguments(step, rows, number)
            if arguments is None:
                return None
            calls.append((step, arguments))
        calls.append((plan, last))
        confirm = any(rule.kind == "confirm" and plan.name in rule.calls for rule in self.domain.rules)
        made = Reference(plan, number, rows, calls, confirm)
        for step, arguments in reversed(calls):
            for name, value in arguments.items():
                argument = step.job.argument(name)
                if argument is not None and not any(known == value and argument.column == other.column
                                                    for other, known in made.facts.values()):  # fmt: skip
                    made.facts.setdefault(name, (argument, value))
        return made

    # --- rows -------------------------------------------------------------------------------------------------------

    def eligible(self, plan: Plan) -> list[str]:
        """Keys of the rows that a call of this tool may be about."""
        entity = plan.entity
        assert entity is not None
        conditions = self.conditions(plan)
        if plan.outcome is not None:
            column, value = plan.outcome
            wanted = [key for key, row in entity.rows.items() if row.get(column) != value]
        else:
            wanted = list(entity.rows)
        return [key for key in wanted if all(entity.rows[key].get(c) in values for c, values in conditions)]

    def conditions(self, plan: Plan) -> list[tuple[str, list[Any]]]:
        """Column and allowed values, of each condition that a proposed rule puts on this tool's row."""
        return [(p.condition[1], p.condition[2]) for p in self.proposals
                if p.kind == "when" and plan in p.targets and p.condition is not None]  # fmt: skip

    def around(self, entity: Entity, key: str) -> Rows:
        """A row, and the rows that it refers to, by noun."""
        rows: Rows = {entity.noun: entity.rows[key]}
        for column, noun in entity.refers.items():
            other = self.world.entities[noun]
            value = str(entity.rows[key].get(column))
            if noun not in rows and value in other.rows:
                rows[noun] = other.rows[value]
        return rows

    def _others(self, rows: Rows, number: int) -> None:
        """A row for each kind of thing that is not decided yet; one that refers to a decided row where there is one."""
        for noun, entity in self.world.entities.items():
            if noun in rows or not entity.rows:
                continue
            fitting = [row for row in entity.rows.values() if all(
                str(row.get(column)) == str(rows[other].get(self.world.entities[other].key))
                for column, other in entity.refers.items() if other in rows)]  # fmt: skip
            choice = fitting or list(entity.rows.values())
            rows[noun] = choice[number % len(choice)]

    def _settled(self, plan: Plan, arguments: dict[str, Any], rows: Rows) -> None:
        """What comes before a call is about the rows that the call names."""
        named: set[tuple[str, ...]] = set()
        for argument in plan.job.arguments:
            entity = self.world.entity(argument, plan.job) if argument.scalar else None
            row = entity.rows.get(str(arguments.get(argument.name))) if entity is not None else None
            if entity is not None and row is not None and entity is not plan.entity and entity.noun not in named:
                named.add(entity.noun)
                rows[entity.noun] = row

    # --- calls ------------------------------------------------------------------------------------------------------

    def before(self, plan: Plan, seen: tuple[Plan, ...] = ()) -> list[Plan]:
        """The tools that must be called before this one, in order."""
        found: list[Plan] = []
        for proposal in self.proposals:
            if proposal.kind != "require" or plan not in proposal.targets or plan in seen:
                continue
            for needed in proposal.requires[: 1 if proposal.any_of else None]:
                for step in [*self.before(needed, (*seen, plan)), needed]:
                    if step not in found and step is not plan:
                        found.append(step)
        for name in self._asked_by_rules(plan):
            asked = next((step for step in self.plans if step.name == name and step.job.playable), None)
            if asked is not None and asked not in found and plan not in seen:
                found += [step for step in [*self.before(asked, (*seen, plan)), asked] if step not in (*found, plan)]
        look = self.lookup(plan.entity) if self.conditions(plan) and plan.entity is not None else None
        if look is not None and look is not plan and look not in found:
            found += [
                step for step in [*self.before(look, (*seen, plan)), look] if step not in found and step is not plan
            ]
        return found

    def _asked_by_rules(self, plan: Plan) -> list[str]:
        """The tools that rules of the SOP ask for before this one: also those that its author has written."""
        rules = [rule for rule in self.domain.rules if rule.kind == "before" and {plan.name, ANY} & set(rule.calls)]
        trees = [rule.tree.parts[0] if isinstance(rule.tree, AnyOf) else rule for rule in rules]
        return sorted({name for tree in trees for name in tree.tools()} - {plan.name})

    def lookup(self, entity: Entity) -> Plan | None:
        """The tool that shows a row of an entity by its key."""
        found = [plan for plan in self.plans if plan.entity is entity and plan.key is not None and not plan.checks
                 and plan.kind in ("lookup", "own") and plan.job.effect == "read" and plan.job.playable]  # fmt: skip
        return min(found, key=lambda plan: (plan.aspect is not None, len(plan.job.arguments)), default=None)

    def arguments(self, plan: Plan, rows: Rows, number: int) -> dict[str, Any] | None:
        """Arguments that the tool accepts: the required ones, and others where it does nothing without."""
        job = plan.job
        wanted = [a for a in job.arguments if a.required]
        spare = [a for a in job.arguments if not a.required]
        if plan.kind == "update" and not any(a.column in plan.sets for a in wanted) and plan.outcome is None:
            wanted += [a for a in spare if a.column in plan.sets][:1]
        if plan.match and not any(a.name in {m.name for m in plan.match.values()} for a in wanted):
            wanted += [a for a in spare if a.name in {m.name for m in plan.match.values()}][:2]
        if plan.key is not None and plan.key not in wanted:
            wanted.append(plan.key)
        valid = self.domain.validators[plan.name]
        for more in range(len(spare) + 1):
            chosen = [a for a in job.arguments if a in wanted or a in spare[:more]]
            made = self._apart(plan, {a.name: self._value(plan, a, rows, number) for a in chosen})
            if valid(made) is None:
                return made
        for attempt in range(20):
            try:
                drawn = draw(job.tool.parameters, seeds.stream("arguments", plan.name, number, attempt))
            except Exception:  # a schema past what can be drawn from
                return None
            if valid(drawn) is None and json.dumps(drawn):
                return drawn
        return None

    def _apart(self, plan: Plan, arguments: dict[str, Any]) -> dict[str, Any]:
        """Two ends are two rows: nobody transfers money from an account to that account."""
        taken: dict[tuple[str, ...], set[str]] = {}
        for argument in plan.job.arguments:
            entity = self.world.entity(argument, plan.job) if argument.scalar else None
            if entity is None or argument.name not in arguments:
                continue
            used = taken.setdefault(entity.noun, set())
            if str(arguments[argument.name]) in used:
                other = next((key for key in entity.rows if key not in used), None)
                if other is not None:
                    arguments[argument.name] = self.world.convert(entity.rows[other][entity.key], argument)
            used.add(str(arguments[argument.name]))
        return arguments

    def _value(self, plan: Plan, argument: Argument, rows: Rows, number: int) -> Any:
        world = self.world
        entity = world.entity(argument, plan.job) if argument.scalar and argument.types != {"array"} else None
        own = rows.get(plan.entity.noun) if plan.entity is not None else None
        if argument is plan.key and plan.kind == "insert" and plan.entity is not None:
            spare = plan.entity.keys[ROWS:] or plan.entity.keys
            return world.convert(spare[number % len(spare)], argument)
        if entity is not None and entity.noun in rows:
            key = rows[entity.noun].get(entity.key)
            if plan.match and own is not None and plan.entity is not None:
                column = next((c for c, a in plan.match.items() if a is argument), None)
                key = own.get(column, key) if column is not None else key
            if plan.kind == "update" and own is not None and argument is not plan.key and not plan.match:
                held = {str(own.get(column)) for column in (argument.column, entity.key)}
                others = [other for other in entity.keys[:ROWS] if str(other) not in held]
                if str(key) in held and others:  # moved to another one, not to where it is
                    key = others[number % len(others)]
            return world.convert(key, argument)
        if own is not None:
            column = next((c for c, a in plan.match.items() if a is argument), None)
            if column is not None or argument in plan.checks:
                return own.get(column or argument.name)
        changes = own is not None and plan.kind == "update" and argument.column in plan.sets
        value = self._made(argument, {} if changes else rows, number)
        if own is not None and changes and own.get(argument.column) == value:
            others = [self._made(argument, {}, number + further) for further in range(1, 6)]
            value = next((other for other in others if other != value), value)
        return value

    def _made(self, argument: Argument, rows: Rows, number: int) -> Any:
        if argument.identity:  # whoever it is: the phone number that the customer's row has
            for row in rows.values():
                if argument.name in row:
                    return row[argument.name]
        maker: Maker = self.world.maker
        return maker.make(argument.name, argument.schema, argument.root, number + (5 if not argument.identity else 0))
