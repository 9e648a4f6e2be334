"""Asking a server that speaks the OpenAI chat API: whom to ask, with what key, how often, and for how long.

The key comes from the environment, goes into one header, and is never shown.
"""

from __future__ import annotations

import json
import logging
import os
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from ccgym.errors import ConfigError, MissingExtra

_log = logging.getLogger("ccgym")
DEFAULT_URL = "https://api.openai.com/v1"
RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504})
MAX_BYTES = 8 * 2**20
"""More than any answer needs: what is longer is no answer."""
_SHOWN = 300


class Refused(Exception):
    """The server's answer is of no use; trying again would not help. `status`: that of the answer, if there is one."""

    def __init__(self, problem: str, status: int | None = None) -> None:
        super().__init__(problem)
        self.status = status


def server_url(base_url: str | None) -> str:
    """The server to ask: the one that is named, else `OPENAI_BASE_URL`, else OpenAI's own."""
    return base_url or os.environ.get("OPENAI_BASE_URL") or DEFAULT_URL


def open_client(url: str, *, asker: str, send_key: bool = True, connections: int = 8, transport: Any = None) -> Any:
    """An httpx client for a server.

    Args:
        url: of the API, such as `http://127.0.0.1:8000/v1`.
        asker: what an error names.
        send_key: whether this server may see `OPENAI_API_KEY`.
        connections: at a time.
        transport: an httpx transport, such as one over a proxy.

    Raises:
        ConfigError: OpenAI's own server without a key in `OPENAI_API_KEY`.
        MissingExtra: httpx is not installed.
    """
    try:
        import httpx
    except ImportError:
        raise MissingExtra(asker, "openai") from None
    key = os.environ.get("OPENAI_API_KEY", "") if send_key else ""
    if not key and url == DEFAULT_URL:
        raise ConfigError(
            "OPENAI_API_KEY is not set",
            where=asker,
            fix="Set it, or name a server of your own by base_url or OPENAI_BASE_URL",
        )
    return httpx.Client(
        base_url=url.rstrip("/") + "/",
        headers={"Authorization": f"Bearer {key}"} if key else {},
        limits=httpx.Limits(max_connections=connections),
        transport=transport,
    )


def ask(
    client: Any, body: dict[str, Any], rng: random.Random, *, attempts: int, seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:  # fmt: skip
    """Post a request, and try again where that can help, with growing pauses.

    Args:
        client: of `open_client`.
        body: the request.
        rng: spreads the pauses.
        attempts: how often to try.
        seconds: for all of it.
        sleep: waits between two attempts.

    Raises:
        TimeoutError: time is up.
        Refused: there is no answer, or one that is no JSON object, or too long.
    """
    return within(seconds, lambda: _answer(client, body, rng, attempts, time.monotonic() + seconds, sleep))


def _answer(
    client: Any, body: dict[str, Any], rng: random.Random, attempts: int, ends: float, sleep: Callable[[float], None]
) -> dict[str, Any]:
    import httpx

    problem = ""
    for attempt in range(attempts):
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        pause = min(0.5 * 2**attempt, 20.0) * (0.5 + rng.random())
        try:
            response, text = _post(client, body, left, ends)
        except httpx.TimeoutException:
            raise TimeoutError from None
        except httpx.HTTPError as error:
            problem = f"the server could not be reached ({type(error).__name__}: {error})"
        else:
            if response.status_code == 200:
                return _json_of(text)
            problem = f"the server answered {response.status_code}: {_shown(text)}"
            if response.status_code not in RETRIED:
                raise Refused(problem, response.status_code)
            pause = max(pause, _retry_after(response))
        if attempt + 1 < attempts:
            if time.monotonic() + pause >= ends:
                raise TimeoutError
            _log.info("%s; trying again in %.1f s", problem, pause)
            sleep(pause)
    raise Refused(f"{problem} (after {attempts} attempts)")


def within(seconds: float, run: Callable[[], Any]) -> Any:
    """What a function returns or raises, given up past a time limit: no read of a socket can hold the caller,
    such as one of a server that sends a byte of a header now and then.

    Raises:
        TimeoutError: time is up.
    """
    box: list[tuple[Any, BaseException | None]] = []

    def target() -> None:
        try:
            box.append((run(), None))
        except BaseException as error:  # carried over to the caller
            box.append((None, error))

    thread = threading.Thread(target=target, daemon=True)
    thread.start()
    thread.join(seconds + 0.5)
    if not box:
        raise TimeoutError
    value, error = box[0]
    if error is not None:
        raise error
    return value


def _post(client: Any, body: dict[str, Any], left: float, ends: float) -> tuple[Any, str]:
    """The response and its text, read piece by piece: one that never ends is given up."""
    with client.stream("POST", "chat/completions", json=body, timeout=left) as response:
        read = bytearray()
        for piece in response.iter_bytes():
            read += piece
            if len(read) > MAX_BYTES:
                raise Refused("the server's answer does not end")
            if time.monotonic() > ends:
                raise TimeoutError
    return response, read.decode(errors="replace")


def _json_of(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(f"the server answered no JSON: {_shown(text)}") from None
    if not isinstance(answer, dict):
        raise Refused(f"the server's answer is malformed: {_shown(text)}")
    return answer


def _retry_after(response: Any) -> float:
    try:
        return min(float(response.headers.get("retry-after", 0)), 60.0)
    except ValueError:
        return 0.0


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
