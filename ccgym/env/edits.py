"""What is otherwise in a branch of an episode: an answer to a call, a line of the customer, the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ccgym.backend.backend import DomainBackend
from ccgym.errors import CcgymError, ToolError
from ccgym.types import CustomerTurn


@dataclass(frozen=True, slots=True)
class Edits:
    """What is said in place of what the world and the customer say."""

    results: Mapping[str, Any] = field(default_factory=dict)
    """Id of a call to its result. The call runs and changes what it changes; only its answer is another."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """Step (as text) to the customer's line, after which the talk goes on."""

    def line(self, step: int, turn: CustomerTurn) -> CustomerTurn:
        """What the customer says at a step."""
        text = self.lines.get(str(step)) if self.lines else None
        return turn if text is None else CustomerTurn(text)


NO_EDITS = Edits()


def edit_state(backend: Any, ops: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Apply a JSON Patch to an episode's state; returns it with the replaced values.

    Raises:
        PatchError: it does not fit. CcgymError: the world is a plugin's, or the state would be none.
    """
    world = getattr(backend, "world", backend)
    if not isinstance(world, DomainBackend):
        raise CcgymError("the world of this episode is a plugin's backend, whose state cannot be edited")
    try:
        return world.edit(ops)
    except ToolError as error:
        raise CcgymError(f"the edited state would be none: {error.message}", fix="Give plain JSON") from None
