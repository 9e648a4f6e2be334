"""`ccgym envs`: what can be played. Listing imports nobody; showing loads the domain."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ccgym.cli.listing import listing, print_fields
from ccgym.cli.output import Output
from ccgym.plugins import registry


def _rows() -> list[dict[str, Any]]:
    rows = []
    for name, entry in sorted(registry().envs.items()):
        owner = registry().owner("env", name)
        version = owner.version if owner else ""
        rows.append(
            {"env": name, "distribution": owner.distribution if owner else "", "version": version, "from": entry.value}
        )
    return rows


def describe(name: str, domain: Any) -> dict[str, Any]:
    """What there is to know of a domain before playing it."""
    splits = Counter(task.split for task in domain.tasks.values())
    tools = [tool.name + ("" if tool.effect == "read" else f" ({tool.effect})") for tool in domain.tools.values()]
    spec = domain.spec
    return {
        "env": name,
        "domain": f"{domain.name} {domain.version}",
        "description": spec.description,
        "language": domain.language,
        "license": spec.license,
        "folder": str(domain.path),
        "tools": tools,
        "tasks": [f"{count} {split}" for split, count in sorted(splits.items())],
        "templates": sorted(domain.templates),
        "tables": [f"{table}: {len(rows)} rows" for table, rows in domain.state.get("tables", {}).items()],
        "limits": [f"{key} {value}" for key, value in spec.limits.model_dump().items()],
        "rewards": [f"{reward} × {weight:g}" for reward, weight in spec.rewards.weights.items()],
        "gates": [f"{gate} multiplies {name}" for name, gate in spec.rewards.gates.items()],
        "digest": domain.digest,
    }


def _show(out: Output, name: str) -> None:
    from ccgym.env import find_domain

    fields = describe(name, find_domain(name))
    out.data(fields) if out.json else print_fields(out, fields)


command = listing("envs", _rows, _show, lambda: list(registry().envs))
