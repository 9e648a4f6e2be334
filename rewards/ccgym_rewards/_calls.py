"""Reading an episode's calls: which of them asked again what was already known."""

from __future__ import annotations

from typing import Any

from ccgym import Episode
from ccgym.jsontext import canonical
from ccgym.types import LOST, ToolEvent


def split_repeats(episode: Episode) -> tuple[list[ToolEvent], list[ToolEvent]]:
    """The agent's calls: those that were new, and those repeated with the same arguments while nothing had changed.

    A call whose answer a fault took, or made stale, may be asked again: it is neither.
    """
    fresh: list[ToolEvent] = []
    repeats: list[ToolEvent] = []
    seen: set[tuple[str, bytes]] = set()
    state = episode.events[0].hash if episode.events else ""
    for call in episode.calls:
        if call.hash != state:
            seen.clear()
            state = call.hash
        if call.fault in LOST or call.fault == "stale":
            continue
        key = (call.name, canonical(call.arguments))
        (repeats if key in seen else fresh).append(call)
        seen.add(key)
    return fresh, repeats


def vain_steps(episode: Episode) -> set[int]:
    """The steps of which nothing came because of faults: every call in them lost its answer."""
    lost: dict[int, bool] = {}
    calls = episode.calls
    if not any(call.fault for call in calls):
        return set()
    for call in calls:
        lost[call.step] = lost.get(call.step, True) and call.fault in LOST
    return {step for step, all_of_it in lost.items() if all_of_it}


def happened(episode: Episode) -> list[ToolEvent]:
    """The calls that worked, whoever made them. One whose answer was lost counts, unless it was made again."""
    found: list[ToolEvent] = []
    calls = [e for e in episode.events if type(e) is ToolEvent and e.step > 0]
    for i, call in enumerate(calls):
        if call.error is None:
            found.append(call)
        elif call.fault == "late":
            again = (e for e in calls[i + 1 :] if e.error is None and e.name == call.name)
            if not any(equal(e.arguments, call.arguments) for e in again):
                found.append(call)
    return found


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
