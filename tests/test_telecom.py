"""Telecom keeps its promises: solved by agent and customer together, and by no agent alone."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from ccgym_envs import TELECOM
from ccgym_envs.telecom import make, phrases
from ccgym_envs.telecom.cases import STEPS
from ccgym_envs.telecom.templates import TEMPLATES

import ccgym
from ccgym.turns import fold
from ccgym.types import ToolEvent

DOMAIN = ccgym.load_domain(TELECOM)
DRAWN_SEEDS = 6  # of each of 12 templates
AGENTS = [name for name, tool in DOMAIN.tools.items() if tool.requestor == "assistant"]
CUSTOMERS = [name for name, tool in DOMAIN.tools.items() if tool.requestor == "user"]


@pytest.fixture(scope="module")
def tasks():
    drawn = [
        DOMAIN.draw(name, "train" if seed % 2 else "test", seed)
        for name in DOMAIN.templates for seed in range(DRAWN_SEEDS)
    ]  # fmt: skip
    return [*DOMAIN.tasks.values(), *drawn]


@pytest.fixture(scope="module")
def play():
    """Enact actions in one environment that all tests of this file share."""
    env = ccgym.make(TELECOM)

    def enact(task, actions):
        return ccgym.enact(DOMAIN, task, actions, env=env)

    return enact


def actions_of(task):
    return [action.as_json() for action in task.expect.actions]


def agents(task):
    """The agent's calls and replies."""
    return [action for action in actions_of(task) if action.get("requestor") != "user"]


def at_the_phone(task):
    """Whether the task needs something changed on the phone, or paid with it."""
    calls = [action for action in actions_of(task) if action.get("requestor") == "user"]
    return any(DOMAIN.tools[action["name"]].effect == "write" for action in calls)


def correctness(episode):
    return episode.rewards["correctness"]


# Dual control.


def test_the_reference_of_every_task_is_correct_and_the_customer_acts_when_asked(tasks, play):
    for task in tasks:
        episode = play(task, agents(task))
        made = [(e.name, e.arguments) for e in episode.of(ToolEvent) if e.requestor == "user"]
        asked = [(a["name"], a.get("args", {})) for a in actions_of(task) if a.get("requestor") == "user"]
        assert made == asked, task.id
        assert correctness(episode) == 1.0, task.id


def test_with_the_customers_calls_listed_the_reference_is_the_same_talk(tasks, play):
    for task in tasks[::4]:
        listed, asked = play(task, actions_of(task)), play(task, agents(task))
        assert listed.end.hash == asked.end.hash
        assert listed.messages() == asked.messages()


def test_the_oracle_earns_correctness_on_every_written_task():
    episodes = ccgym.rollout(TELECOM, "oracle", list(DOMAIN.tasks))
    assert [e.task["id"] for e in episodes if correctness(e) != 1.0] == []


def test_no_fault_of_the_phone_is_solved_by_the_agents_calls_of_the_reference(tasks, play):
    """With none of the words that ask the customer for something, and the last words said."""
    for task in filter(at_the_phone, tasks):
        calls = [action for action in agents(task) if "name" in action]
        episode = play(task, [*calls, agents(task)[-1]])
        assert correctness(episode) == 0.0, task.id


def test_no_fault_of_the_phone_is_solved_by_any_sequence_of_agent_calls(tasks, play):
    rng = Random(1)
    for task in filter(at_the_phone, tasks):
        pool = [action for action in agents(task) if "name" in action and action["name"] != "escalate"]
        facts = task.user.known
        pool += [
            {"name": name, "args": {"phone": facts["phone"], **more}}
            for name, more in (
                ("resume_line", {}), ("suspend_line", {"reason": "lost"}), ("set_roaming", {"enabled": True}),
                ("add_data", {"gb": 5}), ("get_puk", {}), ("give_credit", {"amount": 1}), ("get_usage", {}),
            )
        ]  # fmt: skip
        for _ in range(3):
            calls = [rng.choice(pool) for _ in range(rng.randint(1, 12))]
            assert correctness(play(task, [*calls, agents(task)[-1]])) == 0.0, task.id


def test_the_agent_cannot_touch_the_phone():
    env = ccgym.make(TELECOM)
    observation, info = env.reset(options={"task": "airplane-after-the-flight"})
    assert {tool["function"]["name"] for tool in info["tools"]} == set(AGENTS)
    observation, *_ = env.step('<tool_call>{"name":"toggle_airplane_mode","arguments":{"on":false}}</tool_call>')
    assert "unknown_tool" in observation


def test_without_any_one_request_no_fault_of_the_phone_is_mended(tasks, play):
    for task in filter(at_the_phone, list(DOMAIN.tasks.values())):
        talk = agents(task)
        for i, action in enumerate(talk[:-1]):
            if "say" in action:
                assert correctness(play(task, talk[:i] + talk[i + 1 :])) == 0.0, (task.id, action)


# What the two sides make of each other.


def device_after(*calls, task="bill-forgotten"):
    env = ccgym.make(TELECOM)
    env.reset(options={"task": task, "seed": 0})
    results = []
    for requestor, name, args in calls:
        results.append(env.backend.call(name, args, requestor))
    return results


def test_a_closed_line_takes_the_signal_away_and_an_opened_one_gives_it_back():
    phone = {"phone": "0912300114"}
    before, _, after = device_after(
        ("user", "check_status_bar", {}), ("assistant", "resume_line", phone), ("user", "check_status_bar", {})
    )
    assert (before["signal"], after["signal"]) == ("none", "5G")


def test_a_link_comes_to_the_phone_and_what_is_paid_there_is_paid_on_the_line():
    *_, links, paid, bills = device_after(
        ("assistant", "send_payment_link", {"bill_id": "B10114"}), ("user", "check_payment_links", {}),
        ("user", "pay_bill", {"bill_id": "B10114"}), ("assistant", "list_bills", {"phone": "0912300114"}),
    )  # fmt: skip
    assert links == {"links": [{"bill_id": "B10114", "amount": 27.5}]}
    assert paid == {"paid": 27.5}
    assert {bill["bill_id"]: bill["status"] for bill in bills["bills"]} == {"B10114": "paid", "B10115": "open"}


def test_a_bill_is_not_paid_without_its_link():
    with pytest.raises(ccgym.ToolError, match="no payment link"):
        device_after(("user", "pay_bill", {"bill_id": "B10114"}))


def test_the_network_sees_what_the_phone_does():
    phone = {"phone": "0912300101"}
    unseen, _, seen = device_after(
        ("assistant", "get_registration", phone), ("user", "toggle_airplane_mode", {"on": False}),
        ("assistant", "get_registration", phone), task="airplane-after-the-flight",
    )  # fmt: skip
    assert unseen == {"registered": False}
    assert seen == {"registered": True, "apn": "std.lines", "abroad": False}


def test_a_new_apn_comes_into_use_with_a_restart():
    results = device_after(
        ("user", "set_apn", {"apn": "basic.lines"}), ("user", "check_speed", {}), ("user", "reboot", {}),
        ("user", "check_speed", {}), task="second-hand-phone",
    )  # fmt: skip
    assert (results[1]["verdict"], results[3]["verdict"]) == ("no connection", "good")


def test_more_data_makes_a_slow_phone_fast():
    slow, _, fast = device_after(
        ("user", "check_speed", {}), ("assistant", "add_data", {"phone": "0912300122", "gb": 2}),
        ("user", "check_speed", {}), task="data-gone-before-payday",
    )  # fmt: skip
    assert (slow["verdict"], fast["verdict"]) == ("slow", "good")


def test_roaming_needs_both_sides():
    speeds = device_after(
        ("user", "check_speed", {}), ("assistant", "set_roaming", {"phone": "0912300124", "enabled": True}),
        ("user", "check_speed", {}), ("user", "toggle_roaming", {"on": True}), ("user", "check_speed", {}),
        task="abroad-both-sides",
    )  # fmt: skip
    assert [speed["mbps"] for speed in speeds if "mbps" in speed] == [0, 0, 85]


def test_three_wrong_puks_block_the_card_and_the_right_one_opens_it():
    wrong = [("user", "enter_puk", {"puk": "00000000"})] * 3
    assert device_after(*wrong, ("user", "check_sim", {}), task="three-wrong-pins")[-1]["sim"] == "blocked"
    puk = DOMAIN.state["tables"]["lines"]["0912300110"]["puk"]
    assert device_after(("user", "enter_puk", {"puk": puk}), task="three-wrong-pins") == [{"accepted": True}]


def test_after_a_swap_only_the_new_card_works():
    results = device_after(
        ("assistant", "swap_sim", {"phone": "0912300114", "iccid": "894410020111"}), ("user", "check_sim", {}),
        ("user", "insert_sim", {"iccid": "894410020111"}), ("user", "check_sim", {}),
    )  # fmt: skip
    assert (results[1]["sim"], results[3]["sim"]) == ("not active", "ready")


def test_a_customer_who_refuses_a_step_does_not_take_it(play):
    task = DOMAIN.tasks["no-restart-please"]
    episode = play(task, agents(task))
    assert "reboot" not in [e.name for e in episode.of(ToolEvent)]
    assert any("alarms" in message["content"] for message in episode.messages())


# What the domain is made of.


def test_the_files_are_what_the_program_makes():
    assert (TELECOM / "state.json").read_text(encoding="utf-8") == make.state_text(make.make_state())
    assert (TELECOM / "tasks.jsonl").read_text(encoding="utf-8") == make.tasks_text(make.make_tasks())


def test_the_domain_is_as_large_as_it_says():
    assert sum(map(len, DOMAIN.state["tables"].values())) >= 1000
    assert len(DOMAIN.tasks) >= 60
    assert len(AGENTS) >= 12
    assert len(CUSTOMERS) >= 12
    assert {task.split for task in DOMAIN.tasks.values()} == {"train", "test"}
    assert len(DOMAIN.templates) >= 6


def test_half_of_the_written_tasks_end_in_a_refusal_or_with_a_colleague():
    ends = Counter(task.tags[0] for task in DOMAIN.tasks.values())
    assert ends["refused"] + ends["escalated"] >= len(DOMAIN.tasks) / 2


def test_the_digest_has_at_most_150_words_and_the_sop_several_pages():
    assert len(DOMAIN.sop_digest.split()) <= 150
    assert len((TELECOM / "sop.md").read_text(encoding="utf-8").split()) >= 2000


def test_the_words_for_each_step_on_the_phone_are_those_that_the_customer_knows():
    acts = DOMAIN.task("airplane-after-the-flight").as_json()["user"]["sim"]["acts"]
    known = {(act.get("call", name), str(act.get("args", {}))): act["asked"] for name, act in acts.items()}
    for step, (tool, args, said) in phrases.PHONE.items():
        if step in STEPS:
            for language in ("en", "vi"):
                assert STEPS[step][language] in known[tool, str(args)], step
                assert STEPS[step][language] in fold(said[language]), step


def test_the_same_seed_draws_the_same_task():
    for name, template in TEMPLATES.items():
        assert template(Random(7)) == template(Random(7)), name


def test_train_and_test_streams_do_not_meet(tasks):
    sides = {split: {t.content_digest for t in tasks if t.split == split} for split in ("train", "test")}
    assert not sides["train"] & sides["test"]
