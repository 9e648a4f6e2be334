"""Strict JSON: what is let through, what is refused, and that the quick way and the careful way agree."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccgym import jsontext

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
PIECES = (
    '{"a":1}', '{"a":1,"a":2}', '{"a":', '"a:b"', "1e400", "10000000000000000000", "-0.0", "[", "]", "}", ",", " ",
    '"\\ud800"',
)  # fmt: skip


def outcome(text):
    try:
        return "value", json.dumps(jsontext.parse(text))
    except jsontext.JsonError as error:
        return "error", str(error)


def careful(text):
    quick = jsontext._quick
    jsontext._quick = lambda text: jsontext._UNSURE
    try:
        return outcome(text)
    finally:
        jsontext._quick = quick


@given(VALUES, st.booleans())
def test_the_quick_way_says_what_the_careful_way_says(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert outcome(text) == careful(text)


@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
def test_they_agree_on_broken_text_too(text):
    assert outcome(text) == careful(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1, "a": 2}', "duplicate key 'a'"),
        ('{"x:y": {"a": 1, "a": 2}}', "duplicate key 'a'"),
        ("[9223372036854775808]", "an integer past 64 bits"),
        ("[1e999]", "a number out of range"),
        ("[NaN]", "NaN is not JSON"),
        ('["\\ud800"]', "not valid Unicode"),
        ("[" * 65 + "]" * 65, "nested deeper than 64"),
        ('"' + "x" * 300_000 + '"', "longer than 256 KB"),
    ],
)
def test_what_breaks_a_limit_is_refused_and_named(text, said):
    with pytest.raises(jsontext.JsonError, match=said):
        jsontext.parse(text)
