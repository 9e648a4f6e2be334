"""Where the machine-checked rules stand in an SOP: fenced `rules` blocks, each beside the prose that it formalises."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ccgym.turns import fold

MAX_TEXT = 240
"""Characters of a clause's prose that a verdict quotes."""
_FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]+|$)(?P<text>.*?)(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
_NEARLY = re.compile(r"(?:\W*|ya?ml\W+)rules?\b", re.IGNORECASE)
_QUOTED = re.compile(r"[ \t]*(?:>[ \t]*)+(?:`{3,}|~{3,})[ \t]*rules\b")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?P<text>.*)$")


@dataclass(frozen=True, slots=True)
class Clause:
    """What a verdict cites: a passage of the SOP."""

    file: str
    """Name of the SOP's file."""
    heading: str
    """Text of the nearest heading above; "" where there is none."""
    line: int
    """Line of the prose, from 1."""
    text: str
    """The prose itself: one line, cut to `MAX_TEXT` characters."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced `rules` block."""

    clause: Clause
    line: int
    """Line of the opening fence, from 1."""
    body: str
    closed: bool


def split_rules(sop: str, file: str = "") -> tuple[str, list[Block]]:
    """The prose without its `rules` blocks, and the blocks. An opened block that is never closed runs to the end."""
    lines = sop.split("\n")
    prose: list[str] = []
    blocks: list[Block] = []
    taken = [False] * len(lines)  # lines that are no prose of a clause: of `rules` blocks
    done = 0
    for fence, i, end, closed in _fences(lines):
        if not _of_rules(fence):
            continue
        taken[i:end] = [True] * (end - i)
        indent, body = len(fence["indent"]), lines[i + 1 : end - closed]
        body = [line[indent:] if not line[:indent].strip() else line for line in body]
        blocks.append(Block(_clause(lines, taken, i, file), i + 1, "\n".join(body), closed))
        prose += lines[done:i]
        done = end
    return "\n".join(prose + lines[done:]), blocks


def astray(sop: str) -> Iterator[tuple[int, str, str]]:
    """What looks like a `rules` block and would surprise its author: (line, what it is, fix)."""
    lines = sop.split("\n")
    done, comment = 0, False
    for fence, i, end, _ in [*_fences(lines), (None, len(lines), len(lines), True)]:
        for n in range(done, i):
            if _QUOTED.match(lines[n]):
                yield n + 1, "a `rules` block in a quotation is not read", "Take it out of the quotation"
            if "<!--" in lines[n] or "-->" in lines[n]:
                comment = lines[n].rfind("<!--") > lines[n].rfind("-->")
        done = end
        if fence is not None and _of_rules(fence):
            if comment:
                yield i + 1, "a `rules` block in an HTML comment", "Take it out of the comment, or remove it"
        elif fence is not None and _NEARLY.match(fence["info"]):
            yield i + 1, f"a block of the language '{fence['info'].strip()[:40]}' is not read", "Begin it with ```rules"


def _of_rules(fence: re.Match[str]) -> bool:
    return fence["info"].split()[:1] == ["rules"]


def _fences(lines: list[str]) -> Iterator[tuple[re.Match[str], int, int, bool]]:
    """The fenced blocks: the opening fence, its line, the line after the block, and whether it is closed."""
    i = 0
    while i < len(lines):
        fence = _FENCE.match(lines[i])
        if fence is None:
            i += 1
            continue
        end, closed = _closing(lines, i, fence)
        yield fence, i, end, closed
        i = end


def headings(sources: Mapping[str, str]) -> dict[str, Clause]:
    """Folded heading to the clause under it: its line, and the first prose that follows. The first of equal ones."""
    found: dict[str, Clause] = {}
    for file, sop in sources.items():
        lines = split_rules(sop, file)[0].split("\n")
        places = {line: number for number, line in reversed(list(enumerate(sop.split("\n"), 1)))}
        for i, line in enumerate(lines):
            heading = _HEADING.match(line)
            if heading is None or not heading["text"].strip():
                continue
            text: list[str] = []
            for below in lines[i + 1 :]:
                if _HEADING.match(below) or (text and not below.strip()):
                    break
                text += [below] if below.strip() else []
            title = one_line(heading["text"])
            clause = Clause(file, title, places.get(line, 1), one_line(" ".join(text)) or title)
            found.setdefault(fold(title), clause)
    return found


def _closing(lines: list[str], start: int, fence: re.Match[str]) -> tuple[int, bool]:
    """The line after a fenced block, and whether the block is closed."""
    mark, length = fence["marks"][0], len(fence["marks"])
    for i in range(start + 1, len(lines)):
        text = lines[i].strip()
        if len(text) >= length and not text.strip(mark):
            return i + 1, True
    return len(lines), False


def _clause(lines: list[str], taken: list[bool], start: int, file: str) -> Clause:
    """The prose directly before a block: its paragraph or list item, and the heading above."""
    end = start
    while end and (taken[end - 1] or not lines[end - 1].strip()):
        end -= 1
    first = end
    while first and lines[first - 1].strip() and not taken[first - 1] and not _is_heading(lines, first - 1):
        first -= 1
        if _ITEM.match(lines[first]):
            break
    heading, at = _heading_above(lines, taken, first)
    if first == end:  # no prose between heading and block
        return Clause(file, heading, at, one_line(heading))
    words = lines[first:end]
    item = _ITEM.match(words[0])
    if item:
        words = [item["text"], *words[1:]]
    return Clause(file, heading, first + 1, one_line(" ".join(words)))


def _is_heading(lines: list[str], i: int) -> bool:
    return bool(_HEADING.match(lines[i]) or (i and _UNDERLINE.match(lines[i]) and lines[i - 1].strip()))


def _heading_above(lines: list[str], taken: list[bool], end: int) -> tuple[str, int]:
    for i in range(end - 1, -1, -1):
        if taken[i]:
            continue
        if found := _HEADING.match(lines[i]):
            return one_line(found["text"]), i + 1
        if i and _UNDERLINE.match(lines[i]) and lines[i - 1].strip() and not _ITEM.match(lines[i - 1]):
            return one_line(lines[i - 1]), i
    return "", 1


def one_line(text: str) -> str:
    """A text in one line without control characters, cut to `MAX_TEXT`."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    text = " ".join(text.split())
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1].rstrip() + "…"


def slug(heading: str) -> Iterator[str]:
    """Ids for the rules under a heading: `<heading>-1`, `<heading>-2`, …"""
    stem = re.sub(r"[\W_]+", "-", heading.casefold()).strip("-")[:60].strip("-") or "rule"
    n = 0
    while True:
        n += 1
        yield f"{stem}-{n}"
