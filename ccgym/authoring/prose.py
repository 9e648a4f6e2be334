"""An SOP in Markdown as blocks of prose, each with its lines, and their sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})\s*(\w*)")
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
_BOLD = re.compile(r"^\s*(?:\*\*|__)([^*_]+)(?:\*\*|__)\s*:?\s*$")
_ITEM = re.compile(r"^\s*(?:[-*+•–]|\d{1,3}[.)]|\d{1,3}(?:\.\d{1,3})+[.)]?|\(?[a-zđ][.)]|\(\d{1,3}\))\s+", re.I)
_END = re.compile(r"(?<=[.!?;。])\s+(?=[^\s])")
_MARKUP = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|<[^<>]{1,40}>|^\s*>+\s?|!?\[([^\]]*)\]\([^)]*\)")
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|etc|vs|no|nr|mr|mrs|ms|dr|approx|vd|tp)\.$", re.I)


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, or a table: lines `start` to `end` (from 0, end excluded)."""

    start: int
    end: int
    heading: str
    sentences: tuple[tuple[str, int], ...]
    """Each with its line, from 1."""
    ruled: bool = False
    """Whether the author has put a `rules` block behind it."""


def blocks(text: str) -> list[Block]:
    """The blocks of prose of an SOP, in order. Code, comments and front matter hold none."""
    lines = text.split("\n")
    found: list[Block] = []
    heading, at = "", _front_matter(lines)
    while at < len(lines):
        line = lines[at]
        fence = _FENCE.match(line)
        if fence:
            end = _fence_end(lines, at, fence.group(1))
            if fence.group(2) == "rules" and found:
                found[-1] = Block(**{**found[-1].__dict__, "ruled": True})
            at = end
        elif line.strip().startswith("<!--"):
            while at < len(lines) and "-->" not in lines[at]:
                at += 1
            at += 1
        elif match := _HEADING.match(line) or _BOLD.match(line):
            heading = _clean(match.group(1))
            at += 1
        elif at + 1 < len(lines) and line.strip() and re.fullmatch(r"\s*(?:=+|-{3,})\s*", lines[at + 1]):
            heading = _clean(line)
            at += 2
        elif not line.strip() or re.fullmatch(r"\s*(?:[-*_]\s*){3,}", line):
            at += 1
        else:
            end = _block_end(lines, at)
            found.append(Block(at, end, heading, tuple(_sentences(lines[at:end], at + 1))))
            at = end
    return found


def _front_matter(lines: list[str]) -> int:
    if lines and lines[0].strip() == "---":
        for at in range(1, min(len(lines), 60)):
            if lines[at].strip() == "---":
                return at + 1
    return 0


def _fence_end(lines: list[str], at: int, fence: str) -> int:
    for end in range(at + 1, len(lines)):
        if lines[end].strip().startswith(fence) and not lines[end].strip().strip(fence[0]):
            return end + 1
    return len(lines)


def _block_end(lines: list[str], at: int) -> int:
    """Where a paragraph, an item with its continuation, or a whole table ends."""
    table = lines[at].lstrip().startswith("|")
    end = at + 1
    while end < len(lines):
        line = lines[end]
        if not line.strip() or _FENCE.match(line) or _HEADING.match(line) or line.strip().startswith("<!--"):
            break
        if table != line.lstrip().startswith("|") or (not table and (_ITEM.match(line) or _BOLD.match(line))):
            break
        if re.fullmatch(r"\s*(?:=+|-{3,})\s*", line):
            break
        end += 1
    return end


def _sentences(lines: list[str], first: int) -> list[tuple[str, int]]:
    if lines[0].lstrip().startswith("|"):
        rows = [[_clean(cell) for cell in line.strip().strip("|").split("|")] for line in lines]
        joined = [": ".join(cell for cell in row if cell) for row in rows]
        return [(text, first + n) for n, text in enumerate(joined) if text and not set(text) <= set("-: ")]
    text, starts = "", []
    for line in lines:
        starts.append(len(text))
        text += " ".join(_clean(_ITEM.sub("", line, count=1)).split()) + " "
    found: list[tuple[str, int]] = []
    place, glued = 0, ""
    for part in _END.split(text.strip()):
        place = text.index(part, place)
        if glued:
            found[-1] = (f"{glued} {part}", found[-1][1])
        elif part.strip():
            line_of = max(n for n, start in enumerate(starts) if start <= place)
            found.append((part.strip(), first + line_of))
        place += len(part)
        glued = found[-1][0] if found and _ABBREVIATED.search(found[-1][0]) else ""
    return found


def _clean(text: str) -> str:
    return _MARKUP.sub(lambda match: match.group(1) or "", text).strip()


def title(text: str) -> str:
    """The SOP's title: its first heading, else its first words."""
    for line in text.split("\n"):
        if match := _HEADING.match(line):
            return _clean(match.group(1))[:120]
    first = next((line.strip() for line in text.split("\n") if line.strip()), "")
    return _clean(first)[:120]
