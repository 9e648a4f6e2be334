"""Every hook of ccgym. Implementations are marked `@ccgym.hookimpl` and may take fewer arguments than offered.

The page docs/hooks.md is written from these signatures and docstrings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pluggy

from ccgym.types import Backend, Episode, RewardResult

PROJECT = "ccgym"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@hookspec
def register_tools(register: Callable[..., None]) -> None:
    """Bring toolsets, which a domain names under `tools`.

    Args:
        register: call `register(Toolset(name, functions, probes, schemas, sync))` for each.
    """


@hookspec
def register_rewards(register: Callable[..., None]) -> None:
    """Bring rewards, which weights name: a config's, a domain's, `--reward NAME=W`.

    Args:
        register: call `register(cls)` for each class decorated with `@ccgym.reward`.
    """


@hookspec
def register_templates(register: Callable[..., None]) -> None:
    """Bring templates, from which a domain draws endless tasks with the ids `name/split/seed`.

    Args:
        register: call `register(domain_name, name, fn)` for each. `fn(rng) -> Task`, or the task as a dict; `rng` is a
            `random.Random`, and the only randomness that may be used.
    """


@hookspec
def register_policies(register: Callable[..., None]) -> None:
    """Bring policies, which `--policy NAME:ARGUMENT` names.

    Args:
        register: call `register(name, factory)` for each. `factory(argument: str | None, **options) -> Policy`:
            `argument` is what stands behind the colon, or None; options come from `-o name=value`.
    """


@hookspec
def register_users(register: Callable[..., None]) -> None:
    """Bring kinds of customer, which `user.sim.kind` of a task names.

    Args:
        register: call `register(kind, factory)` for each. `factory(user, sim, rng) -> Customer` makes the customer of
            one episode: `user` is the task's, `sim` its `sim` over the domain's, and `rng` a `random.Random` of this
            episode's own, the only randomness that may be used. A factory with the attribute `live = True` makes
            customers that a replay plays back instead of making them again.
    """


@hookspec(firstresult=True)
def make_backend(domain: Any, state: Any, task: Any) -> Backend | None:
    """A whole backend of one's own for one episode. The first plugin that returns one is the one that counts.

    Args:
        domain: the Domain that is played.
        state: the episode's own `{"tables": …, "user": …}`, after `init.state` and `init.patch` of the task: to be kept
            and changed like a plain dict, at the cost of what is touched. `init.calls` go through the backend's `call`,
            those that name a probe through `probe`.
        task: the Task that is played.

    Returns:
        The backend, or None to leave the episode to the next plugin, and at last to ccgym.
    """


@hookspec(firstresult=True)
def judge_episode(episode: Episode, questions: Sequence[str]) -> RewardResult | None:
    """Answer what a task's `expect.judge` asks. The first plugin that returns something is the one that counts.

    The answer is the component `judge` of the reward `correctness`. A replay plays it back and asks nobody.

    Args:
        episode: the whole of it, ended: to be read, not changed.
        questions: the task's, to be answered with yes or no.

    Returns:
        A result with the value 1 where every answer is yes, else 0; without a value, and with the reason, where
        there is no answer. None where no judge of the plugin's is configured.
    """


@hookspec(firstresult=True)
def load_source(uri: str) -> Any:
    """Import tools from somewhere else. The first plugin that returns something is the one that counts.

    Args:
        uri: such as `mcp:…` or `openapi:…`.

    Returns:
        The tools, or None where the URI is not the plugin's.
    """


@hookspec
def episode_end(episode: Episode) -> None:
    """An episode of a rollout, a training run or an evaluation has ended and was scored.

    A failure is logged, never fatal.

    Args:
        episode: the whole of it, rewards included: to be read, not changed.
    """


@hookspec
def train_step(step: int, metrics: dict[str, float]) -> None:
    """A training step is done. A failure is logged, never fatal.

    Args:
        step: its number within the stage, from 1.
        metrics: the numbers of its line in `metrics.jsonl`, by name.
    """
