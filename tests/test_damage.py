"""A damaged episode file: what is wrong is named, at the event, and all else is read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ccgym
from ccgym.damage import SEARCHED, missing, salvage
from ccgym.errors import EpisodeError
from ccgym.log import EpisodeWriter, log_files, read_log
from ccgym.view.timeline import read_timeline

EACH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    """The bytes of a group of three, with two calls each."""
    folder = tmp_path_factory.mktemp("run")
    ccgym.rollout("ccgym/OrderDesk-v0", "oracle", ["cancel-bought-twice"], 3, out=folder)
    (file,) = log_files(folder)
    return file.read_bytes()


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Opens bytes as a log file: what could be read, and what is wrong."""
    path = tmp_path_factory.mktemp("damaged") / "e.jsonl"

    def read(data: bytes):
        path.write_bytes(data)
        return salvage(path)

    return read


def facts(log):
    return {number: episode.events for number, episode in log.episodes.items()}


def prefixes_of(log, whole):
    """Whether each episode that was read is the beginning of one that was written."""
    return all(events == whole[number][: len(events)] for number, events in facts(log).items())


@pytest.fixture(scope="module")
def whole(group, opened):
    log, damage = opened(group)
    assert not damage
    return facts(log)


@EACH
@given(st.data())
def test_one_flipped_bit_anywhere_is_found_and_the_file_is_read_as_it_was_written(group, opened, whole, data):
    place = data.draw(st.integers(0, len(group) - 1))
    flipped = bytearray(group)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    log, damage = opened(bytes(flipped))
    (found,) = damage
    assert found.what == "bit flipped"
    line = group.count(b"\n", 0, place) + 1
    assert found.line == line
    event = read_event(group.split(b"\n")[line - 1])
    assert (found.episode, found.event) == (event.episode, event.n)
    assert facts(log) == whole
    assert log.group is not None


def test_a_bit_that_makes_a_carriage_return_is_a_flipped_bit(group, opened, whole):
    for place in [place for place, byte in enumerate(group) if (byte ^ 0x0D).bit_count() == 1][:200:5]:
        log, damage = opened(group[:place] + b"\r" + group[place + 1 :])
        assert [found.what for found in damage] == ["bit flipped"]
        assert facts(log) == whole


def read_event(line):
    from ccgym.log import decode_line

    return decode_line(line)


@EACH
@given(st.data())
def test_a_file_that_is_cut_within_a_line_is_truncated_there(group, opened, whole, data):
    size = data.draw(st.integers(1, len(group) - 1))
    log, damage = opened(group[:size])
    assert prefixes_of(log, whole)
    if group[size - 1 : size] == b"\n":
        assert not damage
        assert log.group is None
        return
    (found,) = damage
    assert (found.what, found.line) == ("truncated", group.count(b"\n", 0, size) + 1)


@EACH
@given(st.data())
def test_two_lines_of_an_episode_that_change_places_are_re_ordered(group, opened, whole, data):
    lines = group.split(b"\n")[:-1]
    first, second = sorted(data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True)))
    crossed = {read_event(line).episode for line in lines[first : second + 1]}
    lines[first], lines[second] = lines[second], lines[first]
    log, damage = opened(b"\n".join(lines) + b"\n")
    if damage:
        assert damage[0].what == "re-ordered"
        assert prefixes_of(log, whole)
    else:  # no event has passed another of its own episode
        assert len(crossed) > 1
        assert facts(log) == whole


@EACH
@given(st.data())
def test_lines_that_are_not_there_are_missing(group, opened, whole, data):
    lines = group.split(b"\n")[:-1]
    gone = data.draw(st.integers(0, len(lines) - 2))
    event = read_event(lines[gone])
    del lines[gone]
    log, damage = opened(b"\n".join(lines) + b"\n")
    assert damage[0].what == "lines missing"
    assert prefixes_of(log, whole)
    if damage[0].episode != -1:
        assert (damage[0].episode, damage[0].event) == (event.episode, event.n + 1)


@settings(EACH, max_examples=25)
@given(st.binary(max_size=200), st.data())
def test_whatever_is_written_into_a_file_it_is_opened_and_the_damage_is_told(group, opened, whole, junk, data):
    place = data.draw(st.integers(0, len(group)))
    size = data.draw(st.integers(0, 400))
    changed = group[:place] + junk + group[place + size :]
    log, damage = opened(changed)
    assert damage or changed == group or log.group is None or not junk.strip(b"\n")
    assert prefixes_of(log, whole) or changed == group


def test_the_other_episodes_of_a_damaged_file_are_read_whole(group, opened, whole):
    lines = group.split(b"\n")
    at = next(i for i, line in enumerate(lines) if read_event(line).episode == 1 and read_event(line).n == 5)
    lines[at] = lines[at].replace(b'"step":', b'"step":4', 1)
    log, (found,) = opened(b"\n".join(lines))
    assert (found.what, found.episode, found.event) == ("changed", 1, 5)
    assert {number: len(events) for number, events in facts(log).items()} == {
        0: len(whole[0]), 1: 5, 2: len(whole[2])
    }  # fmt: skip


def test_a_line_that_stands_twice_is_re_ordered(group, opened):
    lines = group.split(b"\n")
    lines.insert(9, lines[4])
    _, damage = opened(b"\n".join(lines))
    assert damage[0].what == "re-ordered"
    assert "stands in line 5 already" in str(damage[0])


def test_a_flipped_bit_in_a_very_long_line_is_a_changed_line(tmp_path):
    env = ccgym.make("ccgym/OrderDesk-v0", policy="test")
    env.reset(options={"task": "cancel-bought-twice", "seed": 1})
    env.step(ccgym.types.Turn("W1", context=[7] * SEARCHED, ids=[7]))
    path = tmp_path / "e.jsonl"
    with EpisodeWriter(path) as log:
        log.write(env.episode.events)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"7,7,7", b"7,5,7", 1))
    assert [found.what for found in salvage(path)[1]] == ["changed"]


def test_a_file_that_cannot_be_read_is_damage_too(tmp_path):
    (tmp_path / "folder.jsonl").mkdir()
    log, (found,) = salvage(tmp_path / "folder.jsonl")
    assert found.what == "unreadable"
    assert not log.episodes


@pytest.mark.parametrize(
    ("converted", "told"),
    [
        (lambda data: data.replace(b"\n", b"\r\n"), "line ends"),
        (lambda data: data.replace(b"\n", b"\r"), "line ends"),
        (lambda data: b"\xef\xbb\xbf" + data, "byte order mark"),
    ],
)
def test_a_file_that_was_converted_is_told_once_and_read_as_it_was(group, opened, whole, converted, told):
    log, damage = opened(converted(group))
    (found,) = damage
    assert (found.what, told in found.detail, found.line) == ("changed", True, None)
    assert facts(log) == whole


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (gzip.compress, "gzip"),
        (lambda data: data.decode().encode("utf-16"), "UTF-16"),
        (lambda data: b"root:x:0\nbin:x:1\n", "no episode log"),
        (lambda data: b'{"id": "t1"}\n{"id": "t2"}\n', "no episode log"),
    ],
)
def test_what_is_no_log_is_told_once(group, opened, made, told):
    log, damage = opened(made(group * 20))
    (found,) = damage
    assert (found.what, told in found.detail, log.episodes) == ("unreadable", True, {})


def test_files_that_the_index_lists_and_that_are_gone_are_missing(tmp_path):
    ccgym.rollout("ccgym/OrderDesk-v0", "oracle", ["cancel-bought-twice", "cancel-forgot-number"], 1, out=tmp_path)
    first, _ = log_files(tmp_path)
    assert missing(tmp_path) == []
    first.unlink()
    assert [(found.what, found.path) for found in missing(tmp_path)] == [("missing", str(first))]


def test_an_episode_is_looked_at_whole_where_another_of_its_file_is_damaged(group, tmp_path):
    lines = group.split(b"\n")
    place = next(i for i, line in enumerate(lines) if b'"episode":0,"n":4' in line)
    (tmp_path / "e.jsonl").write_bytes(b"\n".join([*lines[:place], *lines[place + 1 :]]))
    whole = read_timeline(f"{tmp_path}/e.jsonl#1")
    assert whole.episode.end is not None
    assert "episode 0, event 5): lines missing" in whole.facts["beside it in the file"]
    with pytest.raises(EpisodeError, match="lines missing"):
        read_timeline(f"{tmp_path}/e.jsonl#0")


def test_reading_stays_strict(group, tmp_path):
    path = Path(tmp_path / "e.jsonl")
    path.write_bytes(group.replace(b'"step":1', b'"step":2', 1))
    with pytest.raises(ccgym.CcgymError, match=r"e\.jsonl:\d+"):
        read_log(path)
