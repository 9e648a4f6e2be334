"""Copying drills: the one skill that so small a model does not pick up from talks alone.

A drill is a list of `(text, learn)` pieces: only what can be copied from the context is learned, never the random first
occurrence.
"""

from __future__ import annotations

import json
import random

from ccgym.models import words
from ccgym.models.desks import FIELDS, KEYS, NOUNS, value
from ccgym.models.words import CORPUS, LANGUAGES

Pieces = list[tuple[str, bool]]

_MAKERS = ("digits4", "digits4", "digits4", "digits", "code", "address", "address", "name", "item", "reason", "word")


def _value(rng: random.Random, maker: str, language: str) -> str:
    match maker:
        case "digits4":
            return words.digits(rng, 4)
        case "digits":
            return words.digits(rng, 2, 10)
        case "code":
            return words.code(rng)
        case "word":
            return " ".join(words.pseudo_word(rng) for _ in range(rng.randint(1, 4)))
        case _:
            return str(value(rng, maker, language))


def recall(rng: random.Random) -> Pieces:
    """Pairs of key and value, then the keys again in another order: give each one's value.

    Many values look alike (numbers of the same length), so only the key tells which one is asked for.
    """
    language = rng.choice(LANGUAGES)
    maker = rng.choice((None, None, "digits4", "digits4", "digits", "address", "address", "item", "name"))
    keys = rng.sample(CORPUS["drill_keys"], rng.randint(2, 6))
    pairs = {key: _value(rng, maker or rng.choice(_MAKERS), language) for key in keys}
    asked = [rng.choice(keys) for _ in range(rng.randint(4, 10))]
    layout = rng.randrange(5)
    pieces: Pieces = []
    if layout == 0:
        pieces.append((json.dumps(pairs, ensure_ascii=False, separators=(",", ":")) + "\n", False))
    elif layout == 1:
        pieces.append((", ".join(f"{key} {text}" for key, text in pairs.items()) + "\n", False))
    elif layout == 2:
        pieces.append(("".join(f"{key}: {text}\n" for key, text in pairs.items()), False))
    else:
        lead = (_sentence(rng, language) for _ in pairs)
        told = (f"{said} {key} {text}." for said, (key, text) in zip(lead, pairs.items(), strict=True))
        pieces.append((" ".join(told) + "\n", False))
    quoted = rng.random() < 0.5
    for key in asked:
        if rng.random() < 0.15:
            pieces.append((_sentence(rng, language) + " ", False))
        if quoted:
            pieces += [('{"' + key + '":"', False), (pairs[key] + '"}', True), ("\n", False)]
        else:
            pieces += [(key + (": " if layout == 2 else " "), False), (pairs[key], True), ("\n", False)]
    return pieces


def repeat(rng: random.Random) -> Pieces:
    """A random line of numbers, codes and words, repeated."""
    language = rng.choice(LANGUAGES)
    maker = rng.choice((None, "digits4", "digits", "word"))
    line = " ".join(_value(rng, maker or rng.choice(_MAKERS), language) for _ in range(rng.randint(1, 6)))
    if rng.random() < 0.2:
        line = words.digits(rng, 8, 40)
    mark = rng.choice(("\n", " | ", " = ", ". "))
    return [(line + mark, False)] + [(line + mark, True)] * rng.randint(1, 3)


def to_json(rng: random.Random) -> Pieces:
    """A customer's sentence with two or three values in it, and the call that needs them in some order."""
    language = rng.choice(LANGUAGES)
    noun = rng.choice(list(NOUNS))
    fields = {f"{noun}_id": (NOUNS[noun][language], words.digits(rng, rng.choice((4, 4, 4, 5, 6))))}
    for field in rng.sample(["phone", "address", "reason", "name", "date", "note", "room"], rng.randint(1, 2)):
        named = FIELDS.get(field, KEYS.get(field, {"en": field, "vi": field}))[language]
        made = words.digits(rng, 4) if field == "phone" else str(value(rng, field, language))
        fields[field] = (named, made)
    told = list(fields.values())
    rng.shuffle(told)
    is_ = rng.choice((" ", ": ", " là ", " ") if language == "vi" else (" ", ": ", " is ", " "))
    said = rng.choice((", ", ". ", "; ")).join(f"{named}{is_}{made}" for named, made in told)
    pieces: Pieces = [(f"{_sentence(rng, language)} {said}.\n", False)]
    for _ in range(rng.randint(1, 3)):
        chosen = rng.sample(list(fields), rng.randint(1, len(fields)))
        pieces.append((rng.choice(('<tool_call>{"name":"', '<tool_response>{"id":"c1","name":"')), False))
        pieces.append((f'{words.pseudo_word(rng)}_{noun}","arguments":{{', False))
        for i, field in enumerate(chosen):
            pieces += [(("," if i else "") + f'"{field}":"', False), (fields[field][1] + '"', True)]
        pieces.append(("}}</tool_call>\n", False))
    return pieces


def limit(rng: random.Random) -> Pieces:
    """A limit, and numbers that keep it or not: what a rule such as `at most 30 days` asks for."""
    vi = rng.random() < 0.5
    most = rng.randint(5, 60)
    unit = (
        rng.choice(("ngày", "ngày", "tháng", "lần", "")) if vi else rng.choice(("days", "days", "months", "times", ""))
    )
    head = (
        rng.choice(("Tối đa", "Chỉ trong vòng", "Không quá")) if vi else rng.choice(("At most", "Only up to", "Within"))
    )
    good, bad = rng.choice((("được", "quá"), ("có", "không")) if vi else (("yes", "no"), ("fine", "late")))
    pieces: Pieces = [(f"{head} {most} {unit}.\n".replace(" .", "."), False)]
    for _ in range(rng.randint(6, 14)):
        asked = rng.randint(1, 75) if rng.random() < 0.7 else max(1, most + rng.randint(-6, 6))
        shown = rng.choice((f'"days":{asked}}}', f"{asked} {unit}".strip()))
        pieces += [(f"{shown}: ", False), (bad if asked > most else good, True), ("\n", False)]
    return pieces


def text(rng: random.Random) -> Pieces:
    """A few plain sentences."""
    language = rng.choice(LANGUAGES)
    return [(" ".join(rng.choices(_BANK[language], k=rng.randint(2, 4))), True)]


def _sentence(rng: random.Random, language: str) -> str:
    """A few words that say little: distance between a value and its copy."""
    return " ".join(rng.choice(_BANK[language]) for _ in range(rng.choice((1, 1, 1, 2))))


_BANK = {language: CORPUS["agent"][language] + CORPUS["customer"][language] for language in LANGUAGES}
