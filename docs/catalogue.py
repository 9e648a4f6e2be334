"""Writes docs/checks.md from the catalogue of findings: each example is written into a folder, and checked."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import ccgym
from ccgym.checking import check
from ccgym.domain import Finding
from ccgym.domain.codes import CODES, GROUPS, Code, Example, desk
from ccgym.domain.files import MAX_BYTES
from ccgym.kit import check_plugin
from ccgym.plugins import Toolset, unregister

PAGE = Path(__file__).with_name("checks.md")
LONG = 600
"""Characters of an edit that the page shows; a longer one is told in words."""
HEAD = """\
# What `ccgym check` finds

<!-- Written by docs/generate.py from ccgym/domain/codes. -->

`ccgym check NAME` takes a domain folder, an environment's id, or an installed distribution or plugin. Of a domain it
reads everything against everything else, and plays each reference once. A plugin is held to [the laws](kit.md) of what
it brings. Every finding has a code, a severity, a place, a sentence and a fix; `--json` gives them as data.

| severity | means |
|---|---|
| error | the domain cannot be played, or would teach something false; a law is broken; exit status 1 |
| warning | probably a mistake; exit status 1 with `--strict` |
| notice | worth knowing |

Below stands every code with an example: a change to [a small desk](#the-desk-of-the-examples), and what `check` then
says. A test makes each change, and holds that it gives this finding and no other.
"""


def page() -> str:
    """The whole page."""
    groups = [f"[{group}](#{group.lower().replace(' ', '-')}) ({len(codes)})" for group, codes in GROUPS.items()]
    parts = [HEAD, ", ".join(groups) + ".\n"]
    for group, codes in GROUPS.items():
        rows = [
            f"| [`{name}`](#{name}) | {', '.join(code.severities)} | {_first(code.means)} |"
            for name, code in codes.items()
        ]
        parts.append("\n".join([f"## {group}\n", "| code | severity | means |", "|---|---|---|", *rows, ""]))
        parts += [_section(name, code) for name, code in codes.items()]
    parts.append(_desk())
    return "\n".join(parts)


def _first(text: str) -> str:
    """The first sentence, without its stop."""
    return text.replace(". ", ".\0").partition("\0")[0].rstrip(".")


def _section(name: str, code: Code) -> str:
    severities = " or ".join(code.severities)
    lines = [f"### {name}\n", f"*{severities[0].upper()}{severities[1:]}.* {code.means}\n", *_changes(code.example)]
    if told_only(name):
        return "\n".join([*lines, f"**Fix:** {code.fix}\n"])
    with tempfile.TemporaryDirectory() as folder:
        told = found(name, Path(folder))[0]
        place, message = (text.replace(folder, "FOLDER") for text in (told.place, told.message))
    lines.append(f"> `{place}`: {message}.\n" if not message.endswith(".") else f"> `{place}`: {message}\n")
    return "\n".join([*lines, f"**Fix:** {code.fix}\n"])


def _changes(example: Example) -> Iterator[str]:
    """The change of an example, as blocks of text."""
    if example.what:
        yield f"Example: {example.what}.\n"
        return
    yield "Example:\n"
    for place, value in example.edits.items():
        file, _, path = place.partition(" /")
        if value is None or value is ...:
            yield f"- no `{place}`\n"
        elif path:
            text = json.dumps(value, ensure_ascii=False)
            assert len(text) <= LONG, f"{place} is too long: tell it in `what`"
            yield f"- `{place}`: `{text}`\n"
        else:
            if not isinstance(value, str):
                value = json.dumps(value, ensure_ascii=False)
            more = value.removeprefix(desk.DESK.get(file, "")) if isinstance(desk.DESK.get(file, ""), str) else value
            yield f"- `{file}`{', at its end' if more != value and file in desk.DESK else ''}:\n"
            yield f"````text\n{more.strip() or '(nothing)'}\n````\n"
    if example.python:
        yield f"- a plugin:\n\n```py\n{example.python.rstrip()}\n```\n"


def _desk() -> str:
    """The files of the desk."""
    parts = ["## The desk of the examples\n"]
    for file, content in desk.files(Example()).items():
        parts.append(f"`{file}`\n\n````text\n{_short(file, content.decode())}\n````\n")
    return "\n".join(parts)


def _short(file: str, text: str) -> str:
    """A file as it is, but JSON laid out a few levels deep."""
    if not file.endswith(".json"):
        return text.strip()
    value = json.loads(text)
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"  {json.dumps(item)}" for item in value) + "\n]"
    rows = [f"    {json.dumps(key)}: {json.dumps(row)}" for key, row in value["tables"]["bikes"].items()]
    return '{"tables": {\n  "bikes": {\n' + ",\n".join(rows) + "\n  }\n}}"


def told_only(code: str) -> bool:
    """Whether an example stands in words alone, because it takes a whole distribution."""
    return code in GROUPS["Plugins"] and not CODES[code].example.python


def found(code: str, folder: Path) -> list[Finding]:
    """What `ccgym check` finds in the example of a code."""
    example = CODES[code].example
    if code in GROUPS["Plugins"]:
        return _found_in_plugin(example)
    folder = desk.write(example, folder)
    if code in _BY_HAND:
        folder = _BY_HAND[code](folder)
    plugin = Plugin(example) if example.python else None
    if plugin is not None:
        ccgym.register(plugin)
    try:
        return check(folder).findings
    finally:
        if plugin is not None:
            unregister(plugin)


def _found_in_plugin(example: Example) -> list[Finding]:
    """What the laws find in a plugin of one reward, `Shiny`."""
    plugin = ModuleType("shiny")
    exec(example.python, vars(plugin))

    @ccgym.hookimpl
    def register_rewards(register: Callable[..., None]) -> None:
        register(vars(plugin)["Shiny"])

    vars(plugin)["register_rewards"] = register_rewards
    ccgym.register(plugin)
    try:
        return check_plugin("shiny")[0]
    finally:
        unregister(plugin)


class Plugin:
    """The functions of an example: those called `template_…` are templates, all others tools of the toolset `bikes`."""

    def __init__(self, example: Example) -> None:
        names: dict[str, Any] = {}
        exec(example.python, names)
        self.functions = {name: value for name, value in names.items() if isinstance(value, FunctionType)}

    @ccgym.hookimpl
    def register_tools(self, register: Callable[..., None]) -> None:
        """The toolset."""
        register(Toolset("bikes", {n: f for n, f in self.functions.items() if not n.startswith("template_")}))

    @ccgym.hookimpl
    def register_templates(self, register: Callable[..., None]) -> None:
        """The templates."""
        for name, function in self.functions.items():
            if name.startswith("template_"):
                register("BikeDesk", name.removeprefix("template_"), function)


def _no_folder(folder: Path) -> Path:
    return folder / "nowhere"


def _looping_link(folder: Path) -> Path:
    (folder / "sop.md").unlink()
    (folder / "sop.md").symlink_to("sop.md")
    return folder


def _huge_file(folder: Path) -> Path:
    with (folder / "state.json").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    return folder


_BY_HAND = {"no-folder": _no_folder, "unreadable-file": _looping_link, "file-too-large": _huge_file}
"""Changes that no edit of a text tells."""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
