"""The laws of policies and of customers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ccgym.checking.playing import bounded
from ccgym.domain import Domain
from ccgym.domain.findings import Finding
from ccgym.env import make
from ccgym.errors import CcgymError
from ccgym.kit.episodes import TEXTS, gallery
from ccgym.kit.law import Say, Trial, finding
from ccgym.kit.purity import another_day
from ccgym.kit.subject import Subject
from ccgym.kit.worker import raised_at
from ccgym.plugins import registry
from ccgym.types import CustomerTurn, Policy, Request, Turn

TALK = 30
"""Replies after which a talk with a customer is left."""


def player_trials(subject: Subject) -> Iterator[Trial]:
    """The laws of the policies and customers of a plugin."""
    policies, customers = subject.names("policy"), subject.names("user")
    if not policies and not customers:
        return
    domain = subject.domain()
    gallery(domain)  # made here: a trial's own process has no children
    for name in policies:
        place = subject.place("policy", name)
        run = partial(_policy, registry().policies[name], domain, place)
        yield Trial(f"policy {name}: answers every request, and the same again", place, run, 120.0)
    for kind in customers:
        place = subject.place("user", kind)
        run = partial(_customer, registry().users[kind], kind, domain, place)
        yield Trial(f"customer {kind}: answers whatever is said, and the same again", place, run)


def _policy(factory: Any, domain: Domain, place: str, say: Say) -> Iterator[Finding]:
    say("making it")
    try:
        policy, other = factory(None), factory(None)
    except (CcgymError, TypeError):
        return  # it needs an argument that nobody here knows
    try:
        first = _answers(policy, domain, say)
        with another_day():
            again = _answers(other, domain, say)
    except Exception as error:  # a stranger's code
        yield finding("policy-raises", raised_at(error, place), f"raised {type(error).__name__}: {error}"[:300])
        return
    if isinstance(first, str):
        yield finding("policy-answers", place, first)
    elif first != again:
        yield finding("policy-not-deterministic", place, "answered the same requests differently when it was made anew")


def _answers(policy: Policy, domain: Domain, say: Say) -> list[str] | str:
    """What it says in a few turns of four episodes at once; or, in words, how it does not answer as it must."""
    domain = gallery(domain).domain
    task = bounded(domain, next(iter(domain.tasks.values()), None) or next(iter(domain.stream_tasks("train", 1))))
    envs = {key: make(domain, policy=policy.name) for key in range(4)}
    seen = {key: env.reset(options={"task": task, "seed": key})[0] for key, env in envs.items()}
    seen[1] += TEXTS["emoji"] + TEXTS["Vietnamese, decomposed"] + TEXTS["text that runs both ways"]
    texts: list[str] = []
    for number in range(8):
        say(f"asking for turn {number + 1}")
        requests = [Request(key, envs[key], text, 1000 * key + number) for key, text in seen.items()]
        answered: Any = policy.act(requests)
        if not isinstance(answered, list) or not all(isinstance(turn, Turn) for turn in answered):
            kinds = (
                {type(turn).__name__ for turn in answered} if isinstance(answered, list) else type(answered).__name__
            )
            return f"answered {len(requests)} requests with {kinds}, not with a list of Turns"
        if len(answered) != len(requests):
            return f"answered {len(requests)} requests with {len(answered)} turns"
        texts += [turn.text for turn in answered]
        for request, turn in zip(requests, answered, strict=True):
            observation, _, terminated, truncated, _ = request.env.step(turn)
            seen[request.key] = observation
            if terminated or truncated:
                policy.close(request.key)
                del seen[request.key]
    for key in seen:
        policy.close(key)
    return texts


def _customer(factory: Any, kind: str, domain: Domain, place: str, say: Say) -> Iterator[Finding]:
    domain = gallery(domain).domain
    tasks = [task.as_json().get("user", {}) for task in [*domain.tasks.values()][:3]]
    users = tasks or [{"first_message": "Hi.", "goal": "help", "known": {"order_id": "1"}}]
    users.append({"first_message": TEXTS["Vietnamese, decomposed"], "known": {"tên": TEXTS["emoji"]}})
    for user in users:
        own = user.get("sim", {})
        sim = {**(own if own.get("kind") == kind else {}), "kind": kind}
        try:
            first = _talk(factory(user, sim, random.Random(5)), say)
            with another_day():
                again = _talk(factory(user, sim, random.Random(5)), say)
        except Exception as error:  # a stranger's code
            yield finding("customer-raises", raised_at(error, place), f"raised {type(error).__name__}: {error}"[:300])
            return
        if problem := next((turn for turn in first if not isinstance(turn, CustomerTurn)), None):
            yield finding("customer-turn", place, f"answered with {type(problem).__name__}, not with a CustomerTurn")
            return
        if first != again:
            text = f"said different things in the same talk, that begins with {user.get('first_message', '')[:40]!r}"
            yield finding("customer-not-deterministic", place, text)
            return


def _talk(customer: Any, say: Say) -> Sequence[Any]:
    """A talk of hostile replies, up to its end."""
    replies = ["Hello!", "", "?", *(text[:5000] for text in TEXTS.values()), *["OK, that is all done."] * TALK][:TALK]
    say("beginning a talk")
    turns = [customer.first()]
    for reply in replies:
        last = turns[-1]
        if not isinstance(last, CustomerTurn) or last.done or last.left:
            break
        say(f"saying {reply[:40]!r}")
        if last.calls:
            break  # what its calls came to is not known here
        turns.append(customer.answer(reply))
    return turns
