"""One request to a service, and its answer as JSON. What goes wrong is a ToolError, for the agent to read."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode, urlsplit

from ccgym import ToolError, jsontext

SECONDS = 10.0
MAX_BYTES = 128 * 1024


class Passing(ToolError):
    """A failure that may be over the next time: it is not recorded."""


def origin_of(url: str) -> str | None:
    """Scheme, host and port of an http(s) URL in lower case, or None where it is none, or holds a user."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or "\\" in url:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    standard = port is None or port == {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if standard else f"{parts.scheme}://{host}:{port}"


def send(request: dict[str, Any], authorization: str) -> dict[str, Any]:
    """`status` and `body` of the answer; `body` is JSON where the service says so, else text. No redirect is followed.

    Args:
        request: `method`, `url`, `query`, `body`.
        authorization: value of the header, or "".

    Raises:
        ToolError: `http_404` and the like; `redirect`, `too_large`, `bad_answer`.
        Passing: `timeout`, `unreachable`, and the answers 408, 429 and 5xx.
    """
    import httpx

    headers = {"Accept": "application/json", **({"Authorization": authorization} if authorization else {})}
    more: dict[str, Any] = {"json": request["body"]} if request["body"] is not None else {}
    ends, read = time.monotonic() + SECONDS, bytearray()
    try:
        with (
            httpx.Client(timeout=SECONDS, headers=headers) as client,
            client.stream(request["method"], _url(request), **more) as response,
        ):
            for piece in response.iter_bytes():
                read += piece
                if len(read) > MAX_BYTES:
                    raise ToolError("The answer is too large.", "too_large")
                if time.monotonic() > ends:
                    raise Passing("The service takes too long.", "timeout")
    except httpx.TimeoutException:
        raise Passing("The service does not answer.", "timeout") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Passing(f"The service cannot be reached ({type(error).__name__}).", "unreachable") from None
    status = response.status_code
    if status >= 500 or status in (408, 429):
        raise Passing(f"The service answers {status}.", f"http_{status}")
    if status >= 400:
        raise ToolError(f"The service answers {status}: {_text(bytes(read))[:200]}", f"http_{status}")
    if status >= 300:
        raise ToolError("The service sends elsewhere, which is not followed.", "redirect")
    return {"status": status, "body": _body(bytes(read), response.headers.get("content-type", ""))}


def _url(request: dict[str, Any]) -> str:
    """The URL with the query behind whatever query it has."""
    pairs = [
        (name, value if isinstance(value, str) else jsontext.dumps(value)) for name, value in request["query"].items()
    ]
    url: str = request["url"]
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}" if pairs else url


def _body(data: bytes, kind: str) -> Any:
    if "json" not in kind.lower():
        return _text(data)
    try:
        return jsontext.parse(data.decode("utf-8")) if data else None
    except ValueError as error:
        raise ToolError(f"The service answers JSON that is none ({error}).", "bad_answer") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
