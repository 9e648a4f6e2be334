"""What a domain is made of, by part: short digests that tell later which part has changed."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any

from ccgym import jsontext
from ccgym.domain.domain import Domain
from ccgym.plugins.info import package_digest
from ccgym.types import Tool

_LENGTH = 16
"""Hex digits of a part's digest."""
_SHORT = 8
"""Hex digits of a function's digest."""


def parts(domain: Domain) -> dict[str, str]:
    """Digests of a domain's parts, for the `begin` of its episodes: taken once a domain.

    `state`: the seed state. `sop`: prose, rules and short form. `tools`: schemas and declarative mocks. `code`: the
    packages that its tool functions live in, and `functions`: each of them, as `name=digest`. `tasks`: those that are
    written down, with their customers. `templates`: the packages that its templates live in.
    """
    found = domain._cache.get("parts")
    if found is None:
        functions = {**domain.functions, **domain.probes}
        named = [f"{name}={_source(function)}" for name, function in sorted(functions.items())]
        found = {
            "state": _digest(domain.state),
            "sop": _digest([sorted(domain.sop_sources.items()), domain.sop_digest]),
            "tools": _digest([_schema(tool) for tool in domain.tools.values()]),
            "tasks": _digest([task.as_json() for task in domain.tasks.values()]),
            "code": _packages([*functions.values(), *([domain.sync] if domain.sync else [])]),
            "templates": _packages(domain.templates.values()),
            "functions": " ".join(named),
        }
        found = domain._cache["parts"] = {name: digest for name, digest in found.items() if digest}
    return found


def _digest(value: Any) -> str:
    return jsontext.digest(value)[:_LENGTH]


def _schema(tool: Tool) -> dict[str, Any]:
    return {**{name: getattr(tool, name) for name in Tool.__slots__}, "touches": tool.touches and list(tool.touches)}


def _packages(functions: Iterable[Callable[..., Any]]) -> str:
    """The digest of the code that some functions live in, with all that stands beside it in their packages."""
    names = {str(getattr(inspect.unwrap(function), "__module__", "")).partition(".")[0] for function in functions}
    return "" if not names else _digest([[name, package_digest(name)] for name in sorted(names)])


def _source(function: Callable[..., Any]) -> str:
    """The digest of a function's text; of its bytecode where it has none, as in a notebook's cell."""
    function = inspect.unwrap(function)
    try:
        text = inspect.getsource(function).encode("utf-8", "surrogatepass")
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = b"" if code is None else code.co_code + repr(code.co_names).encode() + sys.version.encode()
    return hashlib.sha256(text).hexdigest()[:_SHORT]
