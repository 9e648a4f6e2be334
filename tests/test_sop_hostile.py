"""Hostile rules: a finding that names the line, or the verdict `error`; never a crash, never `ok`; always bounded."""

from __future__ import annotations

import json
import resource
import string
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_sop_conditions import judge
from test_sop_rules import TOOLS, call, desk, judged, play, sop, verdicts

from ccgym.domain import check_domain
from ccgym.domain.findings import Findings
from ccgym.domain.rules import Names, read_rules, split_rules
from ccgym.domain.rules.reader import _ATOMS, _COMMON, _CONFIRM, _FIELDS
from ccgym.errors import DomainError
from ccgym.sop.batch import Failure
from ccgym.types import RuleEvent, Tool

REFUSED = [
    ("", ":7: this `rules` block holds no rule"),
    ("[]", ":7: this `rules` block holds no rule"),
    ("42", ":8: found 42, must be a rule"),
    ("befor: refund\nrequire: verify", ":8: no kind of rule among 'befor', 'require'. Did you mean 'before'?"),
    ("before: refund\nrequire: verfy", ":9 /require: no tool 'verfy'. Did you mean 'verify'?"),
    ("before: refund\nrequire: {call: verify, same: [ordr_id]}", "no argument 'ordr_id' of 'verify'. Did you"),
    ("before: refund\nrequire: {call: verify, sam: [order_id]}", ":9 /require/sam: `call` has no 'sam'. Did you mean"),
    ("before: refund\nrequire: {call: verify, args: {ordr: 1}}", "no argument 'ordr' of 'verify'"),
    ("at_most: 1\ncall: refund\nper: [nope]", ":10 /per: no argument 'nope' of 'refund'"),
    ("at_most: true\ncall: refund", ":8 /at_most: found true, must be a number of calls"),
    ("before: refund\nrequire: {all: [verify, refund]}", "'refund' is required before 'refund' itself"),
    ("- {before: refund, require: cancel}\n- {before: cancel, require: refund}", "rules go in a circle"),
    ("- {before: refund, require: cancel}\n- {before: cancel, require: verify}\n- {before: verify, require: refund}",
     "rules go in a circle"),
    ("finally: {call: refund, same: [order_id]}", "`same` in a `finally` rule: no call is judged at the end"),
    ("finally: {holds: args.x == 1}", ":8 /finally/holds: `args` means nothing here"),
    ("before: refund\nwhen: args.", ":9 /when: bad CEL at character 6"),
    ("before: refund\nwhen: <b>x</b>", "bad CEL"),
    ("before: refund\nwhen: '" + "(" * 200 + "true" + ")" * 200 + "'", "nested deeper than 32"),
    ("before: refund\nwhen: '" + "x" * 5000 + "'", "longer than 1000 characters"),
    ("before: refund\nwhen: size(args.order_id)", "gives int, must give true or false"),
    ("before: refund\nwhen: args.ordr_id == 'x'", "no argument 'ordr_id' of 'refund'. Did you mean 'order_id'?"),
    ("never: refund\nif: has(args.ordr_id)", "no argument 'ordr_id' of 'refund'. Did you mean 'order_id'?"),
    ("never: refund\nif: args['ordr_id'] == 'x'", "no argument 'ordr_id' of 'refund'. Did you mean 'order_id'?"),
    ('id: "a\\nb"\nnever: refund', ":8 /id: an id is one line of at most 100 characters"),
    ("before: refund\nwhen: order.x == 1", "'order.x' is not known"),
    ("before: refund\nwhen: result.x == 1", "`result` means nothing here"),
    ("before: refund\nwhen: args.order_id.matches(args.order_id)", "must be a text written out"),
    ("before: refund\nwhen: \"'a'.matches('(a{1000}){1000}')\"", "bad pattern"),
    ('before: refund\nwhen: "[1,2].all(x, [1].all(y, true))"', "`all` inside another macro"),
    ("before: refund\nwhen: \"['a'].map(x, x + x) == []\"", "a `+` inside `all`"),
    ('before: refund\nwhen: "[1].all(args, true)"', "the variable of `all` is called `args`"),
    ("before: refund\nwhen: google.protobuf.Any{} == 1", "`google` is not among what conditions may use"),
    ("a: &a [x,x]\nb: &b [*a,*a]", "a YAML anchor ('a') is not allowed"),
    ("!!python/object/apply:os.system ['echo hi']", "a YAML tag"),
    ("before: refund\nrequire: " + "{not: " * 40 + "verify" + "}" * 40, "nested deeper than 32"),
    ("before: refund\nrequire: " + "{not: " * 26 + "verify" + "}" * 26, "nested deeper than 24"),
    ("before: refund\nrequire: {all: [" + ",".join(["verify"] * 600) + "]}", "more than 500 parts"),
    ("[" * 5000, "nested deeper than 32"),
    ("- {id: a, never: refund}\n- {id: a, never: cancel}", ":9 /id: a second rule 'a'"),
    ("<script>alert(1)</script>", ":8: found '<script>alert(1)</script>', must be a rule"),
    ("{{ 7*7 }}", ":8: bad YAML"),
    ("<|im_start|>system", "must be a rule"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "finding"), REFUSED)
def test_what_is_no_rule_is_a_finding_that_names_the_line(tmp_path, rule, finding):
    start = time.process_time()
    with pytest.raises(DomainError) as caught:
        desk(tmp_path / "desk", sop(rule))
    assert finding in str(caught.value)
    assert "sop.md" in str(caught.value)
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("rule", "finding"),
    [
        ({"before": "refund", "require": "verfy"}, "tasks.jsonl:1 /rules/0/require: no tool 'verfy'. Did you mean"),
        ("before: refund\nwhen: args.", "tasks.jsonl:1 /rules/0 line 2 /when: bad CEL"),
        ("- [", "tasks.jsonl:1 /rules/0: bad YAML"),
        (7, "tasks.jsonl:1 /rules/0: found 7, must be a rule"),
        ([{"never": "refund"}], "tasks.jsonl:1 /rules/0: found a list of 1, must be a rule"),
        ("", "tasks.jsonl:1 /rules/0: holds no rule"),
    ],
)
def test_the_rules_of_a_task_are_read_as_strictly(tmp_path, rule, finding):
    with pytest.raises(DomainError) as caught:
        desk(tmp_path / "desk", "Be brief.", [rule])
    assert finding in str(caught.value)


def test_a_block_that_is_never_closed_is_a_finding(tmp_path):
    with pytest.raises(DomainError, match=r"sop.md:3: this `rules` block is never closed"):
        desk(tmp_path / "desk", "# Desk\n\n```rules\nnever: refund\n")


@pytest.mark.parametrize(
    ("block", "finding"),
    [
        ("> ```rules\n> never: refund\n> ```", "sop.md:5: a `rules` block in a quotation is not read"),
        ("<!--\n```rules\nnever: refund\n```\n-->", "sop.md:6: a `rules` block in an HTML comment"),
        ("```Rules\nnever: refund\n```", "sop.md:5: a block of the language 'Rules' is not read"),
        ("~~~ {.rules}\nnever: refund\n~~~", "sop.md:5: a block of the language '{.rules}' is not read"),
        ("```yaml rules\nnever: refund\n```", "sop.md:5: a block of the language 'yaml rules' is not read"),
    ],
)
def test_a_block_that_would_not_be_read_as_its_author_thinks_is_a_finding(tmp_path, block, finding):
    with pytest.raises(DomainError) as caught:
        desk(tmp_path / "desk", f"# Desk\n\nBe careful.\n\n{block}\n")
    assert finding in str(caught.value)


def test_what_only_shows_a_block_is_prose(tmp_path):
    shown = "<!-- so: -->\n\n````text\n```rules\nnever: refund\n```\n> ```rules\n````\n\n```python\nrules = 1\n```"
    assert desk(tmp_path / "desk", f"# Desk\n\nBe careful.\n\n{shown}\n").rules == ()


@pytest.mark.parametrize("clause", ["<script>alert(1)</script> refund", "<|im_start|>system", "{{ secret }}"])
def test_a_clause_with_markup_is_a_warning_and_is_quoted_as_text(tmp_path, clause):
    text = f"# Desk\n\n{clause}\n\n```rules\nnever: refund\n```\n"
    domain = desk(tmp_path / "desk", text)
    (finding,) = [each for each in check_domain(domain.path) if each.code == "clause-markup"]
    assert (finding.severity, finding.place) == ("warning", "sop.md:3")
    (event,) = play(domain, call("refund")).of(RuleEvent)
    assert (event.verdict, event.clause["text"]) == ("violated", clause)


@pytest.mark.parametrize(
    "condition",
    [
        "args.amount > 1",
        "args.order_id",
        "args.order_id > 3",
        "1 / int(args.order_id.size() - 2) > 0",
        "row('orders', 'W9').total > 1",
        "row('orders', args.order_id).nothing > 1",
        "row(args.order_id, args.order_id).total > 1",
        "timestamp(args.order_id) < now()",
    ],
)
def test_a_condition_that_errs_is_never_ok(tmp_path, condition):
    domain = desk(tmp_path / "desk", sop("before: refund\nwhen: " + json.dumps(condition)))
    (event,) = play(domain, call("refund")).of(RuleEvent)
    assert event.verdict == "error"
    assert event.detail.startswith(condition.split("(")[0][:8])
    assert len(event.detail) <= 300


def test_a_missing_row_is_named(tmp_path):
    domain = desk(tmp_path / "desk", sop("before: refund\nwhen: row('orders', args.order_id).total > 1"))
    (event,) = play(domain, call("refund", "W9")).of(RuleEvent)
    assert event.detail.endswith("there is no row 'W9' in the table 'orders'")


@pytest.mark.parametrize(
    "wrapped", ["if: args.amount > 1\nnever: refund", "if: args.amount > 1\nbefore: refund\nwhen: 'true'"]
)
def test_an_if_that_errs_is_an_error_not_a_rule_that_does_not_apply(tmp_path, wrapped):
    assert judged(tmp_path, wrapped, call("refund")) == ["error"]


def test_an_error_inside_a_tree_is_never_ok_and_hides_no_break(tmp_path):
    broken = "{call: verify, result: result.nothing == 1}"
    assert judged(tmp_path, f"before: refund\nrequire: {broken}", call("verify"), call("refund")) == ["error"]
    assert judged(tmp_path, f"before: refund\nrequire: {{not: {broken}}}", call("verify"), call("refund")) == ["error"]
    either = f"before: refund\nrequire: {{any: [{broken}, cancel]}}"
    assert judged(tmp_path, either, call("verify"), call("cancel"), call("refund")) == ["ok"]
    both = f"before: refund\nrequire: {{all: [{broken}, cancel]}}"
    assert judged(tmp_path, both, call("verify"), call("refund")) == ["violated"]
    in_turn = desk(tmp_path / "desk", sop(f"before: refund\nrequire: {{sequence: [{broken}, verify, cancel]}}"))
    (event,) = play(in_turn, call("verify"), call("refund")).of(RuleEvent)
    assert (event.verdict, event.detail) == ("violated", "refund before cancel")


@pytest.mark.parametrize(
    ("condition", "args"),
    [
        ("args.l.all(x, x in args.l)", {"l": list(range(50_000))}),
        ("args.l.all(x, args.l == args.m)", {"l": list(range(3_000)), "m": list(range(3_000))}),
        ("args.l.map(x, args.s).size() > 0", {"l": list(range(4_000)), "s": "x" * 200_000}),
        ("(" + " + ".join(["args.s"] * 20) + ").size() > 0", {"s": "x" * 200_000}),
        ("args.s.matches('(x+x+)+y')", {"s": "x" * 200_000}),
        ("args.d == args.d", {"d": json.loads("[" * 60 + "]" * 60)}),
    ],
)
def test_what_an_agent_sends_cannot_make_a_condition_long_or_large(condition, args):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = judge(condition, args)
    assert time.process_time() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024
    assert type(found) in (bool, Failure)


TOOLBOX = {tool["name"]: Tool(tool["name"], "", tool["parameters"], effect="write") for tool in TOOLS}
KEYS = sorted({*_COMMON, *_CONFIRM, *(key for keys in (*_ATOMS.values(), *_FIELDS.values()) for key in keys)})
words = st.one_of(
    st.sampled_from(
        ["refund", "verify", "*", "order_id", "args.order_id == 'W1'", "true", "", "1", "result.x", "Desk"]
    ),
    st.text(string.printable, max_size=12),
    st.integers(-2, 3),
    st.booleans(),
    st.none(),
)
data = st.recursive(
    words,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=10,
)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(data, max_size=3))
def test_whatever_a_block_holds_is_rules_or_findings(items: list[Any]):
    findings = Findings()
    text = f"# Desk\n\nA clause.\n\n```rules\n{json.dumps(items)}\n```\n"
    rules = read_rules({"sop.md": text}, Names(TOOLBOX), findings)
    assert rules or findings
    assert all(finding.place.startswith("sop.md:") for finding in findings)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("`~# \nrules-*1.abc=\t"), max_size=120))
def test_any_markdown_is_split_into_prose_and_blocks(text):
    prose, blocks = split_rules(text, "sop.md")
    assert len(prose) <= len(text)
    for block in blocks:
        assert 1 <= block.clause.line <= block.line <= text.count("\n") + 1


def test_a_rule_that_refuses_everything_still_lets_the_episode_end(tmp_path):
    episode = play(desk(tmp_path / "desk", sop('never: "*"')), call("refund"), call("verify"))
    assert verdicts(episode) == ["violated", "violated"]
    assert episode.end.reason == "customer_done"
