"""OrderDesk keeps its promises: for every written task, and for 500 drawn ones."""

from __future__ import annotations

from collections import Counter
from random import Random
from statistics import median

import pytest
from ccgym_envs import ORDERDESK
from ccgym_envs.orderdesk import make
from ccgym_envs.orderdesk.phrases import ASK
from ccgym_envs.orderdesk.templates import TEMPLATES

import ccgym
from ccgym.types import RuleEvent

DRAWN_SEEDS = 25  # of each of 20 templates: 500 tasks
DOMAIN = ccgym.load_domain(ORDERDESK)
UNKNOWN_TOOL = {"name": "refund_everything", "args": {}}


def actions_of(task):
    return [action.as_json() for action in task.expect.actions]


def shows_a_break(episode):
    return any(rule.tag == "sop" and rule.verdict == "violated" for rule in episode.of(RuleEvent))


@pytest.fixture(scope="module")
def tasks():
    drawn = [DOMAIN.draw(name, split, seed) for name in DOMAIN.templates for split, seed in splits_and_seeds()]
    return [*DOMAIN.tasks.values(), *drawn]


def splits_and_seeds():
    return [("train" if seed % 2 else "test", seed) for seed in range(DRAWN_SEEDS)]


@pytest.fixture(scope="module")
def play():
    """Enact actions in one environment that all tests of this file share."""
    env = ccgym.make(ORDERDESK)

    def enact(task, actions):
        return ccgym.enact(DOMAIN, task, actions, env=env)

    return enact


def correctness(episode):
    return episode.rewards["correctness"]


# The promises, on every task.


def test_the_reference_of_every_task_is_correct_and_breaks_nothing(tasks, play):
    for task in tasks:
        episode = play(task, actions_of(task))
        assert correctness(episode) == 1.0, task.id
        assert not shows_a_break(episode), task.id


def test_every_shortcut_breaks_the_sop_and_earns_nothing(tasks, play):
    for task in tasks:
        for actions in task.meta.get("shortcuts", ()):
            episode = play(task, actions)
            assert correctness(episode) == 0.0, task.id
            assert shows_a_break(episode), task.id
            assert episode.earning, task.id


def test_every_task_but_tracking_shows_two_shortcuts_that_differ(tasks):
    for task in tasks:
        shortcuts = task.meta.get("shortcuts", [])
        assert len(shortcuts) == (0 if "track" in task.tags else 2), task.id
        assert len({str([a for a in actions if "name" in a]) for actions in shortcuts}) == len(shortcuts), task.id


def test_without_its_last_write_no_reference_is_correct(tasks, play):
    for task in tasks:
        actions = actions_of(task)
        writing = [i for i, a in enumerate(actions) if "name" in a and DOMAIN.tools[a["name"]].effect == "write"]
        if writing:
            assert correctness(play(task, actions[: writing[-1]] + actions[writing[-1] + 1 :])) == 0.0, task.id


def test_without_any_one_write_that_changed_something_no_reference_is_correct(tasks, play):
    for task in tasks:
        actions = actions_of(task)
        for i, action in enumerate(actions):
            failed_check = action.get("name") == "verify_customer" and "transferred" in task.tags
            if "name" in action and DOMAIN.tools[action["name"]].effect == "write" and not failed_check:
                assert correctness(play(task, actions[:i] + actions[i + 1 :])) == 0.0, task.id


def test_silence_where_words_are_asked_for_earns_nothing(tasks, play):
    for task in tasks:
        if task.expect.say:
            assert correctness(play(task, [a for a in actions_of(task) if "name" in a])) == 0.0, task.id


def test_an_added_read_or_an_unknown_tool_changes_nothing(tasks, play):
    rng = Random(1)
    for task in tasks:
        actions = actions_of(task)
        order_id = task.user.known["order_id"]
        for added in (
            {"name": "get_order", "args": {"order_id": order_id}},
            {"name": "track_order", "args": {"order_id": rng.choice(list(DOMAIN.state["tables"]["orders"]))}},
            UNKNOWN_TOOL,
        ):
            at = rng.randrange(len(actions))
            assert correctness(play(task, [*actions[:at], added, *actions[at:]])) == 1.0, (task.id, added, at)


def test_verifying_a_customer_who_only_asks_where_the_parcel_is_changes_nothing(tasks, play):
    for task in tasks:
        if "track" in task.tags:
            language = "vi" if "vi" in task.tags else "en"
            ask = {"say": ASK[language]["phone"][0]}
            check = {"name": "verify_customer", "args": {k: task.user.known[k] for k in ("order_id", "phone")}}
            assert correctness(play(task, [ask, check, *actions_of(task)])) == 1.0, task.id


def test_refusing_a_customer_who_was_not_verified_earns_nothing(tasks, play):
    for task in tasks:
        if "refused" in task.tags:
            assert correctness(play(task, actions_of(task)[-1:])) == 0.0, task.id


def test_doing_a_change_twice_earns_nothing(tasks, play):
    changes = ("cancel_order", "return_order", "change_address")
    for task in tasks:
        doubled = [a for action in actions_of(task) for a in [action] * (1 + (action.get("name") in changes))]
        if "done" in task.tags:
            assert correctness(play(task, doubled)) == 0.0, task.id


def test_no_reference_takes_more_than_six_turns(tasks):
    assert max(len(task.expect.actions) for task in tasks) <= 6


# What the domain is made of.


def test_the_files_are_what_the_program_makes():
    assert (ORDERDESK / "state.json").read_text(encoding="utf-8") == make.state_text(make.make_state())
    assert (ORDERDESK / "tasks.jsonl").read_text(encoding="utf-8") == make.tasks_text(make.make_tasks())


def test_the_domain_has_at_least_300_orders_24_tasks_and_6_tools():
    assert len(DOMAIN.state["tables"]["orders"]) >= 300
    assert len(DOMAIN.tasks) >= 24
    assert len(DOMAIN.tools) >= 6
    assert {task.split for task in DOMAIN.tasks.values()} == {"train", "test"}


def test_both_languages_take_half_of_the_templates_and_about_half_of_the_written_tasks():
    assert Counter(name[-2:] for name in TEMPLATES) == {"en": 11, "vi": 11}
    written = Counter(task.tags[1] for task in DOMAIN.tasks.values())
    assert 0.4 <= written["vi"] / sum(written.values()) <= 0.6


def test_a_stream_has_one_tracking_in_eleven_and_five_that_must_not_be_done(tasks):
    drawn = [task for task in tasks if task.id not in DOMAIN.tasks]
    shares = Counter(task.tags[2] for task in drawn)
    assert shares["told"] == len(drawn) // 11
    assert shares["refused"] + shares["transferred"] == len(drawn) * 5 // 11


def test_the_agents_words_are_in_the_customers_language(tasks):
    for task in tasks:
        for action in actions_of(task):
            if "say" in action:
                assert action["say"].isascii() == ("en" in task.tags), task.id


def test_drawn_orders_are_fresh(tasks):
    drawn = [task.user.known["order_id"] for task in tasks if task.id not in DOMAIN.tasks]
    assert len(set(drawn)) > 0.9 * len(drawn)


def test_the_same_seed_draws_the_same_task():
    for name, template in TEMPLATES.items():
        assert template(Random(7)) == template(Random(7)), name


def test_train_and_test_streams_do_not_meet(tasks):
    sides = {split: {t.content_digest for t in tasks if t.split == split} for split in ("train", "test")}
    assert not sides["train"] & sides["test"]


def test_what_the_customer_does_not_name_is_not_told_before_it_is_asked(tasks):
    for task in tasks:
        named = task.user.known["order_id"] in task.user.first_message
        asked = any("order number" in a.get("say", "") or "ã đơn" in a.get("say", "") for a in actions_of(task))
        assert named != asked, task.id


def test_the_digest_has_at_most_90_words():
    assert len(DOMAIN.sop_digest.split()) <= 90


def test_the_transcripts_of_episodes_are_short(tasks, play):
    """A thing to read on a small machine: tokens are counted where the tokenizer is, characters here."""
    lengths = [sum(len(m["content"]) for m in play(t, actions_of(t)).messages()) for t in tasks[:: len(tasks) // 100]]
    assert median(lengths) <= 1500
