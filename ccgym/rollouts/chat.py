"""`openai:MODEL`: any server that speaks the OpenAI chat API.

Native tool calls and reasoning fields are turned into the text of a turn, and the answers to native calls go back as
messages of role `tool`. The key comes from the environment, goes into one header, and is never shown.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ccgym import jsontext
from ccgym.chatserver import DEFAULT_URL, Refused, ask, open_client, server_url
from ccgym.renaming import renaming_of
from ccgym.turns import RESERVED, escape_in_json, render_call
from ccgym.types import Episode, ErrorEvent, Message, Request, ToolEvent, Turn, UserEvent


@dataclass(slots=True)
class _Talk:
    """What one episode has sent and received."""

    messages: list[dict[str, Any]]
    events: int
    """How many of the episode's events are in `messages`."""
    calls: list[str] = field(default_factory=list)
    """Ids of the native calls of the last turn, in order."""


class ChatPolicy:
    """A policy played by a chat server, several requests at a time. `usage` counts tokens and requests.

    Args: see `openai`.
    """

    def __init__(
        self, model: str, client: Any, *, sampling: dict[str, Any], native_tools: bool, attempts: int, seconds: float,
        workers: int, sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.name = f"openai:{model}"
        self.model = model
        self.usage = {"requests": 0, "prompt_tokens": 0, "completion_tokens": 0}
        self._client, self._sampling, self._native = client, sampling, native_tools
        self._attempts, self._seconds, self._sleep = attempts, seconds, sleep
        self._talks: dict[int, _Talk] = {}
        self._under_way: dict[Future[Turn], int] = {}
        self._counting = Lock()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ccgym-chat")

    def submit(self, requests: Sequence[Request]) -> None:
        """Ask the server for these turns."""
        for request in requests:
            self._under_way[self._pool.submit(self._turn, request)] = request.key

    def collect(self) -> list[tuple[int, Turn]]:
        """The turns that are there, at least one. What went wrong (after retries) is `error`, or the limit `time`."""
        done, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        return [(self._under_way.pop(future), _result(future)) for future in done]

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """One turn a request, in order, for callers with nothing else under way."""
        self.submit(requests)
        found: dict[int, Turn] = {}
        while self._under_way:
            found.update(self.collect())
        return [found[request.key] for request in requests]

    def close(self, key: int) -> None:
        """Forget an episode's talk."""
        self._talks.pop(key, None)

    def _turn(self, request: Request) -> Turn:
        talk = self._catch_up(request)
        body: dict[str, Any] = {"model": self.model, "messages": talk.messages, "stream": False, **self._sampling}
        body["seed"] = request.seed % 2**31
        if self._native and request.env.tools:
            body["tools"] = [tool.openai() for tool in request.env.tools]
        try:
            answer = self._ask(body, random.Random(request.seed))
            message, turn = read_answer(answer)
        except TimeoutError:
            return Turn("", limit="time")
        except Refused as error:
            return Turn("", error=str(error))
        talk.messages.append(message)
        talk.calls = [call["id"] for call in message.get("tool_calls", ())]
        self._count(answer)
        return turn

    def _catch_up(self, request: Request) -> _Talk:
        """The talk with everything that has happened since the last turn."""
        events = request.env.episode.events
        talk = self._talks.get(request.key)
        if talk is None:
            messages = [_plain(message) for message in request.env.episode.messages()]
            talk = self._talks[request.key] = _Talk(messages, len(events))
            return talk
        new, talk.events = events[talk.events :], len(events)
        answers = [event for event in new if type(event) is ToolEvent and event.requestor == "assistant"]
        errors = [event.message for event in new if type(event) is ErrorEvent]
        if talk.calls:
            names = renaming_of(request.env.episode)
            texts = [_answer(event if names is None else names.answer(event)) for event in answers]
            for place, call in enumerate(talk.calls):
                content = texts[place] if place < len(texts) else jsontext.dumps({"error": " ".join(errors)})
                talk.messages.append({"role": "tool", "tool_call_id": call, "content": content})
            new = [event for event in new if type(event) is UserEvent]
        else:
            new = [event for event in new if type(event) is not Message]
        talk.messages += [_plain(message) for message in Episode([events[0], *new]).messages()]
        return talk

    def _ask(self, body: dict[str, Any], rng: random.Random) -> Any:
        """The server's answer. Raises TimeoutError when time is up, Refused where there is none."""
        return ask(self._client, body, rng, attempts=self._attempts, seconds=self._seconds, sleep=self._sleep)

    def _count(self, answer: Any) -> None:
        usage = answer.get("usage") if isinstance(answer.get("usage"), dict) else {}
        with self._counting:
            self.usage["requests"] += 1
            for name in ("prompt_tokens", "completion_tokens"):
                self.usage[name] += usage.get(name) or 0


def _result(future: Future[Turn]) -> Turn:
    error = future.exception()
    return future.result() if error is None else Turn("", error=f"{type(error).__name__}: {error}")


def read_answer(answer: Any) -> tuple[dict[str, Any], Turn]:
    """A server's answer as the message to send back next time, and as a turn.

    Raises:
        Refused: the answer has not the form of the chat API.
    """
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        content = message.get("content") or message.get("refusal") or ""
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
        calls: list[dict[str, Any]] = [
            {
                "id": str(call.get("id") or f"call_{number}"),
                "type": "function",
                "function": {"name": call["function"]["name"], "arguments": call["function"].get("arguments") or "{}"},
            }
            for number, call in enumerate(message.get("tool_calls") or ())
        ]
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise Refused(f"the server's answer is malformed ({type(error).__name__}: {error})") from None
    if not isinstance(content, str) or not isinstance(reasoning, str):
        raise Refused("the server's answer is malformed: content that is no text")
    sent: dict[str, Any] = {"role": "assistant", "content": content or (None if calls else "")}
    if calls:
        sent["tool_calls"] = calls
    text = turn_text(content, reasoning, [(call["function"]["name"], call["function"]["arguments"]) for call in calls])
    limit = "max_tokens" if choice.get("finish_reason") == "length" else None
    return sent, Turn(text, limit=limit, version=str(answer.get("model") or ""))


def turn_text(content: str, reasoning: str = "", calls: Sequence[tuple[Any, Any]] = ()) -> str:
    """The text of a turn. Words beside native calls are nobody's to hear: they go where the reasoning goes."""
    thought = reasoning.strip()
    if calls:
        thought = "\n".join(part for part in (thought, _untagged(content)) if part)
        content = "".join(_call(name, arguments) for name, arguments in calls)
    if thought:
        return f"<think>{_untagged(thought)}</think>{content}"
    return content


def _call(name: Any, arguments: Any) -> str:
    if isinstance(arguments, dict):
        return render_call(str(name), arguments)
    try:
        return render_call(str(name), jsontext.parse(arguments))
    except (jsontext.JsonError, TypeError):
        # Broken arguments stay broken: the environment tells the model what is wrong with them.
        broken = escape_in_json(str(arguments)) or "null"
        return f'<tool_call>{{"name": {escape_in_json(jsontext.dumps(str(name)))}, "arguments": {broken}}}</tool_call>'


def _untagged(text: str) -> str:
    for tag in RESERVED:
        text = text.replace(f"<{tag}>", "").replace(f"</{tag}>", "")
    return text.strip()


def _answer(event: ToolEvent) -> str:
    return jsontext.dumps({"error": event.error} if event.error is not None else event.result)


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """A message of the transcript; tool answers that no native call asked for are said by the user."""
    role = "user" if message["role"] == "tool" else message["role"]
    return {"role": role, "content": message["content"]}


def openai(
    model: str,
    /,
    *,
    base_url: str | None = None,
    temperature: float | None = None,
    top_p: float | None = None,
    max_tokens: int | None = None,
    native_tools: bool = True,
    seconds: float = 300.0,
    attempts: int = 6,
    workers: int = 8,
    transport: Any = None,
) -> ChatPolicy:
    """A policy played by a chat server.

    Args:
        model: the model's name, as the server knows it.
        base_url: such as `http://127.0.0.1:8000/v1`; default: `OPENAI_BASE_URL`, else OpenAI's own.
        temperature: sent only if given, as are `top_p` and `max_tokens` (most tokens of one answer).
        top_p: see above.
        max_tokens: see above.
        native_tools: send the tools' schemas in `tools`; without, the system prompt alone tells of them.
        seconds: most time for one turn, retries included.
        attempts: how often a turn is asked for when the server is busy or unreachable.
        workers: requests at a time.
        transport: an httpx transport, such as one over a proxy.

    Raises:
        ConfigError: OpenAI's own server without a key in `OPENAI_API_KEY`.
        MissingExtra: httpx is not installed.
    """
    url = server_url(base_url)
    client = open_client(url, asker=f"the policy openai:{model}", connections=workers, transport=transport)
    limit = "max_completion_tokens" if url == DEFAULT_URL else "max_tokens"
    given = {"temperature": temperature, "top_p": top_p, limit: max_tokens}
    return ChatPolicy(
        model,
        client,
        sampling={name: value for name, value in given.items() if value is not None},
        native_tools=native_tools,
        attempts=attempts,
        seconds=seconds,
        workers=workers,
    )
