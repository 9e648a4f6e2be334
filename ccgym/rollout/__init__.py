"""Rollouts: the episode runner, and the policies it drives. Nothing here loads torch before a model is asked for.

The package can be called: `ccgym.rollout(env, policy, tasks)` is `ccgym.rollout.runner.rollout`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ccgym.rollout.policies import make_policy, policy_names
from ccgym.rollout.runner import Group, iter_groups
from ccgym.rollout.runner import rollout as _rollout

__all__ = ["Group", "iter_groups", "make_policy", "policy_names", "rollout"]


class _Package(ModuleType):
    """One name for both: `ccgym.rollout` is the function that a notebook wants, and the package that holds it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _rollout(*args, **kwargs)


_Package.__call__.__doc__ = _rollout.__doc__
rollout = _rollout
sys.modules[__name__].__class__ = _Package
