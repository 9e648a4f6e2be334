"""Whether the task was done without detours: turns, repeated calls and length, against the reference."""

from __future__ import annotations

from ccgym import Episode, RewardResult, reward
from ccgym.types import Message, Model
from ccgym_rewards._calls import split_repeats, vain_steps


@reward(range=(0.0, 1.0), seconds=30.0)
class Efficiency:
    """Mean of three ratios, each at most 1: turns, calls asked twice, and length, against the task's reference.

    1 is as short as the reference, or shorter. Length is in tokens where the reference is known in tokens and every
    turn was recorded with its tokens, else in characters: for all members of a group alike, who share task and policy.
    Turns of which nothing came because of a fault do not count.
    """

    def score_episode(self, episode: Episode) -> RewardResult | None:
        """None where the agent took no turn."""
        vain = vain_steps(episode)
        turns = [turn for turn in episode.turns if turn.step not in vain]
        if not episode.turns:
            return None
        reference = episode.begin.options.get("reference") or {}
        _, repeats = split_repeats(episode)
        parts: dict[str, float | None] = {"calls": 1 / (1 + len(repeats))}
        told = []
        if reference.get("turns"):
            parts["turns"] = min(1.0, reference["turns"] / max(len(turns), 1))
            told.append(f"{len(turns)} turns (reference {reference['turns']})")
        if repeats:
            told.append(f"{len(repeats)} calls repeated")
        unit, length = _length(episode, turns, bool(reference.get("tokens")))
        if reference.get(unit):
            parts["length"] = min(1.0, reference[unit] / max(length, 1))
            told.append(f"{length} {unit} (reference {reference[unit]})")
        values = [value for value in parts.values() if value is not None]
        return RewardResult(sum(values) / len(values), ", ".join(told), tuple(call.n for call in repeats), parts)


def _length(episode: Episode, turns: list[Message], tokens: bool) -> tuple[str, int]:
    """Unit and length of what the agent wrote in these turns."""
    steps = {turn.step for turn in turns}
    models = [sum(e.mask) for e in episode.events if type(e) is Model and e.step in steps] if tokens else []
    if models and len(models) >= len(turns):
        return "tokens", sum(models)
    return "chars", sum(len(turn.content) for turn in turns)
