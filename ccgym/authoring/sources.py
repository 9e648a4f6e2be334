"""The two files that a new domain is made of: tool schemas in any dialect, and an SOP; repaired where that is safe."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccgym import jsontext
from ccgym.authoring.words import spoken
from ccgym.domain.dialects import read_tools, tool_entries
from ccgym.domain.findings import Findings, show
from ccgym.errors import DomainError
from ccgym.turns import nfc
from ccgym.types import Tool

MAX_BYTES = 16 * 1024 * 1024
_BODIES = ("function", "toolSpec")
_SCHEMAS = ("parameters", "inputSchema", "input_schema")
_TYPES = {
    "str": "string", "text": "string", "date": "string", "datetime": "string", "int": "integer", "long": "integer",
    "float": "number", "double": "number", "decimal": "number", "bool": "boolean", "dict": "object", "map": "object",
    "hashmap": "object", "list": "array", "tuple": "array", "set": "array", "none": "null", "nonetype": "null",
}  # fmt: skip
_KNOWN = frozenset(("string", "integer", "number", "boolean", "object", "array", "null"))
_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")
_RENAMED = {"params": "parameters", "arguments": "parameters", "args": "parameters", "schema": "parameters",
            "desc": "description", "input": "parameters"}  # fmt: skip


@dataclass
class Source:
    """What was read."""

    data: Any
    """The tools file, with its own wrapping."""
    entries: list[dict[str, Any]]
    """The tools in it: parts of `data`, to be given their `x-ccgym`."""
    tools: list[Tool]
    given: list[dict[str, Any]]
    """The `x-ccgym` that each tool came with."""
    hints: list[bool | None]
    """MCP's `readOnlyHint` of each tool."""
    sop: str
    repairs: list[str] = field(default_factory=list)
    """What was changed in the schemas, a sentence each."""


def read_sources(tools: Path, sop: Path) -> Source:
    """Read both files.

    Raises:
        DomainError: naming the file and the place in it, with the fix: not to be read, no JSON, no tools, an empty SOP.
    """
    prose = _text(sop, "Name the Markdown file of your SOP with --sop")
    if not prose.strip():
        raise DomainError("the SOP is empty", where=str(sop), fix="Write what the agent is to do, in prose")
    data = _json(tools)
    if isinstance(data, dict) and isinstance(data.get("functions"), list) and "tools" not in data:
        data = {**{key: value for key, value in data.items() if key != "functions"}, "tools": data["functions"]}
    if isinstance(data, dict) and "name" in data and any(key in data for key in _SCHEMAS):
        data = [data]
    entries, path = tool_entries(data)
    if entries is None:
        raise DomainError(f"found {show(data)}, must be a list of tools", where=str(tools), fix='Or {"tools": […]}')
    if not entries:
        raise DomainError("holds no tools", where=f"{tools} {'/' + '/'.join(map(str, path)) if path else ''}".rstrip(),
                          fix="Put the schemas of your tools into the list")  # fmt: skip
    repairs: list[str] = []
    for entry in entries:
        if isinstance(entry, dict):
            _repair(entry, repairs)
    findings = Findings()
    read = read_tools(data, str(tools), findings)
    findings.raise_errors(str(tools))
    bodies = [_body(entry) for entry in entries]
    given = [entry.get("x-ccgym") or body.get("x-ccgym") or {} for entry, body in zip(entries, bodies, strict=True)]
    hints = [_hint(body) for body in bodies]
    if not any(tool.requestor == "assistant" for tool, _ in read.values()):
        raise DomainError("no tool is the agent's: all have the requestor 'user'", where=str(tools),
                          fix='Say "requestor": "assistant" in the x-ccgym of at least one')  # fmt: skip
    return Source(data, entries, [tool for tool, _ in read.values()], given, hints, prose, repairs)


def _text(path: Path, fix: str) -> str:
    if path.is_dir():
        raise DomainError("is a folder, not a file", where=str(path), fix=fix)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DomainError(f"larger than {MAX_BYTES // 2**20} MB", where=str(path), fix=fix)
        data = path.read_bytes()
    except FileNotFoundError:
        raise DomainError("no such file", where=str(path), fix=fix) from None
    except OSError as error:
        raise DomainError(f"cannot be read: {error.strerror}", where=str(path), fix=fix) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DomainError(f"byte {data[error.start]:#04x} is not UTF-8", where=f"{path}:{line}",
                          fix="Save the file as UTF-8") from None  # fmt: skip
    if "\0" in text:
        raise DomainError("is no text: it holds the character NUL", where=str(path), fix="Save the file as UTF-8")
    return nfc(text.replace("\r\n", "\n").replace("\r", "\n"))


def _json(path: Path) -> Any:
    text = _text(path, "Name the JSON file of your tools' schemas with --from")
    try:
        return jsontext.parse(text, max_bytes=MAX_BYTES)
    except jsontext.JsonError as error:
        at = re.search(r"at character (\d+)$", str(error))
        place, message = str(path), str(error)
        if at:
            position = int(at.group(1))
            start = text.rfind("\n", 0, position) + 1
            place = f"{path}:{text.count(chr(10), 0, position) + 1}"
            message = f"{str(error)[: at.start()].strip()} at column {position - start + 1}"
        raise DomainError(f"bad JSON: {message}", where=place, fix="It holds a list of tool schemas, as JSON") from None


def _body(entry: dict[str, Any]) -> dict[str, Any]:
    return next((entry[key] for key in _BODIES if isinstance(entry.get(key), dict)), entry)


def _hint(body: dict[str, Any]) -> bool | None:
    annotations = body.get("annotations")
    hint = annotations.get("readOnlyHint") if isinstance(annotations, dict) else None
    return hint if isinstance(hint, bool) else None


# --- repairs --------------------------------------------------------------------------------------------------------


def _repair(entry: dict[str, Any], repairs: list[str]) -> None:
    """Put right what many schema files have wrong and what can only mean one thing."""
    body = _body(entry)
    name = str(body.get("name"))
    for wrong, right in _RENAMED.items():
        fits = isinstance(body.get(wrong), str if right == "description" else dict)
        if fits and right not in body and not any(key in body for key in _SCHEMAS if right == "parameters"):
            body[right] = body.pop(wrong)
            repairs.append(f"{name}: `{wrong}` is read as `{right}`")
    for key in [key for key in body if isinstance(key, str) and key.lower() in ("output", "outputs")]:
        del body[key]
    if body.get("description") is None or not str(body.get("description")).strip():
        body["description"] = f"{spoken(name).capitalize()}."
        repairs.append(f"{name}: has no description; one was made of its name")
    for key in _SCHEMAS:
        schema = body.get(key)
        if key == "inputSchema" and isinstance(schema, dict) and schema.keys() == {"json"}:
            body, key, schema = schema, "json", schema["json"]
        if isinstance(schema, dict):
            if (
                schema
                and not schema.keys() & {"type", "properties", "$ref", "allOf", "anyOf", "oneOf", "required"}
                and all(isinstance(part, dict) for part in schema.values())
            ):
                needed = [
                    key for key, part in schema.items() if "default" not in part and part.get("required") is not False
                ]
                schema = {"type": "object", "properties": schema, "required": needed}
                repairs.append(f"{name}: its parameters are taken for the properties of an object")
            body[key] = _schema(schema, name, repairs, 0)
        elif schema is None and key in body:
            body[key] = {"type": "object", "properties": {}}


def _schema(schema: Any, name: str, repairs: list[str], depth: int) -> Any:
    """A schema in JSON Schema's own words."""
    if not isinstance(schema, dict) or depth > 40:
        return schema
    made = copy.copy(schema)
    kind = made.get("type")
    if isinstance(kind, str) and kind not in _KNOWN:
        plain = kind.strip().lower()
        plain = plain if plain in _KNOWN else _TYPES.get(plain.split("[")[0].split("<")[0], "")
        repairs.append(f"{name}: the type '{kind[:40]}' is read as {plain or 'any type'}")
        if plain:
            made["type"] = plain
        else:
            del made["type"]
    if isinstance(made.get("required"), bool):
        del made["required"]
    if made.get("required") is None and "required" in made:
        del made["required"]
    if isinstance(made.get("enum"), list) and not made["enum"]:
        del made["enum"]
    if isinstance(made.get("pattern"), str) and not _linear(made["pattern"]):
        repairs.append(f"{name}: the pattern {made['pattern'][:40]!r} cannot run in linear time, and was left out")
        del made["pattern"]
    for key in _MAPS:
        if isinstance(made.get(key), dict):
            if key == "properties":
                needed = [n for n, part in made[key].items() if isinstance(part, dict) and part.get("required") is True]
                if needed:
                    listed = list(made["required"]) if isinstance(made.get("required"), list) else []
                    made["required"] = [*listed, *(n for n in needed if n not in listed)]
                    repairs.append(f"{name}: `required: true` is read as a name in the list `required`")
            made[key] = {n: _schema(part, name, repairs, depth + 1) for n, part in made[key].items()}
    for key in ("items", "additionalProperties", "not", "if", "then", "else", "contains"):
        if isinstance(made.get(key), dict):
            made[key] = _schema(made[key], name, repairs, depth + 1)
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if isinstance(made.get(key), list):
            made[key] = [_schema(part, name, repairs, depth + 1) for part in made[key]]
    return made


def _linear(pattern: str) -> bool:
    from ccgym.compare import pattern as compiled

    try:
        compiled(pattern)
    except ValueError:
        return False
    return True
