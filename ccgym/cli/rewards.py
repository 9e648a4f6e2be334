"""`ccgym rewards`: what can be scored, and by whom."""

from __future__ import annotations

import inspect
from typing import Any

from ccgym.cli.listing import listing, print_fields
from ccgym.cli.output import Output
from ccgym.plugins import registry
from ccgym.plugins.rewardclass import reward_mark


def _fields(name: str) -> dict[str, Any]:
    cls = registry().rewards[name]
    mark, owner = reward_mark(cls), registry().owner("reward", name)
    return {
        "reward": name,
        "scores": mark.scope,
        "range": f"{mark.range[0]:g} to {mark.range[1]:g}",
        "plugin": owner.name if owner else None,
        "what": (inspect.getdoc(cls) or "").partition("\n")[0],
    }


def _show(out: Output, name: str) -> None:
    cls = registry().rewards[name]
    fields = _fields(name) | {"seconds": reward_mark(cls).seconds, "what": inspect.getdoc(cls) or ""}
    fields["class"] = f"{cls.__module__}.{getattr(cls, '__qualname__', name)}"
    out.data(fields) if out.json else print_fields(out, fields)


command = listing(
    "rewards", lambda: [_fields(name) for name in sorted(registry().rewards)], _show, lambda: list(registry().rewards)
)
