"""Who may ask: nobody without the token, no other host, no other page.

The address that the command prints holds a token, which the first browser to open it exchanges for a cookie. The cookie
is for this port alone, unreadable to scripts, and sent by no other site.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer; a page that brings its own policy keeps it."""


class Guard:
    """Wraps an application and answers for it where somebody may not ask.

    Args:
        app: what is guarded.
        port: the port that it is served on.
    """

    def __init__(self, app: App, port: int) -> None:
        self.app, self.port = app, port
        self.token, self._session = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self.cookie = f"ccgym-view-{port}"
        self._token_is_spent = False
        self._lock = threading.Lock()
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Answer or refuse one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
        if told := self._foreign(headers):
            await _answer(send, 403, told)
        elif self._known(headers):
            if scope["path"] == "/" and b"token=" in scope["query_string"]:
                await _answer(send, 303, "", {"location": "/"})
            else:
                await self.app(scope, receive, _with_headers(send))
        elif self._exchange(scope, headers):
            cookie = f"{self.cookie}={self._session}; HttpOnly; SameSite=Strict; Path=/"
            await _answer(send, 303, "", {"location": "/", "set-cookie": cookie})
        else:
            told = "Open the address that `ccgym view` printed. It works once; start `ccgym view` again for another."
            await _answer(send, 401, told)

    def _foreign(self, headers: dict[str, list[str]]) -> str:
        """Why a request may not come from this page; "" where it may."""
        host = headers.get("host", [])
        if len(host) != 1 or host[0].lower() not in self._hosts:
            return "This server answers only to 127.0.0.1 and localhost."
        if any(origin.lower() not in {f"http://{own}" for own in self._hosts} for origin in headers.get("origin", [])):
            return "Another site may not ask this server."
        if any(site not in ("none", "same-origin") for site in headers.get("sec-fetch-site", [])):
            return "Another site may not ask this server."
        return ""

    def _known(self, headers: dict[str, list[str]]) -> bool:
        for line in headers.get("cookie", []):
            try:
                found = SimpleCookie(line).get(self.cookie)
            except CookieError:
                continue
            if found is not None and _same(found.value, self._session):
                return True
        return False

    def _exchange(self, scope: Message, headers: dict[str, list[str]]) -> bool:
        """Whether the request brings the token, for the first time. Fetching ahead spends nothing."""
        ahead = any("prefetch" in value for name in ("sec-purpose", "purpose") for value in headers.get(name, []))
        if scope["method"] != "GET" or scope["path"] != "/" or ahead:
            return False
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [])
        with self._lock:
            if self._token_is_spent or len(given) != 1 or not _same(given[0], self.token):
                return False
            self._token_is_spent = True
            return True


def _same(given: str, wanted: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _with_headers(send: Any) -> Any:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            have = {name.lower() for name, _ in message["headers"]}
            added = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in have]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return wrapped


async def _answer(send: Any, status: int, text: str, headers: dict[str, str] | None = None) -> None:
    body = text.encode()
    own = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(body)), **(headers or {})}
    lines = [(k.encode(), v.encode()) for k, v in {**HEADERS, **own}.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
