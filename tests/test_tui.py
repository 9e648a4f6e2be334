"""The terminal viewer: every key, the mouse, and text that means harm, in a small and in a large terminal."""

from __future__ import annotations

import json
import os
import pty
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from stepping import SIZES, TEXTS, ask, at, log, place, recorded, seen, sit_at, strips
from test_cli import said
from textual import events
from textual.content import Content

from ccgym.view.tui import stepping
from ccgym.view.tui.blocks import LONGEST, Block, Row, cut, shown
from ccgym.view.tui.panes import PANES
from ccgym.view.tui.panes.events import bounded, escaped, pretty

BIG = "x" * 1_000_000
TRICKS = (
    "[bold red]x[/] [@click=app.quit]go[/] [link=http://h.example]l[/] $accent "
    "\x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b31m\x90q\x9c\x1b[?1049l\r\x08 "
    "\u202e\u2066abc\u200f\U000e0041 "
)
HOSTILE = {"tricks": TRICKS, "long": BIG, "lines": "line\n" * 5000 + "a" + "\u0301" * 3000}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A file of one episode."""
    return log(tmp_path_factory.mktemp("alone") / "talk.jsonl", recorded())


# ---- keys

JUMPS = {  # key to (from, to)
    "right": (0, 1), "n": (1, 2), "left": (2, 1), "p": (1, 0), "G": (0, 7), "g": (7, 0), "end": (0, 7), "home": (7, 0),
    "e": (0, 2), "E": (7, 6), "w": (3, 5), "W": (5, 3), "v": (5, 7), "V": (7, 5),
}  # fmt: skip
OTHER = {"colon", "s", "slash", "f", "F", "tab", "shift+tab", "escape", "question_mark", "q"}


def keys_of(table):
    return {name for key in table for name in key.keys.split(",")}


def test_the_tests_below_drive_every_key():
    assert keys_of(stepping.KEYS) == JUMPS.keys() | OTHER


@pytest.mark.parametrize("size", SIZES)
def test_keys_go_from_step_to_step(alone, size):
    async def play(pilot):
        for key, (here, there) in JUMPS.items():
            pilot.app.screen.at = here
            await pilot.press(key)
            assert at(pilot) == there, key
        for key in ("p", "left", "g"):
            pilot.app.screen.at = 0
            await pilot.press(key)
            assert at(pilot) == 0
        await pilot.press("E")
        assert "No error before step 0; there are 2 in all" in seen(pilot)

    sit_at(alone, play, size)


@pytest.mark.parametrize("size", SIZES)
def test_keys_show_panes_ask_and_explain(alone, size):
    async def play(pilot):
        shown_, screen = [], pilot.app.screen
        for _ in range(len(PANES) + 1):
            await pilot.press("tab")
            shown_.append(PANES[screen.pane].name if screen.focused is screen.shown else "Turns")
        assert shown_ == [*(pane.name for pane in PANES), "Turns"]
        await pilot.press("shift+tab")
        assert PANES[screen.pane].name == "Events"
        for number, pane in enumerate(PANES, 1):
            await pilot.press(str(number))
            assert PANES[screen.pane] is pane
        for key in ("colon", "s"):
            await pilot.press("g", key, "5", "enter")
            assert at(pilot) == 5
        await pilot.press("s", *"99", "enter")
        assert "There is no step 99: the episode has the steps 0 to 7" in seen(pilot)
        await pilot.press("s", *"x", "enter")
        assert "x is no number of a step" in seen(pilot)
        await pilot.press("s", "1", "escape")
        assert at(pilot) == 5
        await pilot.press("question_mark")
        told = seen(pilot)
        assert "the next step that broke a rule" in told
        await pilot.press("escape", "escape")
        assert "There is no list" in seen(pilot)
        await pilot.press("q")
        assert not pilot.app.is_running or pilot.app._exit

    sit_at(alone, play, size)


def test_a_search_finds_composed_and_decomposed_text_and_goes_around(alone):
    async def play(pilot):
        await pilot.press("f")
        assert "Nothing was searched for yet" in seen(pilot)
        await ask(pilot, "slash", unicodedata.normalize("NFD", "NGUYỄN huệ"))
        assert at(pilot) == 1
        hits = []
        await ask(pilot, "slash", "get_order")
        for key in ("f", "f", "F"):
            hits.append(at(pilot))
            await pilot.press(key)
        assert hits == [2, 4, 2]
        await ask(pilot, "slash", "nowhere")
        assert "No “nowhere” in this episode" in seen(pilot)

    sit_at(alone, play)


@pytest.mark.parametrize("size", SIZES)
def test_the_bottom_lines_name_every_key_and_clicking_one_does_what_it_does(alone, size):
    async def play(pilot):
        told = seen(pilot)
        for key in stepping.KEYS:
            assert f"{key.shown} {key.label}".strip() in told
        await pilot.click(offset=place(pilot, "V violation"))
        assert at(pilot) == 0
        await pilot.click(offset=place(pilot, "v V"))
        assert at(pilot) == 5

    sit_at(alone, play, size)


def test_a_held_key_loses_no_step(alone):
    async def play(pilot):
        await pilot.press(*["right"] * 7, *["left"] * 3, *["down"] * 2, "up")
        assert at(pilot) == 5

    sit_at(alone, play)


# ---- panes


def test_each_pane_shows_what_the_step_did(alone):
    async def play(pilot):
        told = {}
        for number, pane in enumerate(PANES, 1):
            await pilot.press(str(number))
            told[pane.name] = seen(pilot)
        assert "12 Trần Phú, Huế → 5 Lê Lợi, Đà Nẵng" in told["State"]
        assert "session/W1" in told["State"]
        assert "2. Changes (sop.md:30)" in told["Rules"]
        assert "Verify first." in told["Rules"]
        assert "change_address before confirm" in told["Rules"]
        assert "→ step 7" in told["Rules"]
        assert "style  0.500 × 0 (correctness) × 0.2 = +0.000" in told["Rewards"]
        assert "+0.050" in told["Rewards"]
        assert "No tokens are recorded at this step" in told["Tokens"]
        assert '"path": "/tables/orders/W1/address"' in told["Events"]
        await pilot.press("s", "3", "enter", "4")
        assert "2 sampled after 2 of context" in seen(pilot)
        assert "p 0.082" in seen(pilot)

    sit_at(alone, play, (140, 60), step=5)


def test_tokens_are_coloured_by_mask_and_probability(alone):
    async def play(pilot):
        await pilot.press("4")
        colours = {}
        for strip in strips(pilot):
            for segment in strip:
                if segment.text.strip() in {"5", "6", "7", "8"} and segment.style.color:
                    colours[segment.text.strip()] = segment.style.color.name
        assert colours["5"] == colours["6"]
        assert len({colours["6"], colours["7"], colours["8"]}) == 3

    sit_at(alone, play, (140, 40), step=3)


# ---- mouse


@pytest.mark.parametrize("size", SIZES)
def test_the_mouse_selects_turns_panes_and_evidence_and_scrolls(alone, size):
    async def play(pilot):
        await pilot.click(offset=place(pilot, "step 1"))
        assert at(pilot) == 1
        await pilot.click(offset=place(pilot, "Rewards"))
        screen = pilot.app.screen
        assert PANES[screen.pane].name == "Rewards"
        await pilot.click(offset=place(pilot, "→ step 5"))
        assert at(pilot) == 5
        await pilot.click(offset=place(pilot, "Rules"))
        await pilot.press("end")
        before = screen.shown.scroll_offset.y
        x, y = place(pilot, "At step 7")
        for _ in range(3):
            screen._forward_event(events.MouseScrollDown(screen, x, y, 0, 0, 0, False, False, False))
        await pilot.pause()
        assert screen.shown.scroll_offset.y > before or screen.shown.max_scroll_y == 0
        assert at(pilot) == 7
        await pilot.resize_terminal(100, 30)
        hold(pilot, (100, 30))

    sit_at(alone, play, size)


def test_enter_goes_to_the_step_of_the_evidence(alone):
    async def play(pilot):
        await pilot.press("3", "down", "down", "enter")
        assert at(pilot) == 5
        await pilot.press("down", "enter")
        assert at(pilot) == 5

    sit_at(alone, play)


# ---- hostile text


def hold(pilot, size):
    """Every line is as wide as the terminal, and holds no character and no link that a terminal would act on."""
    shown_ = strips(pilot)
    lines = ["".join(segment.text for segment in strip) for strip in shown_]
    assert {cell_len(line) for line in lines} == {size[0]}
    assert len(lines) == size[1]
    told = set("".join(lines))
    assert not [char for char in told if unicodedata.category(char) in ("Cc", "Cs", "Cf")]
    assert not any(segment.style and segment.style.link for strip in shown_ for segment in strip)
    assert any("quit" in line for line in lines)


@pytest.mark.parametrize(
    ("kind", "size"), [("tricks", SIZES[0]), ("tricks", SIZES[1]), ("long", SIZES[0]), ("lines", SIZES[0])]
)
def test_hostile_text_is_shown_as_text_and_the_layout_holds(tmp_path, kind, size):
    async def play(pilot):
        for _ in range(8):
            hold(pilot, size)
            await pilot.press("right")
        assert at(pilot) == 7
        if kind == "tricks":
            assert "[bold red]x[/]" in seen(pilot)
            assert "[@click=app.quit]go[/]" in seen(pilot)
        for step in (3, 5) if kind == "tricks" else (5,):
            pilot.app.screen.at = step
            for number in range(1, len(PANES) + 1):
                await pilot.press(str(number))
                hold(pilot, size)
        await ask(pilot, "slash", "saved")
        await pilot.press("E", "tab", "pagedown", "pageup")
        hold(pilot, size)

    sit_at(log(tmp_path / "e.jsonl", recorded(HOSTILE[kind])), play, size)


def test_a_cut_text_says_how_long_it_was():
    assert cut("short") == "short"
    assert cut(BIG) == "x" * LONGEST + "… (1,000,000 characters in all)"
    assert cut("a\n" * 100).endswith("… (200 characters in all)")


@given(st.lists(TEXTS, min_size=1, max_size=4), st.integers(20, 100))
@settings(max_examples=60, deadline=None)
def test_blocks_stay_within_their_width_and_texts_beside_their_labels(texts, width):
    block = Block([Row(shown(text), cut(text)[:12]) for text in texts])
    for line in block.flow(width).plain.split("\n"):
        assert cell_len(line) <= width


def test_the_label_of_a_decomposed_name_takes_as_much_room_as_of_a_composed_one():
    names = [unicodedata.normalize(form, "Địa chỉ") for form in ("NFC", "NFD")]
    lines = Block([Row(Content("x"), name) for name in names]).flow(40).plain.split("\n")
    assert [cell_len(line[: line.index("x")]) for line in lines] == [9, 9]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=60, deadline=None)
def test_an_event_is_shown_as_json_of_the_same_value_with_nothing_a_terminal_acts_on(value):
    text = escaped(pretty(value))
    assert json.loads(text) == value
    assert text.replace("\n", "").isprintable()


def test_long_values_of_an_event_are_cut_and_say_so():
    value = bounded({"text": BIG, "list": list(range(1000)), "deep": [{"text": BIG}]})
    assert value["text"].endswith("… (998,000 more characters)")
    assert value["list"][-1] == "… (800 more items)"
    assert len(json.dumps(value)) < 10_000


# ---- command line


def test_in_a_pipe_the_viewer_is_refused(capsys, alone):
    status, _, err = said(capsys, "replay", alone, "--tui")
    assert status == 2
    assert "needs a terminal" in err


def test_without_textual_the_error_says_what_to_install(capsys, alone, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setitem(sys.modules, "textual", None)
    status, _, err = said(capsys, "replay", alone, "--tui")
    assert status == 1
    assert "pip install 'ccgym[view]'" in err


def test_no_command_imports_textual_unless_it_is_asked_for(alone):
    import subprocess

    code = f"import sys; from ccgym.cli.app import run; run(['replay', {alone!r}]); sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_a_broken_file_is_an_error_before_the_terminal_is_taken(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    (tmp_path / "e.jsonl").write_text("{}\n")
    status, _, err = said(capsys, "replay", str(tmp_path / "e.jsonl"), "--tui")
    assert status == 1
    assert "not an event of the log" in err


# ---- a real terminal


def test_what_reaches_a_real_terminal_is_the_viewers_own_and_q_leaves_it(tmp_path):
    name = log(tmp_path / "e.jsonl", recorded(TRICKS))
    code = f"import sys; from ccgym.cli.app import run; sys.exit(run(['replay', {name!r}, '--tui']))"
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(sys.executable, [sys.executable, "-c", code], {**os.environ, "TERM": "xterm-256color"})
    told, pressed = b"", False
    while True:
        try:
            told += os.read(terminal, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not pressed and b"quit" in told:
            os.write(terminal, b"n2n3n5q")
            pressed = True
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    text = told.decode()
    assert "địa" in text
    assert "[bold red]x[/]" in text
    assert not [harm for harm in ("\x1b]0;", "\x1b]52;", "\x9b", "\x90", "\x08", "\u202e", "\u2066") if harm in text]
