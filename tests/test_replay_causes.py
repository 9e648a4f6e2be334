"""A change of one character is found at the first event that it makes differ, and its cause is classed right."""

from __future__ import annotations

import msgspec
import planted
import pytest

import ccgym
from ccgym import seeds
from ccgym.backend.context import ToolContext
from ccgym.log import EpisodeWriter
from ccgym.replay import verify
from ccgym.replay.draws import drawn
from ccgym.turns import render_call
from ccgym.types import RewardEvent, RuleEvent, ToolEvent, UserEvent


@pytest.fixture
def shop(tmp_path):
    """The shop, in a folder of its own."""
    made = planted.Shop(tmp_path)
    yield made
    made.close()


def call(name, **arguments):
    return render_call(name, arguments)


TALKS = {
    "cancel": [
        "What is the order id?",
        call("get_order", order_id="W1"),
        call("cancel_order", order_id="W1"),
        call("get_order", order_id="W7"),
        "W1 is cancelled.",
    ],
    "sent": [call("get_order", order_id="W9"), call("cancel_order", order_id="W9"), "W9 is cancelled."],
    "target": [call("cancel_order", order_id="W2"), "W2 is cancelled."],
    "ticket": [call("open_ticket", text="lamp"), "It is open."],
    "draws": [call("open_ticket", text="lamp"), call("draw_prize"), "You have won, W1."],
    "moody": ["Which lamp?", "This one?", "Done."],
    "begun": [call("get_order", order_id="W3"), "W1 is here."],
    "drawn": ["No."],
}
TASKS = {"sent": "cancel", "draws": "cancel", "drawn": "ask/train/4"}


def recorded(shop, talk, seed=5):
    """The talk as a log file, played in the shop as it is."""
    env = ccgym.make(shop.folder, policy="test")
    env.reset(options={"task": TASKS.get(talk, talk), "seed": seed})
    for turn in TALKS[talk]:
        if any(env.step(turn)[2:4]):
            break
    path = shop.folder.parent / f"{talk}.jsonl"
    with EpisodeWriter(path) as log:
        log.write(env.episode.events)
    return path


CHANGES = {
    # --- a tool's code
    "a value of a result": ("tool", "cancel", "code", '"open": True', '"open": 1', "tool", "result.open"),
    "a key of a result": ("tool", "cancel", "code", '{"done": "yes"}', '{"dome": "yes"}', "tool", "result.done"),
    "a text of a result": ("tool", "cancel", "code", '{"done": "yes"}', '{"done": "yet"}', "tool", "result.done"),
    "what a tool writes": ("tool", "cancel", "code", '= "cancelled"', '= "canceled"', "tool", "hash"),
    "an error's message": ("tool", "cancel", "code", 'f"no order', 'f"no ordre', "tool", "error.message"),
    "an error's code": ("tool", "cancel", "code", '"not_found"', '"not_fount"', "tool", "error.code"),
    "a tool that raises": ("tool", "cancel", "code", '{"done": "yes"}', '{"done": yes}', "tool", "result"),
    "what a reference does": ("tool", "target", "code", '= "cancelled"', '= "canceled"', "begin", "target.hash"),
    "what init's calls do": ("tool", "begun", "code", '"text": text,', '"texd": text,', "begin", "hash"),
    "an id's prefix": ("tool", "draws", "code", 'new_id("t")', 'new_id("u")', "tool", "result.id"),
    "a schema's pattern": ("tool", "sent", "tools.json", "^W[0-9]$", "^W[0-8]$", "message", "content"),
    "a tool's description": (
        "tool", "cancel", "tools.json",
        "get_order of the shop", "get_order of The shop", "message", "content",
    ),
    "a tool's effect": ("tool", "sent", "tools.json", '"effect": "write"', '"effect": "read"', "tool", "result"),
    "a tool's name": ("tool", "target", "tools.json", '"cancel_order"', '"cancel_orde"', "begin", "task"),
    # --- the seed state
    "a row that is read": ("state", "cancel", "state.json", '"total": 10', '"total": 11', "begin", "hash"),
    "a row nobody reads": ("state", "cancel", "state.json", "unseen", "unsean", "begin", "hash"),
    "a key": ("state", "moody", "state.json", '"W3"', '"W4"', "begin", "hash"),
    # --- the SOP
    "prose": ("sop", "cancel", "sop.md", "Look at the order", "Look at tha order", "message", "content"),
    "a condition": ("sop", "cancel", "sop.md", "total <= 30", "total <= 3", "rule", "verdict"),
    "a status": ("sop", "sent", "sop.md", '== "open"', '== "sent"', "rule", "detail"),
    "a rule's tool": (
        "sop", "cancel", "sop.md",
        "id: open\nbefore: cancel_order", "id: open\nbefore: get_order", "message", "event",
    ),
    "a rule's name": ("sop", "cancel", "sop.md", "id: looked", "id: looket", "rule", "clause.id"),
    "a rule that cannot be read": ("sop", "cancel", "sop.md", "total <= 30", "total <== 30", "begin", "task"),
    # --- a reward
    "a reward's value": ("reward", "cancel", "code", "1 / (1 + len", "1 / (2 + len", "reward", "value"),
    "a reward's words": ("reward", "moody", "code", '} calls"', '} callz"', "reward", "explanation"),
    "a reward that fails": ("reward", "moody", "code", "1 / (1 + len", "9 / (1 + len", "reward", "value"),
    # --- the customer
    "a task's first line": (
        "customer", "cancel", "tasks.jsonl",
        "my order.", "my ordes.", "begin", "task.user.first_message",
    ),
    "a fact that is known": (
        "customer", "cancel", "tasks.jsonl",
        '"W1"', '"W2"', "begin", "task.user.known.order id",
    ),
    "the domain's line": (
        "customer", "target", "domain.yaml",
        "Thanks, bye", "Thanks, Bye", "begin", "task.user.sim.lines.done",
    ),
    "how a fact is told": (
        "customer", "cancel", "domain.yaml",
        "It is {", "It iz {", "begin", "task.user.sim.tell.order id",
    ),
    "a template's line": (
        "customer", "drawn", "code",
        'f"Cancel order', 'f"Cancel Order', "begin", "task.user.first_message",
    ),
    "a customer's first line": ("customer", "moody", "code", "Hello there.", "Hello There.", "user", "content"),
    "a customer's last line": ("customer", "moody", "code", "Thank you, bye.", "Thank you, byE.", "user", "content"),
    # --- a draw
    "the range of a draw": (
        "randomness", "draws", "code",
        "randint(1000, 9999)", "randint(1001, 9999)", "tool", "result.code",
    ),
    "another draw": (
        "randomness", "draws", "code",
        '"luck": ctx.rng.random()', '"luck": ctx.rng.betavariate(1, 1)', "tool", "result.luck",
    ),
    "one draw more": (
        "randomness", "draws", "code",
        'ctx.rng.choice(["cup"', 'ctx.rng.random() and ctx.rng.choice(["cup"', "tool", "result.luck",
    ),
    "a customer's draw": (
        "randomness", "moody", "code",
        "mood = self.rng", "mood = self.rng.random() and self.rng", "user", "content",
    ),
    # --- the environment
    "a limit": (
        "environment", "cancel", "domain.yaml",
        "max_steps: 6", "max_steps: 7", "begin", "options.limits.max_steps",
    ),
    "what a task expects": (
        "environment", "cancel", "tasks.jsonl",
        '{"say": ["W1"]}', '{"say": ["W2"]}', "begin", "task.expect.say.0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_planted_change_is_found_at_the_right_event_and_classed_right(shop, what):
    cause, talk, file, old, new, kind, field = CHANGES[what]
    path = recorded(shop, talk)
    assert verify(path).divergence is None
    shop.change(file, old, new)
    found = verify(path).divergence
    assert found is not None
    assert (found.cause, found.kind, found.field) == (cause, kind, field), str(found)
    assert found.reason
    assert repr(found.expected) != repr(found.found)


def test_every_other_talk_of_a_changed_shop_still_verifies(shop):
    paths = {talk: recorded(shop, talk) for talk in TALKS}
    shop.change("code", '{"done": "yes"}', '{"dome": "yes"}')
    diverged = {talk for talk, path in paths.items() if verify(path).divergence}
    assert diverged == {"cancel", "sent", "target"}


@pytest.mark.parametrize(("talk", "kind"), [("ticket", "begin"), ("draws", "tool"), ("begun", "begin")])
def test_ids_that_derive_otherwise_are_a_change_of_randomness(shop, monkeypatch, talk, kind):
    path = recorded(shop, talk)
    new_id = ToolContext.new_id

    def other(self, prefix="", digits=8):
        self._drawn += 7
        return new_id(self, prefix, digits)

    monkeypatch.setattr(ToolContext, "new_id", other)
    shop.load()  # references are kept as long as their domain is
    found = verify(path).divergence
    assert (found.cause, found.kind) == ("randomness", kind), str(found)


def test_seeds_that_derive_otherwise_are_a_change_of_randomness(shop, monkeypatch):
    paths = [recorded(shop, talk) for talk in ("ticket", "draws", "moody")]
    derive = seeds.derive
    monkeypatch.setattr(seeds, "derive", lambda *parts: derive(*parts, "x"))
    shop.load()
    for path in paths:
        assert verify(path).divergence.cause == "randomness", str(verify(path).divergence)


@pytest.mark.parametrize(
    ("kind", "field", "cause"),
    [
        (UserEvent, {"content": "Hello."}, "customer"),
        (RuleEvent, {"verdict": "violated"}, "sop"),
        (RewardEvent, {"value": 0.25}, "reward"),
        (ToolEvent, {"result": {"status": "lost"}}, "tool"),
    ],
)
def test_a_changed_record_is_classed_by_what_was_changed(shop, kind, field, cause):
    path = recorded(shop, "cancel")
    (episode,) = ccgym.read_episodes(path)
    event = next(event for event in episode.events if type(event) is kind)
    episode.events[event.n] = msgspec.structs.replace(event, **field)
    with EpisodeWriter(path) as log:
        log.write(episode.events)
    found = verify(path).divergence
    assert (found.event, found.cause) == (event.n, cause)
    assert "nothing that is installed differs" in found.reason


def test_a_rule_that_reads_what_the_hash_leaves_out_is_judged_otherwise_by_another_seed_state(shop):
    path = recorded(shop, "cancel")
    (episode,) = ccgym.read_episodes(path)
    rule = next(event for event in episode.events if type(event) is RuleEvent)
    episode.events[rule.n] = msgspec.structs.replace(rule, verdict="violated")
    domain = {**episode.begin.domain, "state": "0" * 16, "digest": "0" * 64}
    episode.events[0] = msgspec.structs.replace(episode.begin, domain=domain)
    with EpisodeWriter(path) as log:
        log.write(episode.events)
    found = verify(path).divergence
    assert (found.event, found.cause) == (rule.n, "state")


def test_a_changed_tool_is_named(shop):
    path = recorded(shop, "target")
    shop.change("code", '= "cancelled"', '= "canceled"')
    assert "the code of cancel_order has changed" in verify(path).divergence.reason


def test_a_number_far_from_what_is_drawn_is_none_that_was_drawn():
    samples = [51, 54, 52, 56, 53]
    assert drawn(50, 55, samples)
    assert not drawn(4, 55, samples)


def test_another_version_of_the_plugin_that_differs_is_the_cause(shop):
    path = recorded(shop, "cancel")
    shop.change("code", '{"done": "yes"}', '{"dome": "yes"}')
    shop.change("code", '__version__ = "1.0.0"', '__version__ = "1.0.1"')
    found = verify(path).divergence
    assert found.cause == "plugin"
    assert "1.0.0" in found.reason
    assert "1.0.1" in found.reason


def test_a_reward_that_is_gone_is_the_cause_and_so_is_its_plugin(shop):
    path = recorded(shop, "cancel")
    shop.change("code", 'name = "brief"', 'name = "brieg"')
    shop.change("domain.yaml", "brief", "brieg")
    found = verify(path).divergence
    assert (found.cause, found.kind, found.field) == ("reward", "begin", "options.weights.brief")
    (episode,) = ccgym.read_episodes(path)
    gone = {"acme-brief": {"version": "1.2", "digest": "ab" * 32}}
    episode.events[0] = msgspec.structs.replace(episode.begin, plugins=gone)
    with EpisodeWriter(path) as log:
        log.write(episode.events)
    found = verify(path).divergence
    assert (found.cause, found.field, found.expected) == ("plugin", "plugins.acme-brief", "1.2")


def test_a_log_without_the_digests_of_parts_verifies_and_is_classed(shop):
    path = recorded(shop, "cancel")
    (episode,) = ccgym.read_episodes(path)
    domain = {name: episode.begin.domain[name] for name in ("name", "version", "digest")}
    episode.events[0] = msgspec.structs.replace(episode.begin, domain=domain)
    with EpisodeWriter(path) as log:
        log.write(episode.events)
    assert verify(path).divergence is None
    shop.change("state.json", '"total": 10', '"total": 11')
    assert verify(path).divergence.cause == "state"


def test_a_customer_that_breaks_is_a_divergence_and_no_crash(shop):
    path = recorded(shop, "moody")
    shop.change("code", "self.rng, self.lines = rng,", "self.rng, self.lines = rmg,")
    found = verify(path).divergence
    assert (found.cause, found.event) == ("customer", 0)
    assert "NameError" in found.found
