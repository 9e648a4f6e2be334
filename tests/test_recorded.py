"""Mocks of the kind `recorded`: they answer as recorded conversations did, and cost nothing at reset."""

from __future__ import annotations

import json

import pytest
from domains import write_domain

import ccgym
from ccgym.domain import check_domain
from ccgym.turns import render_call

TOOL = {
    "name": "get_rate",
    "description": "The rate of a currency.",
    "parameters": {
        "type": "object",
        "properties": {
            "currency": {"type": "string", "description": "Its code."},
            "amount": {"type": "number", "description": "How much."},
            "state": {"type": "object", "description": "Where."},
        },
        "required": ["currency"],
    },
    "x-ccgym": {"effect": "read", "mock": {"kind": "recorded"}},
}
CALLS = [
    {"name": "get_rate", "arguments": {"currency": "USD"}, "result": {"rate": 25400.5}, "at": "09:00"},
    {"name": "get_rate", "arguments": {"amount": 2.0, "currency": "EUR"}, "result": [1, None, "đồng"]},
    {"name": "get_rate", "arguments": {"currency": "Xu", "state": {"city": "Huế"}}, "result": None},
    {"name": "get_rate", "arguments": {"currency": "?"}, "error": {"code": "no_rate", "message": "No such currency."}},
]
TASK = {
    "id": "usd",
    "user": {"first_message": "What is a dollar?"},
    "expect": {"actions": [{"name": "get_rate", "args": {"currency": "USD"}}], "say": ["25400.5"]},
}


def make(folder, calls=CALLS, tool=TOOL, file="recorded_jsonl", **more):
    lines = calls if isinstance(calls, str) else "".join(json.dumps(call, ensure_ascii=False) + "\n" for call in calls)
    files = {"tools_json": [tool], file: lines, "tables__orders_csv": None, "tasks_jsonl": json.dumps(TASK) + "\n"}
    return write_domain(folder, **{**files, "sop_md": "Tell the rate.\n", **more})


def ask(env, **arguments):
    answer = env.step(render_call("get_rate", arguments))[0]
    return json.loads(answer.removeprefix("<tool_response>").removesuffix("</tool_response>"))


@pytest.fixture
def env(tmp_path):
    env = ccgym.make(make(tmp_path / "desk"))
    env.reset(options={"task": "usd"})
    return env


def test_a_recorded_call_is_answered_as_it_was(env):
    assert ask(env, currency="USD")["result"] == {"rate": 25400.5}
    assert ask(env, currency="EUR", amount=2)["result"] == [1, None, "đồng"]  # 2 is 2.0, in any order
    assert ask(env, currency="Xu", state={"city": "Huế"})["result"] is None
    assert ask(env, currency="?")["error"] == {"code": "no_rate", "message": "No such currency."}
    assert ask(env, currency="JPY")["error"]["code"] == "not_recorded"


def test_arguments_in_another_normal_form_are_the_same(env):
    import unicodedata

    assert ask(env, currency="Xu", state={"city": unicodedata.normalize("NFD", "Huế")})["result"] is None


def test_the_same_call_has_the_same_answer_however_often_it_is_made(env):
    assert ask(env, currency="USD") | {"id": ""} == ask(env, currency="USD") | {"id": ""}


def test_the_error_of_a_call_that_was_never_recorded_is_the_authors(tmp_path):
    mock = {"kind": "recorded", "missing": {"code": "unknown", "message": "Nobody asked for {/args/currency}."}}
    env = ccgym.make(make(tmp_path / "desk", tool={**TOOL, "x-ccgym": {"mock": mock}}))
    env.reset(options={"task": "usd"})
    assert ask(env, currency="JPY")["error"] == {"code": "unknown", "message": "Nobody asked for JPY."}


def test_another_file_of_the_folder_may_hold_the_calls(tmp_path):
    tool = {**TOOL, "x-ccgym": {"mock": {"kind": "recorded", "file": "logs/may.jsonl"}}}
    folder = make(tmp_path / "desk", tool=tool, file="logs__may_jsonl")
    assert ccgym.rollout(ccgym.make(folder), "oracle", ["usd"])[0].rewards == {"correctness": 1.0}


def test_another_answer_is_another_domain(tmp_path):
    folder = make(tmp_path / "desk")
    before = ccgym.load_domain(folder).digest
    make(folder, [{**CALLS[0], "result": {"rate": 1}}])
    assert ccgym.load_domain(folder).digest != before


@pytest.mark.parametrize(
    ("calls", "code", "severity", "words"),
    [
        ("{", "bad-json", "error", "recorded.jsonl:1"),
        ("[]\n", "bad-recording", "error", "the name of a tool"),
        ('{"name": "get_rate"}\n', "bad-recording", "error", "neither of `result` and `error`"),
        ('{"name": "get_rate", "arguments": 3, "result": 1}\n', "bad-recording", "error", "/arguments"),
        ('{"name": "get_rate", "error": "no"}\n', "bad-recording", "error", "code and a message"),
        ([*CALLS, {**CALLS[0], "result": 0}], "recorded-twice", "warning", "than line 1"),
        ([*CALLS, {**CALLS[0], "name": "get_rat"}], "unknown-tool", "warning", "Did you mean 'get_rate'"),
        ([*CALLS, {**CALLS[0], "arguments": {}}], "bad-arguments", "warning", "recorded.jsonl:5"),
        ("\n", "not-recorded", "warning", "no call of 'get_rate'"),
        (None, "missing-file", "error", "recorded.jsonl"),
    ],
)
def test_what_is_wrong_with_the_file_is_told(tmp_path, calls, code, severity, words):
    folder = make(tmp_path / "desk", calls if calls is not None else [])
    if calls is None:
        (folder / "recorded.jsonl").unlink()
    found = next(f for f in check_domain(folder) if f.code == code)
    assert found.severity == severity
    assert words in str(found)


def test_the_file_stays_in_the_folder(tmp_path):
    tool = {**TOOL, "x-ccgym": {"mock": {"kind": "recorded", "file": "../calls.jsonl"}}}
    assert any(f.code == "path-escape" for f in check_domain(make(tmp_path / "desk", tool=tool)))


def test_an_unknown_member_of_the_mock_is_an_error(tmp_path):
    tool = {**TOOL, "x-ccgym": {"mock": {"kind": "recorded", "fil": "x.jsonl"}}}
    found = next(f for f in check_domain(make(tmp_path / "desk", tool=tool)) if f.code == "bad-mock")
    assert "Did you mean 'file'?" in str(found)
