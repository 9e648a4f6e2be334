"""Scoring steps and episodes with weighted rewards. A reward that fails is a failure of the reward, never a score."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ccgym.errors import ConfigError, RewardError
from ccgym.plugins import Registry, RewardMark, did_you_mean, load_plugins, reward_mark
from ccgym.scoring.group import combine
from ccgym.scoring.guard import Guard, check_result
from ccgym.scoring.scored import NO_PARTS, GroupScore, Scored, Status
from ccgym.scoring.strangers import copy_of, origin
from ccgym.scoring.watchdog import watchdog
from ccgym.types import FAILURES, End, Episode, RewardEvent, RewardResult, RuleEvent

RewardLike = Any
"""A reward by its registered name, as a class under `@reward`, or as an instance of one."""


class _Column(NamedTuple):
    name: str
    method: Callable[..., Any]
    mark: RewardMark
    weight: float
    owner: str
    """Where it comes from, as an error names it; "" for a reward of ccgym's own distribution, which is trusted with the
    episode itself. Any other gets a copy."""
    epitaph: bytes = b""
    """What the watchdog says where it hangs; only for the reward of an installed plugin."""

    def ask(self, guard: Guard, *arguments: Any) -> Any:
        """What it returns. Raises RewardError."""
        if self.epitaph and (dog := watchdog()) is not None:
            with dog.over(self.epitaph, self.mark.seconds):
                return guard.call(self.method, self.mark.seconds, *arguments)
        return guard.call(self.method, self.mark.seconds, *arguments, trusted=not self.owner)


class Scorer:
    """Rewards with their weights and gates: made once, used for any number of episodes, in any order.

    Args:
        weights: reward to weight. A reward of weight 0 is computed and shown, and pays nothing.
        gates: reward to the reward that multiplies it, such as `{"style": "correctness"}`.
        registry: where names are looked up; the loaded plugins by default.
        domain: what rewards are prepared on, where they have a `prepare`.

    Raises:
        PluginError: nobody has registered a reward of that name.
        ConfigError: a weight is no finite number, or a gate names a reward that is not among the weights.
        RewardError: a reward cannot be made or prepared.
    """

    def __init__(
        self,
        weights: Mapping[RewardLike, float],
        gates: Mapping[str, str] | None = None,
        registry: Registry | None = None,
        domain: Any = None,
    ) -> None:
        self.weights: dict[str, float] = {}
        """Reward name to weight, in the order given."""
        self.gates = dict(gates or {})
        self.fitted: dict[str, str] = {}
        """Reward name to the digest of what it fitted on the domain."""
        columns = []
        for like, weight in weights.items():
            reward = _instance(like, registry)
            mark = reward_mark(reward)
            if mark.name in self.weights:
                raise ConfigError(f"the reward {mark.name!r} is given twice", fix="Give it one weight")
            self.weights[mark.name] = _weight(mark.name, weight)
            self._prepare(mark.name, reward, domain)
            method = getattr(reward, f"score_{mark.scope}")
            columns.append(_Column(mark.name, method, mark, self.weights[mark.name], *origin(reward, registry)))
        for gated, gate in self.gates.items():
            for name in (gated, gate):
                if name not in self.weights:
                    raise ConfigError(
                        f"{name!r} is not among the rewards", where=f"gate {gated}: {gate}",
                        fix=f"A weight of 0 computes it without paying. {did_you_mean(name, self.weights)}",
                    )  # fmt: skip
            if self.gates.get(gate):
                raise ConfigError(f"the gate {gate!r} is gated itself", where=f"gate {gated}: {gate}")
        self.ranges = {column.name: column.mark.range for column in columns}
        """Reward name to the lowest and highest value that it may return (of a step, for a step reward)."""
        self._sort(columns)

    def _sort(self, columns: list[_Column]) -> None:
        self._columns = columns
        self._each = [column for column in columns if column.mark.scope != "group"]
        self._steps = [column for column in columns if column.mark.scope == "step"]
        self._groups = [column for column in columns if column.mark.scope == "group"]

    def weighing(self, weights: Mapping[str, float]) -> Scorer:
        """The same rewards, made and prepared once, with other weights.

        Args:
            weights: reward to weight; a reward that is left out keeps its own.

        Raises:
            ConfigError: a weight is no finite number, or its reward is not among these.
        """
        for name in weights:
            if name not in self.weights:
                raise ConfigError(f"{name!r} is not among the rewards", fix=did_you_mean(name, self.weights))
        other = copy.copy(self)
        other.weights = {name: _weight(name, weights.get(name, own)) for name, own in self.weights.items()}
        other._sort([column._replace(weight=other.weights[column.name]) for column in self._columns])
        return other

    @property
    def stepwise(self) -> bool:
        """Whether any reward scores steps."""
        return bool(self._steps)

    @property
    def grouped(self) -> tuple[str, ...]:
        """Names of the rewards that only a group has."""
        return tuple(column.name for column in self._groups)

    def score_step(self, episode: Episode, step: int) -> list[Scored]:
        """The step rewards of one step (from 1), given the episode up to and with it."""
        if not self._steps:
            return []
        with Guard() as guard:
            return [_score(guard, column, episode, step) for column in self._steps]

    def score_episode(self, episode: Episode, said: Mapping[str, RewardEvent] | None = None) -> list[Scored]:
        """All rewards of an ended episode but the group's, in the order of the weights.

        The value of a step reward is the sum of its steps, each scored on the episode as it was then.

        Args:
            episode: what to score.
            said: reward to what it said of this very episode before. It stands for those rewards that are `live`.
        """
        with Guard() as guard:
            return self._score_each(guard, episode, said)

    def _score_each(
        self, guard: Guard, episode: Episode, said: Mapping[str, RewardEvent] | None = None
    ) -> list[Scored]:
        return [
            _recorded(column, said[column.name])
            if said and column.name in said and _is_live(column, episode)
            else _score(guard, column, episode)
            if column.mark.scope == "episode"
            else _sum(guard, column, episode)
            for column in self._each
        ]

    def total(self, scored: Iterable[Scored]) -> float:
        """What the end of an episode pays: the weighted episode rewards, gated; steps were paid as they happened.

        What has no value pays nothing, and neither does what its gate leaves unknown.
        """
        by_name = {result.name: result for result in scored}
        total = 0.0
        for result in by_name.values():
            if result.value is None or result.stepwise:
                continue
            factor: float | None = 1.0
            if gate := by_name.get(self.gates.get(result.name, "")):
                factor = 1.0 if gate.status == "not_applicable" else gate.value
            total += result.weight * result.value * (factor or 0.0)
        return total

    def score_group(self, episodes: Sequence[Episode], *, rescore: bool = False) -> GroupScore:
        """Score a group: its members (read from their `reward` events unless `rescore`), then the group rewards.

        Members that a reward failed for, or that the environment or the policy failed, leave before the group rewards
        are computed. Group rewards find what the other rewards said in each member's `rewards`.
        """
        with Guard() as guard:
            return self._score_group(guard, episodes, rescore)

    def _score_group(self, guard: Guard, episodes: Sequence[Episode], rescore: bool) -> GroupScore:
        scores, members = [], []
        for episode in episodes:
            scored = None if rescore else self._recorded(episode)
            if scored is None:
                scored = self._score_each(guard, episode)
                episode = with_rewards(episode, scored)
            scores.append(scored)
            members.append(episode)
        needed = {name for name, weight in self.weights.items() if weight} | set(self.gates.values())
        dropped = {}
        for index, (scored, episode) in enumerate(zip(scores, episodes, strict=True)):
            if reason := _reason(scored, needed) or _failure(episode):
                dropped[index] = reason
        left = [index for index in range(len(members)) if index not in dropped]
        events: list[list[Scored]] = [[] for _ in members]
        for column in self._groups:
            results = _score_members(guard, column, [members[index] for index in left])
            for index, reason in dropped.items():
                text = f"left the group: {reason}"
                events[index].append(Scored(column.name, None, "unscored", column.weight, text))
            for index, result in zip(left, results, strict=True):
                events[index].append(result)
        for index in left:
            if reason := _reason(events[index], needed):
                dropped[index] = reason
        scores = [[*scored, *more] for scored, more in zip(scores, events, strict=True)]
        return combine(scores, events, dict(sorted(dropped.items())), self.weights, self.gates)

    def _prepare(self, name: str, reward: Any, domain: Any) -> None:
        prepare = getattr(reward, "prepare", None)
        if prepare is None or domain is None:
            return
        try:
            digest = prepare(domain)
        except Exception as error:  # a stranger's code: named, and carried as the cause
            message = f"cannot be prepared on {domain.name} ({type(error).__name__}: {error})"
            raise RewardError(message, where=f"reward {name!r}") from error
        if digest is not None:
            self.fitted[name] = str(digest)

    def _recorded(self, episode: Episode) -> list[Scored] | None:
        """The scores that stand in the episode's log, or None where one is missing."""
        found = {event.name: event for event in episode.of(RewardEvent)}
        if not all(column.name in found for column in self._each):
            return None
        return [_recorded(column, found[column.name]) for column in self._each]


def gates_among(gates: Mapping[str, str], weights: Mapping[str, float]) -> dict[str, str]:
    """A domain's gates for weights that are not its own: only those whose rewards are both among them."""
    return {gated: gate for gated, gate in gates.items() if gated in weights and gate in weights}


def without_rewards(episode: Episode, keep: Collection[str] = ()) -> Episode:
    """The same episode as it was before it was scored, but for the rewards to `keep`."""
    return Episode([event for event in episode.events if type(event) is not RewardEvent or event.name in keep])


def with_rewards(episode: Episode, scored: Iterable[Scored]) -> Episode:
    """The same episode with these rewards in place of those it has."""
    events = [event for event in episode.events if type(event) is not RewardEvent]
    if not events:
        return Episode(events)
    found, last = Episode(events), events[-1]
    if len(events) == len(episode.events):  # what was read out of these events need not be read again
        found.__dict__.update(episode.__dict__)
    for result in scored:
        last = result.after(last)
        events.append(last)
    return found


def _weight(name: str, weight: Any) -> float:
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight):
        raise ConfigError(f"{weight!r} is no weight", where=f"reward {name!r}", fix="Give a finite number")
    return float(weight)


def _instance(like: RewardLike, registry: Registry | None) -> Any:
    if isinstance(like, str):
        like = (registry or load_plugins()).require("reward", like)
    if not isinstance(like, type):
        return like
    try:
        return like()
    except Exception as error:  # a stranger's code: named, and carried as the cause
        message = f"cannot be made ({type(error).__name__}: {error})"
        raise RewardError(message, where=f"reward {reward_mark(like).name!r}") from error


def _recorded(column: _Column, event: RewardEvent) -> Scored:
    return Scored(
        event.name, event.value, event.status, column.weight, event.explanation, tuple(event.evidence), event.parts,
        column.mark.scope == "step",
    )  # fmt: skip


def _is_live(column: _Column, episode: Episode) -> bool:
    """Whether a reward says of itself, by `live` (True, or a method of the episode), that it asks somebody else."""
    live = getattr(getattr(column.method, "__self__", None), "live", False)
    return bool(live(episode) if callable(live) else live)


def _score(guard: Guard, column: _Column, episode: Episode, *step: int) -> Scored:
    try:
        seen = copy_of(episode) if column.owner else episode
        result = check_result(column.ask(guard, seen, *step), column.mark.range)
    except RewardError as error:
        return _failed(column, error)
    return _scored(column, result)


def _scored(column: _Column, result: RewardResult | None) -> Scored:
    stepwise = column.mark.scope == "step"
    if result is None:
        return Scored(column.name, None, "not_applicable", column.weight, stepwise=stepwise)
    status: Status = "unscored" if result.value is None else "ok"
    return Scored(
        column.name, result.value, status, column.weight, result.explanation, result.evidence, result.parts, stepwise
    )


def _failed(column: _Column, error: RewardError) -> Scored:
    text = f"the reward {error}" + (f" ({column.owner})" if column.owner else "")
    return Scored(column.name, None, "failed", column.weight, text[:500], (), NO_PARTS, column.mark.scope == "step")


def _sum(guard: Guard, column: _Column, episode: Episode) -> Scored:
    """A step reward over an episode: the sum of the steps it applies to; failed or unscored if any step is."""
    scored = []
    for step, seen in prefixes(episode):
        result = _score(guard, column, seen, step)
        if result.status in ("failed", "unscored"):
            return result._replace(explanation=f"step {step}: {result.explanation}")
        if result.value is not None:
            scored.append((step, result))
    if not scored:
        return Scored(column.name, None, "not_applicable", column.weight, stepwise=True)
    evidence = tuple(number for _, result in scored for number in result.evidence)
    text = "; ".join(f"step {step}: {result.explanation}" for step, result in scored if result.explanation)
    value = math.fsum(result.value for _, result in scored if result.value is not None)
    return Scored(column.name, value, "ok", column.weight, text, evidence, NO_PARTS, True)


def prefixes(episode: Episode) -> Iterator[tuple[int, Episode]]:
    """Each step with the episode as it stood when the step was scored: without what came later, or at the end."""
    events = episode.events
    end = next((index for index, event in enumerate(events) if type(event) is End), len(events))
    while end and type(events[end - 1]) is RuleEvent and events[end - 1].kind == "assert":
        end -= 1
    for index in range(end):
        step = events[index].step
        if step > 0 and (index + 1 == end or events[index + 1].step != step):
            yield step, Episode(events[: index + 1])


def _score_members(guard: Guard, column: _Column, members: list[Episode]) -> list[Scored]:
    """A group reward: one result a member. One that fails as a whole fails for every member."""
    if not members:
        return []
    try:
        seen = [copy_of(member) for member in members] if column.owner else members
        results = column.ask(guard, seen)
        if not isinstance(results, list | tuple) or len(results) != len(members):
            found = f"{len(results)} results" if isinstance(results, list | tuple) else type(results).__name__
            raise RewardError(f"returned {found} for {len(members)} members")
    except RewardError as error:
        return [_failed(column, error)] * len(members)
    scored = []
    for result in results:
        try:
            scored.append(_scored(column, check_result(result, column.mark.range)))
        except RewardError as error:
            scored.append(_failed(column, error))
    return scored


def _reason(scored: Iterable[Scored], needed: set[str]) -> str | None:
    """Why a member cannot stay in its group, or None."""
    for result in scored:
        if result.status == "failed" or (result.status == "unscored" and result.name in needed):
            return f"{result.name} {result.status}: {result.explanation}"
    return None


def _failure(episode: Episode) -> str | None:
    """What failed that was not the agent, or None."""
    end = episode.end
    return f"ended by {end.reason}" if end is not None and end.reason in FAILURES else None
