"""Every law for everything that a plugin brings."""

from __future__ import annotations

from contextlib import nullcontext

from ccgym.checking.check import Watch
from ccgym.domain.check import in_order
from ccgym.domain.findings import Finding, Findings
from ccgym.kit.envs import env_trials
from ccgym.kit.law import Trial
from ccgym.kit.loading import loading_trials
from ccgym.kit.players import player_trials
from ccgym.kit.rewards import reward_trials
from ccgym.kit.subject import Subject, find_subject
from ccgym.kit.tools import tool_trials
from ccgym.kit.worker import run_trials


def trials(subject: Subject) -> list[Trial]:
    """The trials of a plugin: loading first, then each kind of thing that it brings."""
    kinds = (loading_trials, reward_trials, tool_trials, env_trials, player_trials)
    return [trial for of_kind in kinds for trial in of_kind(subject)]


def check_plugin(name: str | Subject, watch: Watch | None = None) -> tuple[list[Finding], int]:
    """Hold every law to an installed distribution, or to one plugin.

    Args:
        name: of the distribution or the plugin.
        watch: shows progress.

    Returns:
        The findings, errors first, and how many laws were tried.

    Raises:
        PluginError: there is no such distribution or plugin.
    """
    made = trials(find_subject(name) if isinstance(name, str) else name)
    watch = watch or (lambda label, total: nullcontext(lambda n: None))
    with watch("trying laws", len(made)) as advance:
        return in_order(Findings(run_trials(made, advance))), len(made)
