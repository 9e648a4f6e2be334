"""Blaming: the first step of an episode from which success could no longer be reached."""

from __future__ import annotations

from dataclasses import dataclass

from ccgym.env import CcgymEnv
from ccgym.errors import CcgymError
from ccgym.evaluate import SUCCESS
from ccgym.replay.forking import branch_out
from ccgym.replay.playing import env_for
from ccgym.types import (
    End,
    Episode,
    ErrorEvent,
    LimitEvent,
    Message,
    Policy,
    RewardEvent,
    RuleEvent,
    StateEvent,
    UserEvent,
)


@dataclass(frozen=True, slots=True)
class Worth:
    """What the state after a step was worth."""

    step: int
    """The step after which the state stood so."""
    success: float
    """Share of branches from there that succeeded. For the oracle 1 where any way of going on did, else 0."""
    interval: tuple[float, float] | None
    """Wilson's interval at 95 %, where a policy played."""
    why: str
    """What its first branch that failed lacked; "" where all succeeded."""


@dataclass(frozen=True, slots=True)
class Blame:
    """Which turn took success out of reach."""

    step: int | None
    """The step of that turn; None where the episode succeeded, or never could."""
    event: int | None
    """Number of the event that holds the turn."""
    turn: str
    """The turn's text."""
    broke: tuple[str, ...]
    """What happened in that step, a sentence each: rules violated, state changed, the end of the talk."""
    before: Worth | None
    """What the state before the turn was worth; None where the episode succeeded."""
    after: Worth | None
    """What the state after it was worth."""
    succeeded: bool = False
    """The episode did succeed: there is nothing to blame."""


def blame(
    episode: Episode, policy: Policy | str | None = None, n: int = 1, *, seed: int = 0, env: CcgymEnv | None = None
) -> Blame:
    """Find the first step from which success was no longer reachable.

    A state counts as one from which it was reachable where a branch from it succeeds, or from any recorded state after
    it; so the steps are looked at from the last one backwards, and the first that is worth something is the one before
    the mistake. Nothing is taken for monotone.

    Args:
        episode: what went wrong.
        policy: who plays the branches; None: the oracle, which does what is left of the task's reference in one of
            its ways, and mends nothing.
        n: branches of a state, for a policy that draws at random.
        seed: of the policy.
        env: an environment of the episode's domain that scores correctness; None: one is made.

    Raises:
        CcgymError: correctness cannot be scored; or as `branch_out`.
    """
    if env is None:
        env = env_for(episode.begin, {SUCCESS: 1.0})
    own = episode.rewards.get(SUCCESS)
    if own == 1:
        return Blame(None, None, "", (), None, None, succeeded=True)
    last = episode.steps
    after: Worth | None = None
    if episode.end is not None:
        why = next((e.explanation for e in episode.of(RewardEvent) if e.name == SUCCESS), "")
        after, last = Worth(last, 0.0, None, why or f"ended by {episode.end.reason}"), last - 1
    for step in range(last, -1, -1):
        before = _by_oracle(episode, step, env) if policy is None else _by_policy(episode, step, policy, n, seed, env)
        if before.success > 0:
            if after is None:
                return Blame(None, None, "", (), before, None)
            number, text = _turn(episode, step + 1)
            return Blame(step + 1, number, text, tuple(_broke(episode, step + 1)), before, after)
        after = before
    return Blame(None, None, "", (), after, after)


def _turn(episode: Episode, step: int) -> tuple[int | None, str]:
    """Number and text of the agent's turn at a step; of one that never came, the failure of its policy."""
    for event in episode.events:
        if event.step == step and type(event) is Message and event.role == "assistant":
            return event.n, event.content
        if event.step == step and type(event) is ErrorEvent:
            return event.n, f"{event.code}: {event.message}"
    return None, ""


def _by_oracle(episode: Episode, step: int, env: CcgymEnv) -> Worth:
    """What a state is worth to the oracle, which tries each way to go on until one succeeds."""
    (branch,) = branch_out(episode, step, policy="oracle", env=env).episodes
    return Worth(step, 1.0, None, "") if _succeeded(branch) else Worth(step, 0.0, None, _why(branch))


def _by_policy(episode: Episode, step: int, policy: Policy | str, n: int, seed: int, env: CcgymEnv) -> Worth:
    """What a state is worth to a policy: the share of its branches that succeed."""
    branches = branch_out(episode, step, n, policy=policy, seed=seed, env=env)
    good = [_succeeded(branch) for branch in branches.episodes]
    why = next((_why(branch) for branch, fine in zip(branches.episodes, good, strict=True) if not fine), "")
    return Worth(step, sum(good) / n, branches.interval, why)


def _succeeded(branch: Episode) -> bool:
    value = branch.rewards.get(SUCCESS)
    if value is None:
        raise CcgymError(
            f"{SUCCESS} cannot be scored ({_why(branch)})", fix="Blame needs a task whose success is known"
        )
    return value == 1


def _why(branch: Episode) -> str:
    return next((e.explanation for e in branch.of(RewardEvent) if e.name == SUCCESS), "it is not among the rewards")


def _broke(episode: Episode, step: int) -> list[str]:
    """What happened in a step that may be why, in the order in which it did."""
    found = []
    for event in episode.events:
        if event.step != step:
            continue
        match event:
            case RuleEvent(verdict="violated"):
                found.append(f"violated {told(event)}")
            case StateEvent():
                paths = ", ".join(op["path"] for op in event.patch or ()) or "the state"
                found.append(f"changed {paths}")
            case UserEvent(left=left) if left:
                found.append(f"the customer left: {left}")
            case LimitEvent():
                found.append(f"reached {event.name}")
            case ErrorEvent():
                found.append(f"{event.code}: {event.message}")
            case End():
                found.append(f"ended the talk: {event.reason}")
    return found


def told(event: RuleEvent) -> str:
    """A verdict in a few words: the clause, or what is asserted, and what was found."""
    cited = event.clause.get("heading") or event.clause.get("path") or event.clause.get("probe") or ""
    return ": ".join(filter(None, [str(cited), event.detail])) or event.kind
