"""The screen to choose an episode from: a list that reads no more lines than it shows."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from ccgym.errors import EpisodeError
from ccgym.terminal import one_line
from ccgym.view.tui.blocks import cut, tidy
from ccgym.view.tui.choices import Choice, Choices, choices
from ccgym.view.tui.keys import Key, KeyBar, bindings
from ccgym.view.tui.prompts import Ask, Help

KEYS = (
    Key("up", "move(-1)", "↑"),
    Key("down", "move(1)", "↓", "move", "a line up, a line down"),
    Key("pageup", "page(-1)", "PgUp"),
    Key("pagedown", "page(1)", "PgDn", "page", "a page up, a page down"),
    Key("g,home", "ends(False)", "g"),
    Key("G,end", "ends(True)", "G", "ends", "the first line, the last one; also Home and End"),
    Key("enter", "open", "Enter", "open", "open the episode; a click on the current line does it too"),
    Key("slash", "filter", "/", "filter", "keep the lines that hold these words: task, tag, policy, ending, clause"),
    Key("r", "reload", "r", "reload", "read what the run has written since"),
    Key("escape", "leave", "Esc", "back", "back to all lines; then to the list before this one"),
    Key("question_mark", "help", "?", "help", "this help"),
    Key("q", "app.quit", "q", "quit", "quit"),
)
COLUMNS = (("task", 0), ("policy", 8), ("steps", 5), ("end", 14), ("correct", 7), ("broken", 6))
"""Heading and width; the first column takes what is left. Numbers stand to the right."""


def cells(choice: Choice) -> list[str]:
    """What each column says of a choice."""
    correctness = "–" if choice.correctness is None else f"{choice.correctness:.2f}"
    number = "" if choice.episode is None else f"#{choice.episode} "
    steps = "–" if choice.steps is None else str(choice.steps)
    return [number + choice.task, choice.policy, steps, choice.end, correctness, str(choice.violated or "")]


def columns(texts: list[str], width: int) -> str:
    """The cells beside each other, in exactly `width` columns of the terminal."""
    room = max(width - sum(size + 1 for _, size in COLUMNS[1:]), 8)
    sizes = [room, *(size for _, size in COLUMNS[1:])]
    parts = []
    for (name, _), size, text in zip(COLUMNS, sizes, texts, strict=True):
        text = tidy(one_line(text))
        if cell_len(text) > size:
            text = set_cell_size(text, size - 1).rstrip() + "…"
        blank = " " * (size - cell_len(text))
        parts.append(blank + text if name in ("steps", "correct", "broken") else text + blank)
    return set_cell_size(" ".join(parts), width)


class Listing(ScrollView, can_focus=True):
    """The choices, a line each, under a line of headings."""

    DEFAULT_CSS = """
    Listing { height: 1fr; background: $background; scrollbar-size-vertical: 1; overflow-x: hidden;
        scrollbar-background: $background; scrollbar-color: $panel; }
    Listing > .listing--line { color: $foreground; background: $background; }
    Listing > .listing--current { color: $foreground; background: $surface; }
    Listing > .listing--broken { color: $error; }
    Listing > .listing--bar { color: $accent; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"listing--line", "listing--current", "listing--broken", "listing--bar"}
    current: reactive[int] = reactive(0)

    class Opened(Message):
        """A choice was clicked."""

    def show(self, found: Choices) -> None:
        """Show these choices."""
        self.choices = found
        self.virtual_size = Size(0, len(found))
        self.current = 0
        self.refresh()

    def validate_current(self, current: int) -> int:
        """Keep the current line within the list."""
        return max(0, min(current, len(self.choices) - 1))

    def watch_current(self, current: int) -> None:
        """Keep the current line in sight."""
        self.scroll_to_region(Region(0, current, 1, 1), animate=False, force=True, immediate=True)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One choice; how many verdicts were broken stands in red."""
        at, width = self.scroll_offset.y + y, self.scrollable_content_region.width
        current = at == self.current
        line = self.get_component_rich_style("listing--current" if current else "listing--line")
        if at >= len(self.choices):
            return Strip.blank(width, line)
        text = columns(cells(self.choices[at]), width - 3)
        last = COLUMNS[-1][1]
        bar = (
            Segment("▌ ", line + self.get_component_rich_style("listing--bar", partial=True))
            if current
            else Segment("  ", line)
        )
        red = line + self.get_component_rich_style("listing--broken", partial=True)
        return Strip([bar, Segment(text[:-last], line), Segment(text[-last:] + " ", red)], width)

    def on_click(self, event: events.Click) -> None:
        """A click makes a line current; a click on the current line opens it."""
        at = self.scroll_offset.y + event.y
        if at >= len(self.choices):
            return
        if at == self.current:
            self.post_message(self.Opened())
        self.current = at


class Choosing(Screen[None]):
    """A list of episodes."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KEYS), Binding("ctrl+c", "app.quit", show=False)]
    DEFAULT_CSS = """
    Choosing > .title { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    Choosing > .status { height: auto; max-height: 4; padding: 0 1; color: $error; }
    Choosing > .heads { height: 1; padding: 0 2; color: $foreground-muted; }
    """

    def __init__(self, name: str, found: Choices) -> None:
        super().__init__()
        self._source, self._all, self._asked = name, found, ""

    def compose(self) -> ComposeResult:
        """Title, headings, lines, keys."""
        yield Static(classes="title", markup=False)
        yield Static(classes="heads", markup=False)
        yield Listing()
        yield Static(classes="status", markup=False)
        yield KeyBar(KEYS)

    def on_mount(self) -> None:
        """Fill the list."""
        self._show("")

    def on_resize(self) -> None:
        """Headings as wide as the list."""
        self.query_one(".heads", Static).update(columns([name for name, _ in COLUMNS], self.size.width - 3 - 1))

    @property
    def listing(self) -> Listing:
        """The list."""
        return self.query_one(Listing)

    def _show(self, asked: str) -> None:
        self._asked = asked
        kept = self._all.matching(asked) if asked else self._all
        self.listing.show(kept)
        told = f"{len(kept):,} of {len(self._all):,} episodes with “{asked}”" if asked else f"{len(kept):,} episodes"
        self.query_one(".title", Static).update(tidy(f"{one_line(told, 200)}  {one_line(self._source, 400)}"))
        self.say("")

    def say(self, text: str) -> None:
        """Say something under the list."""
        line = self.query_one(".status", Static)
        line.update(cut(text))
        line.display = bool(text)

    def action_move(self, by: int) -> None:
        """Move the current line."""
        self.listing.current += by

    def action_page(self, by: int) -> None:
        """Move the current line by a page."""
        self.listing.current += by * max(self.listing.size.height - 1, 1)

    def action_ends(self, last: bool) -> None:
        """Go to the first or the last line."""
        self.listing.current = len(self.listing.choices) - 1 if last else 0

    def action_open(self) -> None:
        """Open the current choice."""
        self.say("")
        listing = self.listing
        if len(listing.choices):
            self.app.open_choice(listing.choices[listing.current], self.say)  # type: ignore[attr-defined]

    def on_listing_opened(self) -> None:
        """A click on the current line."""
        self.action_open()

    def action_filter(self) -> None:
        """Ask for words."""
        self.app.push_screen(Ask("filter", self._asked), lambda text: None if text is None else self._show(text))

    def action_reload(self) -> None:
        """Read the list anew, and stay where one was."""
        current = self.listing.current
        try:
            self._all = choices(self._source)
        except EpisodeError as error:
            self.say(str(error))
            return
        self._show(self._asked)
        self.listing.current = current

    def action_leave(self) -> None:
        """Drop the filter; without one, go back to the list before this one."""
        if self._asked:
            self._show("")
        elif len(self.app.screen_stack) > 2:
            self.app.pop_screen()

    def action_help(self) -> None:
        """Explain the keys."""
        self.app.push_screen(Help(KEYS))
