"""Fills docs/hooks.md: signatures and docstrings come from ccgym/plugins/hookspecs.py, the examples are by hand."""

from __future__ import annotations

import re
from pathlib import Path

import described

from ccgym.plugins import hookspecs

PAGE = Path(__file__).with_name("hooks.md")
BY_HAND = "**Example.**"
"""What the hand-written part of a section begins with."""
HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")]


def page(text: str | None = None) -> str:
    """The page as it stands, with what is generated written anew. Raises LookupError where a hook has no section."""
    text = PAGE.read_text(encoding="utf-8") if text is None else text
    for name in HOOKS:
        begin = text.find(f"\n## {name}\n")
        end = text.find(BY_HAND, begin)
        if begin < 0 or end < 0 or "\n## " in text[begin + 1 : end]:
            raise LookupError(f"hooks.md has no section '## {name}' with an example: write both, the rest is generated")
        text = text[:begin] + _section(name) + text[end:]
    return re.sub(r"(?<=<!-- the hooks -->\n\n).*?(?=\n\n)", _table(), text, count=1, flags=re.S)


def _section(name: str) -> str:
    hook = described.find(f"plugins.hookspecs.{name}")
    return f"\n## {name}\n\n{described.signature(hook)}\n\n{described.prose(hook)}\n\n"


def _table() -> str:
    rows = []
    for name in HOOKS:
        first = described.prose(described.find(f"plugins.hookspecs.{name}")).partition("\n")[0]
        rows.append(f"| [`{name}`](#{name}) | {first} |")
    return "\n".join(["| hook | what it is for |", "|---|---|", *rows])
