"""Whatever stands in a folder, `ccgym check` answers with findings: it never raises, and never takes long."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccgym.checking import check
from ccgym.cli.app import run
from ccgym.domain.codes import CODES, Example, desk

FILES = sorted(desk.files(Example()))
PLAIN = desk.files(Example())
ODD = [
    None, True, False, 0, -1, 2**53, 1.5, "", " ", "é", "\u0000", "<|im_end|>", "</tool_call>", [], {}, [[]], {"": {}},
    "x" * 5000, "../../etc/passwd", "/tables/bikes/*", {"$ref": "#"}, {"$sum": [1]}, ["*"], "*", "{/row/x}", "args.x",
]  # fmt: skip
SLOW = 20.0


def places(value, path=()):
    """Every path in a JSON value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def put(value, path, new):
    """The value with something else at a path; `...` removes what stands there."""
    if not path:
        return new
    copied = dict(value) if isinstance(value, dict) else list(value)
    if new is ... and len(path) == 1:
        del copied[path[0]]
    else:
        copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


def looked(folder):
    """Check a folder, and hold what is found to the catalogue."""
    started = time.process_time()
    findings = check(folder).findings
    assert time.process_time() - started < SLOW
    for finding in findings:
        assert finding.code in CODES
        assert finding.severity in CODES[finding.code].severities, finding
        json.dumps([finding.place, finding.message, finding.fix])
    return findings


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_value_anywhere_replaced_by_an_odd_one_gives_findings(tmp_path_factory, data):
    file = data.draw(st.sampled_from(["tools.json", "state.json", "tasks.jsonl"]))
    content = desk.DESK[file]
    for _ in range(data.draw(st.integers(1, 2))):
        path = data.draw(st.sampled_from(sorted(places(content), key=repr)))
        odd = data.draw(st.sampled_from([*ODD, ...]) | st.recursive(st.sampled_from(ODD), st.lists, max_leaves=3))
        if odd is not ... or path:
            content = put(content, path, odd)
        if not isinstance(content, dict | list):
            break
    if file.endswith(".jsonl"):
        content = content if isinstance(content, list) else [content]
    looked(desk.write(Example({file: content}), tmp_path_factory.mktemp("d")))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_piece_of_a_file_cut_out_doubled_or_replaced_gives_findings(tmp_path_factory, data):
    file = data.draw(st.sampled_from(FILES))
    content = PLAIN[file]
    start = data.draw(st.integers(0, len(content)))
    end = start + data.draw(st.integers(0, 40))
    likely = [
        b"null",
        b"[]",
        b"{}",
        b'"',
        b"1e9",
        b"-1",
        b"\xcc\x81",
        b"\xff",
        b"```",
        b"\n",
        content[start:end] * 2,
        b"\0",
    ]
    piece = data.draw(st.binary(max_size=6) | st.sampled_from(likely))
    looked(desk.write(Example({file: content[:start] + piece + content[end:]}), tmp_path_factory.mktemp("d")))


LINES = [
    "before: lend_bike", "never: get_bike", "finally: get_bike", "at_most: 1", "call: lend_bike", "per: [bike_id]",
    "require: get_bike", "require: {not: {not: {sequence: []}}}", "if: args.bike_id", "when: row('bikes', 'B01').x > 1",
    "when: \"args.bike_id + args.bike_id == 'B'\"", "confirm: {say: [x]}", "if: false", "when: '1/0 == 1'", "id: a",
    "finally: {all: [{any: [{said: x}]}]}", "finally: {holds: \"'a' in ['a']\"}", "require: [", "when: 'args.b.c == 1'",
    "require: {call: get_bike, same: [bike_id], result: 'result.out'}", "note: " + "x" * 900, "before: '*'",
    "- never: x",
]  # fmt: skip


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.sampled_from(LINES), min_size=1, max_size=4, unique=True), min_size=1, max_size=3))
def test_any_rules_give_findings(tmp_path_factory, blocks):
    text = desk.DESK["sop.md"] + "".join("\n```rules\n" + "\n".join(block) + "\n```\n" for block in blocks)
    edits = {"sop.md": text, "tasks.jsonl /0/rules": ["\n".join(blocks[0])]}
    looked(desk.write(Example(edits), tmp_path_factory.mktemp("d")))


def deep(levels):
    return "[" * levels + "]" * levels


HUGE = {
    "a deep state": {"state.json": deep(100_000)},
    "a deep task": {"tasks.jsonl": '{"id": "a", "meta": ' + deep(5_000) + "}\n"},
    "deep settings": {"domain.yaml": "name: BikeDesk\nlimits: " + deep(50_000)},
    "a deep schema": {"tools.json /0/parameters/properties/x": json.loads(deep(60))},
    "deep rules": {"sop.md": "# A\n\n```rules\n" + deep(20_000) + "\n```\n"},
    "many fences": {"sop.md": "```rules\n" * 20_000},
    "many headings": {"sop.md": "# A\n\nb\n" * 5_000 + desk.DESK["sop.md"]},
    "many backticks": {"sop.md": "`a_b" * 50_000},
    "a long line of prose": {"sop.md": "use `get_bik` " * 20_000},
    "a wide state": {"state.json /tables": {f"t{n}": {str(n): {"a_id": n}} for n in range(3_000)}},
    "many columns": {"state.json /tables/bikes/B01": {f"c{n}": n for n in range(5_000)}},
    "a long name": {"tools.json /-": {"name": "x" * 100_000}},
    "many actions": {"tasks.jsonl /1/expect/actions": [{"name": "get_bike", "args": {"bike_id": "B02"}}] * 3_000},
    "no end of turns": {"tasks.jsonl /1/limits": {"max_steps": 10**9, "max_errors": 10**9, "max_chars": 10**15}},
    "a customer who waits for ever": {"tasks.jsonl /1/user/sim": {"done": ["never said"], "patience": 10**6},
                                      "tasks.jsonl /1/limits": {"max_steps": 10**9, "max_chars": 10**12}},
}  # fmt: skip


@pytest.mark.parametrize("edits", HUGE.values(), ids=HUGE)
def test_a_huge_or_deep_file_is_looked_at_in_bounded_time(tmp_path, edits):
    looked(desk.write(Example(edits), tmp_path))


def test_a_folder_of_links_pipes_and_folders_gives_findings(tmp_path):
    import os

    for number, file in enumerate(FILES):
        for kind in ("loop", "out", "folder", "pipe", "broken"):
            folder = desk.write(Example(), tmp_path / f"{number}{kind}")
            path = folder / file
            path.unlink()
            if kind == "folder":
                path.mkdir()
            elif kind == "pipe":
                os.mkfifo(path)
            else:
                path.symlink_to({"loop": file, "out": "/etc/passwd", "broken": "nothing"}[kind])
            findings = looked(folder)
            assert "root:" not in str(findings)
            assert findings


def test_a_folder_that_is_a_file_or_empty_gives_findings(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "empty").mkdir()
    for name in ("file", "empty"):
        assert any(finding.severity == "error" for finding in looked(tmp_path / name))


@pytest.mark.parametrize("name", ["\0", "a\0/b", "x" * 5000, "", "ccgym/None-v0", "\udcff"])
def test_a_name_of_no_domain_is_one_sentence(capsys, name):
    assert run(["check", name]) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err


def test_tools_customers_and_templates_that_misbehave_give_findings(tmp_path):
    import ccgym
    from ccgym.plugins import Toolset, unregister

    class Bad:
        @ccgym.hookimpl
        def register_tools(self, register):
            register(
                Toolset("bad", {"get_bike": lambda state, bike_id: 1 / 0, "lend_bike": lambda state, **k: object()})
            )

        @ccgym.hookimpl
        def register_templates(self, register):
            for name, value in {"a": None, "b": {"id": 5}, "c": {"expect": {"actions": [{"name": "no"}]}}}.items():
                register("BikeDesk", name, lambda rng, value=value: value)
            register("BikeDesk", "d", lambda rng: {}[rng])
            register("BikeDesk", "e", lambda rng: {"user": {"first_message": str(random.random())}})

        @ccgym.hookimpl
        def register_users(self, register):
            register("mute", lambda user, sim, rng: None)

    plugin = Bad()
    ccgym.register(plugin)
    try:
        edits = {"domain.yaml": "name: BikeDesk\n", "tasks.jsonl /0/user/sim": {"kind": "mute"}}
        for index, name in enumerate(("get_bike", "lend_bike")):
            edits[f"tools.json /{index}/x-ccgym/mock"] = {"kind": "python", "function": f"bad:{name}"}
        found = {finding.code for finding in looked(desk.write(Example(edits), tmp_path))}
    finally:
        unregister(plugin)
    assert {"template-fails", "unstable-template", "unplayable", "tool-breaks"} <= found


def test_the_fields_of_the_report_are_json(capsys, tmp_path):
    folder = desk.write(Example({"sop.md": b"\xff", "tasks.jsonl": "{"}), tmp_path)
    assert run(["check", str(folder), "--json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert value["error"] == len(value["findings"]) == 2
    assert set(value["findings"][0]) == {"code", "severity", "place", "message", "fix"}
    assert Path(value["name"]) == folder
