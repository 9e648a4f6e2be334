"""Episodes written by hand, for tests of scoring and rewards: `talk(call(…), say(…), task=…)`."""

from __future__ import annotations

from typing import Any, NamedTuple

from ccgym.turns import render_call
from ccgym.types import (
    Begin,
    End,
    Episode,
    ErrorEvent,
    Message,
    Model,
    RewardEvent,
    RuleEvent,
    StateEvent,
    Target,
    ToolEvent,
    UserEvent,
)


class Call(NamedTuple):
    name: str
    args: dict[str, Any]
    error: str | None = None
    effect: str = "read"
    changes: bool = False
    requestor: str = "assistant"


class Say(NamedTuple):
    text: str
    tokens: int | None = None


class Bad(NamedTuple):
    text: str
    code: str = "bad_format"


class Rule(NamedTuple):
    verdict: str
    tag: str = ""
    kind: str = "assert"


def call(
    name: str, error: str | None = None, *, effect: str = "read", requestor: str = "assistant", **args: Any
) -> Call:
    """A read that worked, or answered with an error of this code."""
    return Call(name, args, error, effect, False, requestor)


def write(name: str, requestor: str = "assistant", **args: Any) -> Call:
    """A write that changed the state."""
    return Call(name, args, None, "write", True, requestor)


def say(text: str, tokens: int | None = None) -> Say:
    return Say(text, tokens)


def bad(text: str, code: str = "bad_format") -> Bad:
    """A turn off the format: a thought that never ends."""
    return Bad(f"<think>{text}", code)


def rule(verdict: str, tag: str = "", kind: str = "assert") -> Rule:
    return Rule(verdict, tag, kind)


def talk(
    *moves: Any,
    task: dict[str, Any] | None = None,
    target: Target | None = None,
    ended: str | None = "customer_done",
    patch: list[dict[str, Any]] | None = None,
    sample: int = 0,
    rewards: dict[str, float | None] | None = None,
    **options: Any,
) -> Episode:
    """An episode of these moves, one turn each. Its final hash is `h<number of changes>`.

    Without a `target` of its own, the episode ends exactly where it should.
    """
    episode = Episode()
    step = changes = 0

    def add(kind: Any, /, **fields: Any) -> None:
        event = kind(episode=sample, n=len(episode.events), step=step, hash=f"h{changes}", **fields)
        episode.events.append(event)

    final = Target(hash=f"h{sum(isinstance(move, Call) and move.changes for move in moves)}")
    add(
        Begin, schema=1, ccgym="0", env="test", domain={"name": "Test", "version": "1", "digest": "d"}, seed=1,
        task={"id": "t", **(task or {})}, target=target or final, sample=sample, policy="hand", options=options,
    )  # fmt: skip
    add(Message, role="system", content="Be kind.")
    add(UserEvent, content="Hello")
    for move in moves:
        if isinstance(move, Rule):
            add(RuleEvent, kind=move.kind, verdict=move.verdict, tag=move.tag, detail=f"a {move.verdict} rule")
            continue
        step += 1
        if isinstance(move, Say):
            if move.tokens is not None:
                add(Model, ids=[0] * (move.tokens + 2), mask=[0, 0] + [1] * move.tokens)
            add(Message, role="assistant", content=move.text)
            add(UserEvent, content="OK")
        elif isinstance(move, Bad):
            add(Message, role="assistant", content=move.text)
            add(ErrorEvent, code=move.code, message="off the format")
        else:
            if move.requestor == "assistant":
                add(Message, role="assistant", content=render_call(move.name, move.args))
            changes += move.changes
            error = {"code": move.error, "message": "no"} if move.error else None
            add(
                ToolEvent, id=f"c{step}", name=move.name, arguments=move.args, error=error,
                result=None if error else {}, effect=move.effect, requestor=move.requestor,
            )  # fmt: skip
            if move.changes:
                add(StateEvent, cause=f"c{step}", patch=[])
    if ended is not None:
        add(End, reason=ended, patch=patch)
    for name, value in (rewards or {}).items():
        add(RewardEvent, name=name, value=value, status="ok" if value is not None else "unscored", weight=1.0)
    return episode
