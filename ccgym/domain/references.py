"""Whether everything that a task names exists: tools, arguments, probes, tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ccgym.domain.findings import Findings, did_you_mean
from ccgym.domain.models import Call, PathAssert, Task
from ccgym.domain.schema import ArgumentValidator
from ccgym.types import Tool


def check_task(
    task: Task, place: str, tools: Mapping[str, Tool], validators: Mapping[str, ArgumentValidator],
    probes: Mapping[str, Any], state: dict[str, Any], findings: Findings, broken: Collection[str] = (),
) -> None:  # fmt: skip
    """Add a finding for each name in a task that the domain does not have, and for each call off the schema.

    Tools in `broken` could not be read, which has been said already.
    """
    for index, name in enumerate(task.tools_allow or ()):
        if name not in tools and name not in broken:
            findings.add("unknown-tool", f"{place} /tools_allow/{index}", f"no tool '{name[:60]}'",
                         did_you_mean(name, tools))  # fmt: skip
    for index, call in enumerate(task.init.calls):
        if call.name not in probes and call.name not in broken:
            _check_call(call, f"{place} /init/calls/{index}", tools, validators, probes, findings)
    for index, action in enumerate(task.expect.actions):
        if isinstance(action, Call) and action.name not in broken:
            at = f"{place} /expect/actions/{index}"
            if _check_call(action, at, tools, validators, None, findings):
                allow = task.tools_allow
                if allow is not None and action.requestor == "assistant" and action.name not in allow:
                    findings.add("tool-not-allowed", f"{at}/name", f"'{action.name}' is not in the task's tools_allow",
                                 "Add it to tools_allow")  # fmt: skip
    literal = task.expect.state.value.get("tables", {}) if task.expect.state.mode == "literal" else {}
    if task.expect.asserts or task.init.patch or literal:
        tables = _tables(task, state).union(*(tool.touches or () for tool in tools.values()))
        _check_places(task, place, tables, literal, probes, findings)


def _check_places(
    task: Task, place: str, tables: set[str], literal: Mapping[str, Any], probes: Mapping[str, Any], findings: Findings
) -> None:
    """What asserts, `init.patch` and a literal target point at."""
    for index, check in enumerate(task.expect.asserts):
        at = f"{place} /expect/asserts/{index}"
        if isinstance(check, PathAssert):
            _check_path(check.path, f"{at}/path", tables, findings)
        elif check.probe not in probes:
            fix = did_you_mean(check.probe, probes) if probes else "Register it: Toolset(name, probes=…)"
            findings.add("unknown-probe", f"{at}/probe", f"no probe '{check.probe[:60]}'", fix)
    for index, operation in enumerate(task.init.patch):
        if operation.path.count("/") > 2 or operation.op != "add":
            _check_path(operation.path, f"{place} /init/patch/{index}/path", tables, findings)
    for table in literal:
        _check_path(f"/tables/{table}", f"{place} /expect/state/value/tables", tables, findings)


def _check_call(
    call: Call, at: str, tools: Mapping[str, Tool], validators: Mapping[str, ArgumentValidator],
    more: Mapping[str, Any] | None, findings: Findings,
) -> bool:  # fmt: skip
    tool = tools.get(call.name)
    if tool is None:
        findings.add("unknown-tool", f"{at}/name", f"no tool {'' if more is None else 'or probe '}'{call.name[:60]}'",
                     did_you_mean(call.name, [*tools, *(more or ())]))  # fmt: skip
        return False
    if tool.requestor != call.requestor:
        findings.add("wrong-requestor", at,
                     f"'{call.name}' is a tool of the {tool.requestor}, called by the {call.requestor}",
                     f'Say "requestor": "{tool.requestor}"')  # fmt: skip
    if problem := validators[call.name](call.args):
        findings.add("bad-arguments", f"{at}/args", f"off the schema of '{call.name}': {problem}")
    if call.compare_args:
        known = tool.parameters.get("properties", {})
        for name in call.compare_args:
            if known and name not in known:
                findings.add("unknown-argument", f"{at}/compare_args", f"no argument '{name[:60]}' of '{call.name}'",
                             did_you_mean(name, known))  # fmt: skip
    return True


def _tables(task: Task, state: dict[str, Any]) -> set[str]:
    own = (task.init.state or {}).get("tables")
    names = {*state["tables"], *(own if isinstance(own, dict) else ())}
    for operation in task.init.patch:
        segments = operation.path.split("/")
        if operation.op == "add" and len(segments) == 3 and segments[1] == "tables":
            names.add(segments[2].replace("~1", "/").replace("~0", "~"))
    return names


def _check_path(path: str, place: str, tables: set[str], findings: Findings) -> None:
    segments = path.split("/")
    if len(segments) > 1 and segments[1] not in ("tables", "user", "*"):
        fix = did_you_mean(segments[1], ("tables", "user"))
        if segments[1] in tables:
            fix = f"Write /tables{path}"
        findings.add("bad-path", place, f"'{path[:80]}' is neither under /tables nor under /user", fix)
    elif len(segments) > 2 and segments[1] == "tables" and tables:
        table = segments[2].replace("~1", "/").replace("~0", "~")
        if table != "*" and table not in tables:
            findings.add("unknown-table", place, f"no table '{table[:60]}'", did_you_mean(table, tables))
