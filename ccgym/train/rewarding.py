"""What a run pays for: its config's rewards, or those of its domain."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ccgym.domain import Domain
from ccgym.env import find_domain
from ccgym.errors import ConfigError, PluginError
from ccgym.plugins import registry
from ccgym.scoring import Scorer, gates_among
from ccgym.train.config import Config

SUCCESS_AND_DIVERSITY = ("correctness", "diversity")
"""Rewards that are always computed: evaluation and the collapse alarm rest on them. Weight 0 where none is given."""


def resolved(config: Config, added: Mapping[str, float] | None = None) -> Config:
    """The config with its weights and gates spelled out: where it leaves them open, they are the domain's.

    Args:
        config: as it was written.
        added: reward to weight: beside those weights, or in place of one of them.

    Raises:
        ConfigError: a reward that nobody registers. PluginError: one whose plugin is broken.
        CcgymError: the environment is not installed.
    """
    spec, given = find_domain(config.env).spec.rewards, config.rewards
    weights = {**((spec.weights if given.weights is None else given.weights) or {"correctness": 1.0}), **(added or {})}
    gates = given.gates
    if gates is None:
        gates = gates_among(spec.gates, _computed(weights, given.scheduled(math.inf)))
    for name in {**weights, **given.schedule}:
        try:
            registry().require("reward", name)
        except PluginError as error:
            if error.data.keys() & {"plugin", "owners"}:  # it is there, and its plugin is broken, or two claim it
                raise
            raise ConfigError(error.message, where="rewards", fix=error.fix) from None
    return config.model_copy(update={"rewards": given.model_copy(update={"weights": weights, "gates": gates})})


def scorer_of(config: Config, domain: Domain) -> Scorer:
    """The scorer of a resolved config.

    Raises:
        ConfigError: a gate does not fit the weights. RewardError: a reward cannot be made, or prepared on the domain.
    """
    weights = _computed(config.rewards.weights or {}, config.rewards.scheduled(math.inf))
    return Scorer(weights, config.rewards.gates or {}, domain=domain)


def _computed(weights: Mapping[str, float], scheduled: Mapping[str, float]) -> dict[str, float]:
    """The weights that a run ends with, of all that it computes."""
    found = {**weights, **scheduled}
    for name in SUCCESS_AND_DIVERSITY:
        if name in registry().rewards:
            found.setdefault(name, 0.0)
    return found
