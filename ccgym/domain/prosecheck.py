"""What can be said of the SOP's prose: whether the tools that it names exist."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from ccgym import jsontext
from ccgym.domain.domain import Domain
from ccgym.domain.findings import Findings

_CODE = re.compile(r"`([A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)*)(\([^`]*\))?`")
_COMPOUND = re.compile(r"[a-z0-9][_.-][a-z0-9]|[a-z][A-Z]")
"""Of more than one word, as tools' names are."""
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_CALLED = re.compile(
    r"\b(?:call|calls|calling|invoke|use|using|run|tool|function|gọi|dùng|sử dụng|công cụ|hàm)\s+(?:the\s+|tool\s+)*$",
    re.IGNORECASE,
)
"""What stands before the name of a tool."""
BEFORE = 40
"""How many characters before a name are looked at."""


def look_at_prose(domain: Domain, findings: Findings) -> None:
    """Findings about the prose of the SOP."""
    if not domain.sop.strip():
        findings.add("empty-sop", next(iter(domain.sop_sources), "sop.md"), "the agent has nothing to go by",
                     "Write what it should do")  # fmt: skip
    known = set(_names_of(domain))
    files = dict(domain.sop_sources)
    if domain.sop_digest is not None:
        files["sop.digest.md"] = domain.sop_digest
    close: dict[str, str | None] = {}
    for file, text in files.items():
        told: set[str] = set()
        for number, line in _prose_lines(text):
            for match in _CODE.finditer(line):
                name = match[1]
                if name in known or name in told or not _COMPOUND.search(name):
                    continue
                if name not in close:
                    close[name] = next(iter(difflib.get_close_matches(name[:100], domain.tools, n=1, cutoff=0.8)), None)
                before = line[max(0, match.start() - BEFORE) : match.start()]
                if close[name] or match[2] is not None or _CALLED.search(before):
                    told.add(name)
                    fix = f"Did you mean '{close[name]}'?" if close[name] else "Add the tool, or correct the SOP"
                    findings.add("unknown-tool-in-sop", f"{file}:{number}", f"no tool '{name[:60]}'", fix)


def _prose_lines(text: str) -> Iterator[tuple[int, str]]:
    """Number and text of the lines outside fenced blocks."""
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        match = _FENCE.match(line)
        if fence:
            fence = "" if match and line.strip().startswith(fence) else fence
        elif match:
            fence = match[1]
        else:
            yield number, line


def _names_of(domain: Domain) -> Iterator[str]:
    """Every name that the domain has: what an SOP may put between backticks and is no misspelt tool."""
    yield from domain.tools
    yield from domain.probes
    for value in (
        [[tool.parameters, tool.returns, tool.mock] for tool in domain.tools.values()],
        domain.spec.model_dump(mode="json"),
    ):
        yield from _strings(value)
    for name, rows in domain.state["tables"].items():
        yield name
        for key, row in rows.items():
            yield key
            yield from _strings(row)
    for task in domain.tasks.values():
        user = task.user
        yield from (*user.known, *user.unknown, *task.tags)
        yield from re.findall(r"\w+(?:[_.-]\w+)+", jsontext.dumps(task.as_json().get("expect", {}).get("actions", [])))


def _strings(value: Any) -> Iterator[str]:
    """Keys and texts of a JSON value, however deep."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from item
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)
