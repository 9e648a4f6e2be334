"""The keys of a screen: bound, shown at the bottom, and explained in the help, all from one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from ccgym.view.tui.blocks import Block, Row


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that keys do. Without a label it stands together with the next that has one."""

    keys: str
    """Textual's names, with commas between."""
    action: str
    shown: str
    """The keys as a person reads them."""
    label: str = ""
    """For the bottom line."""
    about: str = ""
    """For the help."""


def groups(keys: Sequence[Key]) -> list[list[Key]]:
    """Keys that stand together."""
    found: list[list[Key]] = [[]]
    for key in keys:
        found[-1].append(key)
        if key.label:
            found.append([])
    return found[:-1]


def bindings(keys: Sequence[Key]) -> list[Binding]:
    """What binds them, before the widget that has the focus sees them."""
    return [Binding(key.keys, key.action, key.label, priority=True) for key in keys]


class KeyBar(Static):
    """The keys, each a thing to click, on as many lines as they need."""

    DEFAULT_CSS = "KeyBar { height: auto; padding: 0 1; background: $surface; color: $foreground-muted; }"

    def __init__(self, keys: Sequence[Key]) -> None:
        self._groups = [Content.assemble(*map(_clickable, group)) for group in groups(keys)]
        super().__init__(Block(self._lines), markup=False)
        self.auto_links = False  # to click, but not underlined

    def _lines(self, width: int) -> list[Row]:
        """As many groups on a line as have room."""
        lines: list[list[Content]] = [[]]
        for group in self._groups:
            if lines[-1] and sum(each.cell_length + 2 for each in lines[-1]) + group.cell_length > width:
                lines.append([])
            lines[-1].append(group)
        return [Row(Content("  ").join(line), beside=False) for line in lines]


def _clickable(key: Key) -> Content:
    text = Content(f"{key.shown} {key.label}").stylize("$accent", 0, len(key.shown))
    return text.stylize(Style.from_meta({"@click": f"screen.{key.action}"}))
