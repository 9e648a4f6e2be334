"""The chat client: what servers say becomes the text of a turn, and what goes wrong becomes data."""

from __future__ import annotations

import json
import logging
import threading

import pytest

import ccgym
from ccgym.errors import ConfigError
from ccgym.rollouts import make_policy
from ccgym.turns import parse_turn
from ccgym.types import ErrorEvent

httpx = pytest.importorskip("httpx")

from ccgym.rollouts.chat import read_answer, turn_text  # noqa: E402

KEY = "sk-secret-of-the-test"


def message(content=None, **fields):
    return {"choices": [{"message": {"role": "assistant", "content": content, **fields}, "finish_reason": "stop"}]}


def call(name, arguments, id="x1"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


class Server:
    """Answers from a list, in order, and keeps what it was sent. An answer is a body, a status, or an exception."""

    def __init__(self, *answers):
        self.answers, self.bodies, self.headers = list(answers), [], []
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.bodies.append(json.loads(request.content))
            self.headers.append(request.headers)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer, text=f"status {answer}", headers={"retry-after": "0"})
        if isinstance(answer, str):
            return httpx.Response(200, text=answer)
        return httpx.Response(200, json=answer)


@pytest.fixture
def policy_on(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    def make(server, **options):
        policy = make_policy("openai:m", transport=httpx.MockTransport(server), **options)
        policy.pauses = []
        policy._sleep = policy.pauses.append
        return policy

    return make


def play(folder, policy, task="cancel"):
    (episode,) = ccgym.rollout(folder, policy, [task])
    return episode


def test_native_calls_and_their_answers_go_both_ways(desk, policy_on):
    server = Server(
        message(tool_calls=[call("get_order", '{"order_id": "W1"}', "a"), call("nosuch", "{}", "b")]),
        message("Is it W1?"),
        message(tool_calls=[call("cancel_order", '{"order_id": "W1"}', "c")], reasoning_content="Easy."),
        message("W1 is cancelled."),
    )
    episode = play(desk, policy_on(server))
    assert episode.rewards["correctness"] == 1.0
    second = server.bodies[1]["messages"]
    assert [m["role"] for m in second] == ["system", "user", "assistant", "tool", "tool"]
    assert [m["tool_call_id"] for m in second[3:]] == ["a", "b"]
    assert json.loads(second[3]["content"])["status"] == "open"
    assert json.loads(second[4]["content"])["error"]["code"] == "unknown_tool"
    assert server.bodies[2]["messages"][:5] == second
    assert server.bodies[2]["messages"][5:] == [
        {"role": "assistant", "content": "Is it W1?"},
        {"role": "user", "content": episode.messages()[5]["content"]},
    ]
    assert episode.turns[2].content.startswith("<think>Easy.</think><tool_call>")
    names = [tool["function"]["name"] for tool in server.bodies[0]["tools"]]
    assert names == [tool.name for tool in ccgym.load_domain(desk).tools.values()]


def test_calls_written_as_text_are_answered_as_text(desk, policy_on):
    text = '<tool_call>{"name": "get_order", "arguments": {"order_id": "W1"}}</tool_call>'
    server = Server(message(text), message("<oops"), message("x <tool_call>"), message("Bye."))
    episode = play(desk, policy_on(server, native_tools=False))
    assert "tools" not in server.bodies[0]
    answer = server.bodies[1]["messages"][-1]
    assert answer["role"] == "user"
    assert answer["content"].startswith('<tool_response>{"id":"c1","name":"get_order","result"')
    assert episode.calls[0].result["status"] == "open"


def test_a_turn_off_the_format_is_answered_too(desk, policy_on):
    server = Server(message("x <tool_call>"), message("Bye."))
    play(desk, policy_on(server))
    assert "bad_format" in server.bodies[1]["messages"][-1]["content"]


def test_broken_arguments_of_a_native_call_are_an_observation(desk, policy_on):
    server = Server(message(tool_calls=[call("get_order", '{"order_id": ')]), message("Bye."))
    episode = play(desk, policy_on(server))
    assert episode.calls[0].error["code"] == "bad_json"
    assert "error" in server.bodies[1]["messages"][-1]["content"]


@pytest.mark.parametrize(
    ("content", "reasoning", "calls", "wanted"),
    [
        ("Hello", "", [], "Hello"),
        ("Hello", "Hm", [], "<think>Hm</think>Hello"),
        ("Wait", "Hm", [("f", "{}")], '<think>Hm\nWait</think><tool_call>{"name":"f","arguments":{}}</tool_call>'),
        ("", "a</think><tool_call>b", [], "<think>ab</think>"),
        ("", "", [("f", '{"x":"</tool_call>"}')], None),
        ("", "", [("f", "</tool_call><tool_call>")], None),
        ("", "", [('a"b', "{}"), ("f", None), ("f", "[1]")], None),
    ],
)  # fmt: skip
def test_fields_become_the_text_of_a_turn(content, reasoning, calls, wanted):
    text = turn_text(content, reasoning, calls)
    if wanted is not None:
        assert text == wanted
    if calls:
        parsed = parse_turn(text)
        assert parsed.error is None
        assert len(parsed.calls) == len(calls)


def test_parts_refusals_and_lengths_are_understood():
    assert read_answer(message([{"type": "text", "text": "Hi"}]))[1].text == "Hi"
    assert read_answer(message(None, refusal="No."))[1].text == "No."
    cut = message("Hel")
    cut["choices"][0]["finish_reason"] = "length"
    assert read_answer(cut)[1].limit == "max_tokens"


@pytest.mark.parametrize(
    "answer",
    ["no json", "[1]", {}, {"choices": []}, {"choices": [{"message": None}]}, {"choices": "x"},
     message(tool_calls=[{"id": "x"}]), message({"deep": 1}), message("x", reasoning=["y"])],
)  # fmt: skip
def test_a_malformed_answer_ends_the_episode_with_policy_error(desk, policy_on, answer):
    episode = play(desk, policy_on(Server(answer)))
    assert episode.end.reason == "policy_error"
    assert "the server" in episode.of(ErrorEvent)[0].message


def test_a_busy_server_is_asked_again_with_growing_pauses(desk, policy_on):
    server = Server(429, 503, httpx.ConnectError("refused"), message("Sorry, I cannot."))
    policy = policy_on(server)
    assert play(desk, policy, "refuse").rewards["correctness"] == 1.0
    assert len(policy.pauses) == 3
    assert policy.pauses[0] < policy.pauses[1] < policy.pauses[2]
    assert policy.usage["requests"] == 1


def test_a_server_that_stays_busy_ends_the_episode(desk, policy_on):
    policy = policy_on(Server(503), attempts=3)
    episode = play(desk, policy)
    assert episode.end.reason == "policy_error"
    assert "503: status 503 (after 3 attempts)" in episode.of(ErrorEvent)[0].message


def test_a_refused_request_is_not_repeated(desk, policy_on):
    server = Server(401)
    assert play(desk, policy_on(server)).end.reason == "policy_error"
    assert len(server.bodies) == 1


def test_time_that_runs_out_truncates_the_episode(desk, policy_on):
    assert play(desk, policy_on(Server(httpx.ReadTimeout("slow")))).end.reason == "time"
    assert play(desk, policy_on(Server(503), seconds=0.1)).end.reason == "time"


def test_no_server_holds_an_episode_whatever_its_socket_does(desk, policy_on):
    """As one that sends a byte of its headers now and then: no time limit of the client's ever passes."""
    over = threading.Event()
    try:
        assert play(desk, policy_on(lambda request: over.wait(60), seconds=0.1)).end.reason == "time"
    finally:
        over.set()


def test_one_failure_among_many_is_its_own(desk, policy_on):
    class Moody(Server):
        def __call__(self, request):
            body = json.loads(request.content)
            bad = "discount" in body["messages"][1]["content"]
            return httpx.Response(400 if bad else 200, json=message("OK, done."))

    episodes = ccgym.rollout(desk, policy_on(Moody()), ["cancel", "refuse", "note"], 3)
    assert [e.end.reason for e in episodes] == ["customer_done"] * 3 + ["policy_error"] * 3 + ["customer_done"] * 3


def test_a_slow_answer_does_not_hold_up_other_episodes(desk, policy_on):
    """The server answers the slow request only after another episode has had both of its turns."""
    other_over = threading.Event()

    class Slow(Server):
        def __call__(self, request):
            messages = json.loads(request.content)["messages"]
            if "discount" in messages[1]["content"]:
                assert other_over.wait(30)
            elif len(messages) > 2:
                other_over.set()
                return httpx.Response(200, json=message("Done."))
            return httpx.Response(200, json=message("Your order id?" if "order" in messages[1]["content"] else "No."))

    episodes = ccgym.rollout(desk, policy_on(Slow()), ["refuse", "cancel"])
    assert [len(episode.turns) for episode in episodes] == [1, 2]


def test_the_key_is_sent_and_never_shown(desk, policy_on, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    server = Server(429, message("Bye."), 400)
    policy = policy_on(server)
    ccgym.rollout(desk, policy, ["cancel", "hand"], out=tmp_path, batch=1)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    shown = caplog.text + repr(policy) + "".join(f.read_text() for f in tmp_path.rglob("*.jsonl"))
    assert KEY not in shown
    assert KEY not in json.dumps(server.bodies)


def test_only_what_is_given_is_sent(desk, policy_on):
    server = Server(message("Bye."))
    play(desk, policy_on(server, temperature=0.5, base_url="http://127.0.0.1:1/v1", max_tokens=9))
    assert server.bodies[0].keys() == {"model", "messages", "stream", "seed", "tools", "temperature", "max_tokens"}
    assert isinstance(server.bodies[0]["seed"], int)


def test_openais_own_server_wants_a_key(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY is not set"):
        make_policy("openai:m")


def test_a_base_url_from_the_environment_needs_no_key(monkeypatch, desk):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    server = Server(message("Bye."))
    play(desk, make_policy("openai:m", transport=httpx.MockTransport(server)))
    assert "authorization" not in server.headers[0]


# ---- a real server


@pytest.mark.slow
def test_a_real_server_plays_whole_episodes(desk, served, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    url, name = served
    policy = make_policy(f"openai:{name}", base_url=url, temperature=1.0, max_tokens=40, workers=2)
    episodes = ccgym.rollout(desk, policy, ["cancel", "note", "refuse"], 2)
    assert {e.end.reason for e in episodes} <= {
        "customer_done",
        "customer_left",
        "max_errors",
        "max_tokens",
        "max_steps",
    }
    assert all(episode.turns for episode in episodes)
    assert policy.usage["requests"] >= 6
    assert policy.usage["completion_tokens"] > 0


@pytest.mark.slow
def test_a_real_servers_refusal_is_a_policy_error(desk, served):
    url, _ = served
    episode = play(desk, make_policy("openai:no/such-model", base_url=url + "/nowhere"))
    assert episode.end.reason == "policy_error"
    assert "404" in episode.of(ErrorEvent)[0].message
