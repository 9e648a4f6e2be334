"""From a name to a policy: `oracle`, `hf:PATH`, `openai:MODEL`, or what a plugin has registered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from ccgym.errors import ConfigError
from ccgym.plugins import did_you_mean, registry
from ccgym.types import Policy

FIRST_PARTY: dict[str, str] = {
    "oracle": "scripted:oracle",
    "null": "scripted:null",
    "refuse": "scripted:refuse",
    "spam": "scripted:spam",
    "echo": "scripted:echo",
    "random": "scripted:chance",
    "human": "scripted:human",
    "hf": "local:hf",
    "openai": "chat:openai",
}
"""Name to module and function in this package; imported when it is asked for."""
TAKES_ARGUMENT = {"hf": "PATH", "openai": "MODEL"}
"""What stands behind the colon."""


def policy_names() -> list[str]:
    """All names that `make_policy` knows, as they are written on a command line."""
    own = [f"{name}:{TAKES_ARGUMENT[name]}" if name in TAKES_ARGUMENT else name for name in FIRST_PARTY]
    return [*own, *sorted(registry().policies)]


def make_policy(spec: str, **options: Any) -> Policy:
    """A policy by name.

    Args:
        spec: `NAME` or `NAME:ARGUMENT`, such as `oracle`, `hf:runs/quickstart/grpo` or `openai:gpt-5`.
        options: whatever the policy takes, such as `temperature` for models.

    Raises:
        ConfigError: no policy of that name, a missing or needless argument, or an option that it does not take.
        MissingExtra: it needs packages that are not installed.
    """
    name, colon, argument = spec.partition(":")
    if name not in FIRST_PARTY:
        known = registry().policies
        if name not in known and spec not in known:
            names = [*FIRST_PARTY, *known]
            raise ConfigError(f"no policy is called {name!r}", fix=did_you_mean(name, names), name=name)
        if spec in known:
            return known[spec](None, **options)
        return known[name](argument if colon else None, **options)
    wanted = TAKES_ARGUMENT.get(name)
    if wanted and not argument:
        raise ConfigError(f"the policy {name!r} needs its {wanted}", fix=f"Write {name}:{wanted}")
    if colon and not wanted:
        raise ConfigError(f"the policy {name!r} takes nothing behind a colon", fix=f"Write {name}")
    module, _, function = FIRST_PARTY[name].partition(":")
    factory: Callable[..., Policy] = getattr(import_module(f"ccgym.rollouts.{module}"), function)
    _check_options(name, factory, options)
    return factory(argument, **options) if wanted else factory(**options)


def _check_options(name: str, factory: Callable[..., Policy], options: dict[str, Any]) -> None:
    known = [p.name for p in inspect.signature(factory).parameters.values() if p.kind is not p.POSITIONAL_ONLY]
    for option in options:
        if option not in known:
            fix = did_you_mean(option, known) if known else "It takes none"
            raise ConfigError(f"the policy {name!r} takes no option {option!r}", fix=fix)
