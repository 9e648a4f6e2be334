"""The text of a turn: what the agent writes, what answers it, and nothing that can forge either.

An assistant turn is `<think>…</think>` at most once and first, then either one or more
`<tool_call>{"name": …, "arguments": {…}}</tool_call>`, or a reply to the customer.
A tool's answer is `<tool_response>{"id": …, "name": …, "result" | "error": …}</tool_response>`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from ccgym import jsontext

RESERVED = ("think", "tool_call", "tool_response")
_TAG = re.compile(r"</?(?:think|tool_call|tool_response)>")
_LOOSE_TAG = re.compile(r"<(/?\s*(?:think|tool_call|tool_response)\s*/?)>", re.IGNORECASE)
_FORGED = re.compile(r"<\s*/?\s*tool_response\s*/?\s*>", re.IGNORECASE)
_TEMPLATE_TOKEN = re.compile(r"<\|([^|<>\n]{0,64})\|>")


class Call(NamedTuple):
    """One parsed tool call. `error` is set instead of `name` and `arguments` being usable when its JSON is broken."""

    name: str
    arguments: dict[str, Any]
    error: str | None = None


class ParsedTurn(NamedTuple):
    """What an assistant turn says: thought, calls or reply. `error` is set when the format is broken: nothing runs."""

    think: str | None
    calls: tuple[Call, ...]
    reply: str | None
    error: str | None


def parse_turn(text: str) -> ParsedTurn:
    """Parse an assistant turn. Never raises; linear in the length of the text."""
    body, think = text.strip(), None
    if body.startswith("<think>"):
        head, found, rest = body[7:].partition("</think>")
        if not found:
            return ParsedTurn(None, (), None, "<think> is never closed")
        think, body = head.strip(), rest.strip()
    if "<" not in body:
        return ParsedTurn(think, (), body, None) if body else ParsedTurn(think, (), None, "the turn is empty")
    if not body.startswith("<tool_call>"):
        tag = _TAG.search(body)
        if tag is None:
            return ParsedTurn(think, (), body, None)
        if tag.group() == "<tool_call>":
            return ParsedTurn(think, (), None, "text outside the tags beside a tool call")
        return ParsedTurn(think, (), None, f"{tag.group()} is out of place")
    calls: list[Call] = []
    while body:
        if not body.startswith("<tool_call>"):
            return ParsedTurn(think, (), None, "text outside the tags beside a tool call")
        inner, found, rest = body[11:].partition("</tool_call>")
        if not found:
            return ParsedTurn(think, (), None, "<tool_call> is never closed")
        calls.append(_parse_call(inner))
        body = rest.lstrip()
    return ParsedTurn(think, tuple(calls), None, None)


def _parse_call(text: str) -> Call:
    try:
        value = jsontext.parse(text)
        if "\\u" in text:  # an escape hides a text that is not in normal form from whoever looks at the whole turn
            value = nfc_json(value)
    except ValueError as error:
        return Call("", {}, f"bad JSON: {error}")
    if type(value) is not dict:
        return Call("", {}, 'a tool call must be an object {"name": …, "arguments": {…}}')
    name, arguments = value.get("name"), value.get("arguments", {})
    if type(name) is not str or not name:
        return Call("", {}, 'a tool call needs "name", a string')
    if type(arguments) is not dict:
        return Call(name, {}, '"arguments" must be an object')
    if len(value) > 1 + ("arguments" in value):
        extra = next(key for key in value if key not in ("name", "arguments"))
        return Call(name, {}, f'a tool call has only "name" and "arguments", not {extra!r}')
    return Call(name, arguments)


def reply_of(text: str) -> str | None:
    """What an assistant turn says to the customer; None where it calls tools, or breaks the format."""
    return _reply_short(text) if len(text) <= 1000 else _reply(text)


def _reply(text: str) -> str | None:
    if text.rstrip().endswith("</tool_call>"):
        return None  # calls, or off the format
    parsed = parse_turn(text)
    return parsed.reply if parsed.error is None else None


_reply_short = lru_cache(maxsize=1024)(_reply)


def render_call(name: str, arguments: dict[str, Any]) -> str:
    """The text of one tool call, as the agent would write it."""
    text = escape_in_json(jsontext.dumps({"name": name, "arguments": arguments}))
    return f"<tool_call>{text}</tool_call>"


def render_response(id: str, name: str, *, result: Any = None, error: dict[str, str] | None = None) -> str:
    """The text that answers one tool call. Reserved tags and template tokens inside it come out harmless."""
    body = {"id": id, "name": name, "error": error} if error is not None else {"id": id, "name": name, "result": result}
    return f"<tool_response>{escape_in_json(jsontext.dumps(body))}</tool_response>"


def escape_in_json(text: str) -> str:
    """Escape `<` of reserved tags and template tokens inside JSON text as `\\u003c`: the same JSON value, no tag."""
    if "<" not in text:
        return text
    text = _LOOSE_TAG.sub(r"\\u003c\1>", text)
    return _TEMPLATE_TOKEN.sub(r"\\u003c|\1|>", text)


def escape_text(text: str) -> str:
    """Customer text with reserved tags and template tokens defused: `<tool_response>` becomes `‹tool_response›`."""
    if "<" not in text:
        return text
    text = _LOOSE_TAG.sub(r"‹\1›", text)
    return _TEMPLATE_TOKEN.sub(r"‹|\1|›", text)


def forgery(text: str) -> str | None:
    """The first template token or forged answer in an assistant turn, or None."""
    if "<|" in text and (match := _TEMPLATE_TOKEN.search(text)):
        return match.group()
    if "tool_response" in text or "tool_response" in text.casefold():
        match = _FORGED.search(text)
        return match.group() if match else None
    return None


def nfc(text: str) -> str:
    """Unicode normal form C: the one form that ccgym keeps text in. Lone surrogates become U+FFFD."""
    if text.isascii():
        return text
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def nfc_json(value: Any) -> Any:
    """A fresh copy of a JSON value with all text, keys too, in normal form C.

    Raises:
        ValueError: something that JSON cannot hold, such as NaN or an integer past 64 bits; or keys that fall together.
    """
    if isinstance(value, str):
        return nfc(value)
    if value is None or isinstance(value, bool):
        return value
    try:
        text = jsontext.dumps(value)
    except TypeError as error:
        raise ValueError(f"not JSON: {error}") from None
    value = orjson.loads(text)
    # A part of a text in normal form is in normal form, so most values need no walk.
    return value if text.isascii() or unicodedata.is_normalized("NFC", text) else _normalised(value)


def _normalised(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else nfc(value)
    if kind is dict:
        result = {nfc(key): _normalised(item) for key, item in value.items()}
        if len(result) != len(value):
            raise ValueError("two keys of an object are the same text in Unicode normal form C")
        return result
    if kind is list:
        return [_normalised(item) for item in value]
    return value


def fold(text: str) -> str:
    """The form in which words are compared: NFC, case-folded, whitespace collapsed."""
    return _fold_short(text) if len(text) <= 200 else " ".join(nfc(text).casefold().split())


@lru_cache(maxsize=8192)
def _fold_short(text: str) -> str:
    """The same few phrases are asked for in every episode."""
    return " ".join(nfc(text).casefold().split())
