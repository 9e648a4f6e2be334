"""Environments: make one, play it, or enact a list of actions in it."""

from ccgym.env.enacting import enact
from ccgym.env.env import CcgymEnv
from ccgym.env.jobs import Job, Outcome, run_job
from ccgym.env.registration import find_domain, make, make_registered
from ccgym.env.space import UnicodeText

__all__ = ["CcgymEnv", "Job", "Outcome", "UnicodeText", "enact", "find_domain", "make", "make_registered", "run_job"]
