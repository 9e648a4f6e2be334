"""`diff`, `group` and `runs diff` say where episodes, members and runs part, and what that cost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hostile_episode import write_hostile
from test_cli import answered, said

import ccgym
from ccgym.errors import EpisodeError
from ccgym.log import EpisodeWriter
from ccgym.types import Episode
from ccgym.view.comparing import compare
from ccgym.view.grouping import group_view, read_group
from ccgym.view.rows import ABSENT
from ccgym.view.runs import diff_runs, read_index
from ccgym.view.timeline import Timeline

GOLDEN = Path(__file__).parent / "golden"
TASK = "cancel-en/test/0"


def call(name: str, **arguments: str) -> str:
    return f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>"


def played(*turns: str, sample: int = 0, task: str = TASK) -> Episode:
    """An episode of OrderDesk in which the agent says these turns; `ORDER` and `PHONE` are the customer's."""
    env = ccgym.make("ccgym/OrderDesk-v0")
    env.reset(options={"task": task, "seed": 7, "sample": sample})
    known = env.episode.task["user"]["known"]
    for turn in turns:
        env.step(turn.replace("ORDER", known["order_id"]).replace("PHONE", known["phone"]))
    return env.episode


ASK = "May I have the last 4 digits of your phone, please?"
VERIFY, LOOK = call("verify_customer", order_id="ORDER", phone="PHONE"), call("get_order", order_id="ORDER")
CANCEL, DONE = call("cancel_order", order_id="ORDER"), "Your order ORDER has been cancelled, thank you."
WELL = (ASK, VERIFY, LOOK, CANCEL, DONE)
HASTY = (ASK, CANCEL, DONE)
REFUSAL = (ASK, VERIFY, LOOK, "I am sorry, that cannot be done.")


@pytest.fixture
def log(tmp_path, monkeypatch):
    """A log of three members: one does it well, one cancels unasked, one refuses."""
    monkeypatch.chdir(tmp_path)
    with EpisodeWriter("group.jsonl") as writer:
        for sample, turns in enumerate((WELL, HASTY, REFUSAL)):
            writer.write(played(*turns, sample=sample).events)
    return "group.jsonl"


def test_equal_episodes_are_the_same_turn_for_turn():
    a, b = (Timeline(played(*WELL), name) for name in "ab")
    found = compare(a, b)
    assert (found.parting, found.common, found.states, found.setting) == (None, 5, (), {})
    assert all(reward.a == reward.b and not reward.parts for reward in found.rewards)


def test_the_order_of_keys_white_space_and_thoughts_make_no_action_differ():
    spelt = (
        "<think>Hm.</think>" + ASK,
        '<tool_call> {"arguments": {"phone": "PHONE", "order_id": "ORDER"}, "name": "verify_customer"} </tool_call>',
        *WELL[2:],
    )
    assert compare(Timeline(played(*WELL), "a"), Timeline(played(*spelt), "b")).parting is None


def test_the_first_differing_action_the_states_and_the_rewards_are_told(log):
    a, b = (Timeline(episode, "") for episode in ccgym.read_episodes(log)[:2])
    found = compare(a, b)
    assert (found.common, found.parting.step, found.parting.what) == (1, 2, "action")
    assert found.parting.a.startswith("calls verify_customer")
    assert found.parting.b.startswith("calls cancel_order")
    (correctness,) = [reward for reward in found.rewards if reward.name == "correctness"]
    assert (correctness.a, correctness.b, correctness.parts["sop"]) == (1.0, 0.0, (1.0, 0.0))
    refused = compare(a, Timeline(ccgym.read_episodes(log)[2], ""))
    statuses = [(each.a, each.b) for each in refused.states if each.field == "status"]
    assert statuses == [("cancelled", "placed")]
    assert next(each for each in found.states if each.table == "session").b is ABSENT


def test_an_episode_that_stops_earlier_parts_at_its_end_and_one_that_is_another_task_at_its_start():
    whole = Timeline(played(*WELL), "a")
    ended = compare(whole, Timeline(Episode([e for e in whole.episode if e.step < 3]), "b"))
    assert (ended.parting.step, ended.parting.what) == (3, "end")
    assert ended.parting.b == "has ended: unfinished"
    other = compare(whole, Timeline(played(ASK, task="track-en/test/0"), "b"))
    assert (other.parting.what, other.common) == ("start", 0)
    assert other.setting["task"] == (TASK, "track-en/test/0")


def test_the_same_action_answered_differently_is_told_as_that(log):
    a = ccgym.read_episodes(log)[0]
    changed = [e if getattr(e, "id", "") != "c2" else type(e)(**{f: getattr(e, f) for f in e.__struct_fields__} | {
        "result": {"status": "lost"}}) for e in a]  # fmt: skip
    found = compare(Timeline(a, ""), Timeline(Episode(changed), ""))
    assert (found.parting.step, found.parting.what) == (3, "answer")
    assert '"lost"' in found.parting.b


def test_members_that_only_heard_something_else_are_told_apart(capsys, log):
    episodes = ccgym.read_episodes(log)[:1] * 2
    with EpisodeWriter("heard.jsonl") as writer:
        for number, episode in enumerate(episodes):
            for event in episode:
                fields = {name: getattr(event, name) for name in event.__struct_fields__} | {"episode": number}
                if fields.get("id") == "c2" and number:
                    fields["result"] = {"status": "lost"}
                writer.write([type(event)(**fields)])
    out = said(capsys, "group", "heard.jsonl")[1]
    assert 'hears: {"item"' in out
    assert 'hears: {"status": "lost"}' in out


def test_a_torn_log_is_read_with_a_word_about_it(capsys, log):
    Path("torn.jsonl").write_bytes(Path(log).read_bytes()[:-30])
    for command in (("diff", "torn.jsonl#0", "torn.jsonl#1"), ("group", "torn.jsonl")):
        status, out, err = said(capsys, *command)
        assert (status, "torn" in err, bool(out)) == (0, True, True)


def test_members_with_the_same_beginning_share_its_cells_and_stand_together(log):
    group = read_group(log)
    assert list(group.members) == [0, 2, 1]
    shape = [[cell.members for cell in cells] for cells in group.levels]
    assert shape == [[(0, 2, 1)], [(0, 2), (1,)], [(0, 2), (1,)], [(0,), (2,), (1,)], [(0,), (2,), (1,)]]
    assert group.common == 1
    assert [cell.action for cell in group.levels[4]][1:] == [None, None]


def test_a_group_of_a_thousand_steps_needs_no_recursion():
    episode = played(ASK)
    events = [e for e in episode if e.step == 0]
    turn = next(e for e in episode if getattr(e, "role", "") == "assistant")
    fields = {name: getattr(turn, name) for name in turn.__struct_fields__}
    events += [type(turn)(**fields | {"n": 100 + step, "step": step}) for step in range(1, 1500)]
    members = {number: Timeline(Episode(events), "") for number in range(2)}
    assert group_view("x", members).common == 1499


@pytest.mark.parametrize(
    ("verb", "arguments"), [("diff", ("group.jsonl#0", "group.jsonl#1")), ("group", ("group.jsonl",))]
)
def test_what_is_printed_reads_as_it_is_kept(capsys, log, verb, arguments):
    status, out, _ = said(capsys, verb, *arguments)
    assert status == 0
    assert out == (GOLDEN / f"{verb}.txt").read_text(encoding="utf-8")


def test_json_holds_the_same(capsys, log):
    found = answered(capsys, "diff", "group.jsonl#0", "group.jsonl#2")[1]
    assert (found["common"], found["parting"]["step"], found["steps"]) == (3, 4, [5, 4])
    assert all(each["there"]["a"] for each in found["states"])
    found = answered(capsys, "group", log)[1]
    assert [member["number"] for member in found["members"]] == [0, 1, 2]
    assert found["members"][0]["rewards"]["correctness"] == {"value": 1.0, "status": "ok", "part": 1.0}
    assert found["steps"][1]["parts"][1]["members"] == [1]


def test_a_group_that_earned_the_same_has_no_worst_and_no_best(capsys, log):
    with EpisodeWriter("alike.jsonl") as writer:
        for sample in range(2):
            writer.write(played(*WELL, sample=sample).events)
    assert "Compare the worst and the best" in said(capsys, "group", log)[1]
    assert "Compare" not in said(capsys, "group", "alike.jsonl")[1]


def test_a_file_of_several_groups_asks_for_a_member(log):
    with EpisodeWriter("two.jsonl") as writer:
        writer.write(played(ASK).events)
        writer.write(played(ASK, sample=1, task="track-en/test/0").events)
    with pytest.raises(EpisodeError, match=r"holds 2 such groups.*#0, #1"):
        read_group("two.jsonl")
    assert list(read_group("two.jsonl#1").members) == [1]


def test_nothing_hostile_reaches_the_terminal(capsys, tmp_path):
    path = write_hostile(tmp_path / "h.jsonl", members=2)
    for command in (("replay", f"{path}#1"), ("diff", f"{path}#0", f"{path}#1"), ("group", str(path))):
        status, out, err = said(capsys, *command)
        assert (status, err) == (0, "")
        assert not any(c in out for c in "\x1b\x07\x9b\x90\x00\r\u202e\u2066\u2067")
        assert max(map(len, out.splitlines())) < 5000
        assert "Tiếng Việt" in out or command[0] == "group"


# ---- runs


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    tasks = ["cancel-en/test/0", "track-en/test/0", "cancel-refused-en/test/0"]
    for name, policy in (("first", "refuse"), ("second", "oracle")):
        ccgym.rollout("ccgym/OrderDesk-v0", policy, tasks, group=2, out=root / name, stage="eval")
    ccgym.rollout("ccgym/OrderDesk-v0", "oracle", ["return-en/test/0"], out=root / "second", stage="more")
    return root / "first", root / "second"


def test_tasks_that_changed_are_counted_by_stage_with_episodes_to_open(runs):
    found = diff_runs(*runs)
    (stage,) = found.stages
    assert (stage.tasks, stage.better, stage.worse, stage.a_rate, stage.b_rate) == (3, len(found.tasks), 0, 0.0, 1.0)
    for task in found.tasks:
        assert (task.a.tries, task.b.tries, task.b.successes) == (2, 2, 2)
        (failed,), (solved,) = ccgym.read_episodes(task.a.failed), ccgym.read_episodes(task.b.solved)
        assert failed.task["id"] == solved.task["id"] == task.task
        assert (failed.rewards["correctness"] == 1.0, solved.rewards["correctness"]) == (False, 1.0)
    assert {task.task for task in found.templates} == {task.task.split("/")[0] for task in found.tasks}
    assert any("only" in notice.lower() and "more" in notice for notice in found.notices)


def test_the_other_way_round_all_is_worse(runs):
    there, back = diff_runs(*runs), diff_runs(*reversed(runs))
    assert {task.task: task.change for task in back.tasks} == {task.task: -task.change for task in there.tasks}


def test_it_is_read_from_the_index_alone(runs, tmp_path):
    import shutil

    for run in runs:
        (tmp_path / run.name).mkdir()
        shutil.copy(run / "index.jsonl", tmp_path / run.name)
    found = diff_runs(tmp_path / "first", tmp_path / "second")
    assert len(found.tasks) == len(diff_runs(*runs).tasks)


def test_an_index_that_is_being_written_is_read_up_to_its_last_whole_line(runs, tmp_path):
    data = (runs[0] / "index.jsonl").read_bytes()
    (tmp_path / "index.jsonl").write_bytes(data[:-9])
    notes: list[str] = []
    assert len(list(read_index(tmp_path, notes.append))) == data.count(b"\n") - 1
    assert "torn" in notes[0]
    (tmp_path / "index.jsonl").write_bytes(b"{}\n" + data)
    with pytest.raises(EpisodeError, match=r"index\.jsonl:1: not an entry"):
        list(read_index(tmp_path))
    with pytest.raises(EpisodeError, match="has no index"):
        list(read_index(tmp_path / "none"))


def test_runs_diff_prints_and_tells_json(capsys, runs):
    status, out, err = said(capsys, "runs", "diff", *map(str, runs))
    assert status == 0
    assert out.splitlines()[1].split()[:5] == ["eval", "3", "3", "0", "0.000"]
    assert "ccgym diff '" in out
    assert "has the stage more" in err
    value = answered(capsys, "runs", "diff", *map(str, runs), "--stage", "eval")[1]
    assert [task["change"] for task in value["tasks"]] == [1.0, 1.0, 1.0]
    status, _, err = said(capsys, "runs", "diff", *map(str, runs), "--stage", "evla")
    assert status == 1
    assert "Take one of eval" in err
