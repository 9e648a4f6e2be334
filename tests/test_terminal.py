"""What reaches a terminal is harmless, and nothing readable is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgym.terminal import clean_terminal, one_line


@pytest.mark.parametrize(
    ("hostile", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[1;1Hgone", "gone"),
        ("\x1b]0;a new title\x07text", "text"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;cm0gLXJm\x07paste", "paste"),
        ("\x1bP1$rq\x1b\\dcs", "dcs"),
        ("\x9b31mone-byte CSI", "one-byte CSI"),
        ("\x9d0;title\x9cone-byte OSC", "one-byte OSC"),
        ("approved\rrefused ", "approvedrefused "),
        ("back\x08\x08\x7fspace", "backspace"),
        ("total \u202e001\u202c", "total 001"),
        ("\u2066isolate\u2069 \u200emark\u200f", "isolate mark"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("windows\r\nlines\u2028and others", "windows\nlines\nand others"),
        ("bell\x07 nul\x00", "bell nul"),
    ],
)
def test_control_sequences_go_and_text_stays(hostile, clean):
    assert clean_terminal(hostile) == clean


def test_an_unterminated_sequence_swallows_nothing():
    assert clean_terminal("\x1b]0;the rest of the page") == "0;the rest of the page"


def test_text_of_any_language_is_left_alone():
    for text in ("Đơn hàng W1 đã huỷ.\n\tCảm ơn!", "żółć, 日本語, עברית", "👩‍👩‍👧 family"):
        assert clean_terminal(text) == text


@given(st.text())
def test_no_control_character_survives(text):
    cleaned = clean_terminal(text)
    assert not any((ord(c) < 32 and c not in "\n\t") or 0x7F <= ord(c) < 0xA0 for c in cleaned)
    assert clean_terminal(cleaned) == cleaned
    cleaned.encode()


@given(st.text(alphabet="\x1b[]P\\0;m\x07\x9b\x9d\x9ca\n"))
def test_pieces_of_sequences_never_join_into_a_new_one(text):
    cleaned = clean_terminal(text)
    assert "\x1b" not in cleaned
    assert "\x9b" not in cleaned


def test_a_very_long_unterminated_sequence_takes_linear_time():
    assert len(clean_terminal("\x1b]" * 200_000)) < 400_001


def test_one_line_cuts_with_an_ellipsis():
    assert one_line("a\nb\tc") == "a b c"
    assert one_line("abcdefgh", 5) == "abcd…"
