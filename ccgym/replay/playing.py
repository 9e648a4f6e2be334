"""Playing an episode's recorded actions again, all of them or up to a step."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Literal

from ccgym.domain import Task
from ccgym.env import CcgymEnv, make
from ccgym.plugins import registry
from ccgym.types import Begin, Episode, ErrorEvent, LimitEvent, Message, Model, RewardEvent, ToolEvent, Turn, UserEvent
from ccgym.users import RecordedCustomer, is_live

Live = Literal["user", "judge"]
"""Whose part a replay may give to a model anew: the customer's, or a judge's."""


def recorded_turns(episode: Episode) -> Iterator[tuple[Turn | None, ToolEvent | None]]:
    """The actions of an episode, in order: the agent's turns, and the customer's own calls between them.

    What a customer calls in answer to a reply, before the line of that step, follows from the turn.
    """
    events, i = episode.events, 0
    spoken = {event.step: event.n for event in events if type(event) is UserEvent}
    while i < len(events):
        event = events[i]
        kind = type(event)
        if kind is ToolEvent:
            if event.requestor == "user" and event.n > spoken.get(event.step, -1):
                yield None, event
        elif (kind is Model or kind is Message or kind is ErrorEvent) and event.step > 0 and _opens(event):
            step, turn = event.step, Turn("")
            while i < len(events) and events[i].step == step and not _closed(events[i]):
                _take(events[i], turn)
                i += 1
            yield turn, None
            continue
        i += 1


def _opens(event: Any) -> bool:
    """Whether a turn of the agent begins with this event."""
    if type(event) is Message:
        return event.role == "assistant"
    return type(event) is Model or event.code == "policy_error"


def _closed(event: Any) -> bool:
    """Whether the event follows from the turn, instead of being part of it."""
    kind = type(event)
    if kind is Model:
        return False
    if kind is Message:
        return event.role != "assistant"
    if kind is ErrorEvent:
        return event.code != "policy_error"
    return not (kind is LimitEvent and event.name in ("max_tokens", "time"))


def _take(event: Any, turn: Turn) -> None:
    kind = type(event)
    if kind is Model:
        cut = event.mask.index(1) if 1 in event.mask else len(event.mask)
        turn.context, turn.ids = event.ids[:cut], event.ids[cut:]
        turn.logprobs, turn.version = event.logprobs, event.version
    elif kind is Message:
        turn.text = event.content
    elif kind is ErrorEvent:
        turn.error = event.message
    else:
        turn.limit = event.name


def replay(
    episode: Episode,
    env: CcgymEnv | None = None,
    *,
    until: int | None = None,
    live: Collection[Live] = (),
    task: Task | None = None,
) -> CcgymEnv:
    """Play an episode's recorded actions again; the environment then holds the new episode.

    Args:
        episode: what to play.
        env: an environment of the episode's domain; None: made from what its `begin` names.
        until: stop after this step.
        live: `user` asks a customer who is a model again, `judge` a reward that asks somebody; else the record speaks
            for both.
        task: the recorded task as the domain has adopted it already; None: it is read from `begin`.

    Raises:
        CcgymError: the domain that the episode names is not installed.
    """
    begin = episode.begin
    if env is None:
        env = env_for(begin)
    env.policy = begin.policy
    said = {} if "judge" in live else {event.name: event for event in episode.of(RewardEvent)}
    options: dict[str, Any] = {"task": task or begin.task, "seed": begin.seed, "sample": begin.sample, "said": said}
    if "user" not in live and is_live(begin.task.get("user", {}), registry().users):
        options["customer"] = RecordedCustomer(episode)
    env.reset(options=options)
    over = False
    for turn, user_call in recorded_turns(episode):
        if over or (until is not None and env.episode.steps >= until):
            break
        if user_call is not None:
            env.user_call(user_call.name, user_call.arguments)
        elif turn is not None:
            _, _, terminated, truncated, _ = env.step(turn)
            over = terminated or truncated
    return env


def env_for(begin: Begin) -> CcgymEnv:
    """The environment that an episode's `begin` names, scoring as it was scored."""
    options = begin.options
    return make(
        begin.env, weights=options.get("weights"), gates=options.get("gates"), policy=begin.policy,
        faults=options.get("faults"), perturb=(options.get("perturb") or {}).get("asked"),
    )  # fmt: skip
