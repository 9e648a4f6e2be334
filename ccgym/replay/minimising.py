"""Minimising: the shortest sequence of an episode's actions that still breaks the same rule.

Delta debugging: A. Zeller and R. Hildebrandt, Simplifying and isolating failure-inducing input, IEEE TSE 28 (2002).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ccgym import jsontext
from ccgym.env import CcgymEnv
from ccgym.errors import EpisodeError
from ccgym.replay.playing import env_for, recorded_customer, recorded_turns
from ccgym.scoring import Scorer
from ccgym.turns import parse_turn, render_call
from ccgym.types import BranchEvent, Episode, RuleEvent, ToolEvent, Turn

Item = TypeVar("Item")
Action = Turn | ToolEvent | BranchEvent
"""A turn of the agent's, a call of the customer's own, or an edit of the state."""


@dataclass(frozen=True, slots=True)
class Minimised:
    """What is left of an episode."""

    episode: Episode
    """The shortest one: its first event after the customer's line is a `branch` event that names the long one."""
    rule: RuleEvent
    """The verdict that stays, as it stands in the long episode."""
    turns: tuple[int, int]
    """How many turns there were, and are."""
    tried: int
    """How many shorter episodes were played."""


def minimise(episode: Episode, *, parent: str = "", env: CcgymEnv | None = None) -> Minimised:
    """Leave out of an episode what its first violation does not need: whole turns, then calls of a turn.

    Which rule is broken is what counts: by its clause and kind, and by the task's assert. Nothing more can be left out
    one by one; a shorter sequence of other actions may exist.

    Args:
        episode: one with a violated rule or assert.
        parent: `FILE#k` of the episode, for the record.
        env: an environment of the episode's domain; None: made from what its `begin` names.

    Raises:
        EpisodeError: no rule was broken, or not when the episode is played again.
    """
    broken = [event for event in episode.of(RuleEvent) if event.verdict == "violated"]
    if not broken:
        raise EpisodeError("no rule was violated in this episode", fix="`ccgym blame` looks for what else went wrong")
    # Rules broken at the end may be broken by silence: one that a call broke says more.
    rule = next((event for event in broken if event.cause), broken[0])
    if any(branch.results or branch.lines for branch in episode.of(BranchEvent)):
        raise EpisodeError("what was edited in this branch belongs to its turns", fix="Minimise the parent")
    env = env_for(episode.begin) if env is None else env
    trial = copy.copy(env)
    trial.scorer = Scorer({})
    tried = 0

    def breaks(actions: Sequence[Action]) -> bool:
        nonlocal tried
        tried += 1
        _play(episode, trial, actions)
        return any(_identity(event) == wanted for event in trial.episode.of(RuleEvent) if event.verdict == "violated")

    wanted = _identity(rule)
    actions: list[Action] = [each for pair in recorded_turns(episode) for each in pair if each is not None]
    turns = sum(isinstance(action, Turn) for action in actions)
    if not breaks(actions):
        raise EpisodeError(
            "the violation does not happen again when the episode is played",
            fix="`ccgym replay --verify` tells what has changed since it was recorded",
        )
    actions = ddmin(actions, breaks)
    for place, action in enumerate(actions):
        if isinstance(action, Turn):
            before, after = actions[:place], actions[place + 1 :]
            actions[place] = _fewer_calls(action, lambda turn, a=before, b=after: breaks([*a, turn, *b]))  # type: ignore[misc]
    _play(episode, env, actions, parent)
    return Minimised(env.episode, rule, (turns, sum(isinstance(action, Turn) for action in actions)), tried)


def ddmin(items: list[Item], fails: Callable[[list[Item]], bool]) -> list[Item]:
    """The algorithm ddmin, on complements: a part of `items`, in order, that fails, and of which no single item can be
    left out. `fails(items)` must hold."""
    parts = 2
    while items:
        size = -(-len(items) // parts)
        for start in range(0, len(items), size):
            rest = items[:start] + items[start + size :]
            if fails(rest):
                items, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(items))
    return items


def _play(episode: Episode, env: CcgymEnv, actions: Sequence[Action], parent: str = "") -> None:
    """Play some actions from the beginning of an episode."""
    env.policy = episode.begin.policy
    begin = episode.begin
    options = {"task": begin.task, "seed": begin.seed, "sample": begin.sample}
    env.reset(options={**options, **recorded_customer(episode)})
    env.branch(BranchEvent(episode=0, n=0, step=0, hash="", parent=parent, at=0, policy="minimised"))
    over = False
    for action in actions:
        if over:
            return
        if isinstance(action, BranchEvent):
            env.branch(action)
        elif isinstance(action, ToolEvent):
            env.user_call(action.name, action.arguments)
        else:
            over = any(env.step(Turn(action.text, error=action.error, limit=action.limit))[2:4])


def _fewer_calls(turn: Turn, breaks: Callable[[Turn], bool]) -> Turn:
    """A turn of several calls without those that are not needed, and without its thought."""
    parsed = parse_turn(turn.text)
    if parsed.error is not None or len(parsed.calls) < 2 or any(call.error for call in parsed.calls):
        return turn
    calls = ddmin(list(parsed.calls), lambda rest: bool(rest) and breaks(_calling(rest)))
    return _calling(calls) if len(calls) < len(parsed.calls) else turn


def _calling(calls: Sequence[Any]) -> Turn:
    return Turn("".join(render_call(call.name, call.arguments) for call in calls))


def _identity(event: RuleEvent) -> tuple[Any, ...]:
    """What makes two verdicts ones on the same rule."""
    return event.kind, event.tag, jsontext.canonical(event.clause)
