"""Whatever the agent writes: nothing leaves `step`, a failed call changes nothing, memory and time stay bounded."""

from __future__ import annotations

import json
import random
import resource
import time

import pytest

import ccgym
from ccgym.turns import render_call
from ccgym.types import ErrorEvent, StateEvent, ToolEvent

TURNS = 10_000
GOOD = [
    render_call("get_order", {"order_id": "W1"}),
    render_call("cancel_order", {"order_id": "W2"}),
    render_call("add_note", {"order_id": "W3", "text": "giao buổi sáng, cảm ơn"}),
    render_call("break_halfway", {"order_id": "W1"}),
    "<think>let me see</think>" + render_call("get_order", {"order_id": "W9"}),
    "What is your order id?",
    "Đơn hàng của bạn đã được hủy.",
]
HOSTILE = [
    "1" + "0" * 30, "-1e999", "NaN", "Infinity", "[" * 10_000, '{"a":' * 10_000, "\\ud800", "\ud800", "\udfff\ud800",
    "\x00\x1b[2J\x07",
    "<|eot_id|>", "<|im_start|>system", "<tool_call>", "</tool_call>", "<tool_response>", "<think>", '{"a":1,"a":2}',
    '{"$ref":"file:///etc/passwd"}', "a" * 31 + "!", "\u202e\u2066", "𝕳" * 50, '"', "\\", "null", "true", "[]", "{}",
    '{"name":"get_order","arguments":[]}', '{"name":5}', '{"name":"get_order","arguments":{"order_id":"W1","x":1}}',
    '{"name":"__class__","arguments":{}}', '{"name":"get_order","arguments":{"self":1,"state":{},"ctx":null}}',
]  # fmt: skip


def mutate(rng: random.Random) -> str:
    text = rng.choice(GOOD)
    for _ in range(rng.randrange(5)):
        kind = rng.randrange(6)
        at = rng.randrange(len(text) + 1)
        if kind == 0:
            text = text[:at] + rng.choice(HOSTILE) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.randrange(1, 12) :]
        elif kind == 2:
            text = text[:at] + chr(rng.choice((0, 9, 10, 27, 34, 60, 92, 123, 0x202E, 0xD800, 0x1F600))) + text[at:]
        elif kind == 3:
            text = text + rng.choice(GOOD)
        elif kind == 4:
            text = f"<tool_call>{rng.choice(HOSTILE)}</tool_call>"
        else:
            text = text.replace('"W1"', rng.choice(HOSTILE)).replace('"W2"', f'"{"x" * rng.randrange(2000)}"')
    return text


def test_ten_thousand_hostile_turns_break_nothing(desk):
    rng, env = random.Random(11), ccgym.make(desk)
    base = env.domain.digest
    over = True
    for number in range(TURNS):
        if over:
            env.reset(options={"task": "cancel", "seed": number})
        before = env.backend.digest()
        observation, reward, terminated, truncated, info = env.step(mutate(rng))
        over = terminated or truncated
        assert isinstance(observation, str)
        assert isinstance(reward, float)
        observation.encode()
        changed = any(isinstance(e, StateEvent) for e in info["events"])
        succeeded = any(isinstance(e, ToolEvent) and e.error is None for e in info["events"])
        assert (info["state_hash"] != before) == changed
        assert succeeded or not changed
        assert not any(isinstance(e, ErrorEvent) and e.code == "env_error" for e in info["events"])
    assert env.domain.digest == base


@pytest.mark.parametrize(
    "turn",
    [
        render_call("add_note", {"order_id": "W1", "text": "x" * 1_000_000}),
        "<tool_call>" + '{"a":' * 200_000,
        "<think>" * 150_000,
        "<tool_call></tool_call>" * 50_000,
        "<" * 1_000_000,
        "<|" * 500_000,
        "hello " * 200_000,
        render_call("get_order", {"order_id": "W" + "1" * 900_000 + "!"}),
    ],
)
def test_a_megabyte_is_refused_in_bounded_time_and_memory(desk_with, turn):
    env = ccgym.make(desk_with(lambda state, tasks: None, limits={"max_chars": 5_000_000, "max_errors": 50}))
    env.reset(options={"task": "cancel"})
    before, peak, started = (
        env.backend.digest(),
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        time.process_time(),
    )
    env.step(turn)
    assert env.backend.digest() == before
    assert time.process_time() - started < 20  # a hang, not a speed: the work is milliseconds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 300_000


def test_a_catastrophic_pattern_in_a_schema_costs_linear_time(desk_with, desk_plugin):
    tools = json.loads(json.dumps(desk_plugin.TOOLS))
    tools[0]["function"]["parameters"]["properties"]["order_id"] = {"type": "string", "pattern": "^(a+)+$"}
    folder = desk_plugin.write_desk(desk_with(lambda s, t: None), tools=tools, tasks=[{"id": "t"}])
    env = ccgym.make(folder)
    env.reset(options={"task": "t"})
    started = time.process_time()
    assert "bad_arguments" in env.step(render_call("get_order", {"order_id": "a" * 15_000 + "!"}))[0]
    assert time.process_time() - started < 20


@pytest.mark.parametrize("ref", ["file:///etc/passwd", "http://127.0.0.1:9/x", "other.json#/a", "//host/x"])
def test_a_schema_that_refers_outside_itself_is_refused(desk_with, desk_plugin, ref):
    tools = json.loads(json.dumps(desk_plugin.TOOLS))
    tools[0]["function"]["parameters"]["properties"]["order_id"] = {"$ref": ref}
    folder = desk_plugin.write_desk(desk_with(lambda s, t: None), tools=tools)
    with pytest.raises(ccgym.CcgymError, match=r"\$ref"):
        ccgym.make(folder)


def test_interleaved_episodes_never_see_each_others_writes(desk):
    a, b = ccgym.make(desk), ccgym.make(desk)
    a.reset(options={"task": "cancel"})
    b.reset(options={"task": "cancel"})
    a.step(render_call("cancel_order", {"order_id": "W1"}))
    assert '"status":"open"' in b.step(render_call("get_order", {"order_id": "W1"}))[0]
    b.step(render_call("add_note", {"order_id": "W1", "text": "b"}))
    assert a.backend.state()["tables"]["notes"] == {}
    assert '"status":"cancelled"' in a.step(render_call("get_order", {"order_id": "W1"}))[0]


def test_the_seed_state_is_the_same_after_a_thousand_episodes(desk):
    env, rng = ccgym.make(desk), random.Random(3)
    from ccgym import jsontext

    before = jsontext.digest(env.domain.state)
    env.reset(options={"task": "cancel"})
    start = env.backend.digest()
    for number in range(1000):
        env.reset(options={"task": "cancel", "seed": number})
        assert env.backend.digest() == start
        for _ in range(3):
            _, _, terminated, truncated, _ = env.step(rng.choice(GOOD[:4]))
            if terminated or truncated:
                break
    assert jsontext.digest(env.domain.state) == before
