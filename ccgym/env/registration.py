"""From a name to an environment: ids of entry points, and folders."""

from __future__ import annotations

import os
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gymnasium.envs.registration import EnvSpec

from ccgym.domain import Domain, load_domain
from ccgym.env.env import CcgymEnv
from ccgym.errors import CcgymError, PluginError
from ccgym.plugins import registry


def find_domain(name: str | os.PathLike[str]) -> Domain:
    """The domain behind an environment's id (`ccgym/OrderDesk-v0`), or in a folder.

    Raises:
        CcgymError: there is no such id or folder.
        DomainError: the folder holds no valid domain.
        PluginError: the plugin that has the environment cannot be imported, or breaks when it is asked for it.
    """
    plugins = registry()
    if conflict := plugins.conflicts.get(("env", str(name))):
        raise conflict
    entry = plugins.envs.get(str(name))
    if entry is None:
        if Path(name).is_dir():
            return load_domain(name)
        close = get_close_matches(str(name), plugins.envs, n=1, cutoff=0.4)
        fix = f"Did you mean {close[0]!r}?" if close else "Give a domain folder, or an id that `ccgym envs` lists"
        raise CcgymError(f"no environment and no folder named {str(name)!r}", fix=fix)
    try:
        found = entry.load()
    except Exception as error:  # a stranger's import: named, and carried as the cause
        raise PluginError(f"cannot be imported ({type(error).__name__}: {error})", where=f"env {name}") from error
    if isinstance(found, Callable):  # type: ignore[arg-type]
        try:
            found = found()
        except CcgymError:
            raise
        except Exception as error:  # a stranger's function: named, and carried as the cause
            raise PluginError(f"cannot be made ({type(error).__name__}: {error})", where=f"env {name}") from error
    return found if isinstance(found, Domain) else load_domain(found)


def make(name: str | os.PathLike[str] | Domain, **kwargs: Any) -> CcgymEnv:
    """An environment that plays a domain: a registered id, a domain folder, or a loaded Domain.

    Args:
        name: `ccgym/OrderDesk-v0`, a path, or a Domain.
        kwargs: see CcgymEnv.

    Raises:
        CcgymError: nothing of that name; DomainError: the domain is not valid.
    """
    domain = name if isinstance(name, Domain) else find_domain(name)
    asked = str(kwargs.pop("env", domain.path if isinstance(name, Domain) else name))
    env = CcgymEnv(domain, env=asked, **kwargs)
    env.spec = EnvSpec(f"ccgym/{domain.name}-v0", entry_point="ccgym.env:make", kwargs={"name": asked, **kwargs})
    return env


def make_registered(env_id: str, **kwargs: Any) -> CcgymEnv:
    """What `gymnasium.make` calls for each id of the entry-point group `ccgym.envs`."""
    return make(env_id, **kwargs)
