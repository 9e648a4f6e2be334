"""From an episode to something that stays.

1. `minimise` leaves the shortest sequence that still breaks the rule: nothing more can be left out.
2. A regression test runs as it was generated, fails where the outcome is another, and holds no text of the episode.
3. A task made from an episode is accepted by `ccgym check` in the domain's folder.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ccgym
from ccgym.checking import check
from ccgym.cli.app import run
from ccgym.errors import CcgymError, EpisodeError
from ccgym.log import EpisodeWriter
from ccgym.replay import add_task, fork, minimise, outcome, play_case, replay, to_task, verify, write_test
from ccgym.replay.minimising import ddmin
from ccgym.turns import render_call
from ccgym.types import BranchEvent, RuleEvent

ROOT = Path(__file__).parents[1]
CANCEL = render_call("cancel_order", {"order_id": "4821"})
GET = render_call("get_order", {"order_id": "4821"})
TRACK = render_call("track_order", {"order_id": "4821"})
HOSTILE = (
    '"\'\'\'""" \\N{BULLET} \\ {{x}} {/args} %s $(id) `id` </script><script>alert(1)</script> \u202etxt\u202c '
    "\x1b[31mred\x1b]0;t\x07 Đơn hàng của tôi đâu?\r\nimport os\n# -*- coding: rot13 -*-\n\u2028é"
)


def played(env, task, turns, seed=3):
    env.reset(options={"task": task, "seed": seed})
    for turn in turns:
        if any(env.step(turn)[2:4]):
            break
    return env.episode


@pytest.fixture(scope="module")
def orders():
    return ccgym.make("ccgym/OrderDesk-v0", policy="test", weights={"correctness": 1.0})


def write(path, *episodes):
    with EpisodeWriter(path) as writer:
        for episode in episodes:
            writer.write(episode.events)
    return path


def violated(episode):
    return [event.clause["id"] for event in episode.of(RuleEvent) if event.verdict == "violated"]


# --- 1


@given(st.lists(st.integers(0, 9), max_size=12), st.sets(st.integers(0, 9), max_size=3))
def test_1_ddmin_leaves_nothing_that_can_be_left_out(items, needed):
    def fails(part):
        return needed <= set(part)

    if not fails(items):
        return
    left = ddmin(items, fails)
    assert sorted(left) == sorted(needed)


def test_1_only_the_turn_that_breaks_the_rule_is_left(orders, tmp_path):
    both = GET + TRACK + CANCEL
    episode = played(
        orders, "cancel-bought-twice", [TRACK, "Which order, please?", both, GET, "Order 4821 is cancelled."]
    )
    done = minimise(episode, parent="a#1", env=orders)
    assert [turn.content for turn in done.episode.turns] == [CANCEL]
    assert done.turns == (5, 1)
    assert done.rule.clause["id"] in violated(done.episode)
    (mark,) = done.episode.of(BranchEvent)
    assert (mark.parent, mark.at) == ("a#1", 0)
    assert verify(write(tmp_path / "e.jsonl", done.episode)).divergence is None


def test_1_what_the_violation_rests_on_stays(orders):
    """A wrong digit makes the verification fail; that it was tried matters to no rule, that the talk ended does."""
    task = "cancel-after-shipping"
    episode = played(orders, task, [render_call("track_order", {"order_id": "2096"}), "Sorry, it has shipped."])
    rule = violated(episode)
    done = minimise(episode, env=orders)
    assert rule[0] in violated(done.episode)
    assert [turn.content for turn in done.episode.turns] == ["Sorry, it has shipped."]


def test_1_an_episode_without_a_violation_says_so(orders):
    with pytest.raises(EpisodeError, match="no rule was violated"):
        minimise(played(orders, "track-where", ["Which order, please?"]), env=orders)


def test_1_an_edited_branch_is_not_minimised(orders):
    from ccgym.replay import Change

    branch = fork(played(orders, "cancel-bought-twice", [CANCEL, "Done."]), 1, policy="oracle", env=orders,
                  change=Change(results={"c1": 1}))  # fmt: skip
    with pytest.raises(EpisodeError, match="Minimise the parent"):
        minimise(branch, env=orders)


# --- 2


def run_pytest(folder):
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)


def test_2_a_regression_test_runs_as_generated_and_fails_where_the_outcome_is_another(orders, tmp_path):
    turns = [
        GET,
        HOSTILE + "?",
        "<think>" + HOSTILE.replace("<", "") + "</think>" + CANCEL,
        "4821 cancelled. " + HOSTILE,
    ]
    episode = played(orders, "cancel-bought-twice", turns)
    test, data = write_test(episode, tmp_path / "test_hostile.py")
    assert not any(part in test.read_text() for part in ("rot13", "script", "4821", "Đơn", "cancel"))
    assert data.read_bytes().isascii()
    assert not {0x1B, 0x07} & set(data.read_bytes())
    other, _ = write_test(episode, tmp_path / "test_other.py")
    case = json.loads(data.read_text())
    case["outcome"]["termination"] = "customer_left"
    other.with_suffix(".json").write_text(json.dumps(case))
    done = run_pytest(tmp_path)
    assert done.returncode == 1, done.stderr
    assert "test_hostile.py::test_the_episode_comes_to_the_same_outcome PASSED" in done.stdout
    assert "test_other.py::test_the_episode_comes_to_the_same_outcome FAILED" in done.stdout


def test_2_the_outcome_is_how_it_ended_what_it_earned_and_what_it_broke(orders):
    came_to = outcome(played(orders, "cancel-bought-twice", [CANCEL, "Order 4821 is cancelled."]))
    assert came_to["termination"] == "customer_done"
    assert came_to["correctness"] == 0
    assert came_to["violated"][0].startswith("3. Who may change an order: cancel_order before")


@pytest.mark.parametrize("domain", ["OrderDesk", "Retail", "Telecom", "NganHang"])
def test_2_a_case_plays_again_with_faults_other_tools_and_branches(domain, tmp_path):
    env = ccgym.make(
        f"ccgym/{domain}-v0", policy="test", weights={"correctness": 1.0}, faults={"timeout": 0.2, "stale": 0.2},
        perturb={"rename": True},
    )  # fmt: skip
    tasks = random.Random(4).sample(list(env.domain.tasks), 2)
    for number, episode in enumerate([*ccgym.rollout(env, "oracle", tasks), *ccgym.rollout(env, "random", tasks)]):
        for kind, each in (("whole", episode), ("branch", fork(episode, 0, policy="random", env=env))):
            _, data = write_test(each, tmp_path / f"test_{kind}_{number}.py")
            case = json.loads(data.read_text())
            assert play_case(case) == case["outcome"] == outcome(each)


def test_2_a_test_is_named_so_that_pytest_finds_it_and_replaces_nothing(orders, tmp_path):
    episode = played(orders, "track-where", ["Bye."])
    with pytest.raises(CcgymError, match=r"Name it test_….py"):
        write_test(episode, tmp_path / "refund.py")
    write_test(episode, tmp_path / "test_a.py")
    with pytest.raises(CcgymError, match="is there already"):
        write_test(episode, tmp_path / "test_a.py")


# --- 3


def copied(tmp_path):
    """A copy of OrderDesk's folder, which needs no installed templates."""
    folder = tmp_path / "orders"
    shutil.copytree(ROOT / "envs" / "ccgym_envs" / "orderdesk", folder)
    return folder


def errors(folder):
    return [str(finding) for finding in check(folder, drawn=1).findings if finding.severity == "error"]


def test_3_a_task_from_a_drawn_episode_is_accepted_by_check(orders, tmp_path):
    folder = copied(tmp_path)
    drawn = list(orders.domain.stream_tasks("train", 4))
    good = ccgym.rollout(orders, "oracle", drawn)
    bad = ccgym.rollout(orders, "refuse", drawn)
    made = [to_task(good[0]), to_task(bad[1]), to_task(good[2]), to_task(bad[3])]
    for task in made:
        add_task(task, folder)
    domain = ccgym.load_domain(folder)
    assert {task["id"] for task in made} <= set(domain.tasks)
    assert errors(folder) == []
    assert [e.rewards["correctness"] for e in ccgym.rollout(folder, "oracle", [task["id"] for task in made])] == [1] * 4
    with pytest.raises(CcgymError, match="has a task"):
        add_task(made[0], folder)


@pytest.mark.parametrize("held", ["[1, 2]", "not JSON", '{"event": "begin", "episode": 0}', "é".encode("latin-1")])
def test_3_a_task_is_added_to_no_other_file(orders, tmp_path, held):
    (episode,) = ccgym.rollout(orders, "oracle", [*orders.domain.stream_tasks("train", 1)])
    path = tmp_path / "some.jsonl"
    path.write_bytes(held if isinstance(held, bytes) else f"{held}\n".encode())
    before = path.read_bytes()
    with pytest.raises(CcgymError, match=r"some\.jsonl.* is no "):
        add_task(to_task(episode), path)
    assert path.read_bytes() == before


def test_3_a_task_is_added_to_no_other_domain(orders, desk, tmp_path):
    (episode,) = ccgym.rollout(orders, "oracle", [*orders.domain.stream_tasks("train", 1)])
    folder = tmp_path / "other"
    shutil.copytree(desk, folder)
    before = (folder / "tasks.jsonl").read_bytes()
    with pytest.raises(CcgymError, match="no tool 'verify_customer'"):
        add_task(to_task(episode), folder)
    assert (folder / "tasks.jsonl").read_bytes() == before


def test_3_a_task_is_made_from_an_episode_in_which_calls_met_faults(orders):
    env = ccgym.make("ccgym/OrderDesk-v0", faults={"timeout": 0.4})
    episodes = ccgym.rollout(env, "oracle", [*orders.domain.stream_tasks("train", 6)], seed=3)
    broken = [e for e in episodes if any(call.fault for call in e.calls) and e.rewards["correctness"] == 1]
    assert broken
    for episode in broken:
        to_task(episode)


def test_3_what_a_successful_episode_did_is_the_reference(orders, tmp_path):
    (task,) = orders.domain.stream_tasks("train", 1)
    (episode,) = ccgym.rollout(orders, "oracle", [task])
    longer = fork(episode, 0, action=render_call("track_order", {"order_id": "1"}), policy="oracle", env=orders)
    assert longer.rewards["correctness"] == 1
    actions = to_task(longer)["expect"]["actions"]
    assert all(action.get("name") != "track_order" for action in actions), "it failed, and is no part of a reference"
    assert [a for a in actions if "say" in a] == [{"say": text} for _, text in longer.replies]


def test_3_a_task_that_the_domain_has_is_not_made_twice(orders):
    with pytest.raises(EpisodeError, match=r"OrderDesk has this task: 'track-where'"):
        to_task(ccgym.rollout(orders, "oracle", ["track-where"])[0])


def test_3_hostile_words_of_the_customer_come_through(desk, tmp_path, desk_plugin):
    folder = desk_plugin.write_desk(tmp_path / "desk")
    env = ccgym.make(folder, policy="test")
    task = {**desk_plugin.TASKS[0], "id": "../x y", "user": {"first_message": HOSTILE, "known": {"order id": HOSTILE}}}
    made = to_task(
        played(env, task, ["What is your order id?", render_call("cancel_order", {"order_id": "W1"}), "W1."])
    )
    assert made["id"] == "from-..-x-y"
    file = add_task(made, folder)
    assert file == folder / "tasks.jsonl"
    kept = ccgym.load_domain(folder).tasks["from-..-x-y"]
    assert kept.as_json()["user"]["known"] == made["user"]["known"]
    assert errors(folder) == []


def test_3_a_live_customer_becomes_one_who_says_what_he_said(twin_desk):
    env = ccgym.make(twin_desk, policy="test")
    cancel = render_call("cancel_order", {"order_id": "W1"})
    episode = played(env, "cancel", ["Your order, please?", cancel, "W1 is cancelled."])
    made = to_task(episode)
    assert made["user"]["sim"] == {"kind": "static", "lines": ["Alive.", "Done now."]}
    add_task(made, twin_desk)
    assert errors(twin_desk) == []
    assert ccgym.rollout(twin_desk, "oracle", [made["id"]])[0].rewards["correctness"] == 1


# --- commands


@pytest.fixture
def invoke(capsys):
    """Runs a command; returns what it prints on stdout, or what it says where it is to fail."""

    def command(*arguments, code=0):
        status = run([*map(str, arguments)])
        printed = capsys.readouterr()
        assert status == code, printed
        return printed.err if code else printed.out

    return command


def test_the_commands_lead_from_a_bad_episode_to_a_test_and_a_task(invoke, orders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (drawn,) = orders.domain.stream_tasks("train", 1)
    order = drawn.as_json()["expect"]["actions"][-2]["args"]["order_id"]
    cancel = render_call("cancel_order", {"order_id": order})
    write(tmp_path / "e.jsonl", played(orders, drawn, [cancel, "Done."]))
    assert "Step 1 of 2 took success out of reach" in invoke("blame", "e.jsonl#0")
    assert json.loads(invoke("blame", "e.jsonl#0", "--json"))["step"] == 1
    forked = json.loads(invoke("fork", "e.jsonl#0", "--at", 0, "--policy", "oracle", "-n", 4, "--out", "f", "--json"))
    assert (forked["success"], forked["parent"]) == (1.0, "e.jsonl#0")
    assert "Success from step 0: 1.000" in invoke("fork", "e.jsonl", "--at", 0, "--policy", "oracle", "-n", 2)
    assert "every event is the same" in invoke("replay", "f", "--verify")
    text = invoke(
        "replay", "e.jsonl", "--minimise", "--out", "m.jsonl", "--to-test", "test_m.py", "--to-task", "t.jsonl"
    )
    assert "1 of 2 turns still violate 3. Who may change an order" in text
    assert "every event is the same" in invoke("replay", "m.jsonl", "--verify")
    assert json.loads((tmp_path / "t.jsonl").read_text())["id"].startswith("from-")
    case = json.loads((tmp_path / "test_m.json").read_text())
    assert play_case(case) == case["outcome"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["fork", "e.jsonl", "--at", "0"], "nothing is changed"),
        (["fork", "e.jsonl", "--at", "0", "--edit", "answer", "1"], "Write result, state or user"),
        (["fork", "e.jsonl", "--at", "0", "--edit", "user", "A", "--edit", "user", "B"], "Give it once"),
        (["fork", "e.jsonl", "--at", "0", "--edit", "result", "c1=1", "--edit", "result", "c1=2"], "Give it once"),
        (["fork", "e.jsonl", "--at", "1", "--edit", "result", "c1"], "write CALL=JSON"),
        (["fork", "e.jsonl", "--at", "1", "--edit", "result", "c1=open"], "A text needs its quotes"),
        (["fork", "e.jsonl", "--at", "1", "--edit", "state", "x=1"], "write POINTER=JSON"),
        (["fork", "e.jsonl", "--at", "1", "--action", "x", "-o", "a=1"], "Give --policy"),
        (["replay", "e.jsonl", "--out", "x"], "Give --minimise"),
    ],
)
def test_a_command_that_makes_no_sense_is_told_so(invoke, orders, tmp_path, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "e.jsonl", played(orders, "cancel-bought-twice", [CANCEL, "Done."]))
    assert told in " ".join(invoke(*arguments, code=2).split())


def test_edits_of_the_command_line_are_those_of_the_branch(invoke, orders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "e.jsonl", played(orders, "cancel-bought-twice", [GET, "Done."]))
    invoke("fork", "e.jsonl", "--at", 1, "--action", GET, "--out", "f", "--edit", "result", 'c1={"item": "ấm"}',
           "--edit", "state", '/tables/orders/4821/status="shipped"', "--edit", "user", "Which one?",
           "--edit", "state", '[{"op": "add", "path": "/tables/orders/1", "value": {}}]')  # fmt: skip
    (branch,) = ccgym.read_episodes("f")
    assert [call.result for call in branch.calls] == [{"item": "ấm"}, {"item": "kettle", "status": "shipped"}]
    (mark,) = branch.of(BranchEvent)
    assert mark.lines == {"0": "Which one?"}
    assert len(mark.patch) == 2
    assert replay(branch).episode.events[-1].hash == branch.events[-1].hash
