"""Tool schemas in the dialects that teams have them in, read as Tools.

| dialect | a tool looks like |
|---|---|
| OpenAI | `{"type": "function", "function": {"name", "description", "parameters"}}` |
| bare | `{"name", "description", "parameters"}`, with or without `"type": "function"` |
| Bedrock | `{"toolSpec": {"name", "description", "inputSchema": {"json": {…}}}}` |
| MCP | `{"name", "description", "inputSchema", "outputSchema", "annotations"}` |
| Anthropic | `{"name", "description", "input_schema"}` |

A file holds a list of them, or `{"tools": […]}`, also inside MCP's `result` or Bedrock's `toolConfig`. Each may have
an `x-ccgym` beside its name. The schema of the result is also read as `output_schema`, `returns` or `response`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, ValidationError

from ccgym.domain.fields import Flag, JsonObject, Names, Number, Part, nfc_json
from ccgym.domain.findings import Findings, did_you_mean, from_pydantic, pointer, show
from ccgym.domain.schema import ArgumentValidator
from ccgym.errors import DomainError
from ccgym.types import Effect, Requestor, Tool

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
_SCHEMA_KEYS = ("parameters", "inputSchema", "input_schema")
_RETURN_KEYS = ("outputSchema", "output_schema", "returns", "response")
_KEYS = ("name", "description", "annotations", "x-ccgym", "type", "function", "toolSpec", *_SCHEMA_KEYS, *_RETURN_KEYS)
_SCHEMA_WORDS = ("type", "properties", "$ref", "anyOf", "oneOf", "allOf", "enum", "items")
_READS = re.compile(
    r"(?:[a-z0-9]+\.)?(?:get|list|search|find|check|track|look_?up|view|show|read|fetch|query|calculate|compute|count)"
    r"(?:[._-]|$|(?=[A-Z]))"
)
_WRITING_MOCKS = ("insert", "update", "delete")


class ToolExtras(Part):
    """What `x-ccgym` says of a tool: what it does to the mocked world."""

    effect: Effect | None = None
    """Absent: guessed from the mock or the name, and `ccgym check` says so."""
    requestor: Requestor = "assistant"
    terminal: Flag = False
    idempotent: Flag = False
    touches: Names | None = None
    mock: JsonObject | None = None
    blocking: Flag = False
    seconds: Annotated[Number, Field(gt=0)] = 10.0


def read_tools(data: Any, file: str, findings: Findings) -> dict[str, tuple[Tool, ArgumentValidator]]:
    """All tools of a parsed file, by name, with the validators of their arguments.

    Args:
        data: the parsed JSON.
        file: what findings name.
        findings: gets an `error` for each tool that cannot be read, and a `notice` for each guessed effect.
    """
    entries, base = tool_entries(data)
    if entries is None:
        findings.add("bad-tools", file, f"found {show(data)}, must be a list of tools", 'Or {"tools": […]}')
        return {}
    tools: dict[str, tuple[Tool, ArgumentValidator]] = {}
    for index, entry in enumerate(entries):
        read = _read_tool(entry, file, [*base, index], findings)
        if read is None:
            continue
        name = read[0].name
        if name in tools:
            findings.add("duplicate-tool", f"{file} {pointer([*base, index])}", f"a second tool '{name}'", "Rename one")
            continue
        tools[name] = read
    return tools


def tool_names(data: Any) -> set[str] | None:
    """The names of all tools of a parsed file, also of those that cannot be read; None: it has no list of tools."""
    entries, _ = tool_entries(data)
    if entries is None:
        return None
    bodies = [
        body
        for entry in entries if isinstance(entry, dict)
        for body in (entry, entry.get("function"), entry.get("toolSpec")) if isinstance(body, dict)
    ]  # fmt: skip
    return {body["name"] for body in bodies if isinstance(body.get("name"), str)}


def tool_entries(data: Any) -> tuple[list[Any] | None, list[Any]]:
    """The list of tools in a file, and the path to it; None where there is no such list."""
    path: list[Any] = []
    for wrapper in ("result", "toolConfig"):  # an answer of JSON-RPC, a request to Bedrock
        if isinstance(data, dict) and isinstance(data.get(wrapper), dict):
            data, path = data[wrapper], [*path, wrapper]
    if isinstance(data, dict):
        data, path = data.get("tools"), [*path, "tools"]
    return (data if isinstance(data, list) else None), path


def _read_tool(entry: Any, file: str, path: list[Any], findings: Findings) -> tuple[Tool, ArgumentValidator] | None:
    def place(*more: Any) -> str:
        name = body.get("name") if isinstance(body, dict) else None
        label = f" ({name})" if isinstance(name, str) and name else ""
        return f"{file}{label} {pointer([*path, *more])}".rstrip()

    body: Any = None
    if not isinstance(entry, dict):
        findings.add("bad-tool", place(), f"found {show(entry)}, must be an object")
        return None
    inner = [key for key in ("function", "toolSpec") if key in entry]
    body = entry[inner[0]] if inner else entry
    if not isinstance(body, dict):
        findings.add("bad-tool", place(*inner), f"found {show(body)}, must be an object")
        return None
    before = len(findings.errors)
    for layer, where in ((entry, ()), (body, tuple(inner))) if inner else ((entry, ()),):
        for key in layer:
            if key not in _KEYS and (key.startswith(("x-cc", "x_cc")) or _close(key)):
                findings.add("unknown-field", place(*where, key), f"unknown field '{key[:60]}'",
                             did_you_mean(key, _KEYS))  # fmt: skip
    name = body.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        findings.add("bad-tool-name", place(*inner, "name"), f"found {show(name)}, must be a name",
                     "Letters, digits, '_', '-' and '.', at most 128, such as get_order")  # fmt: skip
        return None
    description = body.get("description") or ""
    if not isinstance(description, str):
        findings.add("bad-tool", place(*inner, "description"), f"found {show(description)}, must be text")
        description = ""
    key = next((key for key in _SCHEMA_KEYS if key in body), None)
    at: tuple[Any, ...] = (*inner, key or "parameters")
    parameters = body.get(key) if key else None
    if key == "inputSchema" and isinstance(parameters, dict) and parameters.keys() == {"json"}:
        parameters, at = parameters["json"], (*at, "json")
    validator, parameters = _validator(parameters, place, at, findings)
    returns = body.get("outputSchema")
    if returns is not None and not isinstance(returns, dict):
        findings.add("bad-tool", place(*inner, "outputSchema"), f"found {show(returns)}, must be a JSON Schema")
    if returns is None:
        returns = _unofficial_returns(body)
    extras, extras_at = (entry["x-ccgym"], ()) if "x-ccgym" in entry else (body.get("x-ccgym", {}), tuple(inner))
    try:
        extra = ToolExtras.model_validate(extras)
    except ValidationError as error:
        from_pydantic(error, ToolExtras, findings, lambda more: place(*extras_at, "x-ccgym", *more))
        return None
    annotations = body.get("annotations")
    annotations = annotations if isinstance(annotations, dict) else {}
    if len(findings.errors) > before or validator is None:
        return None
    mock = extra.mock if extra.mock is not None else {"kind": "python"}
    effect = extra.effect or _annotated_effect(annotations)
    if effect is None:
        effect, why = guess_effect(name, mock)
        findings.add("guessed-effect", place(), f"takes '{name}' for a {effect} tool, from {why}",
                     'Say "x-ccgym": {"effect": "read" | "write" | "think"}', severity="notice")  # fmt: skip
    return Tool(
        name=name,
        description=nfc_json(description),
        parameters=nfc_json(parameters),
        returns=nfc_json(returns),
        effect=effect,
        requestor=extra.requestor,
        terminal=extra.terminal,
        idempotent=extra.idempotent or annotations.get("idempotentHint") is True,
        touches=extra.touches,
        mock=mock,
        blocking=extra.blocking,
        seconds=extra.seconds,
    ), validator


def _unofficial_returns(body: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the result where it stands under a name that no standard gives: a sentence or example is none."""
    for key in _RETURN_KEYS[1:]:
        value = body.get(key)
        if isinstance(value, dict) and any(word in value for word in _SCHEMA_WORDS):
            return value
    return None


def _validator(
    parameters: Any, place: Any, at: tuple[Any, ...], findings: Findings
) -> tuple[ArgumentValidator | None, dict[str, Any]]:
    if parameters is None:
        parameters = {"type": "object", "properties": {}}
    if not isinstance(parameters, dict):
        findings.add("bad-schema", place(*at), f"found {show(parameters)}, must be a JSON Schema")
        return None, {}
    if parameters.get("type", "object") != "object":
        found = show(parameters["type"])
        findings.add("bad-schema", place(*at, "type"), f"found {found}, must be 'object': arguments have names")
        return None, {}
    try:
        return ArgumentValidator(nfc_json(parameters), place(*at)), {"type": "object", **parameters}
    except DomainError as error:
        findings.add("bad-schema", error.where or place(*at), error.message, error.fix)
    except ValueError as error:
        findings.add("bad-schema", place(*at), str(error))
    return None, {}


def _close(key: str) -> bool:
    fix = did_you_mean(key, _KEYS)
    return fix is not None and fix.startswith("Did") and key not in ("title", "strict", "icons", "_meta", "execution")


def _annotated_effect(annotations: dict[str, Any]) -> Effect | None:
    """MCP's hint, which is all that an MCP server says of effects."""
    hint = annotations.get("readOnlyHint")
    return None if not isinstance(hint, bool) else "read" if hint else "write"


def guess_effect(name: str, mock: dict[str, Any]) -> tuple[Effect, str]:
    """The effect of a tool that does not say it, and what it was guessed from."""
    kind = mock.get("kind")
    if kind in _WRITING_MOCKS:
        return "write", f"its mock ({kind})"
    if kind in ("lookup", "compute", "respond"):
        return "read", f"its mock ({kind})"
    if name == "think":
        return "think", "its name"
    return ("read" if _READS.match(name) else "write"), "its name"
