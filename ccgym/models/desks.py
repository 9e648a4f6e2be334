"""Invented service desks: hotels, libraries, parking … each with tools, fields and statuses drawn anew.

Nothing here is a domain of the project: what a model learns from these desks is how a talk with tools goes, and that
every value comes from somewhere earlier in the talk.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from ccgym.models import words
from ccgym.models.words import CORPUS

Words = dict[str, dict[str, str]]
"""The word in names of tools and fields, to how it is said in each language."""

NOUNS: Words = CORPUS["nouns"]
"""What a desk looks after."""
ACTIONS: Words = CORPUS["actions"]
"""What a desk can do."""
KEYS: Words = CORPUS["keys"]
"""What a customer may be identified by."""
FIELDS: Words = CORPUS["fields"]
"""What a record may hold, and what an action may set."""
STATUSES: list[str] = CORPUS["statuses"]


def value(rng: random.Random, kind: str, language: str) -> str | int:
    """A fresh value of a field or key."""
    return _VALUES[kind](rng, language)


def _item(rng: random.Random, language: str) -> str:
    thing, colour = rng.choice(CORPUS["things"][language]), rng.choice(CORPUS["colours"][language])
    if rng.random() < 0.4:
        return thing
    return f"{colour} {thing}" if language == "en" else f"{thing} {colour}"


def _note(rng: random.Random, language: str) -> str:
    if language == "en":
        return " ".join(words.pseudo_word(rng) for _ in range(rng.randint(1, 3)))
    return " ".join(words.vi_syllable(rng) for _ in range(rng.randint(1, 4)))


_VALUES: dict[str, Callable[[random.Random, str], str | int]] = {
    "phone": lambda rng, _: words.digits(rng, rng.choice((4, 4, 4, 9, 10))),
    "pin": lambda rng, _: words.digits(rng, 4, 6),
    "code": lambda rng, _: rng.choice((words.code(rng), words.digits(rng, 3, 6))),
    "birth_year": lambda rng, _: str(rng.randint(1945, 2008)),
    "last4": lambda rng, _: words.digits(rng, 4),
    "email": lambda rng, _: f"{words.pseudo_word(rng)}{words.digits(rng, 1, 3)}@mail.com",
    "name": words.person,
    "address": words.address,
    "date": lambda rng, _: words.date(rng),
    "time": lambda rng, _: words.clock(rng),
    "day": lambda rng, language: rng.choice(CORPUS["days"][language]),
    "eta": lambda rng, language: rng.choice((rng.choice(CORPUS["days"][language]), words.date(rng))),
    "reason": lambda rng, language: rng.choice((rng.choice(CORPUS["reasons"][language]), _note(rng, language))),
    "room": lambda rng, _: words.digits(rng, 3),
    "seat": lambda rng, _: f"{rng.randint(1, 40)}{rng.choice('ABCDEF')}",
    "plate": lambda rng, _: words.code(rng),
    "amount": lambda rng, _: words.amount(rng),
    "price": lambda rng, _: words.amount(rng),
    "total": lambda rng, _: words.amount(rng),
    "item": _item,
    "days": lambda rng, _: rng.randint(1, 60),
    "count": lambda rng, _: rng.randint(1, 20),
    "note": _note,
}


_SET = ("address", "address", "address", "reason", "reason", "date", "day", "name", "note", "room")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the desk can do to a record.

    `field` is what the tool sets besides taking the id, or None. `limit`: records older than so many days are refused.
    """

    verb: str
    tool: str
    field: str | None
    allowed: tuple[str, ...]
    becomes: str
    limit: int | None


@dataclass(frozen=True, slots=True)
class Desk:
    """One invented desk. Everything a talk needs, drawn from one seed."""

    language: str
    noun: str
    id_field: str
    secret: str
    """The key that identifies the customer."""
    verify: str
    lookup: str
    handover: str
    fields: tuple[str, ...]
    """What a record holds beside its status."""
    statuses: tuple[str, ...]
    actions: tuple[Action, ...]
    must_verify: bool
    must_confirm: bool
    id_digits: tuple[int, int]

    def word(self) -> str:
        """The noun as the customer says it."""
        return NOUNS[self.noun][self.language]

    def new_id(self, rng: random.Random) -> str:
        """An id of this desk's shape."""
        return words.digits(rng, *self.id_digits)


def draw_desk(rng: random.Random, odd: float = 0.33) -> Desk:
    """An invented desk.

    A share `odd` of them has names that mean nothing: the system prompt is then the only place to learn them from.
    """
    language, noun = rng.choice(("en", "vi")), rng.choice(list(NOUNS))
    strange = rng.random() < odd
    stem = words.pseudo_word(rng) if strange else noun
    statuses = tuple(rng.sample(STATUSES, 4))
    actions = []
    for verb in rng.sample(list(ACTIONS), rng.randint(2, 3)):
        field = rng.choice(_SET) if rng.random() < 0.6 else None
        named = f"{verb}_{rng.choice((stem, field or stem))}"
        tool = f"{words.pseudo_word(rng)}_{stem}" if strange and rng.random() < 0.5 else named
        limit = rng.randint(5, 60) if rng.random() < 0.25 else None
        allowed = tuple(rng.sample(statuses, rng.choice((1, 1, 2))))
        actions.append(Action(verb, tool, field, allowed, rng.choice(STATUSES), limit))
    aged = ["days"] if any(action.limit for action in actions) else []
    low = rng.choice((3, 4, 4, 4, 4, 5, 6, 8))
    return Desk(
        language=language,
        noun=noun,
        id_field=rng.choice((f"{stem}_id", f"{stem}_id", "id", f"{stem}_no", "number")),
        secret=rng.choice(("phone", "phone", "last4", *KEYS)),
        verify=rng.choice(("verify", "check_caller", "verify_member", "identify", f"verify_{stem}", "check_identity")),
        lookup=rng.choice((f"get_{stem}", f"find_{stem}", f"track_{stem}", f"show_{stem}", f"{stem}_status")),
        handover=rng.choice(("transfer", "hand_over", "transfer_to_agent", "escalate", "call_manager")),
        fields=tuple(dict.fromkeys([*aged, *rng.sample([f for f in FIELDS if f != "phone"], rng.randint(1, 3))])),
        statuses=statuses,
        actions=tuple(actions),
        must_verify=rng.random() < 0.7,
        must_confirm=rng.random() < 0.4,
        id_digits=(low, low if rng.random() < 0.8 else low + 2),
    )
