"""Finding plugins, importing each in isolation, and keeping the one registry of the process."""

from __future__ import annotations

import functools
import inspect
import os
import re
import threading
import traceback
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

import pluggy

from ccgym.errors import PluginError
from ccgym.plugins import hookspecs
from ccgym.plugins.info import PluginInfo, State
from ccgym.plugins.reading import read_plugin
from ccgym.plugins.registry import Registry
from ccgym.plugins.suggest import did_you_mean
from ccgym.plugins.toolset import Toolset

_lock = threading.RLock()
_loaded: Registry | None = None
_loading = False


class Scan(NamedTuple):
    """The entry points of everybody who is installed, sorted by distribution name. Nothing is imported."""

    plugins: tuple[EntryPoint, ...]
    envs: tuple[EntryPoint, ...]
    commands: tuple[EntryPoint, ...]


@functools.cache
def scan() -> Scan:
    """Read the entry points of the groups `ccgym`, `ccgym.envs` and `ccgym.commands`: once a process."""
    found = entry_points()

    def of(group: str) -> tuple[EntryPoint, ...]:
        return tuple(sorted(found.select(group=group), key=lambda entry: (_distribution(entry), entry.name)))

    return Scan(of("ccgym"), of("ccgym.envs"), of("ccgym.commands"))


def load_plugins() -> Registry:
    """Import the installed plugins and return what they registered: once a process, then the same Registry.

    `CCGYM_LOAD_PLUGINS` (comma-separated; empty: none) loads only these, `CCGYM_DISABLE_PLUGINS` all but these; both
    take names of distributions or of plugins. A plugin that fails stands in `Registry.plugins` as broken, with its
    traceback, and the others go on.
    """
    global _loaded, _loading
    if _loaded is not None:
        return _loaded
    with _lock:
        if _loaded is None:
            if _loading:
                raise PluginError("a plugin asks for the registry while plugins are loading", fix="Ask in a function")
            _loading = True
            try:
                _loaded = build(scan(), os.environ)
            finally:
                _loading = False
        return _loaded


registry = load_plugins
"""The loaded Registry."""


def register(plugin: Any) -> PluginInfo:
    """Register a plugin at run time: a module or an object with hooks. Registering its name again replaces it.

    Raises:
        PluginError: a hook is misspelt or fails, there is none, or a name has an owner already; nothing is registered.
    """
    if hasattr(plugin, "__ccgym_reward__") or isinstance(plugin, Toolset):
        kind = "tools" if isinstance(plugin, Toolset) else "rewards"
        raise PluginError(
            f"{plugin!r} is what a plugin registers, not a plugin",
            fix=f"Give an object with @hookimpl def register_{kind}(self, register): register(…)",
        )
    target = load_plugins()
    name = _own_name(plugin)
    if installed := next((p for p in target.plugins if p.name == name and isinstance(p.source, EntryPoint)), None):
        if target.manager.get_plugin(name) is plugin:
            return installed
        fix = "Call it something else" if installed.state == "ok" else "Let its distribution be loaded, or rename this"
        raise PluginError(f"a plugin of {installed.distribution} is called {name!r}", fix=fix)
    with _lock:
        try:
            hooks, claims = read_plugin(target.manager, plugin, name)
        except PluginError:
            raise
        except Exception as error:
            raise PluginError(f"{type(error).__name__}: {error}", where=f"plugin {name!r}") from error
        if not hooks:
            raise PluginError("it has no hooks", where=f"plugin {name!r}", fix="Mark them with @ccgym.hookimpl")
        version = str(getattr(plugin, "__version__", ""))
        info = PluginInfo(name, name, version, "ok", None, hooks, tuple(claims), plugin)
        if rivals := target.rivals(info, claims):
            raise rivals
        _forget(target, name)
        target.manager.register(plugin, name)
        target.add(info, claims)
    return info


def unregister(plugin: Any) -> None:
    """Take back what `register` did. Raises PluginError where the plugin is not registered."""
    target, name = load_plugins(), _own_name(plugin)
    with _lock:
        info = next((info for info in target.plugins if info.name == name), None)
        if info is None or isinstance(info.source, EntryPoint):
            raise PluginError(f"the plugin {name!r} was not registered at run time")
        _forget(target, name)


def build(found: Scan, environ: Mapping[str, str]) -> Registry:
    """A Registry of the plugins found, by the rules of `load_plugins`."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    target = Registry(manager)
    only = _chosen(environ.get("CCGYM_LOAD_PLUGINS"))
    without = _chosen(environ.get("CCGYM_DISABLE_PLUGINS")) or {}
    _enter_listed(target, found)
    for entry in found.plugins:
        ids = {normal_name(entry.name), normal_name(_distribution(entry))}
        if (only is not None and not ids & only.keys()) or ids & without.keys():
            target.add(_info(entry, "disabled"), {})
        else:
            _load(target, entry)
    known = {normal_name(entry.name): entry.name for entry in found.plugins}
    known.update({normal_name(_distribution(entry)): _distribution(entry) for entry in found.plugins})
    for variable, names in (("CCGYM_LOAD_PLUGINS", only or {}), ("CCGYM_DISABLE_PLUGINS", without)):
        for key in sorted(names.keys() - known.keys()):
            fix = did_you_mean(names[key], known.values())
            text = f"{variable} names {names[key]!r}, which is not installed. {fix}"
            target.add(PluginInfo(names[key], names[key], "", "broken", text), {})
    return target


def _load(target: Registry, entry: EntryPoint) -> None:
    """Import one plugin and enter it. Whatever goes wrong stays within it."""
    try:
        if target.manager.has_plugin(entry.name):
            raise PluginError(f"two distributions have a plugin {entry.name!r}", fix="Rename one's entry point")
        plugin = entry.load()
        hooks, claims = read_plugin(target.manager, plugin, entry.name)
        target.manager.register(plugin, entry.name)
    except (Exception, SystemExit):  # a stranger's module may do anything at import
        target.add(_info(entry, "broken", error=traceback.format_exc().rstrip()), {})
        return
    target.add(_info(entry, "ok", hooks=hooks, names=tuple(claims)), claims)


def _enter_listed(target: Registry, found: Scan) -> None:
    """Enter environments and commands by name. Their owners need not be plugins, and are not imported."""
    for kind, entries in (("env", found.envs), ("command", found.commands)):
        for entry in entries:
            target.claim(_info(entry, "ok"), {(kind, entry.name): entry})


def _info(
    entry: EntryPoint, state: State, error: str | None = None, hooks: tuple[str, ...] = (),
    names: tuple[tuple[str, str], ...] = (),
) -> PluginInfo:  # fmt: skip
    version = entry.dist.version if entry.dist else ""
    return PluginInfo(entry.name, _distribution(entry), version, state, error, hooks, names, entry)


def _distribution(entry: EntryPoint) -> str:
    return normal_name(entry.dist.name) if entry.dist else entry.name


def normal_name(name: str) -> str:
    """A distribution's name in the one form that packaging compares."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _chosen(text: str | None) -> dict[str, str] | None:
    """The names in a comma-separated list, by normal form; None where the variable is not set."""
    if text is None:
        return None
    return {normal_name(name): name for part in text.split(",") if (name := part.strip())}


def _own_name(plugin: Any) -> str:
    if inspect.ismodule(plugin):
        return plugin.__name__
    owner = plugin if isinstance(plugin, type) else type(plugin)
    return str(owner.__qualname__.rpartition(".")[2])


def _forget(target: Registry, name: str) -> None:
    if target.manager.has_plugin(name):
        target.manager.unregister(name=name)
        target.remove(name)
