"""A small TF-IDF: how near a line comes to the nearest of some reference lines, by words and by parts of words."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from ccgym_rewards._text import mask, words

Vector = dict[str, float]
_NEAR = 0.85
"""Reference lines with a cosine above this stand for each other, so that a line this near is as good as one."""
_MAX_CHARS = 2000
_CACHE = 4096


class Tfidf:
    """Reference lines as unit vectors over words, pairs of words and character trigrams (sublinear TF, smooth IDF).

    Numbers are all alike. The order of the lines changes nothing.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        unique = sorted({masked for line in lines if (masked := mask(line)[:_MAX_CHARS])})
        self.digest = hashlib.sha256(json.dumps(["tfidf-1", unique]).encode()).hexdigest()
        """SHA-256 of what was fitted, as 64 hex digits."""
        counts = [Counter(_features(line)) for line in unique]
        frequency = Counter(feature for count in counts for feature in count)
        self._unknown = math.log(1 + len(unique)) + 1
        self._idf = {f: math.log((1 + len(unique)) / (1 + n)) + 1 for f, n in frequency.items()}
        self._postings: dict[str, list[tuple[int, float]]] = {}
        self._size = 0
        self._seen: dict[str, float] = {}
        for count in counts:
            vector = self._vector(count)
            if self._nearest(vector) < _NEAR:
                for feature, value in vector.items():
                    self._postings.setdefault(feature, []).append((self._size, value))
                self._size += 1

    def __len__(self) -> int:
        return self._size

    def similarity(self, text: str) -> float:
        """Cosine to the nearest reference line, in [0, 1], where 1 is as near as reference lines are to each other."""
        line = mask(text)[:_MAX_CHARS]
        found = self._seen.get(line)
        if found is None:
            if len(self._seen) >= _CACHE:
                self._seen.clear()
            found = self._seen[line] = min(1.0, self._nearest(self._vector(Counter(_features(line)))) / _NEAR)
        return found

    def _vector(self, counts: Counter[str]) -> Vector:
        idf, unknown = self._idf, self._unknown
        vector = {f: (1 + math.log(n) if n > 1 else 1.0) * idf.get(f, unknown) for f, n in counts.items()}
        length = math.sqrt(math.fsum(value * value for value in vector.values()))
        return {feature: value / length for feature, value in vector.items()}

    def _nearest(self, vector: Vector) -> float:
        dots = [0.0] * self._size
        for feature, value in vector.items():
            for line, weight in self._postings.get(feature, ()):
                dots[line] += value * weight
        return max(dots, default=0.0)


def _features(line: str) -> list[str]:
    """Words, pairs of words (`a b`), and trigrams within words with their borders (`#ab`)."""
    tokens = words(line)
    features = [*tokens, *(f"{a} {b}" for a, b in pairwise(tokens))]
    for token in tokens:
        padded = f"#{token}#"
        features += [f"~{padded[i : i + 3]}" for i in range(len(padded) - 2)]
    return features
