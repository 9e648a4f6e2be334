"""Rollouts: the episode runner, and the policies it drives. Nothing here loads torch before a model is asked for."""

from ccgym.rollouts.policies import make_policy, policy_names
from ccgym.rollouts.runner import Group, iter_groups, rollout

__all__ = ["Group", "iter_groups", "make_policy", "policy_names", "rollout"]
