"""Verdicts in the environment: where they stand, by what state they are judged, and that a replay gives them again."""

from __future__ import annotations

import pytest
from test_sop_rules import TOOLS, call, desk, play, sop, verdicts

import ccgym
from ccgym.log import EpisodeWriter
from ccgym.plugins import Toolset, unregister
from ccgym.replay import verify
from ccgym.types import RuleEvent, ToolEvent

ONCE = "before: refund\nwhen: row('orders', args.order_id).status == 'paid'"


class SlowPlugin:
    """The refund is a function that waits, and changes the row that the rule reads."""

    @ccgym.hookimpl
    def register_tools(self, register):
        @ccgym.tool(blocking=True, seconds=5)
        def refund(state, order_id, amount=0):
            """Refund an order."""
            state["orders"][order_id]["status"] = "refunded"
            return {"done": True}

        schemas = [dict(tool) for tool in TOOLS]
        schemas[2] = {**schemas[2], "x-ccgym": {"effect": "write"}}
        register(Toolset("slowdesk", [refund], schemas=schemas))


@pytest.fixture
def slow(tmp_path):
    plugin = SlowPlugin()
    ccgym.register(plugin)
    domain = desk(tmp_path / "desk", sop(ONCE))
    (domain.path / "domain.yaml").write_text("name: Desk\ntools: slowdesk\nlimits: {max_steps: 20, max_errors: 9}\n")
    yield ccgym.load_domain(domain.path)
    unregister(plugin)


def test_a_blocking_call_is_judged_by_the_state_before_it_runs(slow):
    assert slow.tools["refund"].blocking
    assert verdicts(play(slow, call("refund"), call("refund"))) == ["ok", "violated"]


def test_a_verdict_follows_the_call_and_what_it_changed(slow):
    episode = play(slow, call("refund"))
    kinds = [event.__struct_config__.tag for event in episode.events]
    at = kinds.index("tool")
    assert kinds[at : at + 3] == ["tool", "state", "rule"]
    assert episode.events[at + 2].cause == episode.events[at].id


def test_a_call_off_the_schema_is_not_judged(tmp_path):
    episode = play(desk(tmp_path / "desk", sop("never: refund")), {"name": "refund", "args": {"nope": 1}})
    assert [event.error["code"] for event in episode.of(ToolEvent)] == ["bad_arguments"]
    assert verdicts(episode) == ["not_applicable"]


def test_each_call_of_one_turn_is_judged_by_itself(tmp_path):
    domain = desk(tmp_path / "desk", sop("before: refund\nrequire: {call: verify, same: [order_id]}"))
    env = ccgym.make(domain)
    env.reset(options={"task": "t", "seed": 1})
    one = '<tool_call>{"name": "%s", "arguments": {"order_id": "%s"}}</tool_call>'
    *_, info = env.step("".join(one % pair for pair in (("verify", "W1"), ("refund", "W1"), ("refund", "W2"))))
    found = [event for event in info["events"] if isinstance(event, RuleEvent)]
    assert [(event.verdict, event.cause) for event in found] == [("ok", "c2"), ("violated", "c3")]


def test_a_replay_gives_the_same_verdicts(tmp_path):
    rules = "- {before: refund, require: verify}\n- {at_most: 1, call: refund}\n- {finally: verify}"
    domain = desk(tmp_path / "desk", sop(rules))
    episode = play(domain, call("refund"), call("verify"), call("refund"))
    assert verdicts(episode) == ["violated", "ok", "ok", "violated", "ok"]
    with EpisodeWriter(tmp_path / "log.jsonl") as log:
        log.write(episode.events)
    checked = verify(tmp_path / "log.jsonl")
    assert checked.divergence is None
    assert checked.episodes == 1


def test_a_desk_without_rules_is_not_watched(tmp_path):
    env = ccgym.make(desk(tmp_path / "desk", "Be brief."))
    env.reset(options={"task": "t", "seed": 1})
    assert env._see is None
    assert not env.episode.of(RuleEvent)


def test_two_episodes_of_one_domain_share_nothing(tmp_path):
    domain = desk(tmp_path / "desk", sop("at_most: 1\ncall: refund"))
    first, second = ccgym.make(domain), ccgym.make(domain)
    turn = '<tool_call>{"name": "refund", "arguments": {"order_id": "W1"}}</tool_call>'
    for env in (first, second):
        env.reset(options={"task": "t", "seed": 1})
    told = [env.step(turn)[4]["events"][-1].verdict for env in (first, second, first, second)]
    assert told == ["ok", "ok", "violated", "violated"]
