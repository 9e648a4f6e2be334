"""Blocks of labelled text in a list: what the turns and the panes of the terminal viewer are made of.

What an episode says is hostile text. It becomes `Content` after `clean_terminal`, and is never read as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.styles import RulesMap
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from ccgym.terminal import clean_terminal

GUTTER = 9
"""Columns of the labels at the left of a block."""
LONGEST, MOST_LINES, MOST_BLOCKS = 2000, 40, 400
"""Characters and lines of one text, and blocks of one pane, that are shown; what is cut is told."""


_INVISIBLE = re.compile("[\u00ad\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff]")
"""Joiners and selectors, whose width is another in every terminal."""


def tidy(text: str) -> str:
    """The text without what a terminal acts on, and without what it may take for another width than it has."""
    return _INVISIBLE.sub("", clean_terminal(text))


def cut(text: str) -> str:
    """The text without control sequences, cut where it is very long, with a note of how long it is."""
    kept = tidy(text[:LONGEST])
    lines = kept.split("\n", MOST_LINES)
    if len(text) <= LONGEST and len(lines) <= MOST_LINES:
        return kept
    return "\n".join(lines[:MOST_LINES]) + f"… ({len(text):,} characters in all)"


def shown(text: str, style: str = "") -> Content:
    """Text of an episode, cut and clean, in one style."""
    return Content.styled(cut(text), style)


def json_line(value: Any) -> str:
    """A JSON value on one line, with a space after commas and colons."""
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Row:
    """A label and the text beside it."""

    text: Content
    label: str = ""
    style: str = "$foreground-muted"
    """Of the label."""
    beside: bool = True
    """Whether the text stands right of the labels' column; else it takes the whole width."""


class Block(Visual):
    """Rows under each other; a text too long for its line goes on under itself, not under its label.

    Args:
        rows: the rows, or what makes them for a width.
        gutter: columns of the labels.
        apart: whether an empty line follows.
    """

    def __init__(
        self, rows: Sequence[Row] | Callable[[int], Sequence[Row]], gutter: int = GUTTER, apart: bool = True
    ) -> None:
        self._rows, self._gutter, self.apart = rows, gutter, apart
        self._flowed: tuple[int, Content] = (-1, Content())

    def flow(self, width: int) -> Content:
        """The lines in a width."""
        if self._flowed[0] != width:
            lines: list[Content] = []
            for row in self._rows(width) if callable(self._rows) else self._rows:
                gutter = self._gutter if row.beside else 0
                label = set_cell_size(row.label, gutter - 1) + " " if gutter else ""
                for line in row.text.wrap(max(width - gutter, 8)):
                    lines.append(Content.assemble((label, row.style), line))
                    label = " " * gutter
            self._flowed = (width, Content("\n").join(lines))
        return self._flowed[1]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """All that there is room for."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """How many lines the rows take."""
        return self.flow(width).plain.count("\n") + 1

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """The lines."""
        return self.flow(width).render_strips(width, height, style, options)


class Blocks(OptionList):
    """A list of blocks, one of them current and marked by a bar. A block may lead to a step: see `target`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "scroll_page_up", show=False),
        Binding("pagedown", "scroll_page_down", show=False),
    ]
    DEFAULT_CSS = """
    Blocks {
        width: 1fr; height: 1fr; max-height: 100%; border: none; padding: 0; background: $background;
        overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-background: $background; scrollbar-color: $panel;
        &:focus { border: none; background-tint: transparent 0%; }
        & > .option-list--option, &:focus > .option-list--option { padding: 0 1 0 2; }
        & > .option-list--option-highlighted, &:focus > .option-list--option-highlighted {
            color: $foreground; background: $surface; text-style: none;
        }
        & > .option-list--option-hover { background: $surface 60%; }
        & > .option-list--separator { color: $background; }
        & > .blocks--bar { color: $panel-lighten-2; background: $surface; }
        &:focus > .blocks--bar { color: $accent; background: $surface; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"blocks--bar"}

    def show(self, blocks: Iterable[tuple[Block, int | None]], most: int | None = None) -> None:
        """Put these blocks, each with the step that it leads to, in the place of those before; at most so many."""
        kept = list(islice(blocks, None if most is None else most + 1))
        if most is not None and len(kept) > most:
            note = Content.styled("… there is more than is shown here", "$foreground-muted")
            kept[most:] = [(Block([Row(note, beside=False)]), None)]
        self._targets = [target for _, target in kept]
        options: list[Option | None] = []
        for block, _ in kept:
            options += [Option(block), None] if block.apart else [Option(block)]
        self.set_options(options)
        self.highlighted = 0 if options else None

    def target(self, index: int) -> int | None:
        """The step that a block leads to."""
        return self._targets[index]

    def action_scroll_page_up(self) -> None:
        """Scroll up by a page; the current block stays."""
        self.scroll_page_up(animate=False)

    def action_scroll_page_down(self) -> None:
        """Scroll down by a page; the current block stays."""
        self.scroll_page_down(animate=False)

    def render_line(self, y: int) -> Strip:
        """A line of the list, with the bar where it belongs to the current block."""
        strip = super().render_line(y)
        first = next(iter(strip), None)
        if self.highlighted is None or first is None or first.style is None:
            return strip
        if first.style.meta.get("option") != self.highlighted:
            return strip
        bar = Segment("▌", first.style + self.get_component_rich_style("blocks--bar"))
        return Strip.join([Strip([bar], 1), strip.crop(1)])
