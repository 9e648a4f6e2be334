"""A few episodes of a run as HTML: the same tasks before and after GRPO."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from ccgym.errors import EpisodeError
from ccgym.evaluate import sop_breaks
from ccgym.log import read_log
from ccgym.turns import parse_turn
from ccgym.types import Episode, RewardEvent, RuleEvent

SHOWN = 6
"""How many tasks are told."""
_LONGEST = 1500
"""Characters of one message that are shown."""


def sample_episodes(run: Path) -> str:
    """Tasks on which the warm start and the trained model differ first, then others; '' where none was evaluated."""
    before, after = _groups(run / "episodes" / "eval-sft"), _groups(run / "episodes" / "eval-grpo")
    pairs = []
    for name, (file, trained) in after.items():
        start = before[name][1] if name in before else {}
        number = min(trained)
        pairs.append((_gain(start, trained), name, file, number, trained[number]))
    if not pairs:
        return ""
    pairs.sort(key=lambda pair: (-pair[0], pair[1]))
    # What was learnt, what was lost, and something in between.
    chosen = [*pairs[: SHOWN - 2], *pairs[max(SHOWN - 2, len(pairs) - 2) :]]
    parts = []
    for place, (_, name, file, number, episode) in enumerate(chosen):
        first = place == 0
        if name in before:
            start_file, start = before[name]
            parts.append(_told("warm start", start_file, min(start), start[min(start)], run, first))
        parts.append(_told("GRPO", file, number, episode, run, first))
    return f'<h2>Episodes</h2><div class="pairs">{"".join(parts)}</div>'


def _groups(folder: Path) -> dict[str, tuple[Path, dict[int, Episode]]]:
    """Task id to the file and the episodes of its group."""
    found = {}
    for file in sorted(folder.glob("*.jsonl")) if folder.is_dir() else []:
        try:
            episodes = read_log(file).episodes
        except EpisodeError:
            continue
        if episodes:
            found[next(iter(episodes.values())).task["id"]] = (file, episodes)
    return found


def _gain(before: dict[int, Episode], after: dict[int, Episode]) -> float:
    return _share(after) - _share(before)


def _share(episodes: dict[int, Episode]) -> float:
    return sum(e.rewards.get("correctness") == 1.0 for e in episodes.values()) / len(episodes) if episodes else 0.0


def _told(who: str, file: Path, number: int, episode: Episode, run: Path, opened: bool) -> str:
    correct = episode.rewards.get("correctness") == 1.0
    mark = '<span class="good">solved</span>' if correct else '<span class="bad">failed</span>'
    where = file.relative_to(run)
    breaks = sop_breaks(episode)
    broke = f' · <span class="bad">{breaks} SOP break(s)</span>' if breaks else ""
    return (
        f'<details class="card"{" open" if opened else ""}><summary><b>{escape(who)}</b> {mark}{broke} '
        f'<span class="where">{escape(episode.task["id"])} · '
        f'<a href="{escape(str(where))}">{escape(str(where))}#{number}</a></span></summary>'
        f'<div class="talk">{"".join(map(_message, episode.messages()))}{_verdict(episode)}</div></details>'
    )


def _message(message: dict[str, Any]) -> str:
    role, text = message["role"], message["content"]
    if role == "system":
        return _said("system", "system", text)
    if role != "assistant":
        return _said(role, "customer" if role == "user" else "tool", text)
    calls = parse_turn(text).calls
    return _said("call" if calls else "assistant", "agent calls" if calls else "agent", text)


def _said(kind: str, who: str, text: str) -> str:
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
    return f'<div class="said {kind}"><small>{who}</small>{escape(shown)}</div>'


def _verdict(episode: Episode) -> str:
    parts = [f"ended by {episode.end.reason}" if episode.end else "not ended"]
    for event in episode.of(RewardEvent):
        value = "–" if event.value is None else f"{event.value:.2f}"
        parts.append(f"{event.name} {value}" + (f" ({event.explanation})" if event.explanation else ""))
    parts += [f"violated: {e.detail}" for e in episode.of(RuleEvent) if e.verdict == "violated"]
    return "".join(f'<div class="verdict">{escape(part)}</div>' for part in parts)
