"""Forking: go back to a step of an episode, change one thing, and go on from there as an episode of its own."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccgym.env import CcgymEnv
from ccgym.env.edits import Edits
from ccgym.errors import CcgymError, EpisodeError
from ccgym.evaluate import SUCCESS
from ccgym.log import GROUP, EpisodeWriter, append_index, episode_path
from ccgym.plugins import registry
from ccgym.replay.continuing import WAYS, Continuation
from ccgym.replay.playing import edits_of, env_for, play_again, recorded_turns
from ccgym.replay.resuming import ResumedCustomer
from ccgym.rollouts import make_policy
from ccgym.rollouts.turntaking import Turns
from ccgym.scoring import GroupScore
from ccgym.seeds import derive
from ccgym.turns import nfc, nfc_json
from ccgym.types import BranchEvent, Episode, GroupEvent, Policy, Request, RewardEvent, ToolEvent, Turn, UserEvent
from ccgym.users import is_live


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be otherwise in a branch."""

    results: Mapping[str, Any] = field(default_factory=dict)
    """Id of a call that was made before the fork, to the result that it gets in place of its own."""
    line: str | None = None
    """What the customer says in place of his last line before the fork; the talk then goes on."""
    patch: Sequence[dict[str, Any]] | None = None
    """JSON Patch for the state at the fork."""


NOTHING = Change()


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches of one state, and so what that state is worth to the policy that played on."""

    episodes: list[Episode]
    """One a branch."""
    success: float | None
    """Share of those that earned correctness 1; None where it was not scored."""
    interval: tuple[float, float] | None
    """Wilson's interval at 95 % for that share."""
    rewards: dict[str, float | None]
    """Reward to its mean."""
    path: Path | None = None
    """The log file, where one was written."""


def fork(
    episode: Episode, at: int, *, action: str | None = None, policy: Policy | str | None = None,
    change: Change = NOTHING, seed: int = 0, parent: str = "", env: CcgymEnv | None = None,
) -> Episode:  # fmt: skip
    """Go back to a step of an episode and go on from there in another way; `branch_out` has the arguments.

    Returns:
        The branch: scored, with a `branch` event that names its parent, and played again by `replay` as any episode.
    """
    return branch_out(
        episode, at, action=action, policy=policy, change=change, seed=seed, parent=parent, env=env
    ).episodes[0]


def branch_out(
    episode: Episode, at: int, n: int = 1, *, action: str | None = None, policy: Policy | str | None = None,
    change: Change = NOTHING, seed: int = 0, parent: str = "", env: CcgymEnv | None = None,
    out: str | Path | None = None,
) -> Branches:  # fmt: skip
    """Go on from the state after a step, `n` times, as one group of episodes.

    Args:
        episode: what to fork.
        at: the step after which it forks; 0 is before the agent's first turn.
        n: how many branches. Without a policy that draws at random they are all alike.
        action: the agent's next turn.
        policy: who plays then; `oracle` does what is left of the task's reference, in the first of its `WAYS` that
            succeeds. None: the recorded turns go on, after an action those behind the one that it replaces.
        change: what is otherwise at the fork.
        seed: of the policy.
        parent: `FILE#k` of the episode, for the record.
        env: an environment of the episode's domain; None: made from what its `begin` names.
        out: a run folder to write the branches to.

    Raises:
        EpisodeError: there is no such step, the state there is not the recorded one, or what is to be changed is not
            there. CcgymError: the domain or the policy does not exist, or nothing is left to be played.
    """
    if n < 1:
        raise CcgymError(f"{n} branches were asked for", fix="Ask for at least 1")
    base = env_for(episode.begin) if env is None else env
    rest = _rest(episode, at if action is None else at + 1)

    def play(player: Any) -> list[Episode]:
        named = "recorded" if player is None else player.name
        live = [_Live(*rebuild(episode, at, copy.copy(base), change, sample, parent, named)) for sample in range(n)]
        for branch in live:
            if action is not None:
                branch.take(Turn(action))
            for step in rest if player is None else ():
                branch.take(step)
        if player is not None:
            _play_on(live, player, seed)
        return [branch.env.episode for branch in live]

    if policy != "oracle":
        return _score(base, play(make_policy(policy) if isinstance(policy, str) else policy), out)
    ways = (play(Continuation(way)) for way in WAYS)
    first = next(ways)
    episodes = first if _succeeded(first) else next(filter(_succeeded, ways), first)
    return _score(base, episodes, out)


def _succeeded(episodes: list[Episode]) -> bool:
    return all(episode.rewards.get(SUCCESS) in (1, None) for episode in episodes)


def rebuild(
    episode: Episode, at: int, env: CcgymEnv, change: Change = NOTHING, sample: int = 0, parent: str = "",
    policy: str = "",
) -> tuple[CcgymEnv, str]:  # fmt: skip
    """Bring an environment to the state after a step of an episode, as a branch of it.

    Returns:
        The environment, whose episode ends with the `branch` event, and what the agent has to answer.

    Raises:
        EpisodeError: as `branch_out`.
    """
    if not 0 <= at <= episode.steps:
        raise EpisodeError(f"there is no step {at}", fix=f"The episode has the steps 0 to {episode.steps}")
    mark = _mark(episode, at, change, parent, policy)
    before = edits_of(episode, at)
    edits = Edits({**before.results, **mark.results}, {**before.lines, **mark.lines})
    options: dict[str, Any] = {"sample": sample, "edits": edits}
    env.policy = episode.begin.policy
    if is_live(episode.task.get("user", {}), registry().users):
        options["customer"] = ResumedCustomer(episode, at, change.line, env)
    observation = play_again(episode, env, options, at)
    _check(episode, env.episode, at)
    env.branch(mark)
    return env, observation


def _mark(episode: Episode, at: int, change: Change, parent: str, policy: str) -> BranchEvent:
    """The `branch` event. Edits of a parent that is a branch itself hold here too, where they lie before the fork."""
    calls = {call.id: call for call in episode.of(ToolEvent) if call.step <= at}
    said = [event.step for event in episode.of(UserEvent) if event.step <= at]
    results: dict[str, Any] = {}
    lines: dict[str, str] = {}
    for branch in episode.of(BranchEvent):
        if branch.at > at:
            results.update({id_: value for id_, value in branch.results.items() if id_ in calls})
            lines.update({step: line for step, line in branch.lines.items() if int(step) <= at})
    for id_, value in change.results.items():
        if id_ not in calls:
            told = ", ".join(f"{call.id} ({call.name})" for call in calls.values()) or "none"
            raise EpisodeError(f"no call {id_!r:.40} was made up to step {at}", fix=f"Calls up to there: {told}")
        try:
            results[id_] = nfc_json(value)
        except ValueError as error:
            raise EpisodeError(f"the result for {id_} is no JSON: {error}", fix="Give plain JSON") from None
    if change.line is not None:
        lines[str(said[-1])] = nfc(change.line)
    patch = None if change.patch is None else list(change.patch)
    return BranchEvent(
        episode=0, n=0, step=at, hash="", parent=parent, at=at, policy=policy, results=results, lines=lines,
        patch=patch,
    )  # fmt: skip


def _check(old: Episode, new: Episode, at: int) -> None:
    """Raise EpisodeError where the state after a step is not the recorded one."""
    recorded, found = _state_at(old, at), new.events[-1].hash
    if recorded == found and new.steps == at:
        return
    pairs = zip(old.events, new.events, strict=False)
    parted = next((a for a, b in pairs if a.hash != b.hash or type(a) is not type(b)), new.events[-1])
    kind = parted.__struct_config__.tag
    raise EpisodeError(
        f"the state after step {at} was {recorded[:12]}, and is {found[:12]} when it is rebuilt; "
        f"they part at event {parted.n} ({kind}, step {parted.step})",
        fix="`ccgym replay --verify` tells what has changed since it was recorded",
    )


def _state_at(episode: Episode, at: int) -> str:
    """The recorded hash of the state after a step."""
    return next(event.hash for event in reversed(episode.events) if event.step <= at)


def _rest(episode: Episode, at: int) -> list[Turn | ToolEvent]:
    """What was done after a step: the agent's turns, without their tokens, and the customer's own calls."""
    rest: list[Turn | ToolEvent] = []
    steps = 0
    for turn, between in recorded_turns(episode):
        steps += turn is not None
        if steps <= at:
            continue
        if turn is not None:
            rest.append(Turn(turn.text, error=turn.error, limit=turn.limit))
        elif isinstance(between, ToolEvent):
            rest.append(between)
    return rest


@dataclass(slots=True)
class _Live:
    """A branch that is being played."""

    env: CcgymEnv
    observation: str
    over: bool = False

    def take(self, turn: Turn | ToolEvent) -> None:
        """Play one turn, or a call of the customer's own, unless the episode is over."""
        if self.over:
            return
        if isinstance(turn, ToolEvent):
            self.env.user_call(turn.name, turn.arguments)
            return
        self.observation, _, terminated, truncated, _ = self.env.step(turn)
        self.over = terminated or truncated


def _play_on(live: list[_Live], policy: Any, seed: int) -> None:
    """Let a policy play branches to their ends, all together."""
    turns = Turns(policy)
    ready = [key for key, branch in enumerate(live) if not branch.over]
    left = len(ready)
    while left:
        turns.submit([_request(key, live[key], seed) for key in ready])
        ready = []
        for key, turn in turns.collect():
            live[key].take(turn)
            if live[key].over:
                turns.close(key)
                left -= 1
            else:
                ready.append(key)


def _request(key: int, branch: _Live, seed: int) -> Request:
    env = branch.env
    turn = derive(seed, env.task.id, env.episode.begin.sample, env.episode.steps)
    return Request(key, env, branch.observation, turn)


def _score(env: CcgymEnv, episodes: list[Episode], out: str | Path | None) -> Branches:
    """Score the group where all its members have ended, write it, and sum it up."""
    group = env.scorer.score_group(episodes) if all(episode.end is not None for episode in episodes) else None
    for episode, scored in zip(episodes, group.events, strict=True) if group is not None else ():
        for result in scored:
            episode.events.append(result.after(episode.events[-1]))
    path = None if out is None else _write(Path(out), episodes, group)
    names = dict.fromkeys(event.name for episode in episodes for event in episode.of(RewardEvent))
    means = {name: _mean([episode.rewards.get(name) for episode in episodes]) for name in names}
    scored_ones = [value for episode in episodes if (value := episode.rewards.get(SUCCESS)) is not None]
    if not scored_ones:
        return Branches(episodes, None, None, means, path)
    good = sum(value == 1 for value in scored_ones)
    return Branches(episodes, good / len(scored_ones), wilson(good, len(scored_ones)), means, path)


def _write(root: Path, episodes: list[Episode], group: GroupScore | None) -> Path:
    number = 0
    while (path := episode_path(root, "fork", 0, f"{number:04d}")).exists():
        number += 1
    with EpisodeWriter(path) as writer:
        for episode in episodes:
            writer.write(episode.events)
        if group is not None:
            writer.write([GroupEvent(episode=GROUP, n=0, step=0, hash="", **group.fields())])
    append_index(root, path, episodes)
    return path


def wilson(good: int, n: int) -> tuple[float, float]:
    """Wilson's score interval at 95 % for a share of `good` among `n`.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).
    """
    z, share = 1.959964, good / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
