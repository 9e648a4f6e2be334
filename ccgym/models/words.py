"""The words of the pre-training corpus: names, places, numbers and pseudo-words, English and Vietnamese."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path
from typing import Any

import yaml

CORPUS: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("corpus.yaml").read_text(encoding="utf-8"))
"""`corpus.yaml`: every word list and sentence, by name and mostly by language."""

LANGUAGES = ("en", "vi")

_ONSETS = ("", *CORPUS["syllables"]["vi"]["onsets"])
_RHYMES = CORPUS["syllables"]["vi"]["rhymes"]
_TONES = ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
_EN_ONSETS, _EN_VOWELS, _EN_CODAS = (CORPUS["syllables"]["en"][part] for part in ("onsets", "vowels", "codas"))


def everything() -> list[str]:
    """Every word and name of the corpus, each after a space, as the tokenizer should know it."""
    kinds = ("names", "streets", "street_kinds", "cities", "colours", "things", "reasons", "days")
    return [f" {word}" for kind in kinds for words in _leaves(CORPUS[kind]) for word in words]


def _leaves(node: Any) -> list[list[str]]:
    return [node] if isinstance(node, list) else [leaf for child in node.values() for leaf in _leaves(child)]


def vi_syllable(rng: random.Random) -> str:
    """One syllable by the spelling of Vietnamese, any tone; it may mean nothing."""
    onset, rhyme = rng.choice(_ONSETS), rng.choice(_RHYMES)
    tones = (_TONES[1], _TONES[5]) if rhyme[-1] in "ct" or rhyme.endswith("ch") or rhyme[-1] == "p" else _TONES
    vowels = [i for i, char in enumerate(rhyme) if char in "aăâeêioôơuưy"]
    marked = [i for i in vowels if rhyme[i] in "ăâêôơư"]
    place = marked[-1] if marked else vowels[1] if len(vowels) > 1 and vowels[-1] < len(rhyme) - 1 else vowels[0]
    return unicodedata.normalize("NFC", onset + rhyme[: place + 1] + rng.choice(tones) + rhyme[place + 1 :])


def en_syllable(rng: random.Random) -> str:
    """One pronounceable English-looking syllable."""
    return rng.choice(_EN_ONSETS) + rng.choice(_EN_VOWELS) + rng.choice(_EN_CODAS)


def pseudo_word(rng: random.Random) -> str:
    """A lower-case word of one or two syllables that is in no dictionary."""
    return en_syllable(rng) + (en_syllable(rng) if rng.random() < 0.4 else "")


def digits(rng: random.Random, low: int = 4, high: int | None = None) -> str:
    """A string of `low` to `high` digits, each drawn uniformly."""
    return "".join(rng.choice("0123456789") for _ in range(rng.randint(low, high or low)))


def code(rng: random.Random) -> str:
    """Letters and digits, as on a ticket: `K7Q2`, `BX-4471`."""
    letters = "".join(rng.choice("ABCDEFGHKLMNPQRSTVWXYZ") for _ in range(rng.randint(1, 3)))
    return letters + rng.choice(("", "-", "")) + digits(rng, 2, 5)


def person(rng: random.Random, language: str) -> str:
    """A person's name."""
    return " ".join(rng.choice(part) for part in CORPUS["names"][language].values())


def street(rng: random.Random, language: str) -> str:
    """A street; one in three exists nowhere."""
    if language == "en":
        word = rng.choice(CORPUS["streets"]["en"]) if rng.random() < 0.66 else pseudo_word(rng).capitalize()
        return f"{word} {rng.choice(CORPUS['street_kinds'])}"
    if rng.random() < 0.6:
        return rng.choice(CORPUS["streets"]["vi"])
    return " ".join(vi_syllable(rng).capitalize() for _ in range(rng.randint(2, 3)))


def address(rng: random.Random, language: str) -> str:
    """A postal address on one line: `12 Oak Street, Leeds`, `12 Trần Phú, Quận 5, Huế`."""
    number = str(rng.randint(1, 399))
    shape = rng.random()
    if language == "en":
        line = f"{number} {street(rng, 'en')}"
        return line if shape < 0.15 else f"{line}, {rng.choice(CORPUS['cities']['en'])}"
    if shape < 0.1:
        number += f"/{rng.randint(1, 40)}"
    line = f"{number} {street(rng, 'vi')}"
    if shape < 0.25:
        return line
    if shape < 0.4:
        return f"{line}, Quận {rng.randint(1, 12)}, {rng.choice(CORPUS['cities']['vi'])}"
    return f"{line}, {rng.choice(CORPUS['cities']['vi'])}"


def date(rng: random.Random) -> str:
    """A date in one of four notations."""
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(2024, 2028)
    numeric = f"{day:02}/{month:02}"
    return rng.choice((f"{year}-{month:02}-{day:02}", f"{day}/{month}", numeric, f"{numeric}/{year}"))


def clock(rng: random.Random) -> str:
    """A time of day."""
    return f"{rng.randint(7, 21)}:{rng.choice(('00', '15', '30', '45'))}"


def amount(rng: random.Random) -> int:
    """A sum of money or a count."""
    return rng.choice((rng.randint(1, 99), rng.randint(100, 999), rng.randint(1, 999) * 1000))
