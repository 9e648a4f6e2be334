"""A language model as judge: the reward `judge` asks a rubric, and `correctness` what a task's `expect.judge` asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import ccgym
from ccgym import Episode, RewardResult
from ccgym_judge.answer import Answer
from ccgym_judge.judge import Judge, Verdict
from ccgym_judge.settings import Settings, read_settings

_judge = lru_cache(maxsize=8)(Judge)


def configured() -> Judge | None:
    """The judge of the variables `CCGYM_JUDGE_…`, or None. Raises ConfigError where they are wrong."""
    settings = read_settings()
    return None if settings is None else _judge(settings)


@ccgym.reward(range=(0.0, 1.0), seconds=120.0)
class JudgeReward:
    """The weighted share of the rubric's criteria that the judge says yes to."""

    name = "judge"
    live = True

    def prepare(self, domain: Any) -> str | None:
        """The digest of model and rubric."""
        judge = configured()
        return None if judge is None else judge.digest

    def score_episode(self, episode: Episode) -> RewardResult | None:
        """None where the agent said nothing to the customer; unscored where there is no verdict."""
        if not episode.replies:
            return None
        judge = configured()
        if judge is None:
            return RewardResult(None, "no judge is configured: set CCGYM_JUDGE_MODEL")
        verdict = judge.by_rubric(episode)
        if verdict.answers is None:
            return RewardResult(None, verdict.problem, (), _used(judge, verdict))
        weights = judge.rubric.weights
        parts: dict[str, float | None] = {name: float(answer.yes) for name, answer in verdict.answers.items()}
        value = sum(weights[name] * answer.yes for name, answer in verdict.answers.items()) / sum(weights.values())
        return RewardResult(value, _told(verdict.answers), _evidence(verdict.answers), parts | _used(judge, verdict))


@ccgym.hookimpl
def register_rewards(register: Callable[[type], None]) -> None:
    """The reward `judge`."""
    register(JudgeReward)


@ccgym.hookimpl
def judge_episode(episode: Episode, questions: Sequence[str]) -> RewardResult | None:
    """What the component `judge` of correctness is."""
    judge = configured()
    if judge is None:
        return None
    verdict = judge.answer(episode, {f"question {number}": text for number, text in enumerate(questions, 1)})
    if verdict.answers is None:
        return RewardResult(None, verdict.problem)
    value = float(all(answer.yes for answer in verdict.answers.values()))
    return RewardResult(value, _told(verdict.answers), _evidence(verdict.answers))


def _told(answers: dict[str, Answer]) -> str:
    """What was denied, and why."""
    return "; ".join(f"{name}: {answer.reason or 'no'}" for name, answer in answers.items() if not answer.yes)[:500]


def _evidence(answers: dict[str, Answer]) -> tuple[int, ...]:
    return tuple(sorted({number for answer in answers.values() for number in answer.events}))


def _used(judge: Judge, verdict: Verdict) -> dict[str, float | None]:
    """The tokens of a verdict, and what they cost where prices are known."""
    used: dict[str, float | None] = {"tokens": float(sum(verdict.tokens))}
    cost = judge.cost(verdict.tokens)
    return used if cost is None else {**used, "cost": cost}


__all__ = ["Judge", "JudgeReward", "Settings", "Verdict", "configured", "read_settings"]
