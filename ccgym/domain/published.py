"""The published JSON Schemas (2020-12) of the domain folder's files and the episode log. All references are local.

That of a run's config is `ccgym.train.config.config_schema`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from ccgym.domain.dialects import ToolExtras
from ccgym.domain.findings import did_you_mean
from ccgym.domain.mockspec import mock_schema
from ccgym.domain.models import Task
from ccgym.domain.spec import DomainSpec
from ccgym.errors import CcgymError
from ccgym.types import AnyEvent

Kind = Literal["domain", "task", "tools", "episode"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_for(kind: str) -> dict[str, Any]:
    """The JSON Schema of one file format.

    Args:
        kind: `domain` (domain.yaml), `task` (a line of tasks.jsonl), `tools` (tools.json), `episode` (a line of an
            episode log), or `config` (the config of a run).

    Raises:
        CcgymError: there is no such kind.
    """
    if kind not in _MAKERS:
        raise CcgymError(f"no schema '{kind[:60]}'", fix=did_you_mean(kind, _MAKERS))
    return {"$schema": DIALECT, **_MAKERS[kind]()}


def _domain() -> dict[str, Any]:
    return {**DomainSpec.model_json_schema(), "title": "domain.yaml"}


def _task() -> dict[str, Any]:
    schema = Task.model_json_schema()
    return {**schema, "title": "A line of tasks.jsonl", "required": ["id"]}


def _tools() -> dict[str, Any]:
    extras = ToolExtras.model_json_schema()
    extras["properties"]["mock"] = {"$ref": "#/$defs/mock"}
    named: dict[str, Any] = {"name": {"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_.-]{0,127}$"},
                             "description": {"type": "string"}}  # fmt: skip
    schema, extra = {"type": "object", "description": "JSON Schema of the arguments."}, {"$ref": "#/$defs/x-ccgym"}
    bare = {"type": "object", "properties": {**named, "parameters": schema, "x-ccgym": extra}, "required": ["name"]}

    def plain(key: str, **more: Any) -> dict[str, Any]:
        properties = {**named, key: schema, **more, "x-ccgym": extra}
        return {"type": "object", "properties": properties, "required": ["name", key]}

    def wrapped(key: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"type": "object", "properties": {**more, key: body, "x-ccgym": extra}, "required": [key]}

    bedrock = plain("inputSchema")
    bedrock["properties"] = {**named, "inputSchema": {"properties": {"json": schema}, "required": ["json"]}}
    hint = {"type": "boolean"}
    hints = {"type": "object", "properties": {"readOnlyHint": hint, "idempotentHint": hint}}
    dialects = ("openai", "bare", "bedrock", "mcp", "anthropic")
    return {
        "title": "tools.json",
        "oneOf": [
            {"type": "array", "items": {"$ref": "#/$defs/tool"}},
            {"type": "object", "properties": {"tools": {"type": "array", "items": {"$ref": "#/$defs/tool"}}},
             "required": ["tools"]},
        ],
        "$defs": {
            "tool": {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in dialects]},
            "openai": wrapped("function", bare, type={"const": "function"}),
            "bare": {**bare, "required": ["name", "parameters"]},
            "bedrock": wrapped("toolSpec", bedrock),
            "mcp": plain("inputSchema", outputSchema={"type": "object"}, annotations=hints),
            "anthropic": plain("input_schema"),
            "x-ccgym": extras,
            "mock": mock_schema(),
        },
    }  # fmt: skip


def _episode() -> dict[str, Any]:
    return {"title": "A line of an episode log", **msgspec.json.schema(AnyEvent)}


_MAKERS: dict[str, Callable[[], dict[str, Any]]] = {
    "domain": _domain, "task": _task, "tools": _tools, "episode": _episode,
}  # fmt: skip
