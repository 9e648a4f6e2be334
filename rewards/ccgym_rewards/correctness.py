"""Whether the task was done: the product of the components that the task's `reward_basis` names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ccgym import Episode, RewardResult, reward
from ccgym.plugins import registry
from ccgym.types import RuleEvent
from ccgym_rewards._calls import equal, happened
from ccgym_rewards._clauses import BROKEN, of_the_sop, tell
from ccgym_rewards._matching import unmatched
from ccgym_rewards._patches import differences, short
from ccgym_rewards._text import fold

_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_MAX_OUTPUT = 256 * 1024


class Part(NamedTuple):
    """One component: its value (None: it cannot be scored), why, and the events it rests on."""

    value: float | None
    why: str = ""
    evidence: tuple[int, ...] = ()


YES = Part(1.0)


@reward(range=(0.0, 1.0), seconds=120.0)
class Correctness:
    """The product of the components in `reward_basis`; 0 unless the customer was done or a terminal tool was called.

    `state` the final state is the target's; `say` each text occurs in a reply; `actions` the calls are the expected
    ones; `asserts` every assert holds; `output` the last reply gives the expected object; `sop` no rule was broken;
    `judge` a judge says yes to each question. A component that cannot be scored leaves the whole unscored.
    """

    def score_episode(self, episode: Episode) -> RewardResult:
        """Always applies."""
        parts = {name: _COMPONENTS[name](episode) for name in basis(episode)}
        values = {name: part.value for name, part in parts.items()}
        unscored = [f"{name}: {part.why}" for name, part in parts.items() if part.value is None]
        if unscored:
            return RewardResult(None, "; ".join(unscored), (), values)
        wrong = {name: part for name, part in parts.items() if not part.value}
        evidence = tuple(number for part in wrong.values() for number in part.evidence)
        text = "; ".join(f"{name}: {part.why}" for name, part in wrong.items())[:500]
        end = episode.end
        if not episode.earning:
            ended = f"ended by {end.reason}" if end is not None else "not ended"
            return RewardResult(0.0, f"{ended}; {text}" if text else ended, (end.n,) if end is not None else (), values)
        return RewardResult(0.0 if wrong else 1.0, text, evidence, values)

    def live(self, episode: Episode) -> bool:
        """Whether a judge had a say: a replay plays back what was said then."""
        return "judge" in basis(episode)


def basis(episode: Episode) -> list[str]:
    """The components that count: as recorded, else as the task says, else as its `expect` gives reason for."""
    recorded = episode.begin.options.get("basis") or episode.task.get("reward_basis")
    if recorded:
        return list(recorded)
    expect = episode.task.get("expect", {})
    return ["state", *(name for name in ("say", "asserts", "output", "judge") if expect.get(name)), "sop"]


def _state(episode: Episode) -> Part:
    target, end, options = episode.begin.target, episode.end, episode.begin.options
    if target is None:
        return Part(None, "the episode has no target")
    if end is None:
        return Part(0.0, "the episode has not ended")
    if end.hash == target.hash:
        return YES
    if target.patch is None or end.patch is None:
        return Part(0.0, "the final state is not the target", (end.n,))
    tolerance = float(options.get("tolerance") or 0.0)
    told = differences(end.patch, target.patch, tolerance, options.get("exclude") or ())
    if tolerance and not told:
        return YES
    return Part(0.0, "; ".join(told[:3]) or "the final state is not the target", (end.n,))


def _say(episode: Episode) -> Part:
    replies = [fold(text) for _, text in episode.replies]
    said = "\n".join(replies)  # which no folded text has in it
    missing = [t for t in episode.task.get("expect", {}).get("say", ()) if not replies or fold(t) not in said]
    if not missing:
        return YES
    return Part(0.0, "not said: " + ", ".join(map(repr, missing)), tuple(n for n, _ in episode.replies))


def _actions(episode: Episode) -> Part:
    wanted = [action for action in episode.task.get("expect", {}).get("actions", ()) if "name" in action]
    missing, extra = unmatched(wanted, happened(episode))
    if missing:
        return Part(0.0, "not called: " + ", ".join(f"{a['name']}({short(a.get('args', {}))})" for a in missing[:3]))
    if extra:
        told = ", ".join(f"{call.name}({short(call.arguments)})" for call in extra[:3])
        return Part(0.0, f"called beyond the reference: {told}", tuple(call.n for call in extra))
    return YES


def _asserts(episode: Episode) -> Part:
    wanted = [item for item in episode.task.get("expect", {}).get("asserts", ()) if item.get("tag") != "sop"]
    verdicts = [e for e in episode.events if type(e) is RuleEvent and e.kind == "assert" and e.tag != "sop"]
    if len(verdicts) < len(wanted) and episode.earning:
        return Part(None, f"{len(wanted) - len(verdicts)} asserts were not judged")
    return _verdicts(verdicts)


def _sop(episode: Episode) -> Part:
    return _verdicts(of_the_sop(episode))


def _verdicts(verdicts: list[RuleEvent]) -> Part:
    broken = [e for e in verdicts if e.verdict in BROKEN]
    if not broken:
        return YES
    told = "; ".join(tell(e) for e in broken[:3])
    return Part(0.0, told, tuple(e.n for e in broken))


def _output(episode: Episode) -> Part:
    wanted = episode.task.get("expect", {}).get("output", {})
    replies = episode.replies
    if not replies:
        return Part(0.0, "there is no reply")
    number, text = replies[-1]
    found = _object_in(text)
    if found is None:
        return Part(0.0, "the last reply holds no JSON object", (number,))
    wrong = [key for key in wanted if key not in found or not equal(found[key], wanted[key])]
    if not wrong:
        return YES
    told = ", ".join(f"{key} is {short(found[key]) if key in found else 'missing'}" for key in wrong[:3])
    return Part(0.0, told, (number,))


def _object_in(text: str) -> dict[str, Any] | None:
    """The JSON object that a reply is, or that its last fenced block holds."""
    for candidate in (text, *reversed(_FENCE.findall(text[:_MAX_OUTPUT]))):
        if len(candidate) > _MAX_OUTPUT:
            continue
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _judge(episode: Episode) -> Part:
    questions = episode.task.get("expect", {}).get("judge", ())
    said = registry().hook.judge_episode(episode=episode, questions=questions) if questions else None
    if said is None:
        return Part(None, "no judge model is configured" if questions else "there is nothing to judge")
    return Part(said.value, said.explanation, tuple(said.evidence))


_COMPONENTS: dict[str, Callable[[Episode], Part]] = {
    "state": _state, "say": _say, "actions": _actions, "asserts": _asserts, "output": _output, "sop": _sop,
    "judge": _judge,
}  # fmt: skip
