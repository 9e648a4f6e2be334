"""What is under test: an installed distribution, or one plugin of it, with all that it brings."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from ccgym.domain import Domain
from ccgym.env import find_domain
from ccgym.errors import CcgymError, PluginError
from ccgym.plugins import PluginInfo, Registry, did_you_mean, registry, scan
from ccgym.plugins.loader import normal_name

HOME = "ccgym/OrderDesk-v0"
"""Where things are tried whose own plugin brings no domain."""


@dataclass(frozen=True)
class Subject:
    """A distribution, or one plugin of it."""

    name: str
    version: str
    plugins: tuple[PluginInfo, ...]
    envs: tuple[str, ...]
    """Ids of the environments that it brings."""
    commands: tuple[str, ...] = ()

    def names(self, kind: str) -> list[str]:
        """What it registers of one kind, and may use: a name that somebody else claims too is left out."""
        conflicts = registry().conflicts
        return [name for info in self.plugins for k, name in info.names if k == kind and (k, name) not in conflicts]

    def place(self, kind: str, name: str) -> str:
        """Distribution, version, kind, name, file and line: where something that it registers stands."""
        own = registry().names(kind).get(name)  # type: ignore[arg-type]
        return f"{self} {kind} {name!r}{source_place(own)}"

    def domain(self) -> Domain:
        """The first domain that it brings and that loads, else OrderDesk."""
        for name in self.envs:
            try:
                return find_domain(name)
            except CcgymError:  # the finding of whoever looks at its environments
                continue
        return find_domain(HOME)

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


def source_place(value: Any) -> str:
    """` (file.py:12)`, where the source of a function or class is known; else nothing."""
    try:
        target = inspect.unwrap(value) if callable(value) else type(value)
        file, line = inspect.getsourcefile(target), inspect.getsourcelines(target)[1]
    except (OSError, TypeError, ValueError):
        return ""
    return f" ({Path(file).name}:{line})" if file else ""


def find_subject(name: str) -> Subject:
    """The installed distribution of that name, or the plugin: of entry point's name, or registered at run time.

    Raises:
        PluginError: there is neither, or the distribution has nothing for ccgym.
    """
    loaded, wanted = registry(), normal_name(name)
    of_it = tuple(info for info in loaded.plugins if normal_name(info.distribution) == wanted and info.source)
    envs, commands = (_listed(loaded, kind, wanted) for kind in ("env", "command"))
    if of_it or envs or commands:
        version = of_it[0].version if of_it else distribution(name).version
        return Subject(name if not of_it else of_it[0].distribution, version, of_it, envs, commands)
    for info in loaded.plugins:
        if normal_name(info.name) == wanted and info.source is not None:
            whole = find_subject(info.distribution)
            alone = len(whole.plugins) == 1
            return replace(whole, plugins=(info,), envs=whole.envs if alone else _own_envs(info, whole.envs))
    try:
        distribution(name)
    except (PackageNotFoundError, ValueError):
        raise PluginError(
            f"no plugin and no distribution with plugins is called {name!r}", fix=did_you_mean(name, known_names())
        ) from None
    raise PluginError(
        "it brings nothing for ccgym", where=f"distribution {name}",
        fix="Give it an entry point in the group ccgym, ccgym.envs or ccgym.commands",
    )  # fmt: skip


def is_subject(name: str) -> bool:
    """Whether a plugin, or a distribution with plugins, has that name."""
    return normal_name(name) in {normal_name(known) for known in known_names()}


def known_names() -> list[str]:
    """Names of all plugins and of their distributions."""
    loaded = registry()
    plugins = [info for info in loaded.plugins if info.source is not None]
    listed = [loaded.owner(kind, name) for kind in ("env", "command") for name in loaded.names(kind)]  # type: ignore[arg-type]
    found = [*plugins, *(info for info in listed if info is not None)]
    return sorted({info.name for info in plugins} | {info.distribution for info in found})


def _listed(loaded: Registry, kind: Any, wanted: str) -> tuple[str, ...]:
    """The environments or commands of a distribution, those that somebody else claims too included."""
    entries = scan().envs if kind == "env" else scan().commands
    return tuple(e.name for e in entries if e.dist is not None and normal_name(e.dist.name) == wanted)


def _own_envs(info: PluginInfo, envs: tuple[str, ...]) -> tuple[str, ...]:
    """Of the environments of a distribution with several plugins, those that live in the plugin's package."""
    package = str(getattr(info.source, "value", "")).partition(":")[0]
    return tuple(e.name for e in scan().envs if e.name in envs and e.value.partition(":")[0] == package)
