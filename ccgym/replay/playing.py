"""Playing an episode's recorded actions again, all of them or up to a step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from ccgym.backend import DomainBackend
from ccgym.domain import Task
from ccgym.env import CcgymEnv, make
from ccgym.env.edits import Edits
from ccgym.plugins import registry
from ccgym.replay.comparing import same_json
from ccgym.types import (
    Begin,
    BranchEvent,
    Episode,
    ErrorEvent,
    LimitEvent,
    Message,
    Model,
    RewardEvent,
    ToolEvent,
    Turn,
    UserEvent,
)
from ccgym.users import RecordedCustomer, is_live

Live = Literal["user", "judge"]
"""Whose part a replay may give to a model anew: the customer's, or a judge's."""


def recorded_turns(episode: Episode) -> Iterator[tuple[Turn | None, ToolEvent | BranchEvent | None]]:
    """The actions of an episode, in order: the agent's turns, and what happened between them: the customer's own calls,
    and that the episode parted here from another one.

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
        elif kind is BranchEvent:
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
    trusting: bool = False,
) -> CcgymEnv:
    """Play an episode's recorded actions again; the environment then holds the new episode.

    Args:
        episode: what to play.
        env: an environment of the episode's domain; None: made from what its `begin` names.
        until: stop after this step.
        live: `user` asks a customer who is a model again, `judge` a reward that asks somebody; else the record speaks
            for both.
        task: the episode's task, where the domain has adopted it already.
        trusting: take the recorded target as right where it is not known, see `CcgymEnv.assumes`.

    Raises:
        CcgymError: the domain that the episode names is not installed.
    """
    begin = episode.begin
    if env is None:
        env = env_for(begin)
    env.policy = begin.policy
    # The task first: what is none says so, before anything reads it.
    options: dict[str, Any] = {"task": task or env.domain.recorded(begin.task), "edits": edits_of(episode)}
    options["said"] = {} if "judge" in live else {event.name: event for event in episode.of(RewardEvent)}
    if "user" not in live:
        options |= recorded_customer(episode)
    if trusting:
        options["target"] = begin.target
    play_again(episode, env, options, until)
    return env


def recorded_customer(episode: Episode) -> dict[str, Any]:
    """The option of `reset` that plays back a customer whose words cannot be made again; of any other, nothing."""
    live = is_live(episode.task.get("user", {}), registry().users)
    return {"customer": RecordedCustomer(episode)} if live else {}


def play_again(episode: Episode, env: CcgymEnv, options: dict[str, Any], until: int | None = None) -> str:
    """Begin an episode again, and play its recorded actions up to a step.

    Args:
        episode: what to play.
        env: where; its episode then is the new one.
        options: of `reset`, beside or in place of `task`, `seed` and `sample` of the episode.
        until: the step; None: all of it.

    Returns:
        What was last observed.
    """
    begin = episode.begin
    if "task" not in options:
        options = {**options, "task": env.domain.recorded(begin.task)}
    observation, _ = env.reset(options={"seed": begin.seed, "sample": begin.sample, **options})
    over = False
    for turn, between in recorded_turns(episode):
        if over or (turn is not None and until is not None and env.episode.steps >= until):
            break
        if isinstance(between, BranchEvent):
            env.branch(between)
        elif between is not None:
            env.user_call(between.name, between.arguments)
        elif turn is not None:
            observation, _, terminated, truncated, _ = env.step(turn)
            over = terminated or truncated
    return observation


def plays_reference(episode: Episode, env: CcgymEnv) -> bool:
    """Whether an episode that was replayed to its end made the calls of its task's reference, no other ones, and stands
    where its target says: then to play the reference would be to play it once more."""
    target, end = episode.begin.target, episode.end
    expect = episode.task.get("expect", {})
    if target is None or end is None or end.hash != target.hash or expect.get("state", {}).get("mode"):
        return False
    if env.faults or type(env.backend) is not DomainBackend or env.backend.seeded or episode.of(BranchEvent):
        return False
    wanted = [(a["name"], a.get("args", {}), a.get("requestor", "assistant")) for a in expect.get("actions", ())
              if "say" not in a]  # fmt: skip
    made = [(e.name, e.arguments, e.requestor) for e in episode.of(ToolEvent)]
    return made == wanted and same_json(made, wanted) and same_json(end.patch, target.patch)


def edits_of(episode: Episode, until: int | None = None) -> Edits:
    """What is otherwise in an episode that is a branch, or was one up to a step; nothing in any other."""
    results: dict[str, Any] = {}
    lines: dict[str, str] = {}
    for branch in episode.of(BranchEvent):
        if until is not None and branch.at > until:
            continue
        results.update(branch.results)
        lines.update(branch.lines)
    return Edits(results, lines)


def env_for(begin: Begin, weights: Mapping[str, float] | None = None) -> CcgymEnv:
    """The environment that an episode's `begin` names, scoring as it was scored, or with other weights."""
    options = begin.options
    gates = options.get("gates") if weights is None else {}
    return make(
        begin.env, weights=weights or options.get("weights"), gates=gates, policy=begin.policy,
        faults=options.get("faults"), perturb=(options.get("perturb") or {}).get("asked"),
    )  # fmt: skip
