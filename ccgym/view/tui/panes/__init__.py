"""What stands beside the turns: for a step, blocks, each with the number of the step that it leads to or None."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ccgym.view.steps import StepView
from ccgym.view.timeline import Timeline
from ccgym.view.tui.blocks import Block
from ccgym.view.tui.panes.events import events
from ccgym.view.tui.panes.rewards import rewards
from ccgym.view.tui.panes.rules import rules
from ccgym.view.tui.panes.state import state
from ccgym.view.tui.panes.tokens import tokens


@dataclass(frozen=True, slots=True)
class Pane:
    """One of them."""

    name: str
    blocks: Callable[[Timeline, StepView], Iterable[tuple[Block, int | None]]]


PANES = (
    Pane("State", state),
    Pane("Rules", rules),
    Pane("Rewards", rewards),
    Pane("Tokens", tokens),
    Pane("Events", events),
)
