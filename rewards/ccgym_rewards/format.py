"""Whether every turn was well-formed: tags paired and in order, JSON valid, arguments on the tool's schema."""

from __future__ import annotations

from ccgym import Episode, RewardResult, reward
from ccgym.types import ErrorEvent, ToolEvent

TURN_ERRORS = frozenset({"bad_format", "forged_token"})
"""Codes of `error` events: the turn's text was off the format."""
CALL_ERRORS = frozenset({"bad_json", "unknown_tool", "bad_arguments"})
"""Codes of tool errors: the call was off the format or the schema. What a tool itself refuses is no such error."""

_LOOKED_AT = frozenset({ErrorEvent, ToolEvent})


@reward(range=(0.0, 1.0), seconds=30.0)
class Format:
    """1 / (1 + malformed turns): 1 when every turn is well-formed. Further turns never win back what one has lost."""

    def score_episode(self, episode: Episode) -> RewardResult | None:
        """None where the agent took no turn."""
        bad: dict[int, tuple[int, str]] = {}
        for event in episode.events:
            if type(event) in _LOOKED_AT and (found := _malformed(event)) is not None:
                bad.setdefault(event.step, (event.n, found))
        if not bad:
            return RewardResult(1.0) if episode.turns else None
        first = next(iter(bad))
        text = f"{len(bad)} malformed turn{'s' * (len(bad) > 1)}; step {first}: {bad[first][1]}"
        return RewardResult(1 / (1 + len(bad)), text[:300], tuple(n for n, _ in bad.values()))


def _malformed(event: ErrorEvent | ToolEvent) -> str | None:
    """What an event says against the turn's form, or None."""
    if isinstance(event, ErrorEvent):
        return f"{event.code}: {event.message}" if event.code in TURN_ERRORS else None
    if event.error is not None and event.requestor == "assistant" and event.step > 0:
        code, message = event.error["code"], event.error["message"]
        return f"{code}: {message}" if code in CALL_ERRORS else None
    return None
