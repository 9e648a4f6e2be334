"""What a reward plugin registers: a class under `@reward`, which says what it scores, its range and its time limit."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from ccgym.errors import PluginError

C = TypeVar("C", bound=type)
Scope = Literal["step", "episode", "group"]
_SCOPES: tuple[Scope, ...] = ("step", "episode", "group")
_ATTRIBUTE = "__ccgym_reward__"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class RewardMark:
    """What a reward class declares."""

    name: str
    """What weights and `--reward` call it."""
    scope: Scope
    """Whether it scores a step, an episode, or the members of a group."""
    range: tuple[float, float]
    """Lowest and highest value it may return."""
    seconds: float
    """Time limit of one call, by the clock: generous, for a busy machine is not the reward's fault."""


def reward(*, range: tuple[float, float] = (0.0, 1.0), seconds: float = 5.0) -> Callable[[C], C]:
    """Declare a reward: a class with exactly one of these methods.

    - `score_step(self, episode, step)` -> RewardResult or None
    - `score_episode(self, episode)` -> RewardResult or None
    - `score_group(self, episodes)` -> one RewardResult or None for each member

    None means that the reward does not apply; `RewardResult(None, why)` that it could not be scored. The name is the
    attribute `name`, else the class's name in snake case. An optional `prepare(self, domain)` is called once, before
    anything is scored; it returns the digest of what it fitted on the domain (or None), which every episode records.

    Raises:
        PluginError: not exactly one of the methods, an empty or infinite range, or no time at all.
    """

    def mark(cls: C) -> C:
        if not isinstance(cls, type):
            raise PluginError(f"@reward stands on {cls!r}", fix="Put it on a class")
        name = str(cls.__dict__.get("name") or _HUMP.sub("_", cls.__name__).lower())
        where = f"reward {name!r}"
        has = [scope for scope in _SCOPES if callable(getattr(cls, f"score_{scope}", None))]
        if len(has) != 1:
            found = "none" if not has else " and ".join(f"score_{scope}" for scope in has)
            raise PluginError(
                f"the class implements {found} of score_step, score_episode, score_group", where=where,
                fix="Implement exactly one",
            )  # fmt: skip
        _refuse_signature(getattr(cls, f"score_{has[0]}"), has[0], where)
        low, high = (float(bound) for bound in range)
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise PluginError(f"range={range} is no range", where=where, fix="Give two finite numbers, lowest first")
        if not (seconds > 0 and math.isfinite(seconds)):
            raise PluginError(f"seconds={seconds} is no time limit", where=where, fix="Give a number above 0")
        cls.name = name  # type: ignore[attr-defined]
        setattr(cls, _ATTRIBUTE, RewardMark(name, has[0], (low, high), float(seconds)))
        return cls

    return mark


_OFFERED: dict[Scope, tuple[str, ...]] = {
    "step": ("episode", "step"), "episode": ("episode",), "group": ("episodes",),
}  # fmt: skip
"""What each method is given, in order."""


def _refuse_signature(method: Callable[..., Any], scope: Scope, where: str) -> None:
    """Raise PluginError where a method cannot be called as a run calls it."""
    offered = ", ".join(("self", *_OFFERED[scope]))
    fix = f"Write def score_{scope}({offered})"
    if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method):
        raise PluginError(f"score_{scope} is async or a generator, and nobody awaits it", where=where, fix=fix)
    try:
        inspect.signature(method).bind(None, *_OFFERED[scope])
    except TypeError as error:
        raise PluginError(f"score_{scope} is called with ({offered}): {error}", where=where, fix=fix) from None
    except ValueError:  # written in C: it will show when it is called
        return


def reward_mark(cls: Any) -> RewardMark:
    """The mark of a reward, given as its class or as an instance. Raises PluginError where there is none."""
    owner = cls if isinstance(cls, type) else type(cls)
    found = owner.__dict__.get(_ATTRIBUTE)
    if not isinstance(found, RewardMark):
        raise PluginError(f"{owner.__name__} is not a reward", fix="Decorate the class with @ccgym.reward()")
    return found
