"""Text made safe for a terminal: what a model, a customer, a tool or a file says is hostile.

Escape sequences can move the cursor, rename the window, write to the clipboard and hide lines; bidirectional controls
can show words in another order than they stand.
"""

from __future__ import annotations

import re

_HARMFUL = re.compile(
    "\x1b[PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # DCS, SOS, PM, APC: a string up to its terminator
    "|(?:\x1b\\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # OSC: titles, links, clipboard
    "|[\x90\x98\x9e\x9f][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # the same strings with one-byte introducers
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor, erasing
    "|\x1b[ -/]*[0-~]?"  # every other escape
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # C0 but tab and newline, DEL, C1
    "|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # bidirectional marks, embeddings, overrides, isolates
    "|[\ufff9-\ufffb\U000e0000-\U000e007f]"  # annotation anchors and invisible tag letters
)
_LINE_ENDS = re.compile("\r\n|[\u0085\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile(r"\s*\n\s*")


def clean_terminal(text: str) -> str:
    """The text without control sequences, keeping newlines and tabs.

    ANSI and OSC sequences go whole; of an unterminated one only its introducer goes, so that nothing readable is lost.
    Lone surrogates, which no terminal can show, become U+FFFD. Linear in the length of the text.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SURROGATES.sub("\ufffd", _HARMFUL.sub("", _LINE_ENDS.sub("\n", text)))


def one_line(text: str, width: int | None = None) -> str:
    """Clean text on one line, cut to `width` characters with an ellipsis."""
    text = _BREAKS.sub(" ", clean_terminal(text)).replace("\t", " ").strip()
    if width is not None and len(text) > width:
        text = text[: max(width - 1, 0)] + "…"
    return text
