"""`ccgym replay --verify`: prove that what is recorded happens again, or tell where and why it does not."""

from __future__ import annotations

import atexit
import gc
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccgym.cli.health import processors
from ccgym.cli.output import Output
from ccgym.errors import EpisodeError
from ccgym.log import log_files

if TYPE_CHECKING:
    from ccgym.damage import Damage
    from ccgym.replay import Divergence

DIVERGED = 3
"""Exit status where a replay differs from its record."""
DAMAGED = 1
"""Exit status where nothing differs, and a file is damaged."""
SHOWN = 20
"""How many divergences of a long run are printed."""


def verify_all(out: Output, name: str, only: int | None, jobs: int | None, live: Collection[Any]) -> int:
    """Verify the episodes that a name stands for, print what was found, and return the exit status."""
    from ccgym.damage import missing
    from ccgym.replay import CAUSES, verify_files

    atexit.register(gc.freeze)  # or Python, before it ends, looks for cycles in all that is left: up to a second
    files = log_files(name)
    episodes = steps = 0
    found: list[Divergence] = []
    damage: list[Damage] = []
    notices: list[str] = []
    with out.progress("replaying", len(files)) as advance:
        for done in verify_files(files, only=only, jobs=jobs or processors(), live=live):
            advance(1)
            episodes, steps = episodes + done.episodes, steps + done.steps
            found += done.divergences
            damage += done.damage
            notices += [notice for notice in done.notices if notice not in notices]
    damage += missing(Path(name))
    if not episodes and not damage:
        raise EpisodeError("holds no such episode", where=name)
    counts = Counter(divergence.cause for divergence in found)
    causes: dict[str, int] = {cause: counts[cause] for cause in CAUSES if counts[cause]}
    for notice in notices:
        out.note(f"Note: {notice}")
    if out.json:
        out.data({
            "files": len(files), "episodes": episodes, "steps": steps, "causes": causes,
            "divergences": [asdict(divergence) for divergence in found],
            "damaged": [asdict(each) for each in damage], "notices": notices,
        })  # fmt: skip
    for divergence in found[:SHOWN]:
        out.line(f"Diverged: {divergence}", "red")
    if len(found) > SHOWN:
        out.line(f"… and {len(found) - SHOWN} more; --json lists all", "red")
    for each in damage:
        out.line(f"Damaged: {each}", "red")
    out.line(_summary(episodes, steps, len(found), causes, damage), None if found or damage else "green")
    return DIVERGED if found else DAMAGED if damage else 0


def _summary(episodes: int, steps: int, found: int, causes: dict[str, int], damage: list[Damage]) -> str:
    text = f"Replayed {_many(episodes, 'episode')}, {steps:,} steps: "
    if found:
        text += f"{_many(found, 'divergence')} ({', '.join(f'{cause} {count}' for cause, count in causes.items())})."
    else:
        text += "every event is the same."
    return f"{text} {_many(len({each.path for each in damage}), 'file')} damaged." if damage else text


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"
