"""Replay: play the recorded actions of an episode again, in the environment as installed now."""

from ccgym.replay.blaming import Blame, Worth, blame
from ccgym.replay.forking import Branches, Change, branch_out, fork
from ccgym.replay.playing import env_for, recorded_turns, replay
from ccgym.replay.verifying import Divergence, Verified, verify

__all__ = [
    "Blame", "Branches", "Change", "Divergence", "Verified", "Worth", "blame", "branch_out", "env_for", "fork",
    "recorded_turns", "replay", "verify",
]  # fmt: skip
