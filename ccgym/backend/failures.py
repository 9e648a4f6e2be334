"""What a tool's failure is called, as the agent reads it: the same in every process."""

from __future__ import annotations

import re

from ccgym.errors import ToolError
from ccgym.turns import nfc

MAX_MESSAGE = 400
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}\b")


def told(error: BaseException) -> tuple[str, str]:
    """Message and code of a tool's failure, as the agent reads it: the same in every process."""
    if isinstance(error, ToolError):
        code = error.code if isinstance(error.code, str) and error.code else "tool_error"
        return text_of(error), nfc(code[:64])
    text = text_of(error)
    name = type(error).__name__
    return (f"{name}: {text}" if text else name), "tool_raised"


def text_of(error: BaseException) -> str:
    """The text of an exception, trimmed, in valid Unicode, and without memory addresses."""
    try:
        text = str(error)
    except Exception as broken:  # a failing __str__ is the tool's failure too
        text = f"({type(broken).__name__} while telling the error)"
    text = nfc(_ADDRESS.sub("0x…", text[: MAX_MESSAGE * 4]))
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"
