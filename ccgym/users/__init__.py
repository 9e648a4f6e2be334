"""Customers: who the agent talks to. `make_customer` finds the kind that a task asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccgym import seeds
from ccgym.errors import DomainError
from ccgym.types import Customer
from ccgym.users.adversarial import AdversarialCustomer
from ccgym.users.script import ScriptCustomer
from ccgym.users.static import StaticCustomer

__all__ = ["AdversarialCustomer", "ScriptCustomer", "StaticCustomer", "make_customer"]

KINDS = ("script", "static", "adversarial")
"""The kinds of customer that need no plugin."""


def make_customer(
    user: dict[str, Any], *, language: str, seed: int, where: str, kinds: Mapping[str, Any] | None = None
) -> Customer:
    """The customer of one episode.

    Args:
        user: the task's `user` as JSON; its `sim` already lies over the domain's.
        language: the domain's language, for a customer that names none.
        seed: the episode's seed; a plugin's customer gets a random stream derived from it.
        where: what an error names: the task.
        kinds: kind → factory `(user, sim, rng) -> Customer` of plugins.

    Raises:
        DomainError: nobody registered the kind.
    """
    sim = user.get("sim", {})
    kind = sim.get("kind", "script")
    if kind == "script":
        return ScriptCustomer(user, sim, language)
    if kind == "adversarial":
        return AdversarialCustomer(user, sim, language, seeds.stream(seed, "user"))
    if kind == "static":
        return StaticCustomer(user, sim)
    if kinds and kind in kinds:
        return kinds[kind](user, sim, seeds.stream(seed, "user"))
    have = ", ".join([*KINDS, *(kinds or ())])
    raise DomainError(f"unknown kind of customer {kind!r}", where=where, fix=f"Registered kinds: {have}")
