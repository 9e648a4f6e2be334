"""The episode log: every line chained, torn tails dropped with a notice, whatever else is broken named."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ccgym
from ccgym.errors import EpisodeError
from ccgym.log import GROUP, EpisodeWriter, append_index, body_of, chained, episode_path, read_episodes, read_log
from ccgym.types import GroupEvent, Message, RewardEvent


@pytest.fixture
def group(desk, tmp_path):
    """A file with two interleaved episodes and a group line; gives (path, episodes)."""
    args = [{"say": "Order id?"}, {"name": "cancel_order", "args": {"order_id": "W1"}}]
    episodes = [ccgym.enact(desk, "cancel", args, say=["W1"], sample=k) for k in range(2)]
    path = episode_path(tmp_path, "rollout", 3, "a/b#c")
    with EpisodeWriter(path) as writer:
        for pair in zip(*(e.events for e in episodes), strict=True):
            writer.write(pair)
        writer.write([GroupEvent(episode=GROUP, n=0, step=0, hash="", totals=[1.0, 1.0], advantages=[0.0, 0.0])])
    return path, episodes


def test_what_is_written_is_read_back_equal(group):
    path, episodes = group
    log = read_log(path)
    assert [log.episodes[k].events for k in (0, 1)] == [e.events for e in episodes]
    assert log.group.totals == [1.0, 1.0]
    assert log.notices == []
    assert read_episodes(f"{path}#1")[0].events == episodes[1].events


def test_a_reader_sees_whole_lines_while_the_file_is_written(desk, tmp_path, monkeypatch):
    events = ccgym.enact(desk, "hand", [{"name": "hand_over", "args": {"reason": "asked"}}]).events
    path = tmp_path / "x.jsonl"
    with EpisodeWriter(path) as writer:
        writer.write(events[:2])
        writer.flush()
        assert read_log(path).episodes[0].events == events[:2]
        monkeypatch.setattr("ccgym.log.FLUSH_SECONDS", 0.0)
        writer.write(events[2:4])
        assert read_log(path).notices == []
        assert len(read_log(path).episodes[0]) == 4
        monkeypatch.setattr("ccgym.log.FLUSH_SECONDS", 3600.0)
        writer.write(events[4:])
    assert read_log(path).episodes[0].events == events


def test_an_event_that_cannot_be_written_takes_no_other_along(desk, tmp_path):
    events = ccgym.enact(desk, "hand", [{"name": "hand_over", "args": {"reason": "asked"}}]).events
    path = tmp_path / "x.jsonl"
    writer = EpisodeWriter(path)
    writer.write([*events[:3], msgspec.structs.replace(events[3], content="\ud800"), *events[3:]])
    with pytest.raises(UnicodeEncodeError):
        writer.close()
    assert read_log(path).episodes[0].events == events
    writer.close()


def test_lines_that_could_not_be_written_are_written_with_the_next(desk, tmp_path):
    events = ccgym.enact(desk, "hand", [{"name": "hand_over", "args": {"reason": "asked"}}]).events
    path = tmp_path / "x.jsonl"
    writer = EpisodeWriter(path)
    writer.write(events[:3])
    with open("/dev/full", "wb", buffering=0) as full:
        file, writer._file = writer._file, full
        with pytest.raises(OSError, match="No space"):
            writer.flush()
    writer._file = file
    writer.write(events[3:])
    writer.close()
    assert read_log(path).episodes[0].events == events


def test_ids_in_file_names_are_percent_encoded(group):
    assert group[0].name == "000003-a%2Fb%23c.jsonl"


def test_every_line_is_an_event_with_its_number_step_hash_and_digest(group):
    for line in group[0].read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        assert {"event", "episode", "n", "step", "hash", "digest"} <= event.keys()
        assert list(event)[-1] == "digest"
        assert len(event["digest"]) == 32


def test_a_torn_last_line_is_dropped_with_a_notice_and_nothing_else(group):
    path, episodes = group
    data = path.read_bytes()
    whole = data.count(b"\n")
    for cut in range(1, 200, 7):
        path.write_bytes(data[:-cut])
        log = read_log(path)
        kept = sum(len(e) for e in log.episodes.values()) + (log.group is not None)
        assert kept == data[:-cut].count(b"\n")
        assert bool(log.notices) == (not data[:-cut].endswith(b"\n"))
    assert whole == sum(len(e) for e in episodes) + 1


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255).filter(lambda b: b != 10))
def test_any_changed_byte_is_found_and_its_line_named(tmp_path_factory, desk, place, byte):
    episode = ccgym.enact(desk, "hand", [{"name": "hand_over", "args": {"reason": "asked"}}])
    path = tmp_path_factory.mktemp("log") / "x.jsonl"
    with EpisodeWriter(path) as writer:
        writer.write(episode.events)
    raw = bytearray(path.read_bytes())
    at = int(place * (len(raw) - 1))
    raw[at] = byte if byte != raw[at] else byte ^ 1
    path.write_bytes(raw)
    with pytest.raises(EpisodeError, match=r"x\.jsonl:\d+"):
        read_log(path)


def test_a_missing_line_is_found(group):
    path, _ = group
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[:4] + lines[5:]))
    with pytest.raises(EpisodeError, match="digest does not follow"):
        read_log(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_is_refused(value):
    event = RewardEvent(episode=0, n=0, step=0, hash="", name="x", value=value)
    with pytest.raises(EpisodeError, match=r"holds (nan|inf)"):
        body_of(event)


@given(st.text())
def test_any_text_survives_the_log(text):
    text = text.encode("utf-8", "replace").decode()
    line = chained(body_of(Message(episode=0, n=0, step=0, hash="", role="user", content=text)), b"")
    assert line.count(b"\n") == 1
    assert json.loads(line)["content"] == text


def test_the_index_lists_what_a_reader_sorts_by(group, tmp_path):
    path, episodes = group
    append_index(tmp_path, path, episodes)
    lines = [json.loads(line) for line in (tmp_path / "index.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["episode"] for line in lines] == [0, 1]
    assert lines[0]["file"] == "episodes/rollout/000003-a%2Fb%23c.jsonl"
    assert lines[0]["reason"] == "customer_done"
    assert lines[0]["rewards"]["correctness"] == 1.0


@pytest.mark.parametrize(("path", "says"), [("nothing.jsonl", "no such file"), (".", "no episodes")])
def test_a_wrong_path_is_told(tmp_path, path, says):
    with pytest.raises(EpisodeError, match=says):
        read_episodes(tmp_path / path)


def test_a_wrong_episode_number_names_those_that_are_there(group):
    with pytest.raises(EpisodeError, match="It holds 0, 1"):
        read_episodes(f"{group[0]}#7")
