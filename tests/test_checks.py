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


@pytest.mark.parametrize("code", CODES)
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
            if (name == "add" and on.lstrip("_") == "findings") or name in ("WrongRule", "Finding"):
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
