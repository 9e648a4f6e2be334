"""Which expected calls were made: a one-to-one matching between what was wanted and what succeeded."""

from __future__ import annotations

from typing import Any

from ccgym.types import ToolEvent
from ccgym_rewards._calls import equal


def unmatched(wanted: list[dict[str, Any]], calls: list[ToolEvent]) -> tuple[list[dict[str, Any]], list[ToolEvent]]:
    """The expected calls that no call satisfies, and the agent's writes that nothing expected.

    Each call satisfies at most one expectation. Reads beyond the expected ones are nobody's business.
    """
    options = [[i for i, call in enumerate(calls) if satisfies(call, action)] for action in wanted]
    owner: dict[int, int] = {}

    def place(action: int, tried: set[int]) -> bool:
        """Find a call for the action, moving others to their second choice where that helps (Kuhn 1955)."""
        for call in options[action]:
            if call in tried:
                continue
            tried.add(call)
            if call not in owner or place(owner[call], tried):
                owner[call] = action
                return True
        return False

    missing = [action for number, action in enumerate(wanted) if not place(number, set())]
    extra = [
        call for i, call in enumerate(calls)
        if i not in owner and call.effect == "write" and call.requestor == "assistant"
    ]  # fmt: skip
    return missing, extra


def satisfies(call: ToolEvent, action: dict[str, Any]) -> bool:
    """Same tool, same requestor, and equal arguments over the union of keys, or over `compare_args` where given."""
    if call.name != action["name"] or call.requestor != action.get("requestor", "assistant"):
        return False
    wanted, keys = action.get("args", {}), action.get("compare_args")
    if keys is None:
        return equal(call.arguments, wanted)
    return all(
        (key in call.arguments) == (key in wanted) and equal(call.arguments.get(key), wanted.get(key)) for key in keys
    )
