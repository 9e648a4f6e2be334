"""The terminal viewer: a list of episodes, and one episode step by step."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import App
from textual.theme import Theme

from ccgym.errors import EpisodeError
from ccgym.view.timeline import read_timeline
from ccgym.view.tui.choices import Choice, Choices, choices
from ccgym.view.tui.choosing import Choosing
from ccgym.view.tui.stepping import Stepping

CALM = Theme(
    name="calm",
    primary="#7aa2d6",
    secondary="#8ab0a8",
    accent="#e0a458",
    warning="#d9bf6b",
    error="#e06c75",
    success="#8fbf7f",
    foreground="#d4d8de",
    background="#15181d",
    surface="#20252d",
    panel="#323945",
    variables={"foreground-muted": "#8f98a5", "foreground-disabled": "#5d6673"},
)
"""Few colours: blue for the customer, green for the agent and what is new, amber for what is current."""


class Viewer(App[None]):
    """Opens one episode at once, and a list where there are several."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "ccgym replay"

    def __init__(self, name: str, found: Choices, step: int | None = None) -> None:
        super().__init__()
        # Before the terminal is taken: an error here is a sentence on the command line.
        only = found[0] if len(found) == 1 and found[0].episode is not None else None
        self._first = Choosing(name, found) if only is None else Stepping(read_timeline(only.name), step)

    def on_mount(self) -> None:
        """Show the first screen."""
        self.register_theme(CALM)
        self.theme = CALM.name
        self.push_screen(self._first)

    def open_choice(self, choice: Choice, say: Callable[[str], None]) -> None:
        """Open an episode, or the list of a file's episodes; what cannot be opened is said where it was chosen."""
        try:
            if choice.episode is None:
                self.push_screen(Choosing(choice.name, choices(choice.name)))
            else:
                self.push_screen(Stepping(read_timeline(choice.name)))
        except EpisodeError as error:
            say(str(error))


def viewer(name: str, step: int | None = None) -> Viewer:
    """The viewer of what a name stands for: `FILE`, `FILE#k` or a run's folder.

    Raises:
        EpisodeError: the name holds no episodes, its file is broken, or a step is asked for and there are several.
    """
    found = choices(name)
    if step is not None and len(found) > 1:
        raise EpisodeError(f"holds {len(found):,} episodes", where=name, fix="With a step name one of them, as FILE#k")
    return Viewer(name, found, step)
