"""Customer-care SOPs and tool schemas as Gymnasium environments, rewards as plugins, and one trainer.

Importing ccgym registers the environments of all installed packages with Gymnasium and loads nothing heavy: the names
below are imported at first use.
"""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import gymnasium

if TYPE_CHECKING:
    from ccgym.domain import Domain, Task, load_domain
    from ccgym.env import CcgymEnv, enact, make
    from ccgym.errors import CcgymError, ToolError
    from ccgym.log import read_episodes
    from ccgym.plugins import hookimpl, register, reward, tool
    from ccgym.rollouts import rollout
    from ccgym.scoring import score
    from ccgym.types import Episode, RewardResult, Turn

__version__ = "0.1.0"

_PUBLIC = {
    "CcgymEnv": "env", "CcgymError": "errors", "Domain": "domain", "Episode": "types", "RewardResult": "types",
    "Task": "domain", "ToolError": "errors", "Turn": "types", "enact": "env", "hookimpl": "plugins",
    "load_domain": "domain", "make": "env", "read_episodes": "log", "register": "plugins", "reward": "plugins",
    "rollout": "rollouts", "score": "scoring", "tool": "plugins",
}  # fmt: skip

__all__ = [
    "CcgymEnv", "CcgymError", "Domain", "Episode", "RewardResult", "Task", "ToolError", "Turn", "__version__", "enact",
    "hookimpl", "load_domain", "make", "read_episodes", "register", "reward", "rollout", "score", "tool",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'ccgym' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"ccgym.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _register_envs() -> None:
    for entry in entry_points(group="ccgym.envs"):
        if entry.name not in gymnasium.registry:
            gymnasium.register(entry.name, entry_point="ccgym.env:make_registered", kwargs={"env_id": entry.name})


_register_envs()
