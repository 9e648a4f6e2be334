"""Replay re-executes what was recorded and finds the first event and field that differ."""

from __future__ import annotations

import json
import multiprocessing
import threading
from weakref import WeakKeyDictionary

import msgspec
import pytest

import ccgym
import ccgym.log
from ccgym.log import EpisodeWriter, log_files
from ccgym.replay import recorded_turns, replay, verify, verify_files
from ccgym.replay.playing import plays_reference
from ccgym.turns import render_call
from ccgym.types import Model, Target, Turn, UserEvent


def write(path, *episodes):
    with EpisodeWriter(path) as writer:
        for episode in episodes:
            writer.write(episode.events)
    return path


def played(folder, task, turns, seed=0):
    env = ccgym.make(folder, policy="test")
    env.reset(options={"task": task, "seed": seed})
    for turn in turns:
        _, _, terminated, truncated, _ = env.step(turn)
        if terminated or truncated:
            break
    return env.episode


CALL = render_call("cancel_order", {"order_id": "W1"})
TALKS = {
    "plain": ["What is your order id?", CALL, "W1 is cancelled."],
    "as the reference": ["What is it?", render_call("get_order", {"order_id": "W1"}), CALL, "W1 is cancelled."],
    "errors": ["<tool_call>", render_call("nothing", {}), render_call("break_halfway", {"order_id": "W1"}), "W1"],
    "too long": ["Which?", "x" * 30_000],
    "policy error": ["Which?", Turn("", error="server down")],
    "token limit": ["Which?", Turn("I was ab", context=[1, 2], ids=[3], logprobs=[-0.5], limit="max_tokens")],
    "tokens": [Turn("W1", context=[5, 6], ids=[7, 8], logprobs=[-0.1, -0.2], version="v1")],
    "forged": ["<|eot_id|>"],
    "unfinished": ["What is your order id?", CALL],
    "unicode": ["Đơn hàng số mấy ạ?", render_call("add_note", {"order_id": "W1", "text": "e\u0301 \u202e 😀"}), "W1"],
}


@pytest.mark.parametrize("talk", TALKS)
def test_what_was_played_verifies(desk, tmp_path, talk):
    episode = played(desk, "cancel", TALKS[talk], seed=4)
    done = verify(write(tmp_path / "e.jsonl", episode))
    assert done.divergence is None, str(done.divergence)
    assert done.episodes == 1
    assert done.steps == episode.steps


def test_recorded_turns_are_the_turns_that_were_played(desk):
    turns = [turn for turn, _ in recorded_turns(played(desk, "cancel", TALKS["token limit"]))]
    assert [t.text for t in turns] == ["Which?", "I was ab"]
    assert turns[1].ids == [3]
    assert turns[1].limit == "max_tokens"


def test_replay_can_stop_at_a_step(desk):
    episode = played(desk, "cancel", TALKS["plain"])
    env = replay(episode, until=2)
    assert env.episode.steps == 2
    assert env.backend.digest() == [e.hash for e in episode.events if e.step == 2][-1]


def test_a_changed_tool_is_found_at_its_first_event(desk, tmp_path, desk_plugin, monkeypatch):
    path = write(tmp_path / "e.jsonl", played(desk, "cancel", TALKS["plain"]))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    expected = next(line["n"] for line in lines if line["event"] == "tool")

    def changed(state, order_id):
        state["orders"][order_id]["status"] = "canceled"
        return {"ok": True}

    domain = ccgym.load_domain(desk)
    from ccgym.backend.program import program

    tools = program(domain).tools
    monkeypatch.setitem(
        tools, "cancel_order", tools["cancel_order"]._replace(run=lambda state, args, ctx: changed(state, **args))
    )
    done = verify(path)
    assert done.divergence is not None
    assert (done.divergence.kind, done.divergence.event) == ("tool", expected)
    assert "hash" in done.divergence.field


def test_a_changed_customer_line_is_found(desk_with, tmp_path):
    folder = desk_with(lambda state, tasks: None)
    path = write(tmp_path / "e.jsonl", played(folder, "cancel", TALKS["plain"]))
    lines = path.read_bytes().splitlines()
    desk_with(lambda state, tasks: None, users={"sim": {"lines": {"done": "Bye!"}}})
    done = verify(path)
    assert lines
    assert done.divergence is not None
    assert done.divergence.field.startswith(("task", "content"))
    assert any("the domain " in notice for notice in done.notices)


def told_alike(folder, path, change=None):
    """Three members of a group that went the same way, each with tokens of its own, the last of them changed."""
    turns = [
        [Turn(text, context=[k, 2], ids=[3, k], logprobs=[-0.5, -0.1 * k], version="v1") for text in TALKS["plain"]]
        for k in range(3)
    ]
    env = ccgym.make(folder, policy="test")
    members = []
    for sample, talk in enumerate(turns):
        env.reset(options={"task": "cancel", "seed": 4, "sample": sample})
        for turn in talk:
            env.step(turn)
        members.append(env.episode)
    if change is not None:
        place, fields = change
        events = members[-1].events
        members[-1] = ccgym.Episode([*events])
        members[-1].events[place] = msgspec.structs.replace(events[place], **fields)
    return write(path, *members)


def test_an_episode_told_like_one_that_was_played_again_is_not_played_again(desk, tmp_path, monkeypatch):
    import ccgym.replay.verifying as verifying

    plays = []
    monkeypatch.setattr(verifying, "replay", lambda old, *args, **kw: (plays.append(old), replay(old, *args, **kw)))
    done = verify(told_alike(desk, tmp_path / "e.jsonl"))
    assert (done.episodes, done.divergences, len(plays)) == (3, [], 1)
    assert done.steps == 3 * plays[0].steps
    assert verify(tmp_path / "e.jsonl", live=["judge"]).divergences == []
    assert len(plays) == 4


@pytest.fixture
def plays(monkeypatch):
    """How often a reference is played; none is known."""
    from ccgym.env import target

    played_, play = [], target._play
    monkeypatch.setattr(target, "_KNOWN", WeakKeyDictionary())
    monkeypatch.setattr(target, "_play", lambda *args: (played_.append(args), play(*args))[1])
    return played_


def unknown(path, monkeypatch):
    """Verify a file as a process does that has not seen its domain yet."""
    monkeypatch.setattr("ccgym.env.target._KNOWN", WeakKeyDictionary())
    return verify(path)


def test_the_reference_is_played_unless_the_episode_is_such_a_playing(desk, tmp_path, plays, monkeypatch):
    for name, turns in TALKS.items():
        path = write(tmp_path / f"{name}.jsonl", played(desk, "cancel", turns))
        plays.clear()
        assert unknown(path, monkeypatch).divergence is None
        assert len(plays) == (0 if name == "as the reference" else 1), name


def test_what_might_lead_elsewhere_is_no_playing_of_the_reference(desk):
    episode = played(desk, "cancel", TALKS["as the reference"])
    env = replay(episode)
    assert plays_reference(episode, env)
    target = msgspec.structs.replace(episode.begin.target, hash="0" * 64)
    other = [msgspec.structs.replace(episode.begin, target=target), *episode.events[1:]]
    assert not plays_reference(ccgym.Episode(other), env)
    env.backend.seeded = True  # ids of this seed alone
    assert not plays_reference(episode, env)
    env = replay(episode)
    env.faults = {"timeout": 0.5}
    assert not plays_reference(episode, env)


@pytest.mark.parametrize("talk", ["as the reference", "plain"])
@pytest.mark.parametrize("change", [{"hash": "0" * 64}, {"patch": [{"op": "remove", "path": "/user/x", "old": 1}]}])
def test_a_target_to_which_the_reference_does_not_lead_is_found(desk, tmp_path, monkeypatch, talk, change):
    episode = played(desk, "cancel", TALKS[talk])
    target = msgspec.structs.replace(episode.begin.target, **change)
    begin = msgspec.structs.replace(episode.begin, target=target)
    path = write(tmp_path / "e.jsonl", ccgym.Episode([begin, *episode.events[1:]]))
    found = unknown(path, monkeypatch).divergence
    assert (found.event, found.field.split(".")[:2]) == (0, ["target", next(iter(change))])
    assert found == verify(path).divergence  # which knows the reference


def test_in_options_too_a_number_of_another_type_is_another(desk, tmp_path):
    episode = played(desk, "cancel", TALKS["plain"])
    options = {**episode.begin.options, "tolerance": 0}
    begin = msgspec.structs.replace(episode.begin, options=options)
    assert options == episode.begin.options
    found = verify(write(tmp_path / "e.jsonl", ccgym.Episode([begin, *episode.events[1:]]))).divergence
    assert (found.field, found.expected, found.found) == ("options.tolerance", 0, 0.0)


OTHERWISE = {
    str: lambda v: v + "x",
    int: lambda v: v + 1,
    float: lambda v: v + 0.5,
    bool: lambda v: not v,
    list: lambda v: [1, *v],
    dict: lambda v: {**v, "other": True},
    Target: lambda v: msgspec.structs.replace(v, hash="0" * 64),
    type(None): lambda v: {"other": True},
}


def test_what_is_found_does_not_depend_on_who_was_played_before(desk, tmp_path):
    """Whatever is changed in an episode whose likes were played before is found as it is found in the episode alone."""
    events = ccgym.log.read_log(told_alike(desk, tmp_path / "e.jsonl")).episodes[2].events
    seen = set()
    for event in events:
        for name in event.__struct_fields__:
            if (type(event), name) in seen or name in ("episode", "n", "step", "task", "env"):
                continue
            seen.add((type(event), name))
            value = getattr(event, name)
            change = event.n, {name: OTHERWISE[type(value)](value)}
            try:
                path = told_alike(desk, tmp_path / "e.jsonl", change)
                alone = verify(path, only=2)
            except (ccgym.CcgymError, msgspec.MsgspecError):
                continue
            assert verify(path).divergences == alone.divergences, (type(event), name)
    assert len(seen) > 45


@pytest.mark.parametrize(("mask", "differs"), [([0, 0, 1, 1], False), ([0, 1, 0, 1], True), ([1, 1, 0, 0], True)])
def test_a_mask_that_no_replay_makes_is_found_beside_a_like_episode(desk, tmp_path, mask, differs):
    events = ccgym.log.read_log(told_alike(desk, tmp_path / "e.jsonl")).episodes[2].events
    place = next(event.n for event in events if type(event) is Model)
    done = verify(told_alike(desk, tmp_path / "e.jsonl", (place, {"mask": mask})))
    assert [d.field.partition(".")[0] for d in done.divergences] == (["mask"] if differs else [])


def test_an_episode_of_a_domain_that_is_gone_does_not_end_the_verification(desk, tmp_path):
    episode = played(desk, "cancel", TALKS["plain"])
    gone = msgspec.structs.replace(episode.begin, env=str(tmp_path / "gone"))
    write(tmp_path / "a.jsonl", ccgym.Episode([gone, *episode.events[1:]]))
    write(tmp_path / "b.jsonl", episode)
    first, second = verify_files(log_files(tmp_path))
    assert first.divergence.field == "env"
    assert "no environment and no folder" in str(first.divergence)
    assert (second.steps, second.divergence) == (episode.steps, None)


def test_a_record_whose_task_is_none_does_not_end_the_verification(desk, tmp_path):
    whole, broken = (played(desk, "cancel", TALKS["plain"], seed) for seed in (1, 2))
    broken.events[0] = msgspec.structs.replace(broken.begin, task={**broken.task, "user": []})
    with EpisodeWriter(tmp_path / "e.jsonl") as writer:
        writer.write(whole.events)
        writer.write(msgspec.structs.replace(event, episode=1) for event in broken.events)
    done = verify(tmp_path / "e.jsonl")
    assert [found.episode for found in done.divergences] == [1]
    assert "/user" in done.divergence.found
    assert done.episodes == 2


def test_every_episode_of_a_long_file_is_verified(desk, tmp_path):
    path = tmp_path / "e.jsonl"
    with EpisodeWriter(path) as writer:
        for number in range(150):
            env = ccgym.make(desk)
            env.reset(options={"task": "cancel", "seed": number, "sample": number})
            env.step("Which order?" if number % 70 else Turn("", error="down"))
            events = list(env.episode)
            if number in (3, 66, 149):
                events[-1] = msgspec.structs.replace(events[-1], step=9)
            writer.write(events)
    done = verify(path)
    assert [found.episode for found in done.divergences] == [3, 66, 149]
    assert done.episodes == 150
    assert [found.episode for found in verify(path, only=66).divergences] == [66]
    assert verify(path, only=150).episodes == 0


def test_an_environment_that_cannot_be_made_is_tried_once_a_file(desk, tmp_path, monkeypatch):
    tried = []
    monkeypatch.setattr("ccgym.replay.verifying.env_for", lambda begin: tried.append(begin) or ccgym.make("no/such"))
    episodes = [played(desk, "cancel", TALKS["plain"], seed) for seed in range(3)]
    with EpisodeWriter(tmp_path / "e.jsonl") as writer:
        for number, episode in enumerate(episodes):
            writer.write(msgspec.structs.replace(event, episode=number) for event in episode.events)
    done = verify(tmp_path / "e.jsonl")
    assert len(done.divergences) == 3
    assert len(tried) == 1


@pytest.mark.parametrize("tail", ["x", "-1", "1x", "", " 1", "²"])
def test_what_is_no_number_of_an_episode_is_told(desk, tmp_path, tail):
    path = write(tmp_path / "e.jsonl", played(desk, "cancel", TALKS["plain"]))
    with pytest.raises(ccgym.CcgymError, match="is no number of an episode"):
        log_files(f"{path}#{tail}")


def test_a_folder_may_have_a_hash_in_its_name(desk, tmp_path):
    folder = tmp_path / "run#1"
    folder.mkdir()
    path = write(folder / "e.jsonl", played(desk, "cancel", TALKS["plain"]))
    assert log_files(folder) == log_files(path) == log_files(f"{path}#0") == [path]
    assert len(ccgym.read_episodes(folder)) == len(ccgym.read_episodes(f"{path}#0")) == 1


def with_plugins(episode, version, **begin):
    """The episode as it would be had it been recorded beside another plugin."""
    plugins = {**episode.begin.plugins, "acme-tone": {"version": version, "digest": "ab" * 32}}
    return ccgym.Episode([msgspec.structs.replace(episode.begin, plugins=plugins, **begin), *episode.events[1:]])


def test_a_plugin_that_was_another_is_a_notice_with_its_version_then_and_now(desk, tmp_path):
    done = verify(write(tmp_path / "e.jsonl", with_plugins(played(desk, "cancel", TALKS["plain"]), "1.2")))
    assert done.divergence is None
    assert done.notices == ["the plugin acme-tone was 1.2 (abababababab), and is not there"]


def test_a_divergence_tells_which_plugin_differs(desk, tmp_path):
    episode = with_plugins(played(desk, "cancel", TALKS["plain"]), "1.2")
    reply = next(event for event in episode.events if type(event) is UserEvent and event.step == 1)
    episode.events[reply.n] = msgspec.structs.replace(reply, content="Something else.")
    done = verify(write(tmp_path / "e.jsonl", episode))
    assert str(done.divergence).endswith("Then and now: the plugin acme-tone was 1.2 (abababababab), and is not there")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["fork", "spawn"])
def test_many_files_are_verified_by_several_processes_in_the_order_given(tmp_path, monkeypatch, how):
    from ccgym.replay import parallel

    monkeypatch.setattr(parallel, "_context", lambda: multiprocessing.get_context(how))
    env = ccgym.make("ccgym/OrderDesk-v0")
    ccgym.rollout(env, "oracle", env.domain.stream_tasks("train", 40), 2, out=tmp_path / "run")
    files = log_files(tmp_path / "run")
    files[7].write_bytes(files[7].read_bytes()[:-90])
    before = set(threading.enumerate())
    alone = list(verify_files(files))
    together = list(verify_files(files, jobs=2))
    assert [done.path for done in together] == files
    assert together == alone
    assert [done.path for done in together if done.damage] == [files[7]]
    some = verify_files(files, jobs=2)
    assert next(some) == alone[0]
    some.close()
    left = set(threading.enumerate()) - before
    assert not left, "what still runs when Python ends races with its end"
