"""The kit: laws that every plugin must keep, held to an installed distribution by `ccgym check` and by pytest."""

from __future__ import annotations

from ccgym.kit.law import Trial, finding
from ccgym.kit.subject import Subject, find_subject, is_subject, known_names
from ccgym.kit.trials import check_plugin, trials
from ccgym.kit.worker import run_trial, run_trials

__all__ = [
    "Subject", "Trial", "check_plugin", "find_subject", "finding", "is_subject", "known_names", "run_trial",
    "run_trials", "trials",
]  # fmt: skip
