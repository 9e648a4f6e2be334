"""`ccgym tools`: the registered toolsets and their tools."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from ccgym import jsontext
from ccgym.cli.listing import listing, print_fields
from ccgym.cli.output import Output
from ccgym.errors import PluginError
from ccgym.plugins import Toolset, registry
from ccgym.types import Tool


def _schemas(toolset: Toolset) -> dict[str, Tool]:
    """The tools of a toolset that brings its schemas."""
    from ccgym.domain.dialects import read_tools
    from ccgym.domain.findings import Findings

    if toolset.schemas is None:
        return {}
    data, file = toolset.schemas, f"toolset {toolset.name}"
    if isinstance(data, str | Path):
        file = str(data)
        try:
            data = jsontext.parse(Path(data).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise PluginError(f"its schemas cannot be read ({error})", where=f"toolset {toolset.name!r}") from None
    findings = Findings()
    tools = read_tools(data, file, findings)
    findings.raise_errors(file)
    return {name: tool for name, (tool, _) in tools.items()}


def _fields(toolset: Toolset, name: str, tool: Tool | None) -> dict[str, Any]:
    function = toolset.functions.get(name)
    description = tool.description if tool else (inspect.getdoc(function) or "")
    return {
        "tool": name,
        "toolset": toolset.name,
        "effect": tool.effect if tool else None,
        "backend": "python" if function is not None else tool.mock.get("kind", "") if tool else "",
        "what": description.partition("\n")[0],
    }


def _tools_of(toolset: Toolset) -> dict[str, Tool | None]:
    schemas = _schemas(toolset)
    return {name: schemas.get(name) for name in [*schemas, *(n for n in toolset.functions if n not in schemas)]}


def _rows() -> list[dict[str, Any]]:
    return [
        _fields(toolset, name, tool)
        for _, toolset in sorted(registry().tools.items())
        for name, tool in _tools_of(toolset).items()
    ]


def _names() -> list[str]:
    tools = [name for toolset in registry().tools.values() for name in _tools_of(toolset)]
    return [*registry().tools, *tools]


def _show(out: Output, name: str) -> None:
    if name in registry().tools:
        _show_toolset(out, registry().tools[name])
        return
    toolset = next(toolset for toolset in registry().tools.values() if name in _tools_of(toolset))
    tool = _tools_of(toolset)[name]
    function = toolset.functions.get(name)
    fields = _fields(toolset, name, tool) | {
        "function": f"{function.__module__}.{function.__qualname__}" if function is not None else None,
        "schema": tool.openai() if tool else None,
    }
    if out.json:
        out.data(fields)
    else:
        print_fields(out, fields | {"schema": jsontext.dumps(fields["schema"])})


def _show_toolset(out: Output, toolset: Toolset) -> None:
    owner = registry().owner("tool", toolset.name)
    fields = {
        "toolset": toolset.name,
        "plugin": owner.name if owner else None,
        "schemas": str(toolset.schemas) if isinstance(toolset.schemas, str | Path) else None,
        "tools": list(_tools_of(toolset)),
        "probes": list(toolset.probes),
    }
    out.data(fields) if out.json else print_fields(out, fields)


command = listing("tools", _rows, _show, _names)
