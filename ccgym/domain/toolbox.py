"""The tools of a domain: their schemas, from the folder or a registered toolset, and the functions behind them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ccgym import jsontext
from ccgym.domain.dialects import read_tools, tool_names
from ccgym.domain.files import MAX_BYTES, Folder
from ccgym.domain.findings import Findings, did_you_mean
from ccgym.domain.schema import ArgumentValidator
from ccgym.errors import PluginError
from ccgym.plugins import Registry, Toolset, tool_mark
from ccgym.types import Tool, ToolFunction


@dataclass(slots=True)
class Toolbox:
    """Everything that can be called in a domain."""

    tools: dict[str, Tool] = field(default_factory=dict)
    validators: dict[str, ArgumentValidator] = field(default_factory=dict)
    functions: dict[str, ToolFunction] = field(default_factory=dict)
    probes: dict[str, ToolFunction] = field(default_factory=dict)
    sync: Callable[[dict[str, Any]], Any] | None = None
    """Keeps both sides' state in step."""
    places: dict[str, str] = field(default_factory=dict)
    """Tool name to what a finding about it names."""
    broken: set[str] | None = None
    """Names of the tools that could not be read; None: nothing could be read at all."""


def open_toolbox(name: str, domain: str, folder: Folder, registry: Registry, findings: Findings) -> Toolbox:
    """The tools that `tools: name` of a domain.yaml stands for.

    A name that ends in `.json` is a file of the folder. Its Python tools find their functions by `mock.function`
    (`name` or `toolset:name`; absent: the tool's own name), in the toolset of the domain's name first. Any other name
    is a registered toolset, which brings schemas, functions and probes.
    """
    box = Toolbox()
    own: Toolset | None
    if name.endswith(".json"):
        own = registry.tools.get(domain)
        data = folder.json(name, required="Write the tools there, or let `tools` name a registered toolset")
        file = name
    else:
        try:
            own = registry.require("tool", name)
        except PluginError as error:
            fix = error.fix or did_you_mean(name, registry.tools)
            findings.add("unknown-toolset", "domain.yaml /tools", error.message, fix)
            return box
        assert own is not None
        data, file = _schemas(own, folder, findings), f"toolset {name}"
    if data is None:
        return box
    read = read_tools(data, file, findings)
    names = tool_names(data)
    box.broken = names - read.keys() if names is not None else None
    for tool, validator in read.values():
        box.places[tool.name] = f"{file} ({tool.name})"
        box.tools[tool.name], box.validators[tool.name] = tool, validator
        if tool.mock.get("kind") == "python":
            _bind(tool, own, registry, box, findings)
    if own:
        box.probes, box.sync = dict(own.probes), own.sync
    return box


def _schemas(toolset: Toolset, folder: Folder, findings: Findings) -> Any:
    """The schemas that a toolset brings; its author's own file, wherever it lies."""
    place = f"toolset {toolset.name}"
    if toolset.schemas is None:
        findings.add("no-schemas", place, "the toolset has no schemas", "Give it `schemas`, a path or a list")
        return None
    if not isinstance(toolset.schemas, str | os.PathLike):
        return toolset.schemas
    folder.asked.add(str(Path(toolset.schemas).absolute()))
    try:
        text = Path(toolset.schemas).read_text(encoding="utf-8")
        return jsontext.parse(text, max_bytes=MAX_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        findings.add("unreadable-file", place, f"its schemas cannot be read: {error}")
    except jsontext.JsonError as error:
        findings.add("bad-json", f"{place} {Path(toolset.schemas).name}", f"bad JSON: {error}")
    return None


def _bind(tool: Tool, own: Toolset | None, registry: Registry, box: Toolbox, findings: Findings) -> None:
    """Find the function of a Python tool. One that names none and has none may still get a backend of its own."""
    wanted = tool.mock.get("function")
    name = wanted if isinstance(wanted, str) else tool.name
    function, known = _find(name, own, registry.tools)
    if function is None:
        place = box.places[tool.name]
        if wanted is not None:
            findings.add("unknown-function", f"{place} /x-ccgym/mock/function", f"no registered function '{name[:80]}'",
                         did_you_mean(name, known))  # fmt: skip
        else:
            findings.add("no-backend", place, f"'{tool.name}' has neither a mock nor a function",
                         'Give it "x-ccgym": {"mock": …}, or register a toolset', severity="warning")  # fmt: skip
        return
    _state_as_argument(tool, function, box.places[tool.name], findings)
    mark = tool_mark(function)
    box.functions[tool.name] = function
    if mark.blocking and not tool.blocking:
        box.tools[tool.name] = replace(tool, blocking=True, seconds=mark.seconds)


def _state_as_argument(tool: Tool, function: ToolFunction, place: str, findings: Findings) -> None:
    """A function whose state has the name of an argument: Python refuses every call with that argument."""
    try:
        first = next(iter(inspect.signature(function).parameters.values()), None)
    except (TypeError, ValueError):
        return
    properties = tool.parameters.get("properties")
    if first is None or first.kind is not first.POSITIONAL_OR_KEYWORD or not isinstance(properties, dict):
        return
    if first.name in properties:
        problem = f"'{first.name}' is an argument, and its function gives the state that name: each call with it fails"
        findings.add("bad-function", place, problem, f"Write def {tool.name}({first.name}, /, **arguments)")


def _find(
    name: str, own: Toolset | None, toolsets: Mapping[str, Toolset]
) -> tuple[Callable[..., Any] | None, list[str]]:
    """A function by `name` or `toolset:name`, and the names that there are."""
    owner, colon, short = name.partition(":")
    if colon:
        functions = toolsets[owner].functions if owner in toolsets else {}
        return functions.get(short), [f"{key}:{fn}" for key, toolset in toolsets.items() for fn in toolset.functions]
    known = list(own.functions) if own else []
    if name in known and own:
        return own.functions[name], known
    owners = [toolset for toolset in toolsets.values() if name in toolset.functions]
    if own is None and len(owners) == 1:
        return owners[0].functions[name], known
    return None, known or [fn for toolset in toolsets.values() for fn in toolset.functions]
