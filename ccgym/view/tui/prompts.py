"""The two small windows over a screen: a line to type into, and the help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from ccgym.view.tui.blocks import Block, Row
from ccgym.view.tui.keys import Key, groups


class Ask(ModalScreen[str | None]):
    """A line at the bottom of the screen. Enter answers with what was typed, Escape with None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]
    DEFAULT_CSS = """
    Ask { align: left bottom; background: transparent; }
    Ask Horizontal { height: 1; background: $panel; }
    Ask Label { color: $accent; padding: 0 1; }
    Ask Input { border: none; height: 1; padding: 0; background: $panel; width: 1fr;
        &:focus { border: none; background-tint: transparent 0%; } }
    """

    def __init__(self, question: str, value: str = "") -> None:
        super().__init__()
        self._question, self._value = question, value

    def compose(self) -> ComposeResult:
        """The question and its line."""
        with Horizontal():
            yield Label(self._question, markup=False)
            yield Input(self._value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer."""
        self.dismiss(event.value)


class Help(ModalScreen[None]):
    """Every key with what it does. Any of Escape, Enter, q and ? closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,question_mark", "dismiss", show=False)]
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help VerticalScroll { width: 76; max-width: 96%; height: auto; max-height: 96%; padding: 1 2;
        background: $surface; scrollbar-size-vertical: 1; scrollbar-background: $surface; scrollbar-color: $panel; }
    """

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """The table of keys."""
        rows = []
        for group in groups(self._keys):
            rows.append(Row(Content(group[-1].about), " ".join(key.shown for key in group), "$accent"))
        mouse = "click a turn, a pane, a key, or a block that leads to a step; the wheel scrolls"
        rows.append(Row(Content(mouse), "Mouse", "$accent"))
        with VerticalScroll():
            yield Static(Block(rows, 11), markup=False)

    def on_click(self) -> None:
        """Close."""
        self.dismiss()
