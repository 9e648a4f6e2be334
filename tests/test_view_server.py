"""Who may ask the server of `ccgym view`, and what it answers."""

from __future__ import annotations

import itertools
import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_episode import write_hostile
from viewed import entry, write_group, write_index, write_run

from ccgym.errors import ConfigError, MissingExtra

pytest.importorskip("starlette")
import httpx
from starlette.testclient import TestClient

from ccgym.log import append_index, read_episodes
from ccgym.view.server import ViewServer
from ccgym.view.server.app import STATIC, make_app
from ccgym.view.server.guard import Guard
from ccgym.view.server.runs import Runs

PORT = 8123
BASE = f"http://127.0.0.1:{PORT}"
PATHS = [
    "/", "/static/app.js", "/static/view.css", "/api/runs", "/api/state", "/api/episodes", "/api/curves",
    "/api/members", "/page/episode?file=x", "/page/group?file=x", "/nothing", "/?token=", "/?token=x&token=y",
]  # fmt: skip


@pytest.fixture(scope="module")
def run(desk, tmp_path_factory):
    return write_run(desk, tmp_path_factory.mktemp("viewed") / "run")


@pytest.fixture
def guard(run):
    return Guard(make_app(Runs(run)), PORT)


@pytest.fixture
def stranger(guard):
    return TestClient(guard, base_url=BASE, follow_redirects=False)


@pytest.fixture
def client(guard):
    """A browser that has opened the printed address."""
    client = TestClient(guard, base_url=BASE)
    assert client.get(f"/?token={guard.token}").status_code == 200
    return client


# ---- who may ask


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("cookie", [None, "ccgym-view-8123=x", "ccgym-view-8123=é", 'ccgym-view-8123="', "=;;=\\"])
def test_nobody_without_the_token_gets_anything(stranger, path, cookie):
    headers = {} if cookie is None else {"cookie": cookie.encode()}
    answer = stranger.get(path, headers=headers)
    assert answer.status_code == 401
    assert "Open the address" in answer.text


def test_the_token_is_exchanged_once_for_a_cookie_that_no_script_and_no_other_site_gets(guard, stranger):
    answer = stranger.get(f"/?token={guard.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    assert guard.token not in answer.headers["set-cookie"]
    assert stranger.get("/").status_code == 200
    other = TestClient(guard, base_url=BASE, follow_redirects=False)
    assert other.get(f"/?token={guard.token}").status_code == 401
    assert stranger.get(f"/?token={guard.token}").headers["location"] == "/"


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("HEAD", "/", {}),
        ("POST", "/", {}),
        ("GET", "/api/runs", {}),
        ("GET", "/", {"sec-purpose": "prefetch;prerender"}),
    ],
)
def test_only_opening_the_page_spends_the_token(guard, stranger, method, path, headers):
    assert stranger.request(method, f"{path}?token={guard.token}", headers=headers).status_code == 401
    assert stranger.get(f"/?token={guard.token}").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:1"},
        {"host": f"127.0.0.1:{PORT}.evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": f"https://127.0.0.1:{PORT}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/episodes"])
def test_other_hosts_and_origins_are_refused_even_with_the_cookie(client, path, headers):
    answer = client.get(path, headers=headers)
    assert answer.status_code == 403
    assert "quickstart" not in answer.text


def test_another_site_cannot_spend_the_token_either(guard, stranger):
    assert stranger.get(f"/?token={guard.token}", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert stranger.get(f"/?token={guard.token}", headers={"sec-fetch-site": "none"}).status_code == 303


def test_the_page_itself_may_ask_by_either_name_of_this_machine(client):
    origin = {"origin": f"http://localhost:{PORT}", "host": f"localhost:{PORT}", "sec-fetch-site": "same-origin"}
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    assert client.get("/api/runs", headers={**origin, "cookie": cookie}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/api/episodes", "/api/nothing", "/page/episode?file=x", "/x"])
def test_every_answer_forbids_what_no_page_needs(client, stranger, path):
    for answer in (client.get(path), stranger.get(path), client.get(path, headers={"host": "x"})):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert re.search("frame-ancestors '(none|self)'", policy)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed_through_the_server(client, method):
    assert client.request(method, "/api/episodes").status_code == 405


def test_a_websocket_is_refused(client):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/"):
        pass


def test_over_a_real_socket_it_listens_on_loopback_alone_and_keeps_the_same_rules(run):
    with ViewServer(run) as server, httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as browser:
        assert server._socket.getsockname()[0] == "127.0.0.1"
        assert browser.get("/api/episodes").status_code == 401
        assert browser.get(server.url).status_code == 303
        assert browser.get("/api/episodes").json()["total"] == 4
        assert browser.get("/api/episodes", headers={"host": "rebound.example"}).status_code == 403
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nHost: x\r\n\r\n".encode())
            assert raw.recv(100).split()[1] in (b"400", b"403")


def test_a_port_that_is_taken_is_told(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="cannot be used"):
            ViewServer(run, taken.getsockname()[1])


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_without_the_packages_the_command_to_install_them_is_told(run, monkeypatch, package):
    for name in [name for name in sys.modules if name.partition(".")[0] == package or "view.server.app" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=re.escape("pip install 'ccgym[view]'")):
        ViewServer(run)


def test_the_command_prints_the_address_and_serves(run):
    command = [sys.executable, "-c", "from ccgym.cli import main; main()", "view", str(run), "--no-open", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            told = "".join(itertools.takewhile(lambda line: line != "}\n", process.stdout))
            url = json.loads(told + "}")["url"]
            with httpx.Client(transport=httpx.HTTPTransport(retries=20), follow_redirects=True) as browser:
                assert "<title>ccgym view</title>" in browser.get(url).text
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0


# ---- what it answers


def test_the_table_is_filtered_sorted_and_cut_to_what_was_asked_for(client):
    answer = client.get(
        "/api/episodes", params={"max.reward.correctness": "0.5", "count": 1, "sort": "iteration"}
    ).json()
    assert (answer["total"], answer["matched"], len(answer["rows"])) == (4, 2, 1)
    assert (answer["rows"][0]["iteration"], answer["rows"][0]["episode"]) == (1, 1)
    assert answer["choices"]["stage"] == [["grpo", 2]]
    assert answer["means"]["correctness"] == 0.0


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("sort=colour", "cannot be sorted by 'colour'"),
        ("min.colour=1", "Nothing is measured as 'colour'"),
        ("min.steps=much", "is no number"),
        ("max.steps=nan", "is no number"),
        ("start=-1", "no whole number"),
        ("count=1e9", "no whole number"),
        ("run=other", "no such run"),
    ],
)
def test_a_wrong_question_is_told(client, query, says):
    answer = client.get(f"/api/episodes?{query}")
    assert answer.status_code in (400, 404)
    assert says in answer.json()["error"]


def test_new_episodes_are_in_the_next_answer(desk, tmp_path):
    run = write_run(desk, tmp_path / "run", groups=1)
    guard = Guard(make_app(Runs(run)), PORT)
    client = TestClient(guard, base_url=BASE)
    client.get(f"/?token={guard.token}")
    before = client.get("/api/state").json()["version"]
    assert client.get("/api/state").json()["version"] == before
    write_group(desk, run, 7)
    assert client.get("/api/state").json()["version"] != before
    assert client.get("/api/episodes").json()["rows"][0]["iteration"] == 7


def test_an_episode_and_its_group_open_as_pages_that_only_the_table_may_frame(client):
    row = client.get("/api/episodes").json()["rows"][0]
    members = client.get("/api/members", params={"file": row["file"]}).json()
    assert [member["episode"] for member in members] == [0, 1]
    for kind in ("episode", "group"):
        answer = client.get(f"/page/{kind}", params={"file": row["file"], "episode": 1})
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == 200
        assert "cancel" in answer.text
        assert re.search("script-src 'sha256-[^']+'; ", policy)
        assert policy.endswith("frame-ancestors 'self'")


@pytest.fixture
def damaged(desk, tmp_path):
    """A client of a run with a bit-flipped file, a truncated one, one with two lines swapped, and a good one."""
    run = write_run(desk, tmp_path / "run", groups=4)
    flipped, cut, mixed = (run / "episodes" / "grpo" / f"{k:06d}-0000.jsonl" for k in range(3))
    flipped.write_bytes(flipped.read_bytes().replace(b"Which order?", b"Which odder?", 1))
    cut.write_bytes(cut.read_bytes()[:-20])
    lines = mixed.read_bytes().splitlines(keepends=True)
    mixed.write_bytes(b"".join([*lines[:2], lines[3], lines[2], *lines[4:]]))
    guard = Guard(make_app(Runs(run)), PORT)
    client = TestClient(guard, base_url=BASE)
    client.get(f"/?token={guard.token}")
    return client


@pytest.mark.parametrize(("rollout", "status"), [(0, 422), (1, 200), (2, 422), (3, 200), (9, 422)])
@pytest.mark.parametrize("kind", ["episode", "group"])
def test_a_damaged_file_is_named_with_its_line_and_the_rest_still_opens(damaged, kind, rollout, status):
    file = f"episodes/grpo/{rollout:06d}-0000.jsonl"
    answer = damaged.get(f"/page/{kind}", params={"file": file, "episode": 0})
    assert answer.status_code == status
    if status == 422:
        assert f"{rollout:06d}-0000.jsonl" in answer.text
        assert re.search(r"jsonl:\d+: (the digest does not follow|changed|re-ordered)", answer.text) or rollout == 9
    assert damaged.get("/api/episodes").json()["total"] == 8


def test_hostile_episodes_are_served_as_text(tmp_path):
    run = tmp_path / "run"
    path = write_hostile(run / "episodes" / "grpo" / "000000-0000.jsonl", members=2)
    append_index(run, path, read_episodes(path))
    guard = Guard(make_app(Runs(run)), PORT)
    client = TestClient(guard, base_url=BASE)
    client.get(f"/?token={guard.token}")
    answer = client.get("/api/episodes")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["total"] == 2
    assert len(answer.content) < 100_000
    told = client.get("/page/episode", params={"file": "<script>alert(1)</script>.jsonl", "episode": "0"})
    assert "<script>" not in told.text
    assert client.get("/page/episode?episode=<script>&file=x.jsonl").status_code == 400
    for kind in ("episode", "group"):
        page = client.get(f"/page/{kind}", params={"file": "episodes/grpo/000000-0000.jsonl", "episode": 1}).text
        assert page.count("<script>") <= 1


# ---- the page's own files


def test_the_page_makes_nothing_of_a_text_but_text():
    code = b"\n".join(body for name, body in STATIC.items() if name.endswith(".js")).decode()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
    ):
        assert word not in code
    page = STATIC["index.html"].decode()
    assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="/static/app.js">']
    assert not re.search(r"<style|style=|\son\w+=", page)


def test_every_file_that_the_page_names_is_served():
    texts = {name: body.decode() for name, body in STATIC.items()}
    named = set(re.findall(r"/static/([\w.]+)", texts["index.html"]))
    for name, text in texts.items():
        if name.endswith(".js"):
            named |= set(re.findall(r'from "\./([\w.]+)"', text))
    assert named == STATIC.keys() - {"index.html"}


def test_the_files_of_the_page_stand_in_the_package():
    import ccgym.view.server

    assert {path.name for path in (Path(ccgym.view.server.__file__).parent / "static").iterdir()} == STATIC.keys()


def test_an_index_of_many_lines_answers_a_stretch(tmp_path):
    run = write_index(tmp_path / "run", [entry(episode=k % 8, task=f"t/{k // 8}") for k in range(1200)])
    guard = Guard(make_app(Runs(run)), PORT)
    client = TestClient(guard, base_url=BASE)
    client.get(f"/?token={guard.token}")
    answer = client.get("/api/episodes", params={"start": 1100, "count": 100_000}).json()
    assert (answer["matched"], len(answer["rows"])) == (1200, 100)
