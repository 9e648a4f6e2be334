"""The screen of one episode: its turns at the left, what a step did at the right."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.style import Style
from textual.widgets import OptionList, Static

from ccgym.terminal import one_line
from ccgym.view.steps import Mark, StepView
from ccgym.view.timeline import Timeline
from ccgym.view.tui.blocks import MOST_BLOCKS, Blocks, tidy
from ccgym.view.tui.keys import Key, KeyBar, bindings
from ccgym.view.tui.panes import PANES
from ccgym.view.tui.prompts import Ask, Help
from ccgym.view.tui.turns import title, turn

KEYS = (
    Key("left,p", "step(-1)", "←"),
    Key("right,n", "step(1)", "→", "step", "the step before, the next one; also p and n"),
    Key("g,home", "ends(False)", "g"),
    Key("G,end", "ends(True)", "G", "ends", "the first step, the last one; also Home and End"),
    Key("colon,s", "seek", ":", "seek", "go to a step by its number; also s"),
    Key("e", "find('error', 1)", "e"),
    Key("E", "find('error', -1)", "E", "error", "the next step with an error, the one before"),
    Key("w", "find('write', 1)", "w"),
    Key("W", "find('write', -1)", "W", "write", "the next step that changed the state, the one before"),
    Key("v", "find('violation', 1)", "v"),
    Key("V", "find('violation', -1)", "V", "violation", "the next step that broke a rule, the one before"),
    Key("slash", "search", "/", "search", "find words in what was thought, said, called, answered, judged"),
    Key("f", "hit(1)", "f"),
    Key("F", "hit(-1)", "F", "hit", "the next step that holds these words, the one before"),
    Key("tab", "pane(1)", "Tab"),
    Key("shift+tab", "pane(-1)", "⇧Tab", "pane", "the next pane, the one before; also 1 to 5"),
    Key("escape", "leave", "Esc", "list", "back to the list of episodes"),
    Key("question_mark", "help", "?", "help", "this help"),
    Key("q", "app.quit", "q", "quit", "quit"),
)
"""What the keys of the bottom line do."""
OTHERS = (
    Key("up,down", "", "↑ ↓", "move", "a step in the turns, a block in a pane"),
    Key("enter", "", "Enter", "go", "go to the step that the pane's block leads to"),
    Key("pageup,pagedown", "", "PgUp PgDn", "scroll", "scroll the turns or the pane"),
)
"""What the lists themselves know, for the help."""


class Stepping(Screen[None]):
    """One episode, at one of its steps."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(KEYS),
        *(Binding(str(at), f"show({at})", priority=True, show=False) for at in range(1, len(PANES) + 1)),
        Binding("ctrl+c", "app.quit", show=False),
    ]
    DEFAULT_CSS = """
    Stepping > .title, Stepping > .status { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    Stepping > .title { background: $surface; }
    Stepping > .status { color: $foreground-muted; }
    Stepping > Horizontal { height: 1fr; }
    Stepping #left { width: 43%; border-right: solid $panel; }
    Stepping #right { width: 1fr; }
    Stepping .head { height: 1; padding: 0 0 0 2; color: $foreground-muted; }
    Stepping #tabs { padding: 0 0 0 1; }
    Stepping #pane > .option-list--option-highlighted { background: $background; }
    Stepping #pane > .blocks--bar { color: $background; background: $background; }
    Stepping #pane:focus > .option-list--option-highlighted { background: $surface; }
    Stepping #pane:focus > .blocks--bar { color: $accent; background: $surface; }
    """
    at: reactive[int] = reactive(0, init=False)
    """Where the current step stands among the steps."""
    pane: reactive[int] = reactive(0, init=False)
    """Which pane is at the right."""

    def __init__(self, timeline: Timeline, step: int | None = None) -> None:
        super().__init__()
        self.timeline = timeline
        self._start, self._asked = step or 0, ""

    def compose(self) -> ComposeResult:
        """Title; turns beside panes; what was said last; keys."""
        yield Static(title(self.timeline), classes="title", markup=False)
        with Horizontal():
            with Vertical(id="left"):
                yield Static("Turns", classes="head", markup=False)
                yield Blocks(id="turns")
            with Vertical(id="right"):
                yield Static(classes="head", id="tabs", markup=False)
                yield Blocks(id="pane")
        yield Static(classes="status", markup=False)
        yield KeyBar(KEYS)

    def on_mount(self) -> None:
        """Show the turns and the first pane, at the step that was asked for."""
        self.turns.show((turn(step), step.number) for step in self.timeline.steps)
        self.turns.focus()
        self.query_one("#tabs").auto_links = False
        self._show()
        self._go(self._start)

    @property
    def turns(self) -> Blocks:
        """The list of turns."""
        return self.query_one("#turns", Blocks)

    @property
    def shown(self) -> Blocks:
        """The blocks of the current pane."""
        return self.query_one("#pane", Blocks)

    def say(self, text: str) -> None:
        """Say something above the keys, until the next step."""
        self.query_one(".status", Static).update(tidy(one_line(text, 400)), layout=False)

    @property
    def step(self) -> StepView:
        """The current step."""
        return self.timeline.steps[self.at]

    def _go(self, number: int) -> None:
        last = self.timeline.steps[-1].number
        if 0 <= number <= last:
            self.at = self.timeline.place(number)
        else:
            self.say(f"There is no step {number}: the episode has the steps 0 to {last}")

    def _show(self) -> None:
        self.turns.highlighted = self.at
        self.shown.show(PANES[self.pane].blocks(self.timeline, self.step), MOST_BLOCKS)
        last = self.timeline.steps[-1].number
        self.say(f"step {self.step.number} of {last} · state {self.step.hash[:12]} · {_short(self.timeline.name)}")
        tabs = []
        for number, pane in enumerate(PANES, 1):
            click = Style.from_meta({"@click": f"screen.show({number})"})
            style = "$accent bold" if number == self.pane + 1 else "$foreground-muted"
            tabs.append(Content.assemble((f"{number} ", "$foreground-disabled"), (pane.name, style)).stylize(click))
        self.query_one("#tabs", Static).update(Content(" ").join(tabs), layout=False)

    def watch_at(self) -> None:
        """Show another step."""
        self._show()

    def watch_pane(self) -> None:
        """Show another pane."""
        self._show()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """The current block of the turns is the current step; by now it may be another than the message says."""
        if event.option_list is self.turns and self.turns.highlighted is not None:
            self.at = self.turns.highlighted

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """A click or Enter on a block of the pane goes to its step."""
        if event.option_list is self.shown and (target := self.shown.target(event.option_index)) is not None:
            self._go(target)

    def action_step(self, by: int) -> None:
        """Step or go back."""
        self.at = max(0, min(self.at + by, len(self.timeline.steps) - 1))

    def action_ends(self, last: bool) -> None:
        """Go to the first or the last step."""
        self.at = len(self.timeline.steps) - 1 if last else 0

    def action_seek(self) -> None:
        """Ask for the number of a step."""

        def answer(text: str | None) -> None:
            if text and text.strip():
                number = text.strip()
                self._go(int(number)) if number.isdecimal() and len(number) < 10 else self.say(
                    f"{number} is no number of a step"
                )

        self.app.push_screen(Ask("step"), answer)

    def action_find(self, kind: Mark, by: int) -> None:
        """Go to the next step (or the one before) with an error, a write or a violation."""
        self._next(self.timeline.marked(kind), by, kind)

    def action_search(self) -> None:
        """Ask for words, and go to the first step from here on that holds them."""

        def answer(text: str | None) -> None:
            if text and text.strip():
                self._asked = text.strip()
                hits = self.timeline.search(self._asked)
                if self.step.number in hits:
                    self.say(f"{len(hits)} steps hold “{self._asked}”, this one too")
                else:
                    self.action_hit(1)

        self.app.push_screen(Ask("search", self._asked), answer)

    def action_hit(self, by: int) -> None:
        """Go to the next step (or the one before) that holds the words."""
        if self._asked:
            self._next(self.timeline.search(self._asked), by, f"“{self._asked}”", around=True)
        else:
            self.say("Nothing was searched for yet: press /")

    def _next(self, steps: tuple[int, ...], by: int, what: str, around: bool = False) -> None:
        here = self.step.number
        found = [step for step in steps if (step > here if by > 0 else step < here)]
        if not found and around:
            found = [step for step in steps if step != here]
        if found:
            self._go(found[0] if by > 0 else found[-1])
        elif steps:
            self.say(f"No {what} {'after' if by > 0 else 'before'} step {here}; there are {len(steps)} in all")
        else:
            self.say(f"No {what} in this episode")

    def action_pane(self, by: int) -> None:
        """Give the focus to the next place: the turns, then each pane."""
        places = len(PANES) + 1
        here = self.pane + 1 if self.focused is self.shown else 0
        there = (here + by) % places
        if there:
            self.action_show(there)
        else:
            self.turns.focus()

    def action_show(self, number: int) -> None:
        """Show a pane and give it the focus."""
        self.pane = number - 1
        self.shown.focus()

    def action_leave(self) -> None:
        """Go back to the list, where there is one."""
        if len(self.app.screen_stack) > 2:
            self.app.pop_screen()
        else:
            self.say("There is no list: this episode was opened alone")

    def action_help(self) -> None:
        """Explain the keys."""
        self.app.push_screen(Help([*KEYS, *OTHERS]))


def _short(name: str) -> str:
    """Folder and file of `FILE#k`: where the log lies in its run."""
    return "/".join(name.split("/")[-2:])
