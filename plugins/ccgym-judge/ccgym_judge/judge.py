"""Asking a model about an episode: from the cache, else the server; what is no verdict is no number."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ccgym import Episode, jsontext
from ccgym.chatserver import DEFAULT_URL, Refused, ask, open_client, within
from ccgym_judge.answer import Answer, Malformed, content_of, read_answers
from ccgym_judge.cache import Cache
from ccgym_judge.prompt import MAX_CHARS, case_of, messages, response_format, transcript
from ccgym_judge.rubric import Rubric, read_rubric
from ccgym_judge.settings import Settings

TRIES = 2
"""How often a model is asked whose answer is malformed."""
_UNSUPPORTED = (400, 404, 415, 422, 501)
"""What servers answer that do not know `response_format`."""
_PLAIN = (
    "Judge how the agent of a customer service treated a customer. Answer yes only where it is plain that yes is right."
)


@dataclass
class Usage:
    """What a judge has used."""

    calls: int = 0
    cached: int = 0
    tokens_read: int = 0
    tokens_written: int = 0


class Verdict(NamedTuple):
    """The answers by question; or none, and why. `tokens` read and written for it, by whoever asked first."""

    answers: dict[str, Answer] | None
    problem: str = ""
    tokens: tuple[int, int] = (0, 0)


@dataclass
class Judge:
    """A model that answers questions about episodes.

    Raises:
        ConfigError: the rubric cannot be read.
    """

    settings: Settings
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        self.rubric: Rubric = read_rubric(self.settings.rubric)
        self._cache = Cache(self.settings.cache)
        self._client: Any = None
        self._structured = True

    @property
    def digest(self) -> str:
        """Of model and rubric."""
        return jsontext.digest([self.settings.model, self.rubric.digest])

    def cost(self, tokens: tuple[int, int]) -> float | None:
        """What tokens read and written cost; None without prices."""
        prices = self.settings.prices
        return None if prices is None else (tokens[0] * prices[0] + tokens[1] * prices[1]) / 1e6

    def by_rubric(self, episode: Episode) -> Verdict:
        """The answers to the rubric's criteria."""
        return self.answer(episode, self.rubric.criteria, self.rubric.instructions)

    def answer(self, episode: Episode, questions: Mapping[str, str], instructions: str = _PLAIN) -> Verdict:
        """The answers to questions (name to text) about an episode. Never raises for what a server does."""
        talk = transcript(episode)
        if len(talk) > MAX_CHARS:
            return Verdict(None, f"the talk has {len(talk)} characters, more than {MAX_CHARS}")
        case = case_of(self.settings.model, instructions, questions, talk)
        request = {"messages": messages(case, instructions, questions, talk)}
        ends = time.monotonic() + self.settings.seconds
        read = written = 0
        problem = ""
        for number in range(TRIES):
            try:
                found = self._ask(case, questions, request, number, ends - time.monotonic())
                read, written = read + found["tokens"][0], written + found["tokens"][1]
                if "problem" in found:
                    raise Malformed(found["problem"])
                events = (event.n for event in episode.events)
                return Verdict(read_answers(found["content"], case, questions, events), "", (read, written))
            except Malformed as error:
                problem = f"the model's answer is malformed ({error})"
            except TimeoutError:
                return Verdict(None, f"no answer within {self.settings.seconds:g} s", (read, written))
            except Refused as error:
                return Verdict(None, str(error)[:300], (read, written))
            except Exception as error:  # whatever else a server makes of an answer
                return Verdict(None, f"{type(error).__name__}: {error}"[:300], (read, written))
        return Verdict(None, problem[:300], (read, written))

    def _ask(
        self, case: str, questions: Mapping[str, str], request: dict[str, Any], number: int, left: float
    ) -> dict[str, Any]:
        """`content` and `tokens` of an answer: kept, whatever it says, so that nobody asks twice."""
        key = jsontext.digest([case, number])
        kept = self._cache.get(key)
        if kept is not None:
            self.usage.cached += 1
            return kept
        limit = "max_completion_tokens" if self.settings.url == DEFAULT_URL else "max_tokens"
        body = {
            "model": self.settings.model, "stream": False, "temperature": 0, "seed": number,
            limit: self.settings.max_tokens, **request,
        }  # fmt: skip
        if left <= 0:
            raise TimeoutError
        answer = within(left, lambda: self._post(body, response_format(case, questions), left))
        tokens = _tokens(answer)
        self.usage.calls += 1
        self.usage.tokens_read += tokens[0]
        self.usage.tokens_written += tokens[1]
        found: dict[str, Any] = {"model": self.settings.model, "tokens": list(tokens)}
        try:
            found["content"] = content_of(answer)
        except Malformed as error:
            found["content"], found["problem"] = "", str(error)
        self._cache.put(key, found)
        return found

    def _post(self, body: dict[str, Any], form: dict[str, Any], left: float) -> dict[str, Any]:
        if self._client is None:
            self._client = open_client(self.settings.url, asker="the judge")
        if self._structured:
            try:
                return self._send({**body, "response_format": form}, left)
            except Refused as error:
                if error.status not in _UNSUPPORTED:
                    raise
        answer = self._send(body, left)
        self._structured = False
        return answer

    def _send(self, body: dict[str, Any], left: float) -> dict[str, Any]:
        return ask(self._client, body, random.Random(body["seed"]), attempts=self.settings.attempts, seconds=left)


def _tokens(answer: dict[str, Any]) -> tuple[int, int]:
    usage = answer.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    read, written = (usage.get(name) for name in ("prompt_tokens", "completion_tokens"))
    return (read if isinstance(read, int) else 0), (written if isinstance(written, int) else 0)
