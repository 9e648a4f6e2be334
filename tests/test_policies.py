"""Scripted policies do what their names say, and `make_policy` finds policies by name."""

from __future__ import annotations

import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ccgym
from ccgym.domain import ArgumentValidator
from ccgym.errors import ConfigError
from ccgym.plugins import unregister
from ccgym.rollouts import make_policy, policy_names
from ccgym.rollouts.schema_values import draw, smallest
from ccgym.rollouts.scripted import Scripted, typed
from ccgym.turns import parse_turn
from ccgym.types import ErrorEvent, Request

SCHEMA = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "pattern": "^[A-Z]{1,2}-?[0-9]{2,4}(?:a|b)?$"},
        "amount": {"type": "number", "minimum": 5, "maximum": 10},
        "count": {"type": "integer", "exclusiveMinimum": 2, "multipleOf": 3},
        "kind": {"enum": ["refund", "exchange"]},
        "items": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"$ref": "#/$defs/item"}},
        "note": {"type": ["string", "null"], "minLength": 2, "maxLength": 4},
        "when": {"type": "string", "format": "date"},
        "where": {"oneOf": [{"type": "string", "minLength": 1}, {"type": "boolean"}]},
    },
    "required": ["order_id", "amount", "count", "kind", "items"],
    "additionalProperties": False,
    "$defs": {"item": {"type": "object", "properties": {"sku": {"const": "A"}}, "required": ["sku"]}},
}


def play(folder, policy, task, **options):
    (episode,) = ccgym.rollout(folder, policy, [task], **options)
    return episode


def test_the_oracle_plays_the_reference_then_says_what_is_left(desk):
    episode = play(desk, "oracle", "cancel")
    assert [call.name for call in episode.calls] == ["get_order", "cancel_order"]
    assert episode.turns[0].content == "What is your order id?"
    assert episode.replies[-1][1] == "All done: W1."
    assert episode.end.reason == "customer_done"


def test_the_oracle_says_nothing_twice(desk_with):
    def change(state, tasks):
        tasks[0]["expect"]["actions"].append({"say": "I have cancelled w1."})

    episode = play(desk_with(change), "oracle", "cancel")
    assert episode.replies[-1][1] == "I have cancelled w1."


def test_the_oracle_gives_the_output_as_fenced_json(desk_with):
    def change(state, tasks):
        tasks[0]["expect"]["output"] = {"cancelled": ["W1"]}

    episode = play(desk_with(change), "oracle", "cancel")
    assert episode.replies[-1][1] == 'All done: W1.\n```json\n{"cancelled":["W1"]}\n```'
    assert episode.rewards["correctness"] == 1.0


def test_the_oracle_speaks_the_customers_language_and_ends_with_the_words_it_waits_for(desk_with):
    def change(state, tasks):
        tasks[1]["user"]["sim"]["done"] = ["chào bạn"]
        tasks[1]["expect"]["say"] = ["W2"]

    episode = play(desk_with(change), "oracle", "note")
    assert episode.replies[-1][1] == "Đã xong: W2.\nchào bạn"
    assert episode.rewards["correctness"] == 1.0


def test_the_oracle_leaves_the_customers_own_calls_to_the_customer():
    actions = [{"name": "reboot", "requestor": "user"}, {"name": "look", "args": {"x": 1}}]
    episode = SimpleNamespace(task={"expect": {"actions": actions}}, steps=0, events=[])
    request = Request(0, SimpleNamespace(episode=episode, faults={}, domain=SimpleNamespace(language="en")), "", 0)
    assert make_policy("oracle").act([request])[0].text == '<tool_call>{"name":"look","arguments":{"x":1}}</tool_call>'


def test_null_ends_by_errors_of_format(desk):
    episode = play(desk, "null", "cancel")
    assert episode.end.reason == "max_errors"
    assert {event.code for event in episode.of(ErrorEvent)} == {"bad_format"}
    assert not episode.replies


def test_refuse_refuses_and_calls_nothing(desk):
    assert "cannot help" in play(desk, "refuse", "refuse").replies[0][1]
    assert play(desk, "refuse", "refuse").rewards["correctness"] == 1.0
    assert play(desk, "refuse", "cancel").rewards["correctness"] == 0.0
    assert "Rất tiếc" in play(desk, "refuse", "note").replies[0][1]


def test_spam_calls_every_tool_in_every_turn(desk):
    episode = play(desk, "spam", "cancel")
    names = [tool.name for tool in ccgym.load_domain(desk).tools.values()]
    assert [call.name for call in parse_turn(episode.turns[0].content).calls] == names
    assert len({turn.content for turn in episode.turns}) == 1


def test_echo_repeats_the_customer(desk):
    assert play(desk, "echo", "cancel").replies[0][1] == "Please cancel my order."


def test_random_calls_fit_the_schemas(desk):
    episodes = ccgym.rollout(desk, "random", ["cancel", "note"], 20)
    codes = {call.error["code"] for e in episodes for call in e.calls if call.error}
    assert any(e.calls for e in episodes)
    assert not codes & {"bad_arguments", "bad_json", "unknown_tool"}


def test_no_scripted_policy_but_the_oracle_earns_on_tasks_that_ask_for_something(desk):
    for name in ("null", "refuse", "spam", "echo", "random"):
        for episode in ccgym.rollout(desk, name, ["cancel", "note"], 4):
            assert episode.rewards["correctness"] == 0.0, (name, episode)


def test_a_person_types_replies_and_calls(desk):
    lines = iter(["What is your order id?", '/get_order {"order_id": "W1"}', '/cancel_order {"order_id": "W1"}', "W1."])
    seen = []

    def read(request):
        seen.append(request.observation)
        return next(lines)

    episode = play(desk, make_policy("human", read=read), "cancel")
    assert episode.rewards["correctness"] == 1.0
    assert seen[0] == "Please cancel my order."


def test_the_end_of_a_persons_input_ends_the_episode(desk):
    def read(request):
        raise EOFError

    assert play(desk, make_policy("human", read=read), "cancel").end.reason == "policy_error"


def test_typed_lines_become_calls_only_when_all_of_them_are():
    assert typed("hello / there") == "hello / there"
    assert [call.name for call in parse_turn(typed('/a\n/b {"x": 1}')).calls] == ["a", "b"]
    assert typed("/a\nhello") == "/a\nhello"
    assert "bad JSON" in parse_turn(typed("/a {x: 1}")).calls[0].error


def test_the_smallest_value_fits_the_schema():
    value = smallest(SCHEMA)
    assert ArgumentValidator(SCHEMA)(value) is None
    assert value == {"order_id": "A00", "amount": 5, "count": 3, "kind": "refund", "items": [{"sku": "A"}]}


@given(st.integers(0, 2**32))
@settings(max_examples=200, deadline=None)
def test_random_values_fit_the_schema(seed):
    value = draw(SCHEMA, random.Random(seed))
    assert ArgumentValidator(SCHEMA)(value) is None, value


def test_a_schema_that_refers_to_itself_ends():
    schema = {"type": "object", "properties": {"child": {"$ref": "#"}}, "required": ["child"]}
    assert isinstance(smallest(schema), dict)


def test_all_policies_are_listed():
    own = ["oracle", "null", "refuse", "spam", "echo", "random", "human", "hf:PATH", "openai:MODEL"]
    assert policy_names()[:9] == own


@pytest.mark.parametrize(
    ("spec", "options", "words"),
    [
        ("oracel", {}, "Did you mean 'oracle'"),
        ("hf", {}, "Write hf:PATH"),
        ("oracle:x", {}, "takes nothing behind a colon"),
        ("oracle", {"temperature": 1}, "It takes none"),
        ("openai:m", {"temprature": 1}, "Did you mean 'temperature'"),
        ("hf:/nowhere", {}, "no such folder"),
    ],
)
def test_a_wrong_name_or_option_says_what_would_be_right(spec, options, words):
    if spec.startswith("hf:"):
        pytest.importorskip("torch")
    with pytest.raises(ConfigError, match=words):
        make_policy(spec, **options)


def test_a_plugin_brings_a_policy_of_its_own(desk):
    class Plugin:
        @ccgym.hookimpl
        def register_policies(self, register):
            register("parrot", lambda argument, shout=False: Scripted(f"parrot:{argument}", lambda r: argument * 2))

    plugin = Plugin()
    ccgym.register(plugin)
    try:
        episode = play(desk, "parrot:ha", "refuse")
        assert "parrot" in policy_names()
    finally:
        unregister(plugin)
    assert episode.replies[0][1] == "haha"
    assert episode.begin.policy == "parrot:ha"


def test_a_model_policy_without_torch_names_the_extra_to_install():
    code = """
import sys
sys.modules["torch"] = None
from ccgym.rollouts import make_policy
try:
    make_policy("hf:.")
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("MissingExtra"), done.stderr
    assert "pip install 'ccgym[train]'" in done.stdout
