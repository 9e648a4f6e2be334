"""What `ccgym check` finds: the catalogue's examples, the codes that are emitted, and what it is silent about."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

from ccgym.checking import check
from ccgym.domain.codes import CODES, Example, desk

ROOT = Path(__file__).parents[1]
CORE = ROOT / "ccgym"


def load_catalogue():
    spec = importlib.util.spec_from_file_location("catalogue", ROOT / "docs" / "catalogue.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


catalogue = load_catalogue()


def found(folder, edits=None, **example):
    """(severity, code) of what `check` finds in the desk with edits."""
    return {(f.severity, f.code) for f in check(desk.write(Example(edits or {}, **example), folder)).findings}


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_nothing_is_said_of_the_desk_itself(tmp_path):
    assert found(tmp_path) == set()


@pytest.mark.parametrize("code", [code for code in CODES if not catalogue.told_only(code)])
def test_each_example_yields_its_finding_and_no_other(code, tmp_path):
    findings = catalogue.found(code, tmp_path)
    assert {finding.code for finding in findings} == {code}, [str(finding) for finding in findings]
    assert {finding.severity for finding in findings} == {CODES[code].severity}
    assert all(finding.place and finding.message for finding in findings)


@pytest.mark.parametrize("code", CODES)
def test_each_entry_says_what_it_means_and_how_to_repair_it(code):
    entry = CODES[code]
    for text in (entry.means, entry.fix):
        assert not text[0].islower(), text
        assert text.endswith((".", "`")), text


def emitted():
    """(file, code, severity or None) of every finding that is written out in the core."""
    for path in sorted(CORE.rglob("*.py")):
        if path.name.startswith("health"):  # findings of `ccgym doctor`, about machines
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            on = getattr(getattr(node.func, "value", None), "id", "") or getattr(
                getattr(node.func, "value", None), "attr", ""
            )
            if (name == "add" and on.lstrip("_") == "findings") or name in ("WrongRule", "Finding", "finding"):
                given = [key.value for key in node.keywords if key.arg == "severity"]
                severities = [each.value for one in given for each in ast.walk(one) if isinstance(each, ast.Constant)]
                yield path.name, node.args[0].value, [s for s in severities if s in ("error", "warning", "notice")]


def test_every_code_that_is_emitted_is_listed_with_its_severities():
    emissions = list(emitted())
    assert len(emissions) > 100
    unlisted = {(file, code) for file, code, _ in emissions if code not in CODES}
    assert not unlisted, "add them to ccgym/domain/codes"
    wrong = [(file, code, s) for file, code, given in emissions for s in given if s not in CODES[code].severities]
    assert not wrong


def test_every_code_that_is_listed_is_emitted():
    text = "\n".join(path.read_text() for path in sorted(CORE.rglob("*.py")) if path.parent.name != "codes")
    assert [code for code in CODES if f'"{code}"' not in text] == []


def test_the_page_of_findings_is_what_the_catalogue_says():
    assert catalogue.PAGE.read_text() == catalogue.page(), "Run: python docs/generate.py"


# --- what stands in the repository ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ccgym/OrderDesk-v0", ROOT / "examples" / "own_env"])
def test_our_own_domains_have_neither_errors_nor_warnings(name):
    checked = check(name)
    assert checked.played > 0
    assert [str(finding) for finding in checked.findings if finding.severity != "notice"] == []


# --- rules against each other -----------------------------------------------------------------------------------------


def with_rules(folder, *blocks, edits=None):
    """(severity, code) of what the desk's SOP with more rules yields; its references are let off the SOP."""
    basis = {f"tasks.jsonl /{n}/reward_basis": ["state", "say"] for n in (0, 1)}
    sop = desk.DESK["sop.md"] + "".join(f"\n```rules\n{block}\n```\n" for block in blocks)
    return found(folder, {"sop.md": sop, **basis, **(edits or {})}) - {("notice", "unexercised-rule")}


CONTRADICTIONS = [
    (["never: get_bike"], "error"),  # the desk's own rule asks for it before lend_bike
    (["never: lend_bike", "finally: lend_bike"], "error"),
    (["never: lend_bike", "finally: {all: [get_bike, {any: [lend_bike]}]}"], "error"),
    (["at_most: 1\ncall: lend_bike", "never: lend_bike"], "warning"),
    (["before: lend_bike\nwhen: args.bike_id == 'B01'", "before: lend_bike\nwhen: args.bike_id == 'B02'"], "error"),
    (["before: lend_bike\nwhen: args.bike_id == 'B01' && args.bike_id != 'B01'"], "error"),
    (["before: lend_bike\nwhen: args.bike_id in ['B01', 'B02']", "before: [lend_bike]\nwhen: args.bike_id == \"B03\""],
     "error"),
    (["before: lend_bike\nwhen: row('bikes', args.bike_id).price > 5",
      "before: '*'\nwhen: row('bikes', args.bike_id).price <= 5"], "error"),
    (["before: lend_bike\nwhen: has_row('bikes', args.bike_id)",
      "before: lend_bike\nwhen: \"!has_row('bikes', args.bike_id)\""], "error"),
    (["before: lend_bike\nwhen: (args.bike_id == 'B01') && true", "before: lend_bike\nwhen: args.bike_id=='B02'"],
     "error"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "severity"), CONTRADICTIONS)
def test_rules_that_cannot_both_be_kept_contradict_each_other(tmp_path, rules, severity):
    assert (severity, "contradictory-rules") in with_rules(tmp_path, *rules)


@pytest.mark.parametrize(
    "rules",
    [
        ["never: lend_bike\nif: args.bike_id == 'B02'", "finally: {not: get_bike}"],
        ["never: lend_bike", "finally: {any: [lend_bike, get_bike]}"],
        ["before: lend_bike\nwhen: args.bike_id == 'B01' || args.bike_id == 'B02'",
         "before: lend_bike\nwhen: args.bike_id == 'B02'"],
        ["before: lend_bike\nwhen: args.bike_id == 'B01'", "before: get_bike\nwhen: args.bike_id == 'B02'"],
        ["before: lend_bike\nif: args.bike_id == 'B01'\nwhen: args.bike_id != 'B01'"],
        ["before: lend_bike\nwhen: row('bikes', args.bike_id).price >= 5",
         "before: lend_bike\nwhen: row('bikes', args.bike_id).price <= 5"],
        ["before: lend_bike\nwhen: args.bike_id != 'B01'", "before: lend_bike\nwhen: args.bike_id != 'B02'"],
        ["before: lend_bike\nwhen: args.bike_id in ['B01', 'B02']", "before: lend_bike\nwhen: args.bike_id != 'B01'"],
        ["before: lend_bike\nwhen: args.bike_id == 'a && args.bike_id == b'",
         "before: lend_bike\nwhen: args.bike_id != 'b'"],
    ],
)  # fmt: skip
def test_rules_that_can_both_be_kept_do_not(tmp_path, rules):
    assert ("error", "contradictory-rules") not in with_rules(tmp_path, *rules)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("before: lend_bike\nif: false\nrequire: get_bike", "never applies"),
        ("before: lend_bike\nwhen: \"'a' == 'b'\"", "no call is ever right"),
        ("finally: {holds: 2 > 1}", "it says nothing"),
    ],
)
def test_a_condition_that_reads_nothing_is_told_with_what_follows(tmp_path, rule, said):
    sop = desk.DESK["sop.md"] + f"\n```rules\n{rule}\n```\n"
    findings = check(desk.write(Example({"sop.md": sop}), tmp_path)).findings
    assert said in next(f.message for f in findings if f.code == "constant-condition")


def test_the_rules_of_a_task_are_read_against_those_of_the_sop(tmp_path):
    edits = {"tasks.jsonl /1/rules": [{"never": "get_bike"}], "tasks.jsonl /1/reward_basis": ["state", "say"]}
    places = [f.place for f in check(desk.write(Example(edits), tmp_path)).findings if f.code == "contradictory-rules"]
    assert len(places) == 1


# --- what it is silent about ------------------------------------------------------------------------------------------


QUIET = {
    "a name in backticks that is no tool": {"sop.md": desk.DESK["sop.md"].replace("is out", "is `checked_out`")},
    "a tool without arguments": {"tools.json /-": {
        "name": "list_bikes", "description": "All bikes.", "parameters": {"type": "object", "properties": {}},
        "x-ccgym": {"effect": "read", "mock": {"kind": "respond", "return": "{/tables/bikes}"}}},
        "tasks.jsonl /1/expect/actions/-": {"name": "list_bikes"}},
    "a number that the customer writes in another way": {
        "tasks.jsonl /1/user/first_message": "I take the tandem, b-02."},
    "a table whose ids are of another kind": {"state.json /tables/bikes/B03/bike_id": None},
    "a customer who does not know": {"tasks.jsonl /1/user/unknown": ["name"], "tasks.jsonl /1/expect/actions": [
        {"say": "What is your name?"}, {"name": "get_bike", "args": {"bike_id": "B02"}}]},
    "a look-up that fails in a refusal": {"tasks.jsonl /1": {
        **desk.DESK["tasks.jsonl"][1], "user": {"first_message": "I take B09."}, "expect": {
            "actions": [{"name": "get_bike", "args": {"bike_id": "B09"}}], "say": ["no such bike"], "refuse": True}}},
}  # fmt: skip


@pytest.mark.parametrize("edits", QUIET.values(), ids=QUIET)
def test_nothing_is_said_of(tmp_path, edits):
    assert found(tmp_path, edits) == set()


def test_unasked_for_context_is_that_of_small_models_and_can_be_told(tmp_path):
    folder = desk.write(Example(), tmp_path)
    assert {finding.code for finding in check(folder, context=100).findings} == {"prompt-too-long"}
    assert {finding.code for finding in check(folder, context=330).findings} == {"episode-too-long"}


# --- worlds of one's own, and many findings ---------------------------------------------------------------------------


class Shelf:
    """A backend of one's own, which lends whatever it is asked for."""

    def __init__(self):
        self.lent = []

    def call(self, name, arguments, requestor="assistant"):
        if name == "lend_bike":
            self.lent.append(arguments["bike_id"])
        return {"price": 4, "out": name == "get_bike" and arguments["bike_id"] == "B02"}

    probe = call

    def state(self):
        return {"tables": {"lent": {bike: {} for bike in self.lent}}, "user": {}}

    def digest(self):
        return f"{len(self.lent):064x}"

    def snapshot(self):
        return list(self.lent)

    def restore(self, snapshot):
        self.lent = list(snapshot)


def test_tools_that_a_plugins_backend_answers_need_neither_mock_nor_function(tmp_path):
    import ccgym
    from ccgym.plugins import unregister

    class ShelfPlugin:
        @ccgym.hookimpl
        def make_backend(self, domain, task):
            return Shelf() if domain.name == "BikeDesk" else None

    edits = {f"tools.json /{n}/x-ccgym/mock": ... for n in (0, 1)}
    assert ("warning", "no-backend") in found(tmp_path / "alone", edits)
    plugin = ShelfPlugin()
    ccgym.register(plugin)
    try:
        assert found(tmp_path / "with", edits) == set()
    finally:
        unregister(plugin)


def test_what_a_plugins_backend_raises_is_told_with_its_type(tmp_path):
    import ccgym
    from ccgym.plugins import unregister

    class BrokenPlugin:
        @ccgym.hookimpl
        def make_backend(self, domain, task):
            return {}["shelf"] if domain.name == "BikeDesk" else None

    plugin = BrokenPlugin()
    ccgym.register(plugin)
    try:
        told = {f.message for f in check(desk.write(Example({}), tmp_path / "desk")).findings if f.code == "unplayable"}
    finally:
        unregister(plugin)
    assert told == {"cannot be played: KeyError: 'shelf'"}


def test_of_many_findings_alike_a_few_are_shown(capsys, tmp_path):
    from ccgym.cli.app import run

    tools = [{**tool, "name": f"tool_{n}", "description": ""} for n, tool in enumerate(desk.DESK["tools.json"][:1] * 9)]
    prose = "".join(f"Then call `ask_{n}_times`.\n" for n in range(20))
    edits = {"tools.json": desk.DESK["tools.json"] + tools, "sop.md": desk.DESK["sop.md"] + "\n" + prose}
    folder = desk.write(Example(edits), tmp_path)
    assert run(["check", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out.count("[unknown-tool-in-sop]") == 6
    assert "15 more like these [unknown-tool-in-sop]" in out
    assert out.count("[no-description]") == 1
    assert "tools.json (tool_2) and 6 more" in out
    assert run(["check", str(folder), "--strict"]) == 1
