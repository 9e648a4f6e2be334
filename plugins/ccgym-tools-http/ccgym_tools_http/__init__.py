"""The toolset `http`: a tool that calls a real HTTP service, recorded and replayed; and `fetch`, for other tools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ccgym
from ccgym.plugins import Toolset
from ccgym_tools_http.recordings import fetch
from ccgym_tools_http.requesting import SECONDS


@ccgym.tool(blocking=True, seconds=SECONDS + 5)
def http_request(state: Any, method: str, url: str, query: Any = None, body: Any = None) -> dict[str, Any]:
    """`tools.json` describes it."""
    return fetch(method, url, query, body)


@ccgym.hookimpl
def register_tools(register: Callable[[Toolset], None]) -> None:
    """The toolset `http`."""
    register(Toolset("http", {"http_request": http_request}, schemas=Path(__file__).with_name("tools.json")))


__all__ = ["fetch", "http_request"]
