"""What many episodes came to: success, means and ends, over all and by tag."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ccgym.cli.output import Output
from ccgym.evaluate import SUCCESS, sop_breaks
from ccgym.types import Episode, RewardEvent

ALL = "all"


def summarise(episodes: Sequence[Episode]) -> dict[str, Any]:
    """The figures of some episodes. A mean leaves out what was not scored; None where nothing was."""
    names = dict.fromkeys(event.name for episode in episodes for event in episode.of(RewardEvent))
    columns = {name: [episode.rewards.get(name) for episode in episodes] for name in names}
    correctness = columns.get(SUCCESS, [])
    return {
        "tasks": len({episode.task["id"] for episode in episodes}),
        "episodes": len(episodes),
        "success": mean(None if value is None else float(value == 1) for value in correctness),
        "sop_breaks_per_episode": mean(sop_breaks(episode) for episode in episodes),
        "rewards": {name: mean(values) for name, values in columns.items()},
        "unscored": _unscored(episodes),
        "steps": sum(episode.steps for episode in episodes),
        "ends": dict(Counter(e.end.reason if e.end else "unfinished" for e in episodes).most_common()),
    }


def _unscored(episodes: Sequence[Episode]) -> dict[str, int]:
    """How often each reward could not be scored, or failed. A reward that does not apply is neither."""
    events = [event for episode in episodes for event in episode.of(RewardEvent)]
    return dict(Counter(event.name for event in events if event.status in ("unscored", "failed")))


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of what is not None, or None."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def by_tag(episodes: Sequence[Episode]) -> dict[str, dict[str, Any]]:
    """Figures by tag of the task, then over all."""
    tags: dict[str, list[Episode]] = {}
    for episode in episodes:
        for tag in episode.task.get("tags", ()):
            tags.setdefault(tag, []).append(episode)
    figures = {tag: summarise(tags[tag]) for tag in sorted(tags)}
    return {**figures, ALL: summarise(episodes)}


def print_summary(out: Output, figures: dict[str, dict[str, Any]]) -> None:
    """A table: a row a tag, the last over all; then how the episodes ended."""
    total = figures[ALL]
    names = list(total["rewards"])
    rows = []
    for tag, row in figures.items():
        steps = row["steps"] / row["episodes"] if row["episodes"] else None
        means = [row["rewards"].get(name) for name in names]
        rows.append([tag, row["tasks"], row["episodes"], row["success"], *means, steps])
    out.table(["tag", "tasks", "episodes", "success", *names, "steps"], rows)
    out.line()
    out.line("Ended with " + ", ".join(f"{reason} ({count})" for reason, count in total["ends"].items()) + ".")
    if total["unscored"]:
        unscored = ", ".join(f"{name} in {count} of {total['episodes']}" for name, count in total["unscored"].items())
        out.line(f"Unscored: {unscored} episodes.", "yellow")
