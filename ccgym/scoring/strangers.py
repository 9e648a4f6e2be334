"""Rewards of others: where each comes from, what is said where it hangs, and the copies that it is given."""

from __future__ import annotations

import copy
from importlib.metadata import EntryPoint
from typing import Any

import msgspec

from ccgym.plugins import OWN, Registry, load_plugins, reward_mark
from ccgym.types import AnyEvent, Episode

_EVENTS = list[AnyEvent]


def origin(reward: Any, registry: Registry | None = None) -> tuple[str, bytes]:
    """Who owns a reward, and what the watchdog says where it hangs.

    Returns:
        `acme-reward 1.0`, or "" for ccgym's own; the module's name, and no words, for one that no distribution brings.
    """
    loaded, mark = registry or load_plugins(), reward_mark(reward)
    info = loaded.owner("reward", mark.name) if loaded.rewards.get(mark.name) is type(reward) else None
    module = type(reward).__module__
    if info is None or not isinstance(info.source, EntryPoint):
        return module, b""
    if info.distribution == OWN:
        return "", b""
    owner = f"{info.distribution} {info.version}"
    text = (
        f"the reward {mark.name!r} of {owner} ({module}) hangs: it did not return within its {mark.seconds:g} s, and "
        "could not be interrupted, so its process was killed. What was logged is whole. Leave it out, or repair it: "
        f"`ccgym check {info.distribution}` shows on what it hangs"
    )
    return owner, text.encode()[:2000]


def copy_of(episode: Episode) -> Episode:
    """A copy that shares nothing with the episode: a stranger's reward may do with it what it will."""
    try:
        return Episode(msgspec.json.decode(msgspec.json.encode(episode.events), type=_EVENTS))
    except (UnicodeEncodeError, msgspec.MsgspecError):  # events that nobody has written to a log: made by hand
        return Episode(copy.deepcopy(episode.events))
