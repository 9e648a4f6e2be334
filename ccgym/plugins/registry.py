"""What the loaded plugins have registered, by kind and name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import Any, Literal

import pluggy

from ccgym.errors import PluginError
from ccgym.plugins.info import PluginInfo, source_text
from ccgym.plugins.suggest import did_you_mean
from ccgym.plugins.toolset import Toolset
from ccgym.types import Customer, Policy

Kind = Literal["tool", "reward", "template", "policy", "user", "env", "command"]
_LOG = logging.getLogger("ccgym.plugins")


class Registry:
    """The names that plugins have registered. A name that two plugins claim is usable by neither.

    The dicts are there to be read; `require` reads one name and knows what to say when it is missing.
    """

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self.manager = manager
        """pluggy's own."""
        self.hook: pluggy.HookRelay = manager.hook
        """The hooks themselves: `hook.make_backend(…)`, `hook.load_source(…)`. For observers use `notify`."""
        self.plugins: list[PluginInfo] = []
        """Every plugin, in the order of loading; broken and disabled ones too."""
        self.tools: dict[str, Toolset] = {}
        """Toolset name to toolset."""
        self.rewards: dict[str, Callable[[], Any]] = {}
        """Reward name to its class."""
        self.templates: dict[str, dict[str, Callable[..., Any]]] = {}
        """Domain name to template name to `fn(rng)`."""
        self.policies: dict[str, Callable[..., Policy]] = {}
        """Policy name to `factory(argument, **options)`."""
        self.users: dict[str, Callable[..., Customer]] = {}
        """Kind of customer to `factory(user, sim, rng)`."""
        self.envs: dict[str, EntryPoint] = {}
        """Environment id to its entry point, which nobody has imported."""
        self.commands: dict[str, EntryPoint] = {}
        """Verb of the command line to its entry point, which nobody has imported."""
        self.conflicts: dict[tuple[str, str], PluginError] = {}
        """Kind and name to the error that names every owner."""
        self._claims: dict[tuple[str, str], list[tuple[PluginInfo, Any]]] = {}

    def require(self, kind: Kind, name: str) -> Any:
        """What is registered under a name: `tool` (a Toolset), `reward` (a class), `template` (`domain/name`), ….

        Raises:
            PluginError: nobody registered it (with the traceback of the broken plugin that probably would have), or
                two plugins did.
        """
        if conflict := self.conflicts.get((kind, name)):
            raise conflict
        known = self.names(kind)
        if name in known:
            return known[name]
        fix = did_you_mean(name, known)
        broken = [info for info in self.plugins if info.state == "broken"]
        if owner := next((info for info in broken if _would_own(info, kind, name)), None):
            raise PluginError(
                f"no {kind} is called {name!r}, because its plugin {owner.name!r} is broken:\n{owner.error}",
                fix=f"Repair {owner.distribution}", kind=kind, name=name, plugin=owner.name,
            )  # fmt: skip
        disabled = [info.name for info in self.plugins if info.state == "disabled" and _would_own(info, kind, name)]
        if disabled:
            fix = f"The plugin {disabled[0]!r} is disabled: see CCGYM_DISABLE_PLUGINS and CCGYM_LOAD_PLUGINS"
        elif broken:
            fix += f" (broken plugins: {', '.join(info.name for info in broken)}; `ccgym plugins` tells why)"
        raise PluginError(f"no {kind} is called {name!r}", fix=fix, kind=kind, name=name)

    def names(self, kind: Kind) -> Mapping[str, Any]:
        """All usable names of one kind, with what they stand for."""
        tables: dict[str, Mapping[str, Any]] = {
            "tool": self.tools, "reward": self.rewards, "policy": self.policies, "user": self.users,
            "env": self.envs, "command": self.commands,
        }  # fmt: skip
        if kind == "template":
            return {f"{domain}/{name}": fn for domain, fns in self.templates.items() for name, fn in fns.items()}
        return tables[kind]

    def owner(self, kind: Kind, name: str) -> PluginInfo | None:
        """The plugin that registered a name, or None."""
        claims = self._claims.get((kind, name))
        if not claims:
            return None
        return next((info for info in self.plugins if info.name == claims[0][0].name), claims[0][0])

    def provenance(self, used: Iterable[tuple[Kind, str]]) -> dict[str, dict[str, str]]:
        """Distribution name to version and digest, for the owners of these names: what an episode's `begin` records."""
        owners = {info.distribution: info for kind, name in used if (info := self.owner(kind, name))}
        return {name: {"version": info.version, "digest": info.digest} for name, info in sorted(owners.items())}

    def notify(self, hook: Literal["episode_end", "train_step"], **facts: Any) -> None:
        """Tell the observers. One that raises is logged, and the others are still told."""
        for implementation in reversed(getattr(self.hook, hook).get_hookimpls()):
            try:
                implementation.function(*[facts[name] for name in implementation.argnames])
            except Exception:  # an observer may fail in any way and must not stop a run
                _LOG.exception("plugin %s failed in %s", implementation.plugin_name, hook)

    def add(self, info: PluginInfo, claims: Mapping[tuple[str, str], Any]) -> None:
        """Enter a plugin and all that it registered."""
        self.plugins.append(info)
        self.claim(info, claims)

    def claim(self, info: PluginInfo, claims: Mapping[tuple[str, str], Any]) -> None:
        """Enter names for their owner, who need not be a plugin."""
        for key, value in claims.items():
            self._claims.setdefault(key, []).append((info, value))
            self._settle(key)

    def remove(self, name: str) -> None:
        """Take a plugin and all that it registered out again."""
        self.plugins = [info for info in self.plugins if info.name != name]
        for key in [key for key, claims in self._claims.items() if any(info.name == name for info, _ in claims)]:
            self._claims[key] = [claim for claim in self._claims[key] if claim[0].name != name]
            self._settle(key)

    def rivals(self, info: PluginInfo, claims: Iterable[tuple[str, str]]) -> PluginError | None:
        """The error that entering these claims would make, or None."""
        for key in claims:
            others = [other for other, _ in self._claims.get(key, []) if other.name != info.name]
            if others:
                return _two_owners(key, [*others, info])
        return None

    def _settle(self, key: tuple[str, str]) -> None:
        """Make one name usable, unusable or unknown, by how many claim it."""
        kind, name = key
        claims = self._claims[key]
        self.conflicts.pop(key, None)
        table: dict[str, Any]
        if kind == "template":
            domain, _, name = name.partition("/")
            table = self.templates.setdefault(domain, {})
        else:
            table = self.names(kind)  # type: ignore[assignment, arg-type]
        table.pop(name, None)
        if len(claims) == 1:
            table[name] = claims[0][1]
        elif claims:
            self.conflicts[key] = error = _two_owners(key, [info for info, _ in claims])
            for info, _ in claims:
                self._note(info.name, str(error))
        else:
            del self._claims[key]
        if kind == "template" and not table:
            del self.templates[domain]

    def _note(self, plugin: str, text: str) -> None:
        for index, info in enumerate(self.plugins):
            if info.name == plugin and text not in (info.error or ""):
                self.plugins[index] = replace(info, error=f"{info.error}\n{text}" if info.error else text)


def _two_owners(key: tuple[str, str], owners: list[PluginInfo]) -> PluginError:
    kind, name = key
    who = " and ".join(sorted(f"{info.distribution} ({info.name})" for info in owners))
    return PluginError(
        f"the {kind} {name!r} is registered by {who}", kind=kind, name=name,
        fix="Rename it in one of them, or put one of them into CCGYM_DISABLE_PLUGINS",
        owners=sorted(info.distribution for info in owners),
    )  # fmt: skip


def _would_own(info: PluginInfo, kind: str, name: str) -> bool:
    """Whether a plugin that did not load would probably have registered the name: its text spells it."""
    if (kind, name) in info.names or info.name == name or info.distribution == name:
        return True
    text = source_text(info)
    last = name.rpartition("/")[2]
    camel = "class " + "".join(part.capitalize() for part in last.split("_"))
    return any(part in text for part in (f'"{last}"', f"'{last}'", camel + ":", camel + "("))
