"""The verbs that play: rollout, eval, play, replay and train, as a pipe and as a program read them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from test_cli import LIBRARY, answered, said

import ccgym
from ccgym.cli.choose import DRAWN, choose_tasks
from ccgym.errors import ConfigError
from ccgym.log import EpisodeWriter

ENV = "ccgym/OrderDesk-v0"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# --- rollout


def test_the_oracle_succeeds_and_the_figures_add_up(capsys):
    status, value = answered(capsys, "rollout", LIBRARY, "--policy", "oracle", "-G", "2", "--out", "run")
    assert status == 0
    assert (value["tasks"], value["episodes"], value["success"], value["out"]) == (3, 6, 1.0, "run")
    assert value["rewards"]["correctness"] == 1.0
    assert value["tags"]["refuse"]["episodes"] == 2
    assert value["ends"] == {"customer_done": 6}
    assert len(ccgym.read_episodes("run")) == 6


def test_a_pipe_gets_a_table_by_tag_and_the_place_of_the_episodes(capsys):
    status, out, _ = said(capsys, "rollout", LIBRARY, "--policy", "refuse", "--out", "run")
    assert status == 0
    lines = out.splitlines()
    assert lines[0].split()[:4] == ["tag", "tasks", "episodes", "success"]
    assert [line.split()[0] for line in lines[1:3]] == ["refuse", "all"]
    assert "run/episodes" in out
    assert "\x1b" not in out


def test_templates_draw_what_the_written_tasks_of_the_split_leave_open(capsys):
    from ccgym.env import find_domain

    count = len(find_domain(ENV).split("test")) + 4
    command = ("rollout", ENV, "--policy", "oracle", "--split", "test", "--tasks", str(count))
    assert answered(capsys, *command)[1]["tasks"] == count
    tasks = [episode.task for episode in ccgym.read_episodes("runs/oracle-OrderDesk")]
    assert {task.get("split") for task in tasks} == {"test"}
    assert sum("/test/" in task["id"] for task in tasks) == 4


def test_the_same_seed_gives_the_same_episodes(capsys):
    for folder in ("a", "b"):
        said(capsys, "rollout", ENV, "--policy", "random", "--tasks", "3", "--seed", "5", "--out", folder)
    first, second = ([episode.messages() for episode in ccgym.read_episodes(folder)] for folder in ("a", "b"))
    assert first == second


def test_a_reward_can_be_added_and_weighed(capsys):
    status, value = answered(capsys, "rollout", LIBRARY, "--policy", "oracle", "--reward", "efficiency=0.5")
    assert status == 0
    assert "efficiency" in value["rewards"]
    begin = ccgym.read_episodes("runs/oracle-LibraryDesk")[0].begin
    assert begin.options["weights"]["efficiency"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("--policy", "oracel"), "Did you mean 'oracle'?"),
        (("--policy", "hf"), "hf:PATH"),
        (("--policy", "oracle", "--reward", "corectness=1"), "Did you mean 'correctness'?"),
        (("--policy", "oracle", "--reward", "style=much"), "style=0.5"),
        (("--policy", "oracle", "-o", "temperature"), "name=value"),
        (("--policy", "oracle", "-o", "temperature=1"), "takes no option"),
        (("--policy", "oracle", "--split", "dev"), "Its splits are: train, test"),
        (("--policy", "oracle", "--tasks", "0"), "--tasks"),
    ],
)
def test_a_wrong_choice_is_a_usage_error_with_the_fix(capsys, arguments, hint):
    status, out, err = said(capsys, "rollout", LIBRARY, *arguments)
    assert (status, out) == (2, "")
    assert hint in err


def test_a_folder_with_episodes_is_not_written_into_again(capsys):
    assert said(capsys, "rollout", LIBRARY, "--policy", "null", "--out", "run")[0] == 0
    status, _, err = said(capsys, "rollout", LIBRARY, "--policy", "null", "--out", "run")
    assert status == 2
    assert "holds episodes already" in err
    for _ in range(2):
        said(capsys, "rollout", LIBRARY, "--policy", "null")
    assert {path.name for path in Path("runs").iterdir()} == {"null-LibraryDesk", "null-LibraryDesk-2"}


def test_a_policy_that_fails_everywhere_is_a_failure(capsys, monkeypatch):
    from ccgym.rollouts import scripted

    def broken():
        return scripted.Scripted("null", lambda request: 1 / 0)

    monkeypatch.setattr(scripted, "null", broken)
    status, _, err = said(capsys, "rollout", LIBRARY, "--policy", "null")
    assert status == 1
    assert "the policy failed in every episode (ZeroDivisionError" in err
    assert err.count("Warning") == 1


def test_a_domain_with_templates_draws_some_where_nobody_says_how_many():
    from ccgym.env import find_domain

    domain = find_domain(ENV)
    assert len(choose_tasks(domain, "test", None)) == (len(domain.split("test")) or DRAWN)
    with pytest.raises(ConfigError, match="3 tasks"):
        choose_tasks(ccgym.load_domain(LIBRARY), None, 4)


# --- eval


def test_eval_gives_success_pass_hat_k_and_components(capsys):
    status, value = answered(capsys, "eval", LIBRARY, "--policy", "oracle", "--split", "train", "-G", "4")
    assert status == 0
    assert [value[f"pass^{k}"] for k in (1, 2, 4)] == [1.0, 1.0, 1.0]
    assert value["components"]["state"] == 1.0
    assert value["tags"] == {"refuse": 1.0}
    assert "pass^4" in said(capsys, "eval", LIBRARY, "--policy", "oracle", "-G", "4")[1]


# --- play


def test_a_person_plays_through_a_pipe(capsys, monkeypatch):
    lines = ["?", "Which loan is it?", '/get_loan {"loan_id": "L0003"}', '/renew_loan {"loan_id": "L0003"}']
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*lines, "Renewed until 2026-01-26.", ""])))
    status, out, _ = said(capsys, "play", LIBRARY, "--task", "renew")
    assert status == 0
    assert "My loan is L0003." in out
    assert "/renew_loan" in out
    assert '/tables/loans/L0003/due: "2026-01-21" → "2026-01-26"' in out
    assert "correctness 1.000" in out


def test_a_person_who_leaves_ends_the_episode(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    status, value = answered(capsys, "play", LIBRARY)
    assert status == 0
    assert value["end"] == "policy_error"
    assert value["rewards"]["correctness"] == 0.0


# --- replay


@pytest.fixture
def recorded(capsys) -> str:
    said(capsys, "rollout", LIBRARY, "--policy", "oracle", "-G", "2", "--out", "run")
    capsys.readouterr()
    return str(sorted(Path("run/episodes/rollout").glob("*.jsonl"))[0])


def test_one_episode_is_printed_with_calls_changes_and_reasons(capsys, recorded):
    status, out, _ = said(capsys, "replay", recorded + "#1")
    assert status == 0
    for text in (
        "renew in ", "step 3", 'renew_loan {"loan_id": "L0003"}', "/tables/loans/L0003/renewals: 0 → 1",
        "end       customer_done", "reward    correctness 1.000 × 1",
    ):  # fmt: skip
        assert text in out


def test_one_step_can_be_picked(capsys, recorded):
    status, out, _ = said(capsys, "replay", recorded + "#0", "--step", "3")
    assert status == 0
    assert "renew_loan" in out
    assert "customer_done" not in out
    assert said(capsys, "replay", recorded + "#0", "--step", "9")[0] == 2
    assert said(capsys, "replay", recorded, "--step", "1")[0] == 2


def test_many_episodes_are_listed_and_with_json_one_is_its_events(capsys, recorded):
    status, value = answered(capsys, "replay", "run")
    assert status == 0
    assert len(value["episodes"]) == 6
    status, value = answered(capsys, "replay", value["episodes"][0]["episode"])
    assert value["events"][0]["event"] == "begin"


def test_verify_replays_every_event(capsys, recorded):
    status, value = answered(capsys, "replay", "run", "--verify")
    assert status == 0
    assert (value["episodes"], value["divergences"]) == (6, [])
    assert answered(capsys, "replay", recorded + "#1", "--verify")[1]["episodes"] == 1


def tampered(file: str, old: str, new: str) -> str:
    """A log in which a recorded result is another one, and the digest chain is right all the same."""
    import msgspec

    from ccgym.types import ToolEvent

    (episode,) = ccgym.read_episodes(file + "#0")
    events = [
        msgspec.structs.replace(e, result=json.loads(json.dumps(e.result).replace(old, new)))
        if isinstance(e, ToolEvent)
        else e
        for e in episode
    ]
    with EpisodeWriter("other/episodes/x.jsonl") as log:
        log.write(events)
    return "other"


def test_verify_names_the_first_divergent_event_and_field_and_exits_with_3(capsys, recorded):
    folder = tampered(recorded, "The Sea Road", "The Sea Rood")
    status, value = answered(capsys, "replay", folder, "--verify")
    assert status == 3
    (divergence,) = value["divergences"]
    assert divergence["kind"] == "tool"
    assert divergence["field"].startswith("result")
    status, out, _ = said(capsys, "replay", folder, "--verify")
    assert status == 3
    assert "The Sea Rood" in out


def test_a_changed_byte_and_a_missing_file_are_plain_errors(capsys, recorded):
    text = Path(recorded).read_text()
    Path("changed.jsonl").write_text(text.replace("The Sea Road", "The Sea Rood"))
    status, _, err = said(capsys, "replay", "changed.jsonl")
    assert status == 1
    assert "changed.jsonl:" in err
    assert said(capsys, "replay", "nowhere.jsonl")[0] == 1
    assert said(capsys, "replay", recorded + "#7")[0] == 1
    assert said(capsys, "replay", recorded + "#7", "--verify")[0] == 1


def test_a_torn_tail_is_named_and_the_rest_is_read(capsys, recorded):
    data = Path(recorded).read_bytes()
    Path("torn.jsonl").write_bytes(data[:-40])
    status, out, err = said(capsys, "replay", "torn.jsonl")
    assert status == 0
    assert "truncated" in err
    assert "2 episodes" in out


def test_the_rest_of_a_run_with_a_damaged_file_is_read_and_verified(capsys, recorded):
    data = bytearray(Path(recorded).read_bytes())
    data[len(data) // 2] ^= 4
    Path(recorded).write_bytes(data)
    status, out, err = said(capsys, "replay", "run")
    assert status == 1
    assert "bit flipped" in err
    assert "episodes" in out
    status, value = answered(capsys, "replay", "run", "--verify")
    assert status == 1
    assert not value["divergences"]
    (damaged,) = value["damaged"]
    assert (damaged["path"], damaged["what"]) == (recorded, "bit flipped")
    assert value["episodes"] == len(index_of("run"))


def index_of(run):
    return (Path(run) / "index.jsonl").read_text().splitlines()


def test_a_finished_file_that_was_cut_between_two_lines_is_damaged(capsys, recorded):
    lines = Path(recorded).read_bytes().splitlines(keepends=True)
    for kept in range(len(lines)):
        Path(recorded).write_bytes(b"".join(lines[:kept]))
        status, value = answered(capsys, "replay", "run", "--verify")
        assert status == 1, kept
        assert {each["what"] for each in value["damaged"]} == {"truncated"}


def test_live_and_jobs_go_with_verify(capsys, recorded):
    assert said(capsys, "replay", recorded, "--live", "user")[0] == 2
    assert said(capsys, "replay", recorded, "--jobs", "2")[0] == 2
    assert said(capsys, "replay", recorded, "--verify", "--live", "user", "--live", "judge")[0] == 0


def test_what_replay_prints_holds_no_control_sequence(capsys):
    env = ccgym.make(LIBRARY)
    env.reset(options={"task": "renew"})
    env.step("done \x1b]0;owned\x07 \x1b[2J \u202enow")
    with EpisodeWriter("x.jsonl") as log:
        log.write(env.episode.events)
    out = said(capsys, "replay", "x.jsonl")[1]
    assert "done" in out
    assert not any(c in out for c in "\x1b\x07\u202e")


def test_replay_tells_the_sum_that_the_reward_is(capsys, recorded):
    lines = said(capsys, "replay", recorded + "#0")[1].splitlines()
    parts = [float(line.rpartition(" = ")[2]) for line in lines if line.startswith("reward") and " = " in line]
    assert len(parts) == 2
    assert float(lines[-1].split()[1]) == pytest.approx(sum(parts), abs=0.002)
    assert lines[-1].startswith("total")


def test_a_very_long_text_is_cut_in_the_transcript_and_whole_in_json(capsys):
    env = ccgym.make(LIBRARY)
    env.reset(options={"task": "renew"})
    env.step("x" * 5000)
    with EpisodeWriter("long.jsonl") as log:
        log.write(env.episode.events)
    assert "x" * 4000 + "… (5,000 characters)" in said(capsys, "replay", "long.jsonl")[1]
    assert "x" * 5000 in said(capsys, "replay", "long.jsonl", "--json")[1]


def test_a_number_that_ccgym_would_not_have_let_in_is_printed_all_the_same(capsys):
    from ccgym.types import ToolEvent

    env = ccgym.make(LIBRARY)
    env.reset(options={"task": "renew"})
    with EpisodeWriter("big.jsonl") as log:
        log.write(env.episode.events)
        place = {"episode": 0, "n": len(env.episode), "step": 1, "hash": ""}
        log.write([ToolEvent(**place, id="c1", name="count", arguments={}, result=2**70)])
    assert str(2**70) in said(capsys, "replay", "big.jsonl")[1]
    assert answered(capsys, "replay", "big.jsonl")[1]["events"][-1]["result"] == 2**70


# --- train


def test_a_dry_run_prints_the_config_and_what_it_will_take(capsys):
    pytest.importorskip("torch")
    status, value = answered(capsys, "train", "--dry-run", "-o", "grpo.group=4")
    assert status == 0
    assert value["config"]["grpo"]["group"] == 4
    assert value["estimate"]["memory"] > 0
    out = said(capsys, "train", "--dry-run")[1]
    assert "group: 8" in out
    assert "memory:" in out
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("nowhere.yaml",), "nowhere.yaml"),
        (("-o", "grpo.grup=4"), "Did you mean 'group'?"),
        (("-o", "grpo"), "key.path=value"),
        (("--resume", "nowhere"), "is no run"),
        (("--resume", ".", "-o", "seed=2"), "no CONFIG, -o or --reward"),
    ],
)
def test_a_wrong_run_is_told_before_anything_is_done(capsys, arguments, hint):
    pytest.importorskip("torch")
    status, _, err = said(capsys, "train", *arguments)
    assert status == 2
    assert hint in err
