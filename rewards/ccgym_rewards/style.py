"""How the agent speaks: manners by pattern, and how near its replies come to the domain's reference replies."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ccgym import Episode, RewardResult, reward
from ccgym_rewards._text import fold, words
from ccgym_rewards._tfidf import Tfidf

DRAWN = 200
"""How many tasks of templates the references are taken from, besides the written ones."""
_VIETNAMESE = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")
_CACHE = 4096


class Pattern(NamedTuple):
    """One thing not to do, and what it costs."""

    name: str
    search: re.Pattern[str]
    cost: float
    raw: bool
    """Look at the text in the case it was written in, not folded."""


class Manners(NamedTuple):
    """The patterns of one language, and the words of which a polite talk has at least one."""

    patterns: tuple[Pattern, ...]
    polite: re.Pattern[str]


@reward(range=(0.0, 1.0), seconds=30.0)
class Style:
    """Mean of manners and similarity; manners alone where nothing was fitted.

    Manners: 1 minus the penalties of the worst reply, minus a little where no reply has a polite word. Similarity:
    TF-IDF cosine of the least similar reply to its nearest reference reply. A talk is as good as its worst line, so
    more lines never make it better.
    """

    def __init__(self) -> None:
        self._references: Tfidf | None = None
        self._costs: dict[str, tuple[float, tuple[str, ...], bool]] = {}

    def prepare(self, domain: Any) -> str | None:
        """Fit on the domain's reference replies. Returns the digest of what was fitted; None where there are none."""
        lines = tuple(sorted(set(reference_replies(domain))))
        self._references = _fit(lines) if lines else None
        return self._references.digest if self._references is not None else None

    def score_episode(self, episode: Episode) -> RewardResult | None:
        """None where the agent said nothing to the customer."""
        replies = episode.replies
        if not replies:
            return None
        worst, polite, told = 0.0, False, ""
        evidence: tuple[int, ...] = ()
        for number, text in replies:
            cost, names, has_polite = self._cost(text)
            polite = polite or has_polite
            if cost > worst:
                worst, told, evidence = cost, f"event {number}: {', '.join(names)}", (number,)
        if not polite:
            worst += _COST_OF_NO_POLITE_WORD
            told = f"{told}; no polite word" if told else "no polite word"
        manners = max(0.0, 1.0 - worst)
        if self._references is None:
            return RewardResult(manners, told, evidence, {"manners": manners})
        similarity, number = min((self._references.similarity(text), number) for number, text in replies)
        if similarity < 1:
            told = f"{told}; similarity {similarity:.2f} at event {number}".lstrip("; ")
            evidence = tuple(sorted({*evidence, number}))
        parts: dict[str, float | None] = {"manners": manners, "similarity": similarity}
        return RewardResult((manners + similarity) / 2, told, evidence, parts)

    def _cost(self, text: str) -> tuple[float, tuple[str, ...], bool]:
        """Penalty of one reply, the names of what it does, and whether it has a polite word."""
        found = self._costs.get(text)
        if found is None:
            if len(self._costs) >= _CACHE:
                self._costs.clear()
            folded = fold(text)
            manners = _manners()["vi" if _VIETNAMESE.search(folded) else "en"]
            plain = unicodedata.normalize("NFC", text)
            hits = [p for p in manners.patterns if p.search.search(plain if p.raw else folded)]
            cost = min(1.0, sum(p.cost for p in hits))
            found = self._costs[text] = (cost, tuple(p.name for p in hits), bool(manners.polite.search(folded)))
        return found


def reference_replies(domain: Any) -> Iterable[str]:
    """What a good agent says, by the domain's own tasks: the written ones, and some of its templates'."""
    tasks = list(domain.tasks.values())
    if domain.templates:
        tasks += domain.stream_tasks("train", DRAWN)
    for task in tasks:
        json_task = task.as_json()
        expect = json_task.get("expect", {})
        yield from (action["say"] for action in expect.get("actions", ()) if "say" in action)
        yield from (text for text in expect.get("say", ()) if len(words(text)) > 3)
        replies = json_task.get("meta", {}).get("replies", ())
        yield from (text for text in replies if isinstance(text, str))


@lru_cache(maxsize=16)
def _fit(lines: tuple[str, ...]) -> Tfidf:
    """Fitted once for the same lines, however many environments play them."""
    return Tfidf(lines)


_COST_OF_NO_POLITE_WORD = 0.1


@cache
def _manners() -> dict[str, Manners]:
    """Language to manners, from the data file."""
    data = json.loads(Path(__file__).with_name("manners.json").read_text("utf-8"))
    return {
        language: Manners(
            tuple(
                Pattern(item["name"], re.compile(item["pattern"]), item["cost"], item.get("raw", False))
                for item in (*data["any"], *data[language]["penalties"])
            ),
            re.compile(data[language]["polite"]),
        )
        for language in ("en", "vi")
    }
