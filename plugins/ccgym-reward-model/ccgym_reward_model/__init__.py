"""The reward `reward_model`: what a sequence-classification model thinks of the talk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import ccgym
from ccgym import Episode, RewardResult
from ccgym.types import UserEvent
from ccgym_reward_model.model import Classifier, Settings, read_settings

_classifier = lru_cache(maxsize=4)(Classifier)


def configured() -> Classifier | None:
    """The model of the variables `CCGYM_REWARD_MODEL…`, loaded once. Raises ConfigError where it cannot be loaded."""
    settings = read_settings()
    return None if settings is None else _classifier(settings)


def text_of(episode: Episode) -> str:
    """The talk as the model reads it: a line a turn, `Customer: …` or `Agent: …`, without calls and thoughts."""
    replies = dict(episode.replies)
    lines = []
    for event in episode.events:
        if type(event) is UserEvent:
            lines.append(f"Customer: {_line(event.content)}")
        elif event.n in replies:
            lines.append(f"Agent: {_line(replies[event.n])}")
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.encode("utf-8", "replace").decode().split())


@ccgym.reward(range=(0.0, 1.0), seconds=120.0)
class RewardModel:
    """The probability that a model gives to a class, such as "good". All members of a group are one batch.

    It scores groups because training scores groups, and eight texts at once cost little more than one. An episode alone
    is a group of one. A member's value does not depend on the others.
    """

    def prepare(self, domain: Any) -> str | None:
        """Load the model. Returns the digest of its files."""
        classifier = configured()
        return None if classifier is None else classifier.digest

    def score_group(self, episodes: Sequence[Episode]) -> list[RewardResult | None]:
        """None for a member who said nothing to the customer."""
        classifier = configured()
        if classifier is None:
            missing = RewardResult(None, "no model is configured: set CCGYM_REWARD_MODEL")
            return [missing if episode.replies else None for episode in episodes]
        texts = [text_of(episode) if episode.replies else None for episode in episodes]
        scored = iter(classifier.score([text for text in texts if text is not None]))
        results: list[RewardResult | None] = []
        for episode, text in zip(episodes, texts, strict=True):
            if text is None:
                results.append(None)
                continue
            value, left_out = next(scored)
            why = f"the first {left_out} tokens were left out" if left_out else ""
            evidence = tuple(number for number, _ in episode.replies)
            results.append(RewardResult(value, why, evidence, {"left_out": float(left_out)}))
        return results


@ccgym.hookimpl
def register_rewards(register: Callable[[type], None]) -> None:
    """The reward `reward_model`."""
    register(RewardModel)


__all__ = ["Classifier", "RewardModel", "Settings", "configured", "read_settings", "text_of"]
