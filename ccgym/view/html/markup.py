"""Hostile text as HTML: escaped, its hidden controls made visible, its direction kept to itself, its length bounded."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from ccgym.view.rows import ABSENT
from ccgym.view.steps import json_text

LINE = 240
"""Characters of a text that stand within a line."""
SHORT = 2_000
"""Characters of a text that are shown at once; the rest opens."""
LONGEST = 200_000
"""Characters of a text that a page holds at all."""

_BIDI = {
    0x061C: "ALM", 0x200E: "LRM", 0x200F: "RLM", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO",
    0x202E: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI",
}  # fmt: skip
_HIDDEN = {0x200B: "ZWSP", 0x2060: "WJ", 0xFEFF: "BOM", 0xFFF9: "IAA", 0xFFFA: "IAS", 0xFFFB: "IAT"}
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_LINE_ENDS = re.compile("\r\n|[\u0085\u2028\u2029]")


_MARKS = re.compile(
    "([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
    "([\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3,})"
)
"""More marks on one letter than any language writes: they would paint over the lines around."""


def inline(text: Any) -> str:
    """A text as HTML that stands within a line; what is long is cut."""
    text = str(text)
    return _isolated(text if len(text) <= LINE else f"{text[:LINE]}… ({len(text):,} characters)")


def _isolated(text: str) -> str:
    return f"<bdi>{_visible(text)}</bdi>"


def _visible(text: str) -> str:
    """Escaped, with a symbol in place of each character that would act and not show."""
    if text.isascii() and text.isprintable():
        return escape(text)
    text = _CONTROLS.sub(_symbol, escape(_LINE_ENDS.sub("\n", text)))
    return _MARKS.sub(lambda match: f"{match[1]}<i>⟨{len(match[2])} more marks⟩</i>", text)


def _symbol(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return f"<i>{chr(0x2400 + code)}</i>"
    return f"<i>⟨{_BIDI.get(code) or _HIDDEN.get(code) or ('DEL' if code == 0x7F else f'U+{code:04X}')}⟩</i>"


def block(text: str, kind: str = "") -> str:
    """A text as a block of its own that keeps its lines. A long one shows its beginning, and all of it in a box."""
    open_tag = f'<div class="{f"text {kind}".strip()}" dir="auto">'
    if len(text) <= SHORT:
        return f"{open_tag}{_visible(text)}</div>"
    held = text[:LONGEST]
    left = f" (the page holds the first {LONGEST:,})" if len(text) > LONGEST else ""
    return (
        f"{open_tag}{_visible(text[:SHORT])}…</div><details class=rest><summary>all {len(text):,} characters{left}"
        f'</summary><div class="text box {kind}" dir="auto">{_visible(held)}</div></details>'
    )


def value(found: Any, limit: int = SHORT) -> str:
    """A JSON value as HTML within a line, its keys set apart; what is long is cut."""
    if found is ABSENT:
        return '<span class="soft">absent</span>'
    text = json_text(found)
    if len(text) > limit:
        return f"<code>{_visible(text[:limit])}… ({len(text):,} characters)</code>"
    return f"<code>{_json(found)}</code>"


def json_block(found: Any) -> str:
    """A JSON value as a block: on one line where it is short, else an entry a line."""
    text = json_text(found)
    if len(text) > SHORT:
        return block(text, "code")
    return f'<div class="text code" dir="ltr">{_json(found, 0 if len(text) > 90 else None)}</div>'


def _json(found: Any, indent: int | None = None) -> str:
    """A short JSON value with its keys marked. `indent`: how far in it stands, or None for one line."""
    deeper = None if indent is None else indent + 1
    start, between, end = ("", ", ", "") if indent is None else _breaks(indent)
    if isinstance(found, dict) and found:
        items = [f"<b>{_isolated(key)}</b>: {_json(item, deeper)}" for key, item in found.items()]
        return "{" + start + between.join(items) + end + "}"
    if isinstance(found, list) and found:
        return "[" + start + between.join(_json(item, deeper) for item in found) + end + "]"
    return _isolated(json_text(found))


def _breaks(indent: int) -> tuple[str, str, str]:
    inner = "\n" + "  " * (indent + 1)
    return inner, "," + inner, "\n" + "  " * indent


def number(found: float | None, digits: int = 3, sign: bool = False) -> str:
    """A number as it is read: with a true minus, a dash where there is none."""
    if found is None:
        return "–"
    return format(found, f"{'+' if sign else ''}.{digits}f").replace("-", "−")


def page(title: str, body: str) -> str:
    """A whole page, with the one style sheet and the one script that its own policy allows."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; script-src 'sha256-{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{_visible(title).replace('<i>', '').replace('</i>', '')}</title><style>{style}</style></head>"
        f"<body><main>{body}</main><script>{script}</script></body></html>\n"
    )


@cache
def _asset(name: str) -> str:
    return (files("ccgym.view.html") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
