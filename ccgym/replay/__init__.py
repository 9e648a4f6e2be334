"""Replay: play the recorded actions of an episode again, in the environment as installed now."""

from ccgym.replay.playing import env_for, recorded_turns, replay
from ccgym.replay.verifying import Divergence, Verified, verify

__all__ = ["Divergence", "Verified", "env_for", "recorded_turns", "replay", "verify"]
