"""What can be said of a domain's tools without a call: their schemas, and whether mock and function go with them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs

from ccgym.domain.domain import Domain
from ccgym.domain.findings import Findings, pointer, show
from ccgym.domain.mockcheck import columns_written, finders, unknown_columns
from ccgym.types import Tool

_WORDS = """
$anchor $comment $defs $dynamicAnchor $dynamicRef $id $ref $schema $vocabulary additionalItems additionalProperties
allOf anyOf const contains contentEncoding contentMediaType contentSchema default definitions dependencies
dependentRequired dependentSchemas deprecated description discriminator else enum example examples exclusiveMaximum
exclusiveMinimum format id if items maxContains maxItems maxLength maxProperties maximum minContains minItems
minLength minProperties minimum multipleOf name not nullable oneOf optional pattern patternProperties prefixItems
properties propertyNames readOnly required strict then title type unevaluatedItems unevaluatedProperties uniqueItems
writeOnly
"""
_KEYWORDS = frozenset(_WORDS.split())
"""JSON Schema 2020-12, older drafts, and what tool schemas carry beside it."""
_TYPED = ("type", "enum", "const", "$ref", "$dynamicRef", "anyOf", "oneOf", "allOf", "not", "if")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_INNER = ("items", "additionalProperties", "unevaluatedProperties", "contains", "propertyNames", "not", "if", "then",
          "else", "additionalItems", "unevaluatedItems")  # fmt: skip
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_COMPOSED = ("allOf", "anyOf", "oneOf", "$ref", "$dynamicRef", "patternProperties", "if", "dependentSchemas")
_WRITING = ("insert", "update", "delete")
_DEPTH = 12


def look_at_tools(domain: Domain, findings: Findings) -> None:
    """Warnings and notices about tools."""
    written = columns_written(domain.tools.values())
    for name, tool in domain.tools.items():
        place = domain.places.get(f"tool {name}", f"tool {name}")
        if not tool.description.strip():
            findings.add("no-description", place, "has no description", "Say in a sentence when to use it")
        _arguments(tool, place, findings)
        _effects(tool, place, findings)
        if name in domain.functions:
            _function(tool, domain.functions[name], place, findings)
        unknown_columns(tool, domain.state, written, place, findings)
    if not domain.tools:
        findings.add("no-tools", "domain.yaml /tools", "the domain has no tools", "List them in tools.json")


def _arguments(tool: Tool, place: str, findings: Findings) -> None:
    """The schema of the arguments."""
    at, parameters = f"{place} /parameters", tool.parameters
    properties = parameters.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    composed = any(key in parameters for key in _COMPOSED)
    for argument, schema in properties.items():
        here = f"{at}{pointer(['properties', argument])}"
        if not isinstance(schema, dict):
            continue
        if not schema.get("description") and "$ref" not in schema:
            findings.add("no-argument-description", here, "has no description", "Say what it is, with an example")
        if not any(key in schema for key in _TYPED):
            findings.add("untyped-argument", here, "has no type: any value is taken", 'Say "type": "string"')
        _default(schema, here, findings)
    required = parameters.get("required")
    if properties and required is None and not composed:
        findings.add("no-required", at, "has no `required`: a call without arguments is valid",
                     f'Say "required": ["{next(iter(properties))[:40]}"], or [] if all are optional')  # fmt: skip
    open_ended = composed or parameters.get("additionalProperties") not in (None, False)
    for argument in required if isinstance(required, list) else ():
        if argument not in properties and not open_ended:
            findings.add("unknown-required", f"{at}/required", f"requires {show(argument)}, which is no argument: no "
                         "call is valid", _meant(argument, properties) or "Add it to `properties`")  # fmt: skip
    for path, keyword in _misspelt(parameters, (), 0):
        findings.add("misspelt-keyword", f"{at}{pointer(path)}", f"'{keyword}' is no keyword of JSON Schema, and holds "
                     "nobody to anything", _meant(keyword, _KEYWORDS))  # fmt: skip


def _default(schema: dict[str, Any], place: str, findings: Findings) -> None:
    """A default that the argument's own schema refuses."""
    if "default" not in schema or "$ref" in str(schema):
        return
    try:
        valid = jsonschema_rs.Draft202012Validator(
            schema, pattern_options=jsonschema_rs.RegexOptions(), offline=True
        ).is_valid(schema["default"])
    except (ValueError, jsonschema_rs.ReferencingError):  # ValidationError is one: the schema is wrong elsewhere
        return
    if not valid and schema["default"] is not None:
        findings.add("bad-default", f"{place}/default", f"found {show(schema['default'])}, which the argument's own "
                     "schema refuses", "Correct the default, or the schema")  # fmt: skip


def _misspelt(schema: Any, path: tuple[Any, ...], depth: int) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Keys of a schema that look like a keyword and are none."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return
    for key, value in schema.items():
        if key not in _KEYWORDS and not key.startswith("x-") and _meant(key, _KEYWORDS):
            yield path, key
        if key in _MAPS and isinstance(value, dict):
            for name, item in value.items():
                yield from _misspelt(item, (*path, key, name), depth + 1)
        elif key in _INNER:
            yield from _misspelt(value, (*path, key), depth + 1)
        elif key in _LISTS and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _misspelt(item, (*path, key, index), depth + 1)


def _meant(name: object, options: Any) -> str | None:
    close = difflib.get_close_matches(str(name)[:100], [str(option) for option in options], n=1, cutoff=0.8)
    return f"Did you mean '{close[0]}'?" if close else None


def _effects(tool: Tool, place: str, findings: Findings) -> None:
    """What the mock does against what the tool says of itself."""
    mock, kind = tool.mock, tool.mock.get("kind")
    if kind in _WRITING and tool.effect != "write":
        findings.add("read-tool-writes", f"{place} /x-ccgym", f"its mock is of kind '{kind}', but its effect is "
                     f"'{tool.effect}': each call fails", 'Say "effect": "write"')  # fmt: skip
    if kind in _WRITING and tool.touches is not None and mock.get("table") not in tool.touches:
        findings.add("touches-too-little", f"{place} /x-ccgym/touches", f"leaves out '{mock.get('table')}', which its "
                     "mock writes: each call fails", f"Add '{mock.get('table')}'")  # fmt: skip
    required = tool.parameters.get("required")
    required = required if isinstance(required, list) else []
    properties = tool.parameters.get("properties")
    for path, finder in finders(mock):
        key = finder.get("key")
        if not isinstance(key, str) or not key.startswith("{/args/") or key.find("}") != len(key) - 1:
            continue
        argument = key[len("{/args/") : -1].split("/")[0].replace("~1", "/").replace("~0", "~")
        if isinstance(properties, dict) and argument in properties and argument not in required:
            findings.add("optional-key", f"{place} /x-ccgym/mock{pointer([*path, 'key'])}",
                         f"'{argument}' finds the row, but is not required", "Add it to `required`")  # fmt: skip


def _function(tool: Tool, function: Callable[..., Any], place: str, findings: Findings) -> None:
    """Whether a Python function takes the arguments that the schema lets through."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return
    if parameters and parameters[0].kind is not inspect.Parameter.VAR_POSITIONAL:
        parameters = parameters[1:]  # the state
    named = {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "ctx"}
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters)
    properties = tool.parameters.get("properties")
    composed = any(key in tool.parameters for key in _COMPOSED)
    if not isinstance(properties, dict) or composed:
        return
    required = tool.parameters.get("required") or ()
    for argument in properties:
        if argument not in named and not takes_all:
            findings.add("bad-function", place, f"its function does not take '{argument}', which the schema allows",
                         _meant(argument, named) or "Add the parameter, or drop it from the schema")  # fmt: skip
    for name, parameter in named.items():
        if parameter.default is not parameter.empty or name in required:
            continue
        if name in properties:
            findings.add("bad-function", place, f"its function needs '{name}', which the schema does not require",
                         "Add it to `required`, or give the parameter a default", severity="warning")  # fmt: skip
        elif tool.parameters.get("additionalProperties") in (None, False):
            findings.add("bad-function", place, f"its function needs '{name}', which the schema does not have",
                         "Add it to the schema, or give the parameter a default")  # fmt: skip
