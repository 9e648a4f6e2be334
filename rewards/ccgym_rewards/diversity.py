"""Whether the members of a group went different ways to a correct end."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from ccgym import Episode, RewardResult, reward
from ccgym_rewards._calls import split_repeats
from ccgym_rewards._text import mask, words

Vector = dict[str, float]


@reward(range=(0.0, 1.0), seconds=30.0)
class Diversity:
    """Mean of 1 / multiplicity of a member's tool sequence, and 1 - its replies' mean cosine to the others'.

    Pays only where the member's correctness is above 0. The parts are given for every member: their means over the
    group are the share of unique sequences and the mean cosine, which tell a collapse.
    """

    def score_group(self, episodes: Sequence[Episode]) -> list[RewardResult | None]:
        """None where there is no other member to differ from."""
        if len(episodes) < 2:
            return [None] * len(episodes)
        sequences = [_sequence(episode) for episode in episodes]
        multiplicity = Counter(sequences)
        cosines = mean_cosines([_vector(episode) for episode in episodes])
        results: list[RewardResult | None] = []
        for episode, sequence, cosine in zip(episodes, sequences, cosines, strict=True):
            unique = 1 / multiplicity[sequence]
            parts: dict[str, float | None] = {"unique_sequences": unique, "cosine": cosine}
            correct = episode.rewards.get("correctness")
            if correct is None:
                results.append(RewardResult(None, "the member has no correctness", (), parts))
            elif correct > 0:
                results.append(RewardResult((unique + 1 - cosine) / 2, "", (), parts))
            else:
                results.append(RewardResult(0.0, "correctness is 0", (), parts))
        return results


def _sequence(episode: Episode) -> tuple[str, ...]:
    """The tools that worked, in order. What failed or was only repeated is no way of its own."""
    fresh, _ = split_repeats(episode)
    return tuple(call.name for call in fresh if call.error is None)


def _vector(episode: Episode) -> Vector:
    """Term frequencies of the member's replies, numbers alike, of length 1; empty where it said nothing."""
    counts: Counter[str] = Counter()
    for _, text in episode.replies:
        counts.update(words(mask(text)))
    length = math.sqrt(math.fsum(count * count for count in counts.values()))
    return {word: count / length for word, count in counts.items()}


def mean_cosines(vectors: list[Vector]) -> list[float]:
    """Each vector's mean cosine to the others, in [0, 1]; two empty ones are alike. Order changes nothing."""
    columns: dict[str, list[float]] = {}
    for vector in vectors:
        for word, value in vector.items():
            columns.setdefault(word, []).append(value)
    total = {word: math.fsum(values) for word, values in columns.items()}
    empty = sum(not vector for vector in vectors)
    cosines = []
    for vector in vectors:
        if vector:
            dot = math.fsum(value * total[word] for word, value in vector.items())
            alike = dot - math.fsum(value * value for value in vector.values())
        else:
            alike = float(empty - 1)
        cosines.append(min(1.0, max(0.0, alike / (len(vectors) - 1))))
    return cosines
