"""`ccgym plugins`: who is installed, whether each works, and what it registered."""

from __future__ import annotations

from typing import Any

from ccgym.cli.listing import listing, print_fields
from ccgym.cli.output import Output
from ccgym.plugins import registry


def _rows() -> list[dict[str, Any]]:
    return [
        {
            "plugin": info.name,
            "distribution": info.distribution,
            "version": info.version,
            "state": info.state if info.error is None or info.state != "ok" else "conflict",
            "registers": _counts(info.names),
            "hooks": list(info.hooks),
            "error": info.error,
        }
        for info in registry().plugins
    ]


def _counts(names: tuple[tuple[str, str], ...]) -> list[str]:
    shown = [{"tool": "toolset"}.get(kind, kind) for kind, _ in names]
    counts = {kind: shown.count(kind) for kind in sorted(set(shown))}
    return [f"{count} {kind}{'s' * (count != 1)}" for kind, count in counts.items()]


def _show(out: Output, name: str) -> None:
    info = next(info for info in registry().plugins if info.name == name)
    fields = {
        "plugin": info.name,
        "distribution": info.distribution,
        "version": info.version,
        "state": info.state,
        "error": info.error,
        "hooks": list(info.hooks),
        "registers": [f"{kind} {registered}" for kind, registered in info.names],
        "digest": info.digest if info.state == "ok" else None,
    }
    out.data(fields) if out.json else print_fields(out, fields)


command = listing(
    "plugins", _rows, _show, lambda: [info.name for info in registry().plugins], only_json=("hooks", "error")
)
