"""What the mock of each tool will do: on which table, found by which arguments, writing which columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ccgym.authoring.fields import Argument, members, noun_of
from ccgym.authoring.lexicon import ANSWERS, ON_A_ROW, VERBS_VI
from ccgym.authoring.survey import Job
from ccgym.authoring.words import identifier, is_plural, plain
from ccgym.authoring.world import Entity, World, is_person, row_schema


@dataclass
class Plan:
    """One tool's part in the world."""

    job: Job
    kind: str
    """`lookup, rows, insert, update, delete, respond, think`, or `own`: the author's mock."""
    entity: Entity | None = None
    key: Argument | None = None
    """The argument that is the row's key."""
    checks: list[Argument] = field(default_factory=list)
    """Arguments that must be as the row says, such as a phone number."""
    match: dict[str, Argument] = field(default_factory=dict)
    """Column to the argument that it is found by."""
    many: bool = False
    aspect: str | None = None
    """The column that is asked for, where it is one."""
    sets: dict[str, Any] = field(default_factory=dict)
    """Column to template."""
    outcome: tuple[str, Any] | None = None
    """Column and value that a change of status ends with."""
    refers: dict[str, Entity] = field(default_factory=dict)
    """Further arguments that must be keys of rows."""
    unkept: list[str] = field(default_factory=list)
    """Arguments that are written nowhere, as everybody would put them in other words."""
    made_up: bool = False
    """The answer rests on no row."""

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.job.name

    @property
    def role(self) -> str:
        """What the tool is taken to do."""
        return self.job.role


def make_plans(world: World) -> list[Plan]:
    """A plan for each tool, in the order of the file; the tables get the columns that the plans need."""
    plans = [_plan(job, world) for job in world.jobs]
    for plan in plans:
        _columns(plan, world)
    for entity in world.entities.values():
        for plan in plans:
            if plan.entity is entity and plan.kind == "update" and plan.role == "status":
                plan.outcome = _outcome(plan, entity)
        if entity.seeded:
            _dress(entity, world)
    return plans


def _plan(job: Job, world: World) -> Plan:
    if "mock" in job.given:
        return _own(job, world)
    if job.effect == "think":
        return Plan(job, "think")
    if job.role == "terminal":
        return Plan(job, "insert", made_up=True)
    scalars = [argument for argument in job.arguments if argument.scalar and argument.types != {"array"}]
    keyed = {argument.name: entity for argument in scalars if (entity := world.entity(argument, job))}
    named = world.about(job.objects)
    target, rest = named if named else (None, job.objects)
    key = next((job.argument(name) for name, entity in keyed.items() if entity is target), None)
    if key is None and target is not None and rest and not keyed:
        target = None
    if target is not None and target.vietnamese and job.effect == "read":
        rest = ()  # what follows a Vietnamese noun only tells which
    if target is None and keyed:
        ordered = sorted(keyed, key=lambda name: not (job.argument(name) or job.arguments[0]).required)
        if job.effect == "write" or not (job.role == "list" and job.objects):
            key = job.argument(ordered[0])
            target = keyed[ordered[0]]
    if job.effect == "read":
        return _reading(job, world, target, key, keyed, rest)
    return _writing(job, world, target, key, keyed, rest)


def _own(job: Job, world: World) -> Plan:
    """A tool whose author has given it a mock: its table is the one that the mock names."""
    mock = job.given["mock"]
    table, key = mock.get("table"), mock.get("key")
    plan = Plan(job, "own")
    for argument in job.arguments:
        if key == f"{{/args/{argument.name}}}" and isinstance(table, str) and mock.get("kind") != "insert":
            entity = world.entity(argument, job)
            if entity is not None:
                entity.table, plan.entity, plan.key = table, entity, argument
                for guard in mock.get("require") or ():
                    if (
                        isinstance(guard, dict)
                        and guard.get("op") == "eq"
                        and str(guard.get("path")).startswith("/row/")
                    ):
                        column, value = guard["path"][5:], guard.get("value")
                        if "/" not in column and not (isinstance(value, str) and "{" in value):
                            entity.add(Argument(column, {}, {}, True))
                            entity.fixed[column] = value
    if isinstance(table, str):
        world.extra.setdefault(table, {})
    for name in job.given.get("touches") or ():
        world.extra.setdefault(name, {})
    return plan


def _reading(
    job: Job, world: World, target: Entity | None, key: Argument | None, keyed: dict[str, Entity], rest: tuple[str, ...]
) -> Plan:
    if "_".join(job.verb.words) in ANSWERS and not keyed:
        return Plan(job, "respond", made_up=True)
    facts = [a for a in job.arguments if a.scalar and a.name not in keyed and not a.control and not a.free]
    texts = [a for a in facts if not a.types or a.types & {"string", "boolean"} or a.schema.get("enum")]
    if target is not None and key is not None:
        plan = Plan(job, "lookup", target, key)
        proof = texts if job.role == "verify" else [a for a in texts if a.identity or (a.required and _of_person(a))]
        plan.checks = [a for a in proof if a.required or a.identity]
        plural_rest = bool(rest) and is_plural(rest[-1]) and job.role == "list"
        if plural_rest:
            return _children(job, world, key, keyed[key.name], rest)
        if rest and job.tool.returns is None and job.role == "read":
            plan.aspect = "_".join(rest)
        return plan
    if job.role == "list" and target is None and keyed and job.objects:
        name = next(iter(keyed))
        argument = job.argument(name)
        assert argument is not None
        return _children(job, world, argument, keyed[name], job.objects)
    if target is not None:
        match = {argument.name: argument for argument in texts}
        match |= {_reference(world.entity(a, job), a): a for a in job.arguments if a.name in keyed}
        if match:
            return Plan(job, "lookup", target, match=match, many=job.role == "list")
        return Plan(job, "rows", target, many=True)
    wanted = [a for a in texts if not a.identity or job.role == "verify"] or texts
    if job.objects and wanted and job.role != "answer":
        entity = world.new_entity(job.objects, seeded=True)
        return Plan(job, "lookup", entity, match={a.name: a for a in wanted}, many=job.role == "list")
    if job.objects and job.role == "list":
        return Plan(job, "rows", world.new_entity(job.objects, seeded=True), many=True)
    return Plan(job, "respond", made_up=True)


def _children(job: Job, world: World, argument: Argument, parent: Entity, objects: tuple[str, ...]) -> Plan:
    """Rows that belong to another row: the transactions of an account."""
    entity = world.new_entity(objects, seeded=True)
    if entity is parent:
        return Plan(job, "lookup", parent, argument)
    return Plan(job, "lookup", entity, match={_reference(parent, argument): argument}, many=True)


def _writing(
    job: Job, world: World, target: Entity | None, key: Argument | None, keyed: dict[str, Entity], rest: tuple[str, ...]
) -> Plan:
    role = job.role
    refers = {name: entity for name, entity in keyed.items() if key is None or name != key.name}
    verb = job.verb.words[0] if job.verb.words else ""
    if target is not None and key is not None:
        whole = not rest and world.about(job.objects) is not None
        if role == "delete":
            return Plan(job, "delete" if whole else "update", target, key, refers=refers)
        if role == "create" and whole and verb not in ON_A_ROW:
            return Plan(job, "insert", target, key, refers=refers)
        if role == "create" and not whole and verb not in ON_A_ROW:
            own = job.objects if target.vietnamese else rest  # a Vietnamese noun begins with what it is
            child = world.new_entity(own or job.objects or job.verb.words, seeded=False)
            return Plan(job, "insert", child, refers=keyed)
        return Plan(job, "update", target, key, refers=refers)
    if target is not None and role in ("update", "status", "delete"):
        proof = {a.name: a for a in job.arguments if a.identity and a.required}
        if proof:
            return Plan(job, "delete" if role == "delete" else "update", target, match=proof, refers=refers)
    entity = target or world.new_entity(job.objects or (verb or "request",), seeded=False)
    return Plan(job, "insert", entity, refers=refers)


def _reference(entity: Entity | None, argument: Argument) -> str:
    """The column that refers to another entity's row."""
    return entity.key if entity is not None and entity.key not in ("id", "ma") else argument.name


def _of_person(argument: Argument) -> bool:
    return bool({"name", "ten", "surname"} & set(argument.words)) and not argument.schema.get("enum")


def _columns(plan: Plan, world: World) -> None:
    """Give the tables the columns that this tool reads or writes."""
    job, entity = plan.job, plan.entity
    if entity is None or plan.kind in ("respond", "think", "own"):
        if job.role == "terminal":
            _keep(plan, job.arguments, world)
        return
    for argument in plan.checks:
        entity.add(Argument(argument.name, argument.schema, argument.root, True))
    for column, argument in plan.match.items():
        entity.add(Argument(column, argument.schema, argument.root, True))
    if plan.aspect is not None and plan.aspect != identifier(entity.key):
        entity.add(_aspect(plan.aspect))
    _, schema, many = row_schema(job.tool.returns, entity)
    plan.many = plan.many or (many and bool(plan.match))
    if plan.kind in ("lookup", "rows", "update", "insert"):
        for item in members(schema, job.tool.returns or {}):
            proof = job.role == "verify" and item.types == {"boolean"}
            if (plan.kind in ("lookup", "rows") or item.schema.get("enum")) and not _about_call(item) and not proof:
                entity.add(item)
    if job.effect == "write":
        finding = {plan.key.name if plan.key else "", *(a.name for a in plan.match.values())}
        _keep(plan, [a for a in job.arguments if a.name not in finding], world)
        for column in plan.sets:
            name = plan.sets[column][7:-1].replace("~1", "/").replace("~0", "~")
            argument = next(a for a in job.arguments if a.name == name)
            if plan.kind == "update":
                entity.add(Argument(column, argument.schema, argument.root, True))


def _about_call(item: Argument) -> bool:
    """Whether a member of a result speaks of the call and not of the row."""
    return identifier(item.name) in (
        "success",
        "ok",
        "message",
        "error",
        "errors",
        "code",
        "thanh_cong",
        "thong_bao",
        "total",
    )


def _keep(plan: Plan, arguments: list[Argument], world: World) -> None:
    """What of the arguments is written into the row."""
    for argument in arguments:
        if argument.free:
            plan.unkept.append(argument.name)
            continue
        other = world.entity(argument, plan.job) if argument.scalar else None
        column = _reference(other, argument) if other is not None and other is not plan.entity else argument.column
        if other is not None and sum(world.entity(a, plan.job) is other for a in arguments if a.scalar) > 1:
            column = argument.name  # from one account to another
        if plan.entity is not None and column == plan.entity.key:
            column = argument.name
        plan.sets[column] = f"{{/args/{argument.name.replace('~', '~0').replace('/', '~1')}}}"


def _aspect(name: str) -> Argument:
    words = name.split("_")
    number = {
        "balance",
        "price",
        "fee",
        "amount",
        "total",
        "points",
        "cost",
        "du",
        "phi",
        "gia",
        "tien",
        "diem",
        "cuoc",
    }
    yes = {"eligibility", "availability", "eligible", "available", "coverage"}
    kind = "number" if number & set(words) else "boolean" if yes & set(words) else "string"
    return Argument(name, {"type": kind}, {}, True)


def _outcome(plan: Plan, entity: Entity) -> tuple[str, Any]:
    """Column and value after a change of status: the schema's own word for it, where it has one."""
    verb, status = plan.job.verb, entity.need_status()
    options = entity.statuses()
    column = entity.columns[status]
    if options is None and (not column.types or "string" in column.types):
        value: Any = verb.outcome
    else:
        word = "_".join(verb.words)
        stems = [plain(verb.outcome).replace(" ", "_"), word, *(identifier(text) for text in VERBS_VI.get(word, ()))]
        stems += [name for name, texts in VERBS_VI.items() if word in (identifier(text) for text in texts)]
        value = next((o for o in options or () for stem in stems if isinstance(o, str) and _same(o, stem)), None)
    if value is None:
        flag = identifier(verb.outcome)
        entity.add(Argument(flag, {"type": "boolean", "const": False}, {}, True))
        return flag, True
    if value not in entity.outcomes:
        entity.outcomes.append(value)
    return status, value


def _same(option: str, stem: str) -> bool:
    """Whether two words are the same but for their endings: `CANCELED` and `cancelled`."""
    a, b = identifier(option).replace("ll", "l"), stem.replace("ll", "l")
    if not b:
        return False
    if a == b or a.endswith(f"_{b}") or b.endswith(f"_{a}"):
        return True
    size = max(4, min(len(a), len(b)) - 3)
    return len(min(a, b, key=len)) >= 4 and a[:size] == b[:size] and "_" not in b


def _dress(entity: Entity, world: World) -> None:
    """Give a table that tells nothing the columns that such tables have."""
    vietnamese = entity.vietnamese
    if is_person(entity):
        name = "ho_ten" if vietnamese else "name"
        if not any({"name", "ten"} & set(identifier(column).split("_")) for column in entity.columns):
            entity.add(Argument(name, {"type": "string"}, {}, True))
    telling = [c for c, a in entity.columns.items() if noun_of(c) is None and a.types != {"boolean"} and not a.identity]
    if not telling:
        entity.need_status()
        entity.add(
            Argument("ngay_cap_nhat" if vietnamese else "updated_on", {"type": "string", "format": "date"}, {}, True)
        )
