"""What the `begin` of an episode says of what is installed, and of what shapes the episode besides its task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccgym.domain import Domain, Limits, Task
from ccgym.domain.parts import parts
from ccgym.plugins import Registry
from ccgym.scoring import Scorer


class Provenance:
    """Of the episodes of one environment; what they have in common is worked out once.

    Args:
        domain: what is played.
        registry: where plugins are looked up.
        faults: those that are switched on.
    """

    __slots__ = ("_faults", "_plugins", "_registry", "_shaping", "_state", "_tools", "domain")

    def __init__(self, domain: Domain, registry: Registry, faults: Mapping[str, float]) -> None:
        self.domain = {"name": domain.name, "version": domain.version, "digest": domain.digest, **parts(domain)}
        """Name, version, digest, and digests of the parts of the domain."""
        self._state = domain.spec.state
        self._registry, self._faults = registry, faults
        self._tools: list[Any] = [("tool", n) for n in (domain.spec.tools, domain.name) if n in registry.tools]
        self._tools += [("template", f"{domain.name}/{name}") for name in domain.templates]
        self._plugins: dict[Any, dict[str, dict[str, str]]] = {}
        self._shaping: dict[int, tuple[Limits, dict[str, Any]]] = {}

    def plugins(self, scorer: Scorer, task: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        """Whose plugins take part: of the rewards, tools and templates, and of the customer where a plugin has it."""
        kind = task.get("user", {}).get("sim", {}).get("kind")
        key = (*scorer.weights, kind)
        found = self._plugins.get(key)
        if found is None:
            used = [("reward", name) for name in scorer.weights] + self._tools
            if kind in self._registry.users:
                used.append(("user", kind))
            found = self._plugins[key] = self._registry.provenance(used)
        return found

    def options(
        self, scorer: Scorer, task: Task, limits: Limits, reference: dict[str, int], perturb: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """What shapes the episode besides its task.

        Args:
            scorer: with the weights and gates that it is scored by.
            task: what is played.
            limits: of the task.
            reference: size of its reference.
            perturb: what the perturbation of its tools tells of itself, where there is one.
        """
        known = self._shaping.get(id(limits))
        if known is None:
            shaping: dict[str, Any] = {"tolerance": self._state.tolerance, "exclude": list(self._state.exclude)}
            shaping["limits"] = limits.model_dump()
            if self._faults:
                shaping["faults"] = self._faults
            known = self._shaping[id(limits)] = limits, shaping
        options = {"basis": list(task.basis), "reference": reference, **known[1]}
        options["weights"], options["gates"] = scorer.weights, scorer.gates
        return options if perturb is None else {**options, "perturb": perturb}
