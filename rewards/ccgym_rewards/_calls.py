"""Reading an episode's calls: which of them asked again what was already known."""

from __future__ import annotations

from typing import Any

from ccgym import Episode
from ccgym.jsontext import canonical
from ccgym.types import ToolEvent


def split_repeats(episode: Episode) -> tuple[list[ToolEvent], list[ToolEvent]]:
    """The agent's calls: those that were new, and those repeated with the same arguments while nothing had changed."""
    fresh: list[ToolEvent] = []
    repeats: list[ToolEvent] = []
    seen: set[tuple[str, bytes]] = set()
    state = episode.events[0].hash if episode.events else ""
    for call in episode.calls:
        if call.hash != state:
            seen.clear()
            state = call.hash
        key = (call.name, canonical(call.arguments))
        (repeats if key in seen else fresh).append(call)
        seen.add(key)
    return fresh, repeats


def equal(a: Any, b: Any, tolerance: float = 0.0) -> bool:
    """Equality of JSON values: 1 equals 1.0, but true is not 1; floats may differ by the tolerance."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key], tolerance) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if tolerance and isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) <= tolerance
    return bool(a == b)
