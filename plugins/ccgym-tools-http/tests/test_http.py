"""The tool against a real server on this machine, and against none."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import ccgym_tools_http
import pytest
from ccgym_tools_http import fetch, requesting
from ccgym_tools_http.requesting import origin_of
from ccgym_tools_http.settings import read_settings

import ccgym


class Handler(BaseHTTPRequestHandler):
    """Answers by path, and keeps what it was asked."""

    def do_GET(self):
        length = int(self.headers.get("content-length") or 0)
        posted = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append((self.command, self.path, posted, self.headers.get("authorization")))
        status, kind, data = self.server.answers[self.path.partition("?")[0]]
        if status == 0:
            time.sleep(20)
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("location", "http://127.0.0.1:9/")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data)

    do_POST = do_GET

    def log_message(self, *args):
        """Nothing is printed."""


JSON = "application/json; charset=utf-8"
ANSWERS = {
    "/rates/usd": (200, JSON, json.dumps({"rate": 25400.5, "tên": "đô la"}).encode()),
    "/hello": (200, "text/plain", "Xin chào".encode()),
    "/none": (204, JSON, b""),
    "/missing": (404, JSON, b'{"error": "no such rate"}'),
    "/busy": (503, JSON, b"{}"),
    "/moved": (302, JSON, b""),
    "/huge": (200, "text/plain", b"a" * 300_000),
    "/broken": (200, JSON, b'{"rate": NaN}'),
    "/silent": (0, JSON, b""),
}


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A running service that may be called, recorded to a new folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    server.asked, server.answers = [], dict(ANSWERS)
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setenv("CCGYM_HTTP_ALLOW", server.url)
    monkeypatch.setenv("CCGYM_HTTP_MODE", "record")
    monkeypatch.setenv("CCGYM_HTTP_RECORDINGS", str(tmp_path / "recordings"))
    yield server
    server.shutdown()
    server.server_close()


def test_json_comes_back_as_json_and_text_as_text(server):
    assert fetch("GET", f"{server.url}/rates/usd") == {"status": 200, "body": {"rate": 25400.5, "tên": "đô la"}}
    assert fetch("GET", f"{server.url}/hello") == {"status": 200, "body": "Xin chào"}
    assert fetch("GET", f"{server.url}/none") == {"status": 204, "body": None}


def test_query_and_body_are_sent(server):
    fetch("POST", f"{server.url}/rates/usd?x=1", {"day": "hôm nay", "n": 2, "all": True}, {"a": [1]})
    ((method, path, posted, _),) = server.asked
    assert (method, posted) == ("POST", {"a": [1]})
    assert path == "/rates/usd?x=1&day=h%C3%B4m+nay&n=2&all=true"


def test_what_was_answered_once_is_the_answer_for_ever(server, monkeypatch):
    first = fetch("GET", f"{server.url}/rates/usd", {"a": 1, "b": 2})
    server.answers["/rates/usd"] = (200, JSON, b'{"rate": 1}')
    assert fetch("get", f"{server.url}/rates/usd#top", {"b": 2, "a": 1}) == first
    assert len(server.asked) == 1
    server.shutdown()
    server.server_close()
    monkeypatch.setenv("CCGYM_HTTP_MODE", "replay")
    assert fetch("GET", f"{server.url}/rates/usd", {"a": 1, "b": 2}) == first


@pytest.mark.parametrize("change", [{"method": "POST"}, {"query": {"a": 2}}, {"body": 1}, {"url": "/hello"}])
def test_another_request_is_another_recording(server, change):
    same = {"method": "GET", "url": "/rates/usd", "query": {"a": 1}, "body": None}
    for request in (same, {**same, **change}):
        fetch(request["method"], server.url + request["url"], request["query"], request["body"])
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("path", "code"),
    [("/missing", "http_404"), ("/moved", "redirect"), ("/huge", "too_large"), ("/broken", "bad_answer")],
)
def test_an_answer_that_is_an_error_is_recorded_too(server, monkeypatch, path, code):
    for mode in ("record", "replay"):
        monkeypatch.setenv("CCGYM_HTTP_MODE", mode)
        with pytest.raises(ccgym.ToolError) as caught:
            fetch("GET", server.url + path)
        assert caught.value.code == code
    assert len(server.asked) == 1


@pytest.mark.parametrize(("path", "code"), [("/busy", "http_503"), ("/silent", "timeout")])
def test_a_failure_that_may_be_over_is_not_recorded(server, monkeypatch, path, code):
    monkeypatch.setattr(requesting, "SECONDS", 0.3)
    with pytest.raises(ccgym.ToolError) as caught:
        fetch("GET", server.url + path)
    assert caught.value.code == code
    server.answers[path] = (200, JSON, b"1")
    assert fetch("GET", server.url + path)["body"] == 1


def test_a_service_that_is_not_there_is_an_error_for_the_agent(server, monkeypatch):
    monkeypatch.setenv("CCGYM_HTTP_ALLOW", "http://127.0.0.1:9")
    with pytest.raises(ccgym.ToolError) as caught:
        fetch("GET", "http://127.0.0.1:9/x")
    assert caught.value.code == "unreachable"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:{port}/hello", "https://127.0.0.1:{port}/hello", "http://127.0.0.1/hello",
        "http://127.0.0.1:{port}@elsewhere.example/", "http://x@127.0.0.1:{port}/hello", "file:///etc/passwd",
        "http://127.0.0.1:{port}.elsewhere.example/", "http://[::1", "hello", "", "http://127.0.0.1:{port}\\@elsewhere.example/",
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_not_called(server, url):
    with pytest.raises(ccgym.ToolError) as caught:
        fetch("GET", url.format(port=server.server_address[1]))
    assert caught.value.code == "not_allowed"
    assert server.asked == []


def test_without_settings_nothing_is_called(server, monkeypatch):
    for name in ("ALLOW", "MODE", "RECORDINGS"):
        monkeypatch.delenv(f"CCGYM_HTTP_{name}")
    with pytest.raises(ccgym.ToolError) as caught:
        fetch("GET", f"{server.url}/hello")
    assert caught.value.code == "not_allowed"
    monkeypatch.setenv("CCGYM_HTTP_ALLOW", server.url)
    with pytest.raises(ccgym.ToolError) as caught:
        fetch("GET", f"{server.url}/hello")
    assert caught.value.code == "not_recorded"
    assert server.asked == []


def test_a_key_goes_to_its_own_origin_and_stands_nowhere(server, monkeypatch, tmp_path):
    monkeypatch.setenv("RATES_KEY", "Bearer hidden")
    monkeypatch.setenv("CCGYM_HTTP_ALLOW", f"https://rates.example,{server.url}=RATES_KEY")
    fetch("GET", f"{server.url}/hello")
    assert server.asked[0][3] == "Bearer hidden"
    assert "hidden" not in "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert "hidden" not in repr(read_settings())


RECORD = {"CCGYM_HTTP_MODE": "record", "CCGYM_HTTP_RECORDINGS": "recordings"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"CCGYM_HTTP_MODE": "live"}, "no mode"), ({"CCGYM_HTTP_MODE": "record"}, "nowhere to record"),
        ({"CCGYM_HTTP_ALLOW": "rates.example"}, "no origin"),
        ({"CCGYM_HTTP_ALLOW": "https://a.example/v1"}, "no origin"),
        ({**RECORD, "CCGYM_HTTP_ALLOW": "https://a.example=K"}, "K is not set"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_an_error_that_names_it(settings, says):
    with pytest.raises(ccgym.CcgymError, match=says):
        read_settings(settings)


def test_an_origin_is_scheme_host_and_port():
    assert origin_of("HTTPS://Rates.Example:443/v1?x") == "https://rates.example"
    assert origin_of("http://[::1]:8000/") == "http://[::1]:8000"
    assert origin_of("http://a.example:99999/") is None


def test_a_recording_that_cannot_be_read_is_told(server, tmp_path):
    fetch("GET", f"{server.url}/hello")
    (path,) = (tmp_path / "recordings").iterdir()
    path.write_text("{")
    with pytest.raises(ccgym.ToolError) as caught:
        fetch("GET", f"{server.url}/hello")
    assert caught.value.code == "bad_recording"


# --- as a tool of a domain --------------------------------------------------------------------------------------------


@pytest.fixture
def rates(server, tmp_path):
    """A domain whose agent asks the service."""
    folder = tmp_path / "rates"
    folder.mkdir()
    call = {"name": "http_request", "args": {"method": "GET", "url": f"{server.url}/rates/usd"}}
    task = {
        "id": "usd", "user": {"first_message": "What is a dollar?"}, "reward_basis": ["actions", "say"],
        "expect": {"actions": [call, {"say": "25400.5"}], "say": ["25400.5"]},
    }  # fmt: skip
    (folder / "domain.yaml").write_text("name: Rates\ntools: http\n")
    (folder / "sop.md").write_text("Tell the rate.\n")
    (folder / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    ccgym.register(ccgym_tools_http)
    yield folder
    ccgym.plugins.unregister(ccgym_tools_http)


def test_an_episode_is_played_once_and_replayed_without_the_service(server, rates, tmp_path, monkeypatch):
    from ccgym.replay import verify

    episodes = ccgym.rollout(str(rates), "oracle", ["usd"], group=3, out=tmp_path / "run")
    assert [episode.rewards["correctness"] for episode in episodes] == [1.0] * 3
    assert {len(episode.calls) for episode in episodes} == {1}
    server.shutdown()
    server.server_close()
    monkeypatch.setenv("CCGYM_HTTP_MODE", "replay")
    (log,) = (tmp_path / "run" / "episodes").rglob("*.jsonl")
    assert verify(log).divergence is None


def test_a_call_off_the_schema_never_runs(server, rates):
    call = {"name": "http_request", "args": {"method": "DELETE", "url": f"{server.url}/hello"}}
    episode = ccgym.enact(str(rates), "usd", [call])
    assert episode.calls[0].error["code"] == "bad_arguments"
    assert "/hello" not in [path for _, path, _, _ in server.asked]
