"""Answers on disk, by request: what was answered once is the answer for ever, so that episodes can be played again."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from ccgym import ToolError, jsontext
from ccgym_tools_http.requesting import Passing, origin_of, send
from ccgym_tools_http.settings import Settings, read_settings


def fetch(method: str, url: str, query: dict[str, Any] | None = None, body: Any = None) -> dict[str, Any]:
    """`status` and `body` of a request's answer: as it was recorded, else, in mode `record`, from the service.

    Of the answers to one request the first counts, and errors such as 404 are answers too. What may be over the next
    time (time-outs, 5xx) is not recorded. A header `Authorization` is sent where one is configured, and never recorded.

    Args:
        method: `GET` or `POST`.
        url: with scheme and host; a fragment is dropped.
        query: parameters added to the URL, in any order.
        body: JSON that is posted.

    Raises:
        ToolError: `not_allowed`, `not_recorded`, or as `requesting.send`.
        ConfigError: the variables `CCGYM_HTTP_…` are wrong.
    """
    settings = read_settings()
    origin = origin_of(url)
    if origin is None or origin not in settings.allowed:
        raise ToolError(f"{origin or 'This'} may not be called here.", "not_allowed")
    request = {"method": method.upper(), "url": url.partition("#")[0], "query": query or {}, "body": body}
    path = None if settings.folder is None else settings.folder / f"{jsontext.digest(request)}.json"
    answer = None if path is None else _read(path)
    if answer is None:
        answer = _record(settings, path, request, settings.allowed[origin])
    if "error" in answer:
        raise ToolError(answer["error"]["message"], answer["error"]["code"])
    return answer


def _record(settings: Settings, path: Path | None, request: dict[str, Any], authorization: str) -> dict[str, Any]:
    if settings.mode == "replay" or path is None:
        raise ToolError("No answer to this request was recorded.", "not_recorded")
    try:
        answer = send(request, authorization)
    except Passing:
        raise
    except ToolError as error:
        answer = {"error": {"code": error.code, "message": error.message}}
    _write(path, {"request": request, "answer": answer})
    return _read(path) or answer


def _read(path: Path) -> dict[str, Any] | None:
    """The recorded answer, or None where there is none.

    Raises:
        ToolError: `bad_recording`: the file is broken.
    """
    try:
        return jsontext.parse(path.read_text("utf-8"), 2**20)["answer"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise ToolError(f"The recording {path.name} cannot be read.", "bad_recording") from None


def _write(path: Path, value: dict[str, Any]) -> None:
    """Written aside and put in place, unless somebody was faster."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(jsontext.dumps(value) + "\n")
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        Path(aside).unlink()
