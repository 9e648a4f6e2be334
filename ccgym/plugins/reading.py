"""Reading one plugin: which hooks it implements, and what those register. Nothing is entered anywhere yet."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pluggy

from ccgym.errors import PluginError
from ccgym.plugins import hookspecs
from ccgym.plugins.rewardclass import reward_mark
from ccgym.plugins.suggest import did_you_mean
from ccgym.plugins.toolset import Toolset

Claims = dict[tuple[str, str], Any]
"""Kind and name to what is registered under them."""
_SPECS = {name: fn for name, fn in vars(hookspecs).items() if hasattr(fn, f"{hookspecs.PROJECT}_spec")}


def read_plugin(manager: pluggy.PluginManager, plugin: Any, name: str) -> tuple[tuple[str, ...], Claims]:
    """The hooks of a plugin, and what its registering hooks register.

    Raises:
        PluginError: a misspelt hook or argument, an unmarked hook, or a registration that makes no sense.
        Exception: whatever a registering hook raises.
    """
    if isinstance(plugin, type):
        fix = f"Give an instance: {plugin.__name__}()"
        raise PluginError("a class is no plugin", where=f"plugin {name!r}", fix=fix)
    found = _implementations(manager, plugin, name)
    claims: Claims = {}
    for hook, enter in _ENTER.items():
        if function := found.get(hook):
            register = functools.partial(enter, claims, f"plugin {name!r}, {hook}")
            function(**({"register": register} if "register" in inspect.signature(function).parameters else {}))
    return tuple(found), claims


def _implementations(manager: pluggy.PluginManager, plugin: Any, name: str) -> dict[str, Callable[..., Any]]:
    where = f"plugin {name!r}"
    found: dict[str, Callable[..., Any]] = {}
    for attribute in dir(plugin):
        if attribute.startswith("__"):
            continue
        options = manager.parse_hookimpl_opts(plugin, attribute)
        value = inspect.getattr_static(plugin, attribute, None)
        if options is None:
            _refuse_unmarked(plugin, attribute, value, f"{where}{_at(value)}")
            continue
        hook = options.get("specname") or attribute
        at = f"{where}{_at(value)}"
        if hook not in _SPECS:
            raise PluginError(f"there is no hook {hook!r}", where=at, fix=did_you_mean(hook, _SPECS))
        function = getattr(plugin, attribute)
        if inspect.iscoroutinefunction(function):
            raise PluginError(f"{hook} is async, and nobody awaits it", where=at, fix=f"Write def {hook}")
        offered = list(inspect.signature(_SPECS[hook]).parameters)
        for argument, parameter in inspect.signature(function).parameters.items():
            if argument not in offered and parameter.default is parameter.empty:
                raise PluginError(
                    f"{hook} has no argument {argument!r}: it offers ({', '.join(offered)})", where=at,
                    fix=did_you_mean(argument, offered),
                )  # fmt: skip
        found[hook] = function
    return found


def _at(function: Any) -> str:
    """`, file.py:12`, where a function's code is known."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return f", {Path(code.co_filename).name}:{code.co_firstlineno}" if code is not None else ""


def _refuse_unmarked(plugin: Any, attribute: str, value: Any, where: str) -> None:
    """An unmarked function that looks like a hook is a mistake: pluggy would pass over it in silence."""
    if not inspect.isfunction(value):
        return
    if inspect.ismodule(plugin) and value.__module__ != plugin.__name__:
        return
    if attribute in _SPECS:
        raise PluginError(f"{attribute} is a hook but is not marked", where=where, fix="Write @ccgym.hookimpl above it")
    if attribute.startswith("register_"):
        suggestion = did_you_mean(attribute, _SPECS)
        if suggestion.startswith("Did"):
            raise PluginError(
                f"{attribute} is no hook and is not marked", where=where,
                fix=f"{suggestion} Then write @ccgym.hookimpl above it",
            )  # fmt: skip


def _claim(claims: Claims, where: str, kind: str, name: Any, value: Any) -> None:
    if not isinstance(name, str) or not name:
        raise PluginError(f"a {kind} needs a name, not {name!r}", where=where)
    if claims.setdefault((kind, name), value) is not value:
        raise PluginError(f"the {kind} {name!r} is registered twice", where=where, fix="Rename one of them")


def _enter_toolset(claims: Claims, where: str, toolset: Toolset) -> None:
    if not isinstance(toolset, Toolset):
        raise PluginError(f"{toolset!r} is no toolset", where=where, fix="Write register(Toolset(name, functions))")
    _claim(claims, where, "tool", toolset.name, toolset)


def _enter_reward(claims: Claims, where: str, cls: type) -> None:
    if not isinstance(cls, type):
        raise PluginError(f"{cls!r} is no class", where=where, fix="Register the class that @reward stands on")
    _claim(claims, where, "reward", reward_mark(cls).name, cls)


def _enter_template(claims: Claims, where: str, domain: str, name: str, fn: Callable[..., Any]) -> None:
    if not isinstance(domain, str) or not domain or "/" in domain:
        raise PluginError(f"{domain!r} is no domain's name", where=where, fix="Write register(domain_name, name, fn)")
    _claim(claims, where, "template", f"{domain}/{name}", _callable(fn, where, "fn(rng)"))


def _enter_policy(claims: Claims, where: str, name: str, factory: Callable[..., Any]) -> None:
    _claim(claims, where, "policy", name, _callable(factory, where, "factory(argument, **options)"))


def _enter_user(claims: Claims, where: str, kind: str, factory: Callable[..., Any]) -> None:
    _claim(claims, where, "user", kind, _callable(factory, where, "factory(user, sim, rng)"))


_ENTER: dict[str, Callable[..., None]] = {
    "register_tools": _enter_toolset,
    "register_rewards": _enter_reward,
    "register_templates": _enter_template,
    "register_policies": _enter_policy,
    "register_users": _enter_user,
}


def _callable(value: Any, where: str, shape: str) -> Callable[..., Any]:
    if not callable(value):
        raise PluginError(f"{value!r} cannot be called", where=where, fix=f"Register a {shape}")
    return cast("Callable[..., Any]", value)
