"""The terminal viewer over several episodes: runs, files and folders to choose from."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from stepping import SIZES, TEXTS, ask, at, log, place, recorded, seen, sit_at
from test_cli import said

from ccgym.log import append_index
from ccgym.view.tui import choosing
from ccgym.view.tui.choices import choices


@pytest.fixture
def run(tmp_path):
    """A run of two groups of two, with its index."""
    for group in range(2):
        path = tmp_path / "episodes" / "grpo" / f"000000-{group}.jsonl"
        members = [recorded(number=number) for number in range(2)]
        log(path, *members)
        append_index(tmp_path, path, members)
    return tmp_path


def current(pilot):
    """The current line of the list."""
    return pilot.app.screen.listing.current


LISTED = {
    "up", "down", "pageup", "pagedown", "g", "G", "home", "end", "enter", "slash", "r", "escape", "question_mark", "q",
}  # fmt: skip


def test_the_test_below_drives_every_key():
    assert {name for key in choosing.KEYS for name in key.keys.split(",")} == LISTED


@pytest.mark.parametrize("size", SIZES)
def test_a_run_is_a_list_to_choose_from(run, size):
    index = run / "index.jsonl"

    async def play(pilot):
        lines = []
        for key in ("down", "down", "up", "end", "home", "G", "g", "pagedown", "pageup"):
            await pilot.press(key)
            lines.append(current(pilot))
        assert lines == [1, 2, 1, 3, 0, 3, 0, 3, 0]
        await pilot.press("down", "enter")
        assert "step 0" in seen(pilot)
        assert pilot.app.screen.timeline.name == str(run / "episodes/grpo/000000-0.jsonl#1")
        await pilot.press("n", "escape")
        assert current(pilot) == 1
        await ask(pilot, "slash", "#1")
        assert "0 of 4 episodes" in seen(pilot)
        await pilot.press("enter", "escape")
        await ask(pilot, "slash", "HAND move")
        assert "4 of 4 episodes" in seen(pilot)
        lines = index.read_text()
        index.write_text(lines + lines.splitlines()[0] + "\n")
        await pilot.press("down", "r")
        assert "5 of 5 episodes" in seen(pilot)
        assert current(pilot) == 1
        await pilot.press("escape", "escape", "question_mark", "question_mark")
        x, y = place(pilot, "#1 move-house")
        await pilot.click(offset=(x, y + 2))
        assert current(pilot) == 3
        await pilot.click(offset=(x, y + 2))
        assert pilot.app.screen.timeline.name == str(run / "episodes/grpo/000000-1.jsonl#1")
        await pilot.press("escape", "q")

    sit_at(str(run), play, size)


def test_a_run_of_32000_episodes_opens_by_its_index_alone(tmp_path):
    line = json.dumps({"file": "episodes/grpo/gone.jsonl", "episode": 3, "task": "đổi-địa-chỉ", "policy": "grpo"})
    (tmp_path / "index.jsonl").write_text(f"{line}\n" * 32_000 + '{"file": "torn')

    async def play(pilot):
        assert "32,000 episodes" in seen(pilot)
        await pilot.press("end")
        assert "#3 đổi-địa-chỉ" in seen(pilot)
        await pilot.press("enter")
        assert "no such file" in seen(pilot)

    sit_at(str(tmp_path), play)


def test_a_broken_file_is_told_in_the_list_and_the_others_open(run):
    file = run / "episodes/grpo/000000-0.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Which order", b"Whose order"))

    async def play(pilot):
        await pilot.press("enter")
        assert "digest does not follow" in seen(pilot)
        await pilot.press("end", "enter")
        assert pilot.app.screen.step.number == 0

    sit_at(str(run), play, (140, 24))


def test_a_file_and_a_folder_without_an_index_are_lists_too(run):
    (run / "index.jsonl").unlink()
    assert [choice.name for choice in choices(str(run / "episodes/grpo/000000-1.jsonl"))][1].endswith("-1.jsonl#1")

    async def play(pilot):
        assert "2 episodes" in seen(pilot)
        await pilot.press("end", "enter")
        assert "#1 move-house" in seen(pilot)
        await pilot.press("enter")
        assert at(pilot) == 0
        await pilot.press("escape", "escape")
        assert "000000-1" in seen(pilot)

    sit_at(str(run), play)


def test_a_line_of_the_index_that_is_none_or_leaves_the_run_costs_only_itself(run):
    with open(run / "index.jsonl", "a") as file:
        file.write('nonsense\n{"file": "/dev/zero"}\n{"file": "a/../../b"}\n')
    assert [choice.task for choice in choices(str(run))] == ["move-house"] * 4 + ["(not a line of the index)"] * 3


@given(st.lists(TEXTS, min_size=6, max_size=6), st.integers(60, 160))
@settings(max_examples=60, deadline=None)
def test_columns_of_the_list_are_as_wide_as_asked_for_whatever_stands_in_them(texts, width):
    assert cell_len(choosing.columns(texts, width)) == width


def test_a_step_of_several_episodes_is_refused(capsys, run, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    status, _, err = said(capsys, "replay", str(run), "--tui", "--step", "2")
    assert status == 1
    assert "holds 4 episodes. With a step name one of them, as FILE#k" in err
