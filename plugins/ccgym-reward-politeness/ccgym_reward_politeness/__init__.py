"""The reward `politeness`: no reply without a polite word, in English or Vietnamese."""

import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import ccgym

WORDS: dict[str, list[str]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))


def is_polite(text: str) -> bool:
    """Whether a text has a polite word or phrase, and no rude one. How often it has them does not count."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text).casefold())
    line = f" {' '.join(words)} "
    return any(f" {w} " in line for w in WORDS["polite"]) and not any(f" {w} " in line for w in WORDS["rude"])


@ccgym.reward(range=(0.0, 1.0))
class Politeness:
    """1 / (1 + replies that are not polite).

    A share of polite replies would rise with every empty "Thank you!"; this falls with each reply that is not polite,
    and nothing that is said besides makes it rise.
    """

    def score_episode(self, episode: ccgym.Episode) -> ccgym.RewardResult | None:
        """None where the agent said nothing to the customer. Evidence: the replies that are not polite, else all."""
        replies = episode.replies
        if not replies:
            return None
        bare = tuple(event for event, text in replies if not is_polite(text))
        why = f"{len(bare)} of {len(replies)} replies not polite"
        return ccgym.RewardResult(1 / (1 + len(bare)), why, bare or tuple(event for event, _ in replies))


@ccgym.hookimpl
def register_rewards(register: Callable[[type], None]) -> None:
    """The reward `politeness`."""
    register(Politeness)
