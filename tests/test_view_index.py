"""The index behind `ccgym view`: read once and followed, never scanned; filtered by columns, whatever it holds."""

from __future__ import annotations

import json
import math
import os
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viewed import add_step, entry, write_group, write_index, write_run

from ccgym.errors import EpisodeError
from ccgym.view.server import index as index_module
from ccgym.view.server.curves import POINTS, Curves
from ccgym.view.server.following import Lines
from ccgym.view.server.index import LONGEST_TEXT, MOST_IN_SET, MOST_REWARDS, Index, place_of, without_arguments
from ccgym.view.server.query import Query, select
from ccgym.view.server.runs import Runs

TEXTS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["grpo", "Đổi địa chỉ", "a/1", "a/10"])
NUMBERS = st.none() | st.sampled_from([-1.0, 0.0, 0.5, 1.0])
FILES = st.builds("episodes/{}/{:06d}-0000.jsonl".format, st.sampled_from(["sft", "grpo"]), st.integers(0, 3))
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "file": FILES, "episode": st.integers(0, 7), "task": TEXTS,
            "tags": st.lists(TEXTS, max_size=3), "policy": TEXTS,
            "seed": st.integers(0, 2**63), "sample": st.integers(0, 7),
            "reason": st.sampled_from([None, "customer_done", "max_steps"]), "steps": st.integers(0, 9),
            "rewards": st.dictionaries(st.sampled_from(["correctness", "style"]), NUMBERS),
            "clauses": st.lists(st.sampled_from(["1. Who", "2. Returns"]), max_size=2),
        }
    ),
    max_size=12,
)  # fmt: skip


def indexed(entries):
    index = Index()
    for each in entries:
        index.add_line(json.dumps(each).encode())
    return index


def rows(index):
    return [index.row(number) for number in range(len(index))]


def found(entries, **query):
    return select(indexed(entries), Query(**{"descending": False, **query})).rows.tolist()


# ---- following a file


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5), st.integers(1, 9), st.integers(1, 20))
def test_following_gives_the_same_lines_as_reading_whole_however_it_was_written(tmp_path_factory, data, cuts, n, m):
    path = tmp_path_factory.mktemp("followed") / "index.jsonl"
    lines, got, start = Lines(path, stretch=n, longest=m), [], 0
    for end in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        with open(path, "ab") as file:
            file.write(data[start:end])
        start = end
        assert not lines.rewound()
        got += lines.read()
    whole = data.split(b"\n")[:-1]
    assert got == [line for line in whole if len(line) <= m]
    overlong_tail = len(data.split(b"\n")[-1]) > m
    assert lines.skipped == len(whole) - len(got) + overlong_tail


@given(ENTRIES, st.lists(st.integers(0, 3000), max_size=4))
def test_an_index_that_grows_is_the_same_as_one_that_was_there(tmp_path_factory, entries, cuts):
    run = tmp_path_factory.mktemp("grown")
    data = "".join(json.dumps(each) + "\n" for each in entries).encode()
    (run / "index.jsonl").touch()
    opened, start = Runs(run).get(""), 0
    for end in [*sorted(min(cut, len(data)) for cut in cuts), len(data)]:
        with open(run / "index.jsonl", "ab") as file:
            file.write(data[start:end])
        start = end
        opened.refresh()
    assert rows(opened.index) == rows(indexed(entries))
    assert opened.index.damaged == 0


def test_a_half_written_last_line_waits_for_its_end(tmp_path):
    run = write_index(tmp_path / "run", [entry()])
    opened = Runs(run).get("")
    line = json.dumps(entry(task="late")) + "\n"
    for half in (line[:40], line[40:]):
        with open(run / "index.jsonl", "a") as file:
            file.write(half)
        opened.refresh()
    assert [row["task"] for row in rows(opened.index)] == ["cancel/1", "late"]
    assert opened.notices == []


@pytest.mark.parametrize("replace", [True, False], ids=["replaced", "cut"])
def test_an_index_that_was_written_anew_is_read_anew(tmp_path, replace):
    run = write_index(tmp_path / "run", [entry(task="first"), entry(task="second")])
    opened = Runs(run).get("")
    opened.refresh()
    if replace:
        write_index(tmp_path / "other", [entry(task=f"new {k}") for k in range(5)])
        os.replace(tmp_path / "other" / "index.jsonl", run / "index.jsonl")
    else:
        (run / "index.jsonl").write_text(json.dumps(entry(task="new 0")) + "\n")
    opened.refresh()
    assert {row["task"] for row in rows(opened.index)} == ({f"new {k}" for k in range(5)} if replace else {"new 0"})


DAMAGED = ["{", "[]", "{}", '{"file": 1}', '{"file": "\\ud800", "episode": 0, "task": "x"}', "\x00" * 9, "NaN"]


@pytest.mark.parametrize("line", [*DAMAGED, json.dumps(entry(episode=2**40)), json.dumps(entry(rewards={"x": "1"}))])
def test_a_damaged_line_is_skipped_and_counted_and_the_rest_still_opens(tmp_path, line):
    run = write_index(tmp_path / "run", [entry(task="before")])
    with open(run / "index.jsonl", "a") as file:
        file.write(line + "\n\n")
    write_index(run, [entry(task="after")])
    opened = Runs(run).get("")
    opened.refresh()
    assert [row["task"] for row in rows(opened.index)] == ["before", "after"]
    assert opened.notices == ["Damaged lines of index.jsonl, skipped: 1"]


# ---- what an entry tells


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("episodes/grpo/000012-0003.jsonl", ("grpo", 12)),
        ("episodes/eval%2Fvi/000000-a%2Fb.jsonl", ("eval/vi", 0)),
        ("episodes/000003-x.jsonl", ("", 3)),
        ("one.jsonl", ("", -1)),
        ("episodes/grpo/" + "9" * 40 + "-0.jsonl", ("grpo", -1)),
    ],
)
def test_stage_and_iteration_follow_from_the_file(file, place):
    assert place_of(file) == place


def test_a_run_without_clauses_in_its_index_is_filtered_by_what_the_rules_say():
    details = ['cancel before verify(order_id="1")', 'cancel before verify(order_id="2")', 'asked for "99" too early']
    entries = [entry(violated=[detail], clauses=[]) for detail in details]
    assert found(entries, clause=("cancel before verify",)) == [0, 1]
    assert without_arguments(details[2]) == "asked for … too early"


def test_what_a_line_holds_too_much_of_is_cut_and_left_out():
    many = [f"n{k}" for k in range(1000)]
    entries = [
        entry(task="x" * 10**6, tags=["y" * 10**6, *many], rewards=dict.fromkeys(many, 1.0)),
        entry(rewards={"z" * 10**6: 1.0}),
    ]
    row, other = rows(indexed(entries))
    assert len(row["task"]) == len(row["tags"][0]) == LONGEST_TEXT
    assert len(row["tags"]) == MOST_IN_SET
    assert len(row["rewards"]) == len(other["rewards"]) == MOST_REWARDS


def test_episodes_beyond_what_the_table_holds_are_counted(monkeypatch):
    monkeypatch.setattr(index_module, "MOST_ROWS", 3)
    index = indexed([entry()] * 5)
    assert (len(index), index.left_out) == (3, 2)


def test_the_members_of_a_group_are_those_of_its_file_task_and_seed():
    keys = [("a", 0, "x", 1), ("a", 1, "x", 1), ("a", 2, "y", 1), ("a", 3, "x", 2), ("b", 0, "x", 1)]
    index = indexed([entry(file=f"{file}.jsonl", episode=k, task=task, seed=seed) for file, k, task, seed in keys])
    assert [row["row"] for row in index.members("a.jsonl", 1)] == [0, 1]
    assert index.members("a.jsonl", 9) == index.members("c.jsonl", 0) == []


# ---- filters


def naive(entries, query):
    """The same answer, row by row."""
    for number, row in enumerate(rows(indexed(entries))):
        texts = [row["task"], row["file"], row["policy"], row["reason"], *row["tags"], *row["clauses"]]
        values = {f"reward.{name}": value for name, value in row["rewards"].items()}
        values |= {"iteration": row["iteration"], "steps": row["steps"]}
        within = [
            values.get(name) is not None and low <= values[name] <= high for name, (low, high) in query.ranges.items()
        ]
        if (
            all(any(word in text.casefold() for text in texts) for word in query.text.split())
            and (not query.stage or row["stage"] in query.stage)
            and (not query.reason or row["reason"] in query.reason)
            and set(query.tag) <= set(row["tags"])
            and set(query.clause) <= set(row["clauses"])
            and all(within)
        ):
            yield number


RANGES = st.dictionaries(
    st.sampled_from(["iteration", "steps", "reward.correctness", "reward.style", "reward.none"]),
    st.tuples(st.sampled_from([-math.inf, 0.0, 1.0]), st.sampled_from([0.5, 2.0, math.inf])), max_size=2,
)  # fmt: skip
QUERIES = st.builds(
    Query,
    text=st.sampled_from(["", "a", "grpo", "a 1", "000002", "who"]),
    stage=st.lists(st.sampled_from(["sft", "grpo", "other"]), max_size=2).map(tuple),
    reason=st.lists(st.sampled_from(["unfinished", "max_steps"]), max_size=2).map(tuple),
    tag=st.lists(st.sampled_from(["grpo", "a/1"]), max_size=2).map(tuple),
    clause=st.lists(st.sampled_from(["1. Who", "2. Returns", "3. None"]), max_size=2).map(tuple),
    ranges=RANGES, descending=st.just(False),
)  # fmt: skip


@given(ENTRIES, QUERIES)
def test_a_query_finds_what_looking_at_every_row_finds(entries, query):
    selection = select(indexed(entries), query)
    assert selection.rows.tolist() == list(naive(entries, query))
    for kind in ("tag", "clause"):
        for text, count in selection.choices[kind]:
            chosen = Query(**{**vars(query), kind: (*getattr(query, kind), text)})
            assert len(select(indexed(entries), chosen).rows) == count
    for kind in ("stage", "reason"):
        for text, count in selection.choices[kind]:
            assert len(select(indexed(entries), Query(**{**vars(query), kind: (text,)})).rows) == count


def test_search_looks_past_case_and_unicode_form():
    entries = [entry(task=unicodedata.normalize("NFD", "Đổi địa chỉ")), entry(task="refund")]
    assert found(entries, text=unicodedata.normalize("NFC", "ĐỔI chỉ")) == [0]


@pytest.mark.parametrize("descending", [False, True])
def test_episodes_that_are_not_scored_stand_last_in_either_order(descending):
    entries = [entry(rewards={"style": value}) for value in (None, 0.5, 0.25)]
    assert found(entries, sort="reward.style", descending=descending) == ([1, 2, 0] if descending else [2, 1, 0])


def test_tasks_are_sorted_as_people_count():
    assert found([entry(task=task) for task in ("t/10", "t/9", "s/1")], sort="task") == [2, 1, 0]


@pytest.mark.parametrize(
    "sort", ["row", "stage", "iteration", "task", "episode", "reason", "steps", "clauses", "reward.x"]
)
def test_an_empty_run_can_be_asked_anything(sort):
    selection = select(Index(), Query(text="x", tag=("y",), ranges={"reward.z": (0, 1)}, sort=sort))
    assert selection.rows.tolist() == []


def test_the_means_leave_out_what_was_not_scored():
    assert select(indexed([entry(rewards={"style": v}) for v in (None, 1.0, 0.5)]), Query()).means == {"style": 0.75}


# ---- curves


def test_curves_have_few_points_however_long_the_run(tmp_path):
    with open(tmp_path / "metrics.jsonl", "w") as file:
        for step in range(1, 5 * POINTS + 3):
            file.write(json.dumps({"stage": "grpo", "step": step, "kl": float(step), "weight/x": 1, "time": {}}) + "\n")
    curves = Curves(tmp_path / "metrics.jsonl")
    curves.refresh()
    drawn = curves.stages["grpo"].drawn()
    assert len(drawn["steps"]) == len(drawn["values"]["kl"]) <= POINTS
    assert drawn["steps"][-1] == 5 * POINTS + 2
    assert drawn["values"].keys() == {"kl"}


def test_curves_follow_the_run_and_survive_damaged_lines(tmp_path):
    add_step(tmp_path, 1)
    curves = Curves(tmp_path / "metrics.jsonl")
    curves.refresh()
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"stage": "grpo"}\n[1]\n{"stage": "grpo", "step": "2"}\n{')
    curves.refresh()
    assert list(curves.stages["grpo"].steps) == [1]
    assert curves.damaged == 3


# ---- runs


def test_a_folder_of_runs_lists_them_and_each_opens(desk, tmp_path):
    write_run(desk, tmp_path / "runs" / "a", groups=1)
    write_index(tmp_path / "runs" / "deep" / "b", [entry()])
    runs = Runs(tmp_path / "runs")
    assert set(runs.names()) == {"a", "deep/b"}
    write_index(tmp_path / "runs" / "new", [entry()])
    assert runs.get("new") is not None
    assert runs.get("../runs/a") is None


def wait_for(run, count):
    deadline = time.monotonic() + 20
    while len(run.index) < count or run.to_read:
        assert time.monotonic() < deadline, run.notices
        run.refresh()
        time.sleep(0.02)


def test_a_run_without_an_index_is_read_file_by_file_and_damaged_files_are_named(desk, tmp_path):
    run = write_run(desk, tmp_path / "run", groups=3)
    (run / "index.jsonl").unlink()
    broken = run / "episodes" / "grpo" / "000001-0000.jsonl"
    broken.write_bytes(broken.read_bytes().replace(b"Which order?", b"Which odder?"))
    for file in (run / "episodes").rglob("*.jsonl"):
        os.utime(file, (1, 1))
    opened = Runs(run).get("")
    opened.refresh()
    wait_for(opened, 4)
    assert {row["iteration"] for row in rows(opened.index)} == {0, 2}
    assert any("000001-0000.jsonl:" in notice and "digest" in notice for notice in opened.notices)


def test_an_index_that_appears_later_takes_over(desk, tmp_path):
    run = write_run(desk, tmp_path / "run", groups=2)
    (run / "index.jsonl").unlink()
    for file in (run / "episodes").rglob("*.jsonl"):
        os.utime(file, (1, 1))
    opened = Runs(run).get("")
    opened.refresh()
    wait_for(opened, 4)
    write_group(desk, run, 5)
    opened.refresh()
    assert [row["iteration"] for row in rows(opened.index)] == [5, 5]


@pytest.mark.parametrize("file", ["../secret.jsonl", "/etc/passwd", "episodes/link.jsonl", "run.json", "a\0.jsonl"])
def test_an_index_cannot_lead_out_of_its_run(tmp_path, file):
    run = write_index(tmp_path / "run", [entry(file=file)])
    (tmp_path / "secret.jsonl").write_text("secret")
    (run / "episodes").mkdir()
    (run / "episodes" / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    with pytest.raises(EpisodeError, match="no episode file of this run"):
        Runs(run).get("").episode_file(file)


@pytest.mark.parametrize(("path", "says"), [("nothing", "no such folder"), ("file", "--html"), (".", "holds no run")])
def test_a_wrong_path_is_told(tmp_path, path, says):
    (tmp_path / "file").touch()
    with pytest.raises(EpisodeError, match=says):
        Runs(tmp_path / path)
