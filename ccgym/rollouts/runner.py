"""The episode runner: many episodes at once, any policy, no trainer.

All episodes that wait for their next turn are answered by the policy in one call, and each is stepped on. Plain tools
run inline; a tool declared blocking runs in a thread, and its episode sits out until it has answered. One bad rollout
is data: a policy that fails ends its episode with `policy_error`, an environment that fails with `env_error`.
"""

from __future__ import annotations

import copy
import gc
import logging
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import ccgym
from ccgym.domain import Domain, Task
from ccgym.env import CcgymEnv, make
from ccgym.env.env import Job, Outcome, run_job
from ccgym.errors import CcgymError
from ccgym.log import FLUSH_SECONDS, GROUP, EpisodeWriter, append_index, episode_path
from ccgym.plugins import registry
from ccgym.rollouts.policies import make_policy
from ccgym.rollouts.turntaking import Turns
from ccgym.scoring import GroupScore, Scorer
from ccgym.seeds import derive
from ccgym.turns import nfc
from ccgym.types import (
    SCHEMA_VERSION,
    Begin,
    End,
    Episode,
    ErrorEvent,
    GroupEvent,
    Policy,
    Request,
    RewardEvent,
    Turn,
)

_log = logging.getLogger("ccgym")
TaskLike = str | Task | Mapping[str, Any]
Play = Generator[Job, Outcome, Any]
_COLLECT_AFTER = 50_000
"""New objects between two collections while episodes are played."""


@dataclass(slots=True)
class Group:
    """The episodes of one task, all ended and scored."""

    index: int
    """Place of the task among those given."""
    task: Task
    episodes: list[Episode]
    """In the order of their samples."""
    score: GroupScore
    event: GroupEvent
    path: Path | None = None
    """The log file, where one was written."""


def rollout(
    env: CcgymEnv | Domain | str | os.PathLike[str],
    policy: Policy | str,
    tasks: Iterable[TaskLike],
    group: int = 1,
    *,
    seed: int = 0,
    batch: int = 64,
    scorer: Scorer | None = None,
    out: str | os.PathLike[str] | None = None,
    stage: str = "rollout",
    number: int = 0,
) -> list[Episode]:
    """Play every task `group` times and return the scored episodes: by task, then by sample.

    What a scripted policy gets does not depend on `batch` or on the other tasks.

    Args:
        env: an environment, a Domain, an id or a folder. An environment given is copied, not played in.
        policy: a policy, or a name that `make_policy` knows.
        tasks: tasks, ids of tasks, or tasks as JSON.
        group: episodes of each task; they share task, seed and initial state.
        seed: of the run. Episode seeds and the seed of each turn derive from it.
        batch: how many episodes live at once.
        scorer: rewards to score with; None: the environment's.
        out: a run directory: a group a file under `episodes/<stage>/`, and a line an episode in `index.jsonl`.
        stage: names the folder of the files.
        number: number of the rollout, the first part of the files' names.

    Raises:
        CcgymError: no such environment, policy or task.
    """
    groups = sorted(
        iter_groups(
            env, policy, tasks, group, seed=seed, batch=batch, scorer=scorer, out=out, stage=stage, number=number
        ),
        key=lambda done: done.index,
    )
    return [episode for done in groups for episode in done.episodes]


def iter_groups(
    env: CcgymEnv | Domain | str | os.PathLike[str],
    policy: Policy | str,
    tasks: Iterable[TaskLike],
    group: int = 1,
    *,
    seed: int = 0,
    batch: int = 64,
    scorer: Scorer | None = None,
    out: str | os.PathLike[str] | None = None,
    stage: str = "rollout",
    number: int = 0,
) -> Iterator[Group]:
    """`rollout` as a generator: yields each group when its last episode has ended, in order of ending."""
    if group < 1 or batch < 1:
        raise CcgymError(f"group is {group} and batch is {batch}", fix="Both are at least 1")
    if isinstance(policy, str):
        policy = make_policy(policy)
    base = _copy_of(env)
    base.policy, base.sink = policy.name, None
    if scorer is not None:
        base.scorer = scorer
    wanted = [base.domain.task(dict(task) if isinstance(task, Mapping) else task) for task in tasks]
    files = _Files(Path(out), stage, number) if out is not None else None
    runner = _Runner(base, Turns(policy), seed, batch, files)
    try:
        with rare_collections():
            yield from runner.run(wanted, group)
    finally:
        runner.close()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Let the garbage collector run less often: episodes are data without cycles, and it took a fifth of the time.

    What lives on at the end counts as old at once, which spares it a last look.
    """
    youngest, *older = gc.get_threshold()
    gc.set_threshold(max(youngest, _COLLECT_AFTER) if youngest else 0, *older)
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        gc.set_threshold(youngest, *older)


def _copy_of(env: Any) -> CcgymEnv:
    """An environment to play in: the one given is left alone, under whatever wrappers it stands."""
    env = getattr(env, "unwrapped", env)
    return copy.copy(env) if isinstance(env, CcgymEnv) else make(env)


@dataclass(frozen=True, slots=True)
class _Files:
    root: Path
    stage: str
    number: int

    def open(self, index: int) -> EpisodeWriter:
        return EpisodeWriter(episode_path(self.root, self.stage, self.number, f"{index:04d}"))


@dataclass(slots=True)
class _Open:
    """A group with episodes still to end."""

    index: int
    task: Task
    members: list[Episode | None]
    writer: EpisodeWriter | None


@dataclass(slots=True)
class _Live:
    """One episode that is being played."""

    key: int
    env: CcgymEnv
    group: _Open
    sample: int
    observation: str = ""
    written: int = 0
    """How many of its events are in the file."""
    play: Play | None = None


@dataclass(slots=True)
class _Runner:
    base: CcgymEnv
    turns: Turns
    seed: int
    batch: int
    files: _Files | None
    live: dict[int, _Live] = field(default_factory=dict)
    idle: list[CcgymEnv] = field(default_factory=list)
    answers: queue.SimpleQueue[tuple[_Live, Outcome]] = field(default_factory=queue.SimpleQueue)
    waiting: int = 0
    """Episodes whose blocking call has not answered yet."""
    ready: list[_Live] = field(default_factory=list)
    done: deque[Group] = field(default_factory=deque)
    keys: Iterator[int] = field(default_factory=count)
    opened: dict[int, _Open] = field(default_factory=dict)

    def run(self, tasks: list[Task], size: int) -> Iterator[Group]:
        """Play all, and yield the groups as they end."""
        queued = ((index, task, sample) for index, task in enumerate(tasks) for sample in range(size))
        more = True
        while True:
            while more and len(self.live) < self.batch:
                following = next(queued, None)
                if following is None:
                    more = False
                else:
                    self._begin(*following, size)
            while self.done:
                yield self.done.popleft()
            if not self.live:
                if more:
                    continue
                return
            started = time.monotonic()
            self._round()
            if time.monotonic() - started > FLUSH_SECONDS:  # a slow policy: whoever reads along sees every turn
                for group in self.opened.values():
                    if group.writer is not None:
                        group.writer.flush()

    def close(self) -> None:
        """Close what an abandoned rollout leaves open."""
        for live in self.live.values():
            self.turns.close(live.key)
        for group in self.opened.values():
            if group.writer is not None:
                group.writer.close()

    # ---- a round

    def _round(self) -> None:
        """Ask for the turns of all episodes that are ready; step on those whose turns or blocking calls are there."""
        if self.ready:
            self.turns.submit([self._request(live) for live in self.ready])
            self.ready = []
        for key, turn in self.turns.collect():
            self._go_on(self.live[key], turn)
        block = not self.ready and not self.turns.asked and self.waiting > 0
        while self.waiting and (block or not self.answers.empty()):
            live, outcome = self.answers.get()
            self.waiting -= 1
            block = False
            self._go_on(live, outcome)

    def _request(self, live: _Live) -> Request:
        env = live.env
        seed = derive(self.seed, live.group.task.id, live.sample, env.episode.steps)
        return Request(live.key, env, live.observation, seed)

    def _go_on(self, live: _Live, given: Turn | Outcome) -> None:
        """Step on, from a turn or from a call's outcome, to the end of the turn or to a call that blocks."""
        try:
            if isinstance(given, Outcome):
                assert live.play is not None
                job = live.play.send(given)
            else:
                live.play = live.env.play(given)
                job = next(live.play)
        except StopIteration as stop:
            live.play = None
            observation, _, terminated, truncated, _ = stop.value
            live.observation = observation
            self._write(live)
            if terminated or truncated:
                self._end(live)
            else:
                self.ready.append(live)
        except Exception as error:  # one bad rollout is data: it ends, the others go on
            self._fail(live, error)
        else:
            self._write(live)
            self.waiting += 1
            threading.Thread(target=self._run_job, args=(live, job), daemon=True).start()

    def _run_job(self, live: _Live, job: Job) -> None:
        self.answers.put((live, run_job(job)))

    # ---- an episode's life

    def _begin(self, index: int, task: Task, sample: int, size: int) -> None:
        group = self.opened.get(index)
        if group is None:
            writer = self.files.open(index) if self.files else None
            group = self.opened[index] = _Open(index, task, [None] * size, writer)
        env = self.idle.pop() if self.idle else copy.copy(self.base)
        env.episode = Episode()
        live = _Live(next(self.keys), env, group, sample)
        self.live[live.key] = live
        try:
            live.observation, _ = env.reset(options={"task": task, "seed": self.seed, "sample": sample})
        except Exception as error:  # as above; a task that cannot begin is an episode of its own
            self._fail(live, error)
        else:
            self._write(live)
            self.ready.append(live)

    def _fail(self, live: _Live, error: Exception) -> None:
        """End an episode whose environment has failed, in the environment's place."""
        _log.warning("episode of task %s failed", live.group.task.id, exc_info=error)
        env, episode = live.env, live.env.episode
        if not episode.events or not isinstance(episode.events[0], Begin):
            episode = env.episode = Episode([self._bare_begin(live)])
        if episode.end is None:
            _append(episode, ErrorEvent, code="env_error", message=nfc(f"{type(error).__name__}: {error}"[:500]))
            _append(episode, End, reason="env_error")
        recorded = {event.name for event in episode.of(RewardEvent)}
        for scored in env.scorer.score_episode(episode):
            if scored.name not in recorded:
                episode.events.append(scored.after(episode.events[-1]))
        self._write(live)
        # The environment may be in any state: another one takes its place.
        live.env = copy.copy(self.base)
        live.env.episode = episode
        self._end(live)

    def _bare_begin(self, live: _Live) -> Begin:
        domain = self.base.domain
        return Begin(
            episode=live.sample, n=0, step=0, hash="", schema=SCHEMA_VERSION, ccgym=ccgym.__version__,
            env=self.base.env_name, seed=self.seed, sample=live.sample, policy=self.turns.policy.name,
            domain={"name": domain.name, "version": domain.version, "digest": domain.digest},
            task=live.group.task.as_json(),
        )  # fmt: skip

    def _end(self, live: _Live) -> None:
        episode, group = live.env.episode, live.group
        del self.live[live.key]
        self.idle.append(live.env)
        self.turns.close(live.key)
        group.members[live.sample] = episode
        registry().notify("episode_end", episode=episode)
        if all(member is not None for member in group.members):
            self._finish(group)

    def _finish(self, group: _Open) -> None:
        """Score the group and close its file."""
        episodes = [member for member in group.members if member is not None]
        score = self.base.scorer.score_group(episodes)
        added = []
        for episode, scored in zip(episodes, score.events, strict=True):
            for result in scored:
                episode.events.append(result.after(episode.events[-1]))
                added.append(episode.events[-1])
        event = GroupEvent(episode=GROUP, n=0, step=0, hash="", **score.fields())
        path = None
        if group.writer is not None and self.files is not None:
            group.writer.write([*added, event])
            group.writer.close()
            path = group.writer.path
            append_index(self.files.root, path, episodes)
        del self.opened[group.index]
        self.done.append(Group(group.index, group.task, episodes, score, event, path))

    def _write(self, live: _Live) -> None:
        writer = live.group.writer
        if writer is not None:
            events = live.env.episode.events
            writer.write(events[live.written :])
            live.written = len(events)


def _append(episode: Episode, kind: Any, **fields: Any) -> Any:
    last = episode.events[-1]
    event = kind(episode=last.episode, n=last.n + 1, step=last.step, hash=last.hash, **fields)
    episode.events.append(event)
    return event
