"""The routes of `ccgym view`: the page and its modules, the table, the curves, an episode, a group."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ccgym.errors import CcgymError
from ccgym.view.server import pages
from ccgym.view.server.query import ORDERS, Query, select
from ccgym.view.server.runs import Run, Runs

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
MOST_AT_ONCE = 500
"""Rows of one answer."""


class Refused(Exception):
    """A request that cannot be answered: what is wrong with it."""

    def __init__(self, told: str, status: int = 400) -> None:
        super().__init__(told)
        self.told, self.status = told, status


def make_app(runs: Runs) -> Starlette:
    """The application, without its guard."""

    def run_of(request: Request) -> Run:
        run = runs.get(request.query_params.get("run", ""))
        if run is None:
            raise Refused("There is no such run", 404)
        return run

    def list_runs(request: Request) -> Response:
        return _json([{"name": name, "written": run.written} for name in runs.names() if (run := runs.get(name))])

    def state(request: Request) -> Response:
        run = run_of(request)
        run.refresh()
        with run.lock:
            return _json({"version": run.version, "written": run.written})

    def episodes(request: Request) -> Response:
        run = run_of(request)
        query, start, count = parse_query(request)
        run.refresh()
        with run.lock:
            found = select(run.index, query)
            return _json(
                {
                    "run": run.name, "version": run.version, "written": run.written, "notices": run.notices,
                    "total": len(run.index), "matched": len(found.rows), "rewards": list(run.index.rewards),
                    "choices": found.choices, "means": found.means, "start": start,
                    "rows": [run.index.row(number) for number in found.rows[start : start + count].tolist()],
                }
            )  # fmt: skip

    def curves(request: Request) -> Response:
        run = run_of(request)
        run.refresh()
        with run.lock:
            drawn = {name: stage.drawn() for name, stage in run.curves.stages.items()}
            return _json({"version": run.version, "stages": drawn})

    def members(request: Request) -> Response:
        run, episode = run_of(request), _whole(request, "episode", 0)
        run.refresh()
        with run.lock:
            return _json(run.index.members(request.query_params.get("file", ""), episode))

    def episode(request: Request) -> Response:
        file = run_of(request).episode_file(request.query_params.get("file", ""))
        return _page(pages.episode(file, _whole(request, "episode", 0)))

    def group(request: Request) -> Response:
        file = run_of(request).episode_file(request.query_params.get("file", ""))
        return _page(pages.group(file, _whole(request, "episode", 0)))

    def static(request: Request) -> Response:
        name = request.path_params.get("name", "index.html")
        found = STATIC.get(name)
        if found is None:
            raise Refused("There is no such page", 404)
        return Response(found, media_type=TYPES[name[name.rindex(".") :]])

    return Starlette(
        routes=[
            Route("/", static),
            Route("/static/{name}", static),
            Route("/api/runs", list_runs),
            Route("/api/state", state),
            Route("/api/episodes", episodes),
            Route("/api/curves", curves),
            Route("/api/members", members),
            Route("/page/episode", episode),
            Route("/page/group", group),
        ],
        exception_handlers={Refused: _refused, CcgymError: _failed},
    )


STATIC = {
    file.name: file.read_bytes()
    for file in (files("ccgym.view.server") / "static").iterdir()
    if file.name.endswith(tuple(TYPES))
}
"""Every file of the page, by name."""


def parse_query(request: Request) -> tuple[Query, int, int]:
    """The query of a request, and which stretch of its rows is wanted.

    Raises:
        Refused: a number is none, or nothing can be sorted by that.
    """
    asked = request.query_params
    ranges: dict[str, tuple[float, float]] = {}
    for key in asked:
        bound, _, name = key.partition(".")
        if bound in ("min", "max") and name:
            least, most = ranges.get(name, (-math.inf, math.inf))
            number = _number(asked[key], key)
            ranges[name] = (number, most) if bound == "min" else (least, number)
    unknown = [name for name in ranges if name not in ("iteration", "steps") and not name.startswith("reward.")]
    if unknown:
        raise Refused(f"Nothing is measured as {unknown[0]!r}: take iteration, steps or reward.NAME")
    sort = asked.get("sort", "row")
    if sort not in ORDERS and not sort.startswith("reward."):
        raise Refused(f"Rows cannot be sorted by {sort!r}: take {', '.join(ORDERS)} or reward.NAME")
    many = {kind: tuple(asked.getlist(kind)) for kind in ("stage", "reason", "tag", "clause")}
    query = Query(
        asked.get("q", ""), many["stage"], many["reason"], many["tag"], many["clause"],
        ranges, sort, asked.get("desc", "1") != "0",
    )  # fmt: skip
    return query, _whole(request, "start", 0), min(_whole(request, "count", 100), MOST_AT_ONCE)


def _number(text: str, name: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if math.isnan(found):
        raise Refused(f"{name} is no number: {text!r}")
    return found


def _whole(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refused(f"{name} is no whole number: {text!r}")
    return int(text)


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def _page(page: pages.Page) -> Response:
    return HTMLResponse(page.html, page.status, {"content-security-policy": page.policy})


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _problem(request, error.told, error.status)


def _failed(request: Request, error: Exception) -> Response:
    return _problem(request, str(error), 422)


def _problem(request: Request, told: str, status: int) -> Response:
    if request.url.path.startswith("/page/"):
        return _page(pages.problem("This cannot be shown", told, status))
    return Response(orjson.dumps({"error": told}), status, media_type="application/json")
