"""A customer whom a chat model plays, through any server that speaks the OpenAI chat API.

Nothing that the model or its server does is an error of the episode: whatever is no line of a customer ends the talk as
`customer_left`, with the reason. What was said and done is in the log, so a replay asks no model: see `recorded`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ccgym import jsontext
from ccgym.chatserver import DEFAULT_URL, Refused, ask, open_client, server_url
from ccgym.errors import DomainError
from ccgym.turns import nfc
from ccgym.types import CustomerCall, CustomerTurn, Tool

DONE, LEAVE = "[DONE]", "[LEAVE]"
MAX_CHARS = 4000
MAX_CALLS = 16
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_HOME = ("127.0.0.1", "::1", "localhost")
_PROMPT = """You play a customer who writes to customer service. You are not the agent, and you never help.

Who you are: {persona}
What you want: {goal}
What you know and tell when you are asked for it: {known}
What you do not know: {unknown}

Write one short message at a time, in {language}, as this person would. Make nothing up. When what you want is done, or
has been refused for good, write your last words and {done}. When you give up, write {leave}. Never thank twice."""


class LlmCustomer:
    """See the module.

    Args:
        user: the task's `user`.
        sim: its `sim`: `model`, and what docs/customers.md lists beside it.
        language: the domain's.
        rng: gives the seeds that the server is sent.
        tools: the customer's own.

    Raises:
        DomainError: no `model`. ConfigError: OpenAI's own server without a key. MissingExtra: httpx is not installed.
    """

    def __init__(
        self, user: dict[str, Any], sim: dict[str, Any], language: str, rng: random.Random, tools: Sequence[Tool] = ()
    ) -> None:
        if not sim.get("model"):
            raise DomainError(
                "a customer of kind llm needs a model", where="user.sim", fix="Give `model` and `base_url`"
            )
        url = server_url(sim.get("base_url"))
        self._client = _client(url, _may_see_key(url))
        self._first = user.get("first_message", "")
        self._rng = rng
        self._attempts, self._seconds = int(sim.get("attempts", 3)), float(sim.get("seconds", 60.0))
        self._turns_left = int(sim.get("max_turns", 20))
        limit = "max_completion_tokens" if url == DEFAULT_URL else "max_tokens"
        self._body: dict[str, Any] = {"model": sim["model"], "stream": False, limit: int(sim.get("max_tokens", 300))}
        if "temperature" in sim:
            self._body["temperature"] = sim["temperature"]
        if tools:
            self._body["tools"] = [tool.openai() for tool in tools]
        system = _PROMPT.format(
            persona=user.get("persona") or "an ordinary customer", goal=user.get("goal") or self._first or "help",
            known=jsontext.dumps(user.get("known", {})), unknown=", ".join(user.get("unknown", ())) or "nothing",
            language=sim.get("language", language), done=DONE, leave=LEAVE,
        )  # fmt: skip
        self._messages: list[dict[str, Any]] = [
            {"role": "system", "content": system},
            {"role": "user", "content": "Hello, how can I help you?"},
        ]
        self._pending: list[str] = []
        self._gone = ""

    def first(self) -> CustomerTurn:
        """The task's `first_message`, or what the model says first. A model that fails leaves at the first answer."""
        if self._first:
            self._messages.append({"role": "assistant", "content": self._first})
            return CustomerTurn(self._first)
        turn = self._next()
        self._gone = turn.left or ("it had nothing to ask" if turn.done or turn.calls else "")
        return CustomerTurn(turn.text or "…")

    def resume(self, talk: Sequence[tuple[str, str]]) -> None:
        """Take up a talk in the middle, in place of `first`: the agent's reply and the line that answered it, by turns;
        the first reply is ""."""
        for reply, line in talk:
            if reply:
                self._turns_left -= 1
                self._messages.append({"role": "user", "content": reply})
            self._messages.append({"role": "assistant", "content": line})

    def answer(self, reply: str) -> CustomerTurn:
        """What the model says to a reply."""
        if self._gone:
            return CustomerTurn("", left=self._gone)
        self._turns_left -= 1
        if self._turns_left < 0:
            return CustomerTurn("", left="too many turns")
        self._messages.append({"role": "user", "content": reply})
        return self._next()

    def results(self, calls: Sequence[CustomerCall]) -> CustomerTurn:
        """What the model says, or calls next, when it sees what came of its calls."""
        for id_, call in zip(self._pending, calls, strict=True):
            content = jsontext.dumps({"error": call.error} if call.error is not None else call.result)
            self._messages.append({"role": "tool", "tool_call_id": id_, "content": content})
        return self._next()

    def _next(self) -> CustomerTurn:
        body = {**self._body, "messages": self._messages, "seed": self._rng.randrange(2**31)}
        rng = random.Random(body["seed"])
        try:
            answer = ask(self._client, body, rng, attempts=self._attempts, seconds=self._seconds)
            return self._read(answer)
        except TimeoutError:
            _client.cache_clear()  # a server that drips may hold its connection for ever: later customers get others
            return CustomerTurn("", left=f"no answer within {self._seconds:g} s")
        except Exception as error:  # whatever a server makes of an answer, it is no failure of the episode
            told = str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}"
            return CustomerTurn("", left=nfc(told[:300]))

    def _read(self, answer: dict[str, Any]) -> CustomerTurn:
        """A server's answer as a turn. Raises Refused for what is no customer's line."""
        try:
            choice = answer["choices"][0]
            message, reason = choice["message"], choice.get("finish_reason")
            content, refusal = message.get("content") or "", message.get("refusal")
            asked = [(call["id"], call["function"]) for call in message.get("tool_calls") or ()]
            calls = [(nfc(str(f["name"])[:100]), jsontext.parse(f.get("arguments") or "{}")) for _, f in asked]
        except (KeyError, IndexError, TypeError, AttributeError, jsontext.JsonError) as error:
            raise Refused(f"the model's answer is malformed ({type(error).__name__}: {error})") from None
        if not isinstance(content, str) or not all(isinstance(arguments, dict) for _, arguments in calls):
            raise Refused("the model's answer is malformed: content that is no text")
        if len(calls) > MAX_CALLS:
            raise Refused(f"the model's answer has {len(calls)} calls")
        if refusal or reason == "content_filter":
            raise Refused(f"the model refused: {refusal or reason}")
        if reason == "length" or len(content) > MAX_CHARS:
            raise Refused("the model's answer does not end")
        content = nfc(content)
        sent: dict[str, Any] = {"role": "assistant", "content": content}
        if calls:
            self._pending = [nfc(str(id_)) for id_, _ in asked]
            sent["tool_calls"] = [
                {"id": id_, "type": "function", "function": {"name": name, "arguments": jsontext.dumps(arguments)}}
                for id_, (name, arguments) in zip(self._pending, calls, strict=True)
            ]
        self._messages.append(sent)
        if calls:
            return CustomerTurn("", calls=tuple(calls))
        text = _THOUGHT.sub("", content).strip()
        left, done = LEAVE in text, DONE in text
        text = text.replace(DONE, "").replace(LEAVE, "").strip()
        if not text and not done and not left:
            raise Refused("the model's answer is empty")
        return CustomerTurn(text, done=done and not left, left="gave up" if left else "")


@lru_cache(maxsize=32)
def _client(url: str, send_key: bool) -> Any:
    return open_client(url, asker="a customer of kind llm", send_key=send_key)


def _may_see_key(url: str) -> bool:
    """A task may name any server; the key goes to OpenAI's own, that of `OPENAI_BASE_URL`, and this machine only."""
    return url == server_url(None) or urlsplit(url).hostname in _HOME or url == DEFAULT_URL
