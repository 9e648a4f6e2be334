"""Customers: who the agent talks to. `make_customer` finds the kind that a task asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ccgym import seeds
from ccgym.errors import DomainError
from ccgym.types import Customer, Tool
from ccgym.users.adversarial import AdversarialCustomer
from ccgym.users.llm import LlmCustomer
from ccgym.users.recorded import LIVE, RecordedCustomer
from ccgym.users.script import ScriptCustomer
from ccgym.users.static import StaticCustomer

__all__ = [
    "LIVE", "AdversarialCustomer", "LlmCustomer", "RecordedCustomer", "ScriptCustomer", "StaticCustomer", "is_live",
    "make_customer",
]  # fmt: skip

KINDS = ("script", "static", "adversarial", "llm")
"""The kinds of customer that need no plugin."""


def make_customer(
    user: dict[str, Any],
    *,
    language: str,
    seed: int,
    where: str,
    kinds: Mapping[str, Any] | None = None,
    tools: Sequence[Tool] = (),
) -> Customer:
    """The customer of one episode.

    Args:
        user: the task's `user` as JSON; its `sim` already lies over the domain's.
        language: the domain's language, for a customer that names none.
        seed: the episode's seed; a plugin's customer gets a random stream derived from it.
        where: what an error names: the task.
        tools: the customer's own, for one who improvises.
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
    if kind == "llm":
        return LlmCustomer(user, sim, language, seeds.stream(seed, "user"), tools)
    if kind == "static":
        return StaticCustomer(user, sim)
    if kinds and kind in kinds:
        return kinds[kind](user, sim, seeds.stream(seed, "user"))
    have = ", ".join([*KINDS, *(kinds or ())])
    raise DomainError(
        f"unknown kind of customer {kind!r}", where=where, fix=f"Registered kinds: {have}", code="unknown-customer"
    )


def is_live(user: Mapping[str, Any], kinds: Mapping[str, Any]) -> bool:
    """Whether a customer's words cannot be made again, so that a replay plays back those of the log."""
    kind = user.get("sim", {}).get("kind", "script")
    return kind in LIVE or bool(getattr(kinds.get(kind), "live", False))
