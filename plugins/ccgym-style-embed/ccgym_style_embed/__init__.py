"""The reward `style_embed`: how near an agent's replies come to the domain's reference replies, by their meaning."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

import ccgym
from ccgym import Episode, RewardResult
from ccgym_style_embed.embedding import Embedder, model_folder

DRAWN = 50
"""How many tasks of templates the reference replies are taken from, besides the written ones."""
_NUMBER = re.compile(r"\d+")
_embedder = lru_cache(maxsize=4)(Embedder)


def plain(text: str) -> str:
    """A reply as it is compared: Unicode form C, one line, all numbers alike."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    return _NUMBER.sub("0", " ".join(text.split()))


def reference_replies(domain: Any) -> Iterator[str]:
    """What a good agent says, by the references and `meta.replies` of the domain's tasks."""
    tasks = [*domain.tasks.values(), *(domain.stream_tasks("train", DRAWN) if domain.templates else ())]
    for task in tasks:
        found = task.as_json()
        yield from (action["say"] for action in found.get("expect", {}).get("actions", ()) if "say" in action)
        yield from (text for text in found.get("meta", {}).get("replies", ()) if isinstance(text, str))


@ccgym.reward(range=(0.0, 1.0), seconds=60.0)
class StyleEmbed:
    """Cosine of the least similar reply to its nearest reference reply. More replies never make it better."""

    def __init__(self) -> None:
        self._embedder: Embedder | None = None
        self._lines: list[str] = []
        self._references: Any = None

    def prepare(self, domain: Any) -> str | None:
        """Embed the domain's reference replies. Returns the digest of model and replies; None where there are none."""
        folder = model_folder()
        lines = sorted(set(map(plain, reference_replies(domain))))
        if folder is None or not lines:
            return None
        self._embedder, self._lines = _embedder(folder), lines
        self._references = np.stack([self._embedder.vector(line) for line in lines])
        return hashlib.sha256("\n".join([self._embedder.digest, *lines]).encode()).hexdigest()

    def score_episode(self, episode: Episode) -> RewardResult | None:
        """None where the agent said nothing to the customer; the least similar reply is the evidence."""
        replies = episode.replies
        if not replies:
            return None
        if self._embedder is None:
            if model_folder() is None:
                return RewardResult(None, "no model is configured: set CCGYM_STYLE_EMBED")
            return RewardResult(None, "the domain has no reference replies, or none was given to prepare on")
        found = []
        for number, text in replies:
            cosines = self._references @ self._embedder.vector(plain(text))
            nearest = int(cosines.argmax())
            found.append((float(cosines[nearest]), number, self._lines[nearest]))
        cosine, number, line = min(found)
        return RewardResult(min(1.0, max(0.0, cosine)), f"{cosine:.2f} at event {number}, to {line[:80]!r}", (number,))


@ccgym.hookimpl
def register_rewards(register: Callable[[type], None]) -> None:
    """The reward `style_embed`."""
    register(StyleEmbed)


__all__ = ["StyleEmbed", "plain", "reference_replies"]
