"""Plugins: the hooks, the decorators, and the registry of what every installed plugin has registered."""

from __future__ import annotations

from ccgym.plugins.hookspecs import hookimpl, hookspec
from ccgym.plugins.info import OWN, PluginInfo
from ccgym.plugins.loader import load_plugins, register, registry, scan, unregister
from ccgym.plugins.registry import Registry
from ccgym.plugins.rewardclass import RewardMark, reward, reward_mark
from ccgym.plugins.suggest import did_you_mean
from ccgym.plugins.toolset import ToolMark, Toolset, tool, tool_mark

__all__ = [
    "OWN", "PluginInfo", "Registry", "RewardMark", "ToolMark", "Toolset", "did_you_mean", "hookimpl", "hookspec",
    "load_plugins", "register", "registry", "reward", "reward_mark", "scan", "tool", "tool_mark", "unregister",
]  # fmt: skip
