"""Rescoring: the rewards and advantages of recorded episodes computed anew, group by group."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ccgym.domain import Domain
from ccgym.env import find_domain
from ccgym.errors import CcgymError, ConfigError
from ccgym.log import GROUP, EpisodeWriter, GroupLog, append_index
from ccgym.plugins import registry, reward
from ccgym.scoring import GroupScore, Scorer, with_rewards, without_rewards
from ccgym.types import Begin, Episode, GroupEvent, RewardEvent, RewardResult

_LIMIT = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Rescored:
    """One group, scored anew. Lists hold one entry for each member, in the order of `numbers`."""

    log: GroupLog
    numbers: list[int]
    """Numbers of the episodes in their file."""
    recorded: list[dict[str, RewardEvent]]
    """Reward name to what the log says of it."""
    score: GroupScore
    scorer: Scorer

    @property
    def group(self) -> GroupEvent | None:
        """What the log says of the group."""
        return self.log.group

    def name(self, index: int) -> str:
        """`FILE#k` of a member."""
        return f"{self.log.path}#{self.numbers[index]}"


@dataclass(slots=True)
class Rescorer:
    """Scores recorded groups with the weights and gates that stood in each, and with what is asked besides.

    Attributes:
        weights: reward to weight: added to the recorded ones, or in place of one of them.
        env: id or folder of the domain that rewards are prepared on; None: the one that each episode names.
        notices: what differs between the installation that scored the episodes and this one, each once.
        unfinished: groups that were passed over, because one of their episodes has not ended.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    env: str | None = None
    notices: list[str] = field(default_factory=list)
    unfinished: int = 0
    _domains: dict[str, Domain | CcgymError] = field(default_factory=dict)
    _scorers: dict[Any, Scorer] = field(default_factory=dict)
    _seen: set[Any] = field(default_factory=set)

    def rescore(self, log: GroupLog) -> list[Rescored]:
        """Score the groups of one file, which is not touched. One with an episode that has not ended is passed over.

        Raises:
            ConfigError: a reward needs the domain, which cannot be found.
            PluginError, RewardError: a reward that is asked for does not exist, or cannot be made or prepared.
        """
        groups = log.groups()
        ended = [group for group in groups if all(log.episodes[number].end for number in group)]
        self.unfinished += len(groups) - len(ended)
        return [self._group(log, numbers) for numbers in ended]

    def _group(self, log: GroupLog, numbers: list[int]) -> Rescored:
        members = [log.episodes[number] for number in numbers]
        recorded = [{event.name: event for event in episode.of(RewardEvent)} for episode in members]
        scorer = self._scorer(log, members, recorded)
        standing = _standing(scorer.weights)
        bare = [without_rewards(episode, standing) for episode in members]
        return Rescored(log, numbers, recorded, scorer.score_group(bare, rescore=True), scorer)

    def _scorer(self, log: GroupLog, members: list[Episode], recorded: list[dict[str, RewardEvent]]) -> Scorer:
        """The rewards of a group, prepared once for all groups of its domain, with the group's own weights."""
        begin = next((e.begin for e in members if e.begin.options.get("weights")), members[0].begin)
        stood = begin.options.get("weights") or {name: e.weight for name, e in recorded[0].items()}
        weights, gates = {**stood, **self.weights}, begin.options.get("gates") or {}
        env = self.env or begin.env
        key = (env, tuple(weights), tuple(gates.items()))
        found = self._scorers.get(key)
        if found is None:
            domain = self._domain(env, begin, weights, str(log.path))
            likes = {_standing_reward(name) if name in _standing(weights) else name: w for name, w in weights.items()}
            found = self._scorers[key] = Scorer(likes, gates, domain=domain)
        self._compare(begin, found, stood)
        return found if found.weights == weights else found.weighing(weights)

    def _domain(self, env: str, begin: Begin, weights: Collection[str], where: str) -> Domain | None:
        """The domain that episodes were played in; None where it cannot be found and no reward asks for it."""
        known = registry().rewards
        if not any(hasattr(known.get(name), "prepare") for name in weights):
            return None
        if env not in self._domains:
            try:
                self._domains[env] = find_domain(env)
            except CcgymError as error:
                self._domains[env] = error
        found = self._domains[env]
        if isinstance(found, CcgymError):
            needs = " and ".join(name for name in weights if hasattr(known.get(name), "prepare"))
            raise ConfigError(
                f"{needs} must be prepared on the domain, and {env!r} cannot be found ({found.message})", where=where,
                fix="Install the package that has it, or name the domain with --env",
            ) from found  # fmt: skip
        if found.name != begin.domain["name"]:
            raise ConfigError(
                f"the episodes are of the domain {begin.domain['name']}, and {env} is {found.name}", where=where,
                fix="Name the episodes' own domain with --env",
            )  # fmt: skip
        return found

    def _compare(self, begin: Begin, scorer: Scorer, stood: Collection[str]) -> None:
        """Note what is not as it was when these episodes were scored."""
        plugins = ((name, plugin["digest"]) for name, plugin in begin.plugins.items())
        key = (begin.domain["digest"], *begin.fitted.items(), *plugins, *stood)
        if key in self._seen:
            return
        self._seen.add(key)
        domain = self._domains.get(self.env or begin.env)
        if isinstance(domain, Domain):
            self._note(f"domain {domain.name}", begin.domain, {"version": domain.version, "digest": domain.digest})
        now = registry().provenance([("reward", name) for name in stood])
        for name, plugin in now.items():
            self._note(f"plugin {name}", begin.plugins.get(name, {}), plugin)
        for name in sorted({*begin.fitted, *scorer.fitted} & {*stood}):
            fitted = [
                {"digest": digest} if digest else {} for digest in (f.get(name) for f in (begin.fitted, scorer.fitted))
            ]
            self._note(f"what the reward {name} was fitted on", *fitted)
        for name in _standing(stood):
            self._say(f"nobody registers the reward {name}: its recorded values stand")

    def _note(self, what: str, was: Mapping[str, str], now: Mapping[str, str]) -> None:
        if was.get("digest") != now.get("digest"):
            self._say(f"{what} differs: recorded {_digest(was)}, now {_digest(now)}")

    def _say(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)


def write_rescored(groups: Sequence[Rescored], path: Path, root: Path) -> None:
    """Write the groups of a file anew, as if these rewards had scored them; the index of `root` gets their lines.

    What scored it stands in each `begin`: weights, gates, fitted digests and plugins. All else is as recorded.
    """
    members = [episode for group in groups for episode in _members(group)]
    with EpisodeWriter(path) as log:
        for episode in members:
            log.write(episode.events)
        if len(groups) == 1:
            log.write([GroupEvent(episode=GROUP, n=0, step=0, hash="", **groups[0].score.fields())])
    append_index(root, path, members)


def _members(group: Rescored) -> Iterator[Episode]:
    scorer = group.scorer
    plugins = registry().provenance([("reward", name) for name in scorer.weights])
    for number, scored in zip(group.numbers, group.score.scores, strict=True):
        episode = with_rewards(group.log.episodes[number], scored)
        begin = episode.begin
        options = {**begin.options, "weights": scorer.weights, "gates": scorer.gates}
        episode.events[0] = msgspec.structs.replace(
            begin, options=options, fitted=scorer.fitted, plugins={**begin.plugins, **plugins}
        )
        yield episode


def _standing(names: Collection[str]) -> set[str]:
    """Those of some rewards that nobody registers."""
    return {name for name in names if name not in registry().rewards}


def _standing_reward(name: str) -> Any:
    """A reward that says again what the log says."""

    class Standing:
        def score_episode(self, episode: Episode) -> RewardResult | None:
            event = next((event for event in episode.of(RewardEvent) if event.name == name), None)
            if event is None or event.status == "not_applicable":
                return None
            if event.status == "failed":
                raise ValueError(event.explanation)
            return RewardResult(event.value, event.explanation, tuple(event.evidence), event.parts)

    Standing.name = name  # type: ignore[attr-defined]
    return reward(range=(-_LIMIT, _LIMIT))(Standing)


def _digest(facts: Mapping[str, str]) -> str:
    if not facts.get("digest"):
        return "none"
    return f"{facts['version']} ({facts['digest'][:12]})" if "version" in facts else facts["digest"][:12]
