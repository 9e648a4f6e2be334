"""Every hook of ccgym. Implementations are marked `@ccgym.hookimpl` and may take fewer arguments than offered."""

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
    """Call `register(Toolset(name, functions))` for each toolset."""


@hookspec
def register_rewards(register: Callable[..., None]) -> None:
    """Call `register(cls)` for each class decorated with `@reward`."""


@hookspec
def register_templates(register: Callable[..., None]) -> None:
    """Call `register(domain_name, name, fn)` for each template: `fn(rng) -> Task`, or the task as a dict."""


@hookspec
def register_policies(register: Callable[..., None]) -> None:
    """Call `register(name, factory)` for each policy: `factory(argument: str | None, **options) -> Policy`."""


@hookspec
def register_users(register: Callable[..., None]) -> None:
    """Call `register(kind, factory)` for each kind of customer: `factory(user, sim, rng) -> Customer`."""


@hookspec(firstresult=True)
def make_backend(domain: Any, state: Any, task: Any) -> Backend | None:
    """A whole backend of one's own for an episode of the domain, or None to leave it to the next.

    `state` is the episode's own `{"tables": …, "user": …}`, after `init.state` and `init.patch` of the task: to be kept
    and changed like a plain dict, at the cost of what is touched.
    """


@hookspec(firstresult=True)
def judge_episode(episode: Episode, questions: Sequence[str]) -> RewardResult | None:
    """Answer the questions of a task's `expect.judge` about an episode, or None where no judge of ours is configured.

    The value is 1 where every answer is yes, else 0, and None where there is no answer, with the reason.
    """


@hookspec(firstresult=True)
def load_source(uri: str) -> Any:
    """Import tools from a URI such as `mcp:…` or `openapi:…`, or None where the URI is not ours."""


@hookspec
def episode_end(episode: Episode) -> None:
    """An episode has ended and was scored. A failure is logged, never fatal."""


@hookspec
def train_step(step: int, metrics: dict[str, float]) -> None:
    """A training step is done. A failure is logged, never fatal."""
