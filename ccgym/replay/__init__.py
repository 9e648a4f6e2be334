"""Replay: play the recorded actions of an episode again, in the environment as installed now."""

from ccgym.replay.blaming import Blame, Worth, blame
from ccgym.replay.causes import CAUSES
from ccgym.replay.exporting import add_task, outcome, play_case, to_task, write_test
from ccgym.replay.forking import Branches, Change, branch_out, fork
from ccgym.replay.minimising import Minimised, minimise
from ccgym.replay.parallel import verify_files
from ccgym.replay.playing import env_for, recorded_turns, replay
from ccgym.replay.verifying import Divergence, Verified, verify

__all__ = [
    "CAUSES", "Blame", "Branches", "Change", "Divergence", "Minimised", "Verified", "Worth", "add_task", "blame",
    "branch_out", "env_for", "fork", "minimise", "outcome", "play_case", "recorded_turns", "replay", "to_task",
    "verify", "verify_files", "write_test",
]  # fmt: skip
