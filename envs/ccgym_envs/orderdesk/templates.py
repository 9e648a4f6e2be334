"""The endless tasks of OrderDesk: each draws a fresh order, with digits and words of its own, and a customer.

A stream draws its templates with equal weight, so their number is the mix: of eleven in a language one is tracking,
five end in a refusal or with a colleague, and the rest are changes to be made, two of them for customers who forget to
name the order. A return is refused for two reasons, and each is a template: what is rare in one is hardly learnt.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from ccgym_envs.orderdesk import people
from ccgym_envs.orderdesk.cases import Case, Intent, task_of

LANGUAGES = ("en", "vi")
REASONS = ("broken", "wrong", "other")
TOO_FAR = ("shipped", "shipped", "delivered")
"""Statuses of an order that can no longer be stopped or sent elsewhere."""
Template = Callable[[Random], dict[str, Any]]


def _case(
    rng: Random, intent: Intent, language: str, order: dict[str, Any], *, told: str = "right", names_order: bool = True
) -> Case:
    """A case around an order. `told`: the customer tells the `right` digits, `wrong` ones, or has them `unknown`."""
    phone = people.digits(rng)
    wrong = next(other for other in iter(lambda: people.digits(rng), None) if other != phone)
    return Case(
        intent=intent,
        language=language,
        order_id=people.digits(rng),
        order=order,
        customer={"name": people.name(rng, language), "phone": phone},
        told_phone={"right": phone, "wrong": wrong, "unknown": None}[told],
        reason=rng.choice(REASONS),
        address=people.address(rng, language) if intent == "address" else "",
        names_order=names_order,
    )


def _allowed(rng: Random, intent: Intent, language: str) -> dict[str, Any]:
    """An order that a verified customer may have changed so."""
    return people.order(rng, language, "delivered" if intent == "return" else "placed", late=False)


def _done(intent: Intent, language: str, *, names_order: bool = True) -> Template:
    def draw(rng: Random) -> dict[str, Any]:
        order = _allowed(rng, intent, language)
        return task_of(_case(rng, intent, language, order, names_order=names_order), rng, own_order=True)

    return draw


def _refused(intent: Intent, language: str, *statuses: str) -> Template:
    def draw(rng: Random) -> dict[str, Any]:
        order = people.order(rng, language, rng.choice(statuses), late=True)
        return task_of(_case(rng, intent, language, order), rng, own_order=True)

    return draw


def _unverified(language: str) -> Template:
    intents: tuple[Intent, ...] = ("cancel", "return", "address")

    def draw(rng: Random) -> dict[str, Any]:
        intent = rng.choice(intents)
        order = _allowed(rng, intent, language)
        return task_of(_case(rng, intent, language, order, told=rng.choice(("wrong", "unknown"))), rng, own_order=True)

    return draw


def _track(language: str) -> Template:
    def draw(rng: Random) -> dict[str, Any]:
        return task_of(_case(rng, "track", language, people.order(rng, language)), rng, own_order=True)

    return draw


def _templates() -> dict[str, Template]:
    found: dict[str, Template] = {}
    for language in LANGUAGES:
        found |= {
            f"cancel-{language}": _done("cancel", language),
            f"cancel-unnamed-{language}": _done("cancel", language, names_order=False),
            f"cancel-refused-{language}": _refused("cancel", language, *TOO_FAR),
            f"return-{language}": _done("return", language),
            f"return-unnamed-{language}": _done("return", language, names_order=False),
            f"return-early-{language}": _refused("return", language, "placed", "placed", "shipped"),
            f"return-late-{language}": _refused("return", language, "delivered"),
            f"address-{language}": _done("address", language),
            f"address-refused-{language}": _refused("address", language, *TOO_FAR),
            f"unverified-{language}": _unverified(language),
            f"track-{language}": _track(language),
        }
    return found


TEMPLATES = _templates()
"""Template name to `fn(rng) -> task`."""
