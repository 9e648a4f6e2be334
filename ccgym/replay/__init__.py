"""Replay: play the recorded actions of an episode again, in the environment as installed now."""

from ccgym.replay.causes import CAUSES
from ccgym.replay.parallel import cores, verify_files
from ccgym.replay.playing import env_for, recorded_turns, replay
from ccgym.replay.verifying import Divergence, Verified, verify

__all__ = [
    "CAUSES", "Divergence", "Verified", "cores", "env_for", "recorded_turns", "replay", "verify", "verify_files",
]  # fmt: skip
