"""The `x-ccgym` of a tool: its effect, and a declarative mock that does what its plan says."""

from __future__ import annotations

from typing import Any

from ccgym.authoring.fields import members, resolve, types_of
from ccgym.authoring.lexicon import PROVEN
from ccgym.authoring.plans import Plan
from ccgym.authoring.words import identifier
from ccgym.authoring.world import Entity, World, row_schema

HANDOVERS = {"en": "handovers", "vi": "chuyen_tiep"}

_SAYS = {
    "en": {
        "missing": "There is no {noun} {key}.",
        "none": "No {noun} was found for this.",
        "wrong": "This does not match what is on file.",
        "already": "{noun} {key} has that status already.",
    },
    "vi": {
        "missing": "Không có {noun} {key}.",
        "none": "Không tìm thấy {noun} nào như vậy.",
        "wrong": "Thông tin không khớp với hồ sơ.",
        "already": "{noun} {key} đã ở trạng thái đó.",
    },
}


def extras(plan: Plan, world: World) -> dict[str, Any]:
    """What stands under `x-ccgym`: what the author has written there, and what is guessed beside it."""
    job = plan.job
    made: dict[str, Any] = {"effect": job.effect}
    if job.terminal:
        made["terminal"] = True
    if plan.kind != "own":
        mock = _mock(plan, world)
        if job.effect == "write":
            made["touches"] = [mock["table"]] if "table" in mock else []
        made["mock"] = mock
    return {**made, **job.given}


def _mock(plan: Plan, world: World) -> dict[str, Any]:
    job, entity = plan.job, plan.entity
    if plan.kind == "think":
        return {"kind": "respond", "return": None}
    if job.role == "terminal":
        table = HANDOVERS[world.language]
        world.extra.setdefault(table, {})
        answer = _template(job.tool.returns, None, world) if job.tool.returns else {"status": "ok"}
        return {"kind": "insert", "table": table, "key": "1", "row": plan.sets or {"done": True}, "return": answer}
    if entity is None or plan.kind == "respond":
        made = _template(job.tool.returns, None, world) if job.tool.returns else _invented(plan, world)
        return {"kind": "respond", "return": made}
    if plan.kind == "rows":
        return {"kind": "compute", "return": _answer(plan, entity, world, f"/tables/{_escape(entity.table)}/*")}
    mock: dict[str, Any] = {"kind": plan.kind, "table": entity.table}
    if plan.kind == "insert":
        return _insert(plan, entity, world, mock)
    says = _SAYS[world.language]
    noun = _noun(entity, world)
    if plan.key is not None:
        key = f"{{/args/{_escape(plan.key.name)}}}"
        mock |= {"key": key} if plan.key.required else {"match": {entity.key: key}}
        message = says["missing"].format(noun=noun, key=key)
        mock["missing"] = {"code": "not_found", "message": message}
    else:
        mock["match"] = {column: f"{{/args/{_escape(a.name)}}}" for column, a in plan.match.items()}
        if plan.many:
            mock["all"] = True
        else:
            mock["missing"] = {"code": "not_found", "message": says["none"].format(noun=noun)}
    guards = [
        {"path": f"/row/{_escape(check.name)}", "op": "eq", "value": f"{{/args/{_escape(check.name)}}}",
         "error": {"code": "not_verified", "message": says["wrong"]}}
        for check in plan.checks if check.required
    ]  # fmt: skip
    if plan.kind in ("update", "delete"):
        _let(plan, world, mock)
    if plan.outcome is not None:
        column, value = plan.outcome
        message = says["already"].format(noun=noun.capitalize(), key="{/key}")
        guards.append({"path": f"/row/{_escape(column)}", "op": "ne", "value": _literal(value),
                       "error": {"code": "already_done", "message": message}})  # fmt: skip
    if guards:
        mock["require"] = guards
    if plan.kind == "update":
        mock["set"] = dict(plan.sets)
        if plan.outcome is not None:
            mock["set"][plan.outcome[0]] = _literal(plan.outcome[1])
        elif not plan.sets:
            mock["set"]["_".join(plan.job.verb.words) or "changed"] = True
    if job.tool.returns or plan.aspect is not None:
        root = "/rows" if plan.many else "/row"
        mock["return"] = _answer(plan, entity, world, root)
    return mock


def _insert(plan: Plan, entity: Entity, world: World, mock: dict[str, Any]) -> dict[str, Any]:
    row = {entity.key: "{/key}", **plan.sets}
    status = entity.status
    if status is not None and status not in plan.sets and entity.seeded:
        known = entity.statuses() or entity.wanted
        row[status] = _literal(known[0]) if known else "mới" if entity.vietnamese else "new"
    mock["row"] = row
    if plan.key is not None:
        mock["key"] = f"{{/args/{_escape(plan.key.name)}}}"
        row[entity.key] = mock["key"]
    else:
        mock["id"] = _form(entity)
    _let(plan, world, mock)
    if plan.job.tool.returns:
        mock["return"] = _answer(plan, entity, world, "/row")
    return mock


def _let(plan: Plan, world: World, mock: dict[str, Any]) -> None:
    """Rows that the call refers to must be there."""
    says = _SAYS[world.language]
    for name, other in plan.refers.items():
        argument = plan.job.argument(name)
        if argument is None or not argument.required or not other.seeded:
            continue
        key = f"{{/args/{_escape(name)}}}"
        error = {"code": "not_found", "message": says["missing"].format(noun=_noun(other, world), key=key)}
        mock.setdefault("let", {})[identifier(name)] = {"table": other.table, "key": key, "missing": error}


def _form(entity: Entity) -> dict[str, Any]:
    """The form of a new key: that of the keys there are."""
    sample = str(entity.keys[0]) if entity.keys else "1001"
    stem = sample.rstrip("0123456789")
    digits = len(sample) - len(stem)
    if entity.seeded and 1 <= digits <= 12 and len(stem) <= 12:
        return {"prefix": stem, "digits": max(digits, 4)} if stem else {"digits": max(digits, 4)}
    return {"prefix": f"{entity.noun[0][:3].upper()}-", "digits": 6}


def _answer(plan: Plan, entity: Entity, world: World, root: str) -> Any:
    """The template of a result that shows a row, or rows."""
    returns = plan.job.tool.returns
    if plan.aspect is not None and not returns:
        return {entity.key: "{/key}", plan.aspect: f"{{/row/{_escape(plan.aspect)}}}"}
    if not returns:
        return f"{{{root}}}"
    path, schema, many = row_schema(returns, entity)
    if plan.many and many:
        inner = {
            item.name: _cell(item.name, item.schema, returns, entity, world, "/item")
            for item in members(schema, returns)
        }
        rows: Any = {"$map": [f"{{{root}}}", inner]} if inner else f"{{{root}}}"
        return _wrap(returns, path, rows, entity, world)
    if plan.many:  # the schema tells of no list: the rows stand under its first member that may hold them
        root = f"{root.removesuffix('/*')}/0" if root == "/rows" else root
        return _template(returns, entity, world, root) if root != "/rows" and "*" not in root else f"{{{root}}}"
    row = _template({**schema}, entity, world, root, whole=returns)
    return _wrap(returns, path, [row] if many else row, entity, world, root)


def _wrap(returns: Any, path: list[str], inner: Any, entity: Entity, world: World, root: str = "") -> Any:
    """An inner template with the objects around it that a result's schema has."""
    if not path:
        return inner
    made = {}
    for item in members(resolve(returns, returns), returns):
        if item.name == path[0]:
            made[item.name] = _wrap({**item.schema, **_defs(returns)}, path[1:], inner, entity, world, root)
        elif item.required or not root:
            made[item.name] = _cell(item.name, item.schema, returns, entity, world, root or None)
    return made


def _defs(root: dict[str, Any]) -> dict[str, Any]:
    return {key: root[key] for key in ("$defs", "definitions") if key in root}


def _template(returns: Any, entity: Entity | None, world: World, root: str | None = None, whole: Any = None) -> Any:
    """A template for a result's schema: columns of the row where it has them, else made-up values."""
    whole = returns if whole is None else whole
    schema = resolve(returns, whole)
    kinds = types_of(schema, whole)
    inner = members(schema, whole)
    if inner and (not kinds or "object" in kinds):
        return {item.name: _cell(item.name, item.schema, whole, entity, world, root) for item in inner}
    value = world.maker.make("result", schema, whole, 0)
    return _literal({} if value is None and "object" in kinds else value)


def _cell(name: str, schema: dict[str, Any], root: Any, entity: Entity | None, world: World, row: str | None) -> Any:
    if entity is not None and row is not None:
        if identifier(name) == identifier(entity.key) or (
            identifier(name) in ("id", "ma") and name not in entity.columns
        ):
            return f"{{{row}/{_escape(entity.key)}}}"
        if name in entity.columns and entity.seeded:
            return f"{{{row}/{_escape(name)}}}"
        same = [column for column in entity.columns if identifier(column) == identifier(name)]
        if same and entity.seeded:
            return f"{{{row}/{_escape(same[0])}}}"
    if identifier(name).replace("is_", "") in PROVEN | {"ok", "thanh_cong"} and "boolean" in types_of(schema, root):
        return True
    return _literal(world.maker.make(name, schema, root, 1))


def _invented(plan: Plan, world: World) -> Any:
    """An answer for a tool that tells nothing of it: something that can be told to the customer."""
    name = "_".join(plan.job.objects) or "result"
    if plan.job.role == "create" or plan.job.effect == "write":
        return {"status": "ok"}
    if {"tinh", "quote", "calculate", "estimate"} & set(plan.job.verb.words) or plan.job.verb.words == ("bao", "gia"):
        return {name: world.maker.make(name, {"type": "number"}, {}, 20)}
    return {name: world.maker.make(name, {}, {}, 2)}


def _literal(value: Any) -> Any:
    """A value that a template gives as it is."""
    if isinstance(value, str):
        return value.replace("{", "{{").replace("}", "}}")
    if isinstance(value, list):
        return [_literal(item) for item in value]
    if isinstance(value, dict):
        return {key: _literal(item) for key, item in value.items()}
    return value


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _noun(entity: Entity, world: World) -> str:
    from ccgym.authoring.phrases import noun_words

    return noun_words(entity.noun, world.language)
