"""What is wrong with a domain folder is said all at once: file, line or path, what was found, and what would be right.

1. Every finding names its place, and where a name is misspelt, the name that was meant.
2. All findings come together, not only the first.
3. A hostile folder (links and paths that lead out, YAML tags, duplicate keys, bombs, patterns that hang) is refused in
   words: nothing outside is read, nothing is run.
4. `check` says more than loading does, and never raises.
"""

from __future__ import annotations

import contextlib
import copy
import json
import os

import pytest
from domains import TASKS, TOOLS, orders_csv, write_domain
from hypothesis import given, settings
from hypothesis import strategies as st

from ccgym.domain import check_domain, load_domain
from ccgym.domain.findings import Findings
from ccgym.domain.tables import parse_table
from ccgym.domain.yamltext import YamlError, YamlText
from ccgym.errors import DomainError


def problems(tmp_path, **files):
    """The errors of a folder, as the user reads them."""
    folder = write_domain(tmp_path / "d", **files)
    with pytest.raises(DomainError) as caught:
        load_domain(folder)
    return [str(finding) for finding in caught.value.findings]


def task_line(**change):
    """A good task on the first line, and one with other fields on the second."""
    return json.dumps(TASKS[0]) + "\n" + json.dumps({**TASKS[1], **change}) + "\n"


def expect_line(**change):
    return task_line(expect={**TASKS[1]["expect"], **change})


def tools_with(mock=None, **extra):
    """The tools, with the second one's `x-ccgym` changed."""
    tools = copy.deepcopy(TOOLS)
    tools[1]["x-ccgym"].update(extra)
    tools[1]["x-ccgym"]["mock"].update(mock or {})
    return tools


YAML = [
    ("nme: Orders\n", "domain.yaml:1 /nme: unknown field 'nme'. Did you mean 'name'?"),
    ("version: 1.0.0\n", "domain.yaml:1: field 'name' is missing"),
    ("name: Orders\nversion: 1.0\n", "domain.yaml:2 /version: found 1.0, must be text. Put it in quotes"),
    ("name: Orders\n\nlimits:\n  max_steps: 3\n  max_errors: 1\n",
     "domain.yaml:5 /limits/max_errors: found 1, must be greater than or equal to 2"),
    ("name: Orders\nlimits: {max_stps: 3}\n",
     "domain.yaml:2 /limits/max_stps: unknown field 'max_stps'. Did you mean 'max_steps'?"),
    ("name: Orders\nlimits: {max_steps: true}\n",
     "domain.yaml:2 /limits/max_steps: found true, must be an integer"),
    ("name: Orders\nprompt: {sop: short}\n", "domain.yaml:2 /prompt/sop: found 'short', must be 'full' or 'digest'"),
    ("name: Orders\nprompt: {sop: digest}\n",
     "domain.yaml /prompt/sop: found 'digest', but there is no sop.digest.md. Write sop.digest.md, or say `sop: full`"),
    ("name: Orders\nclock: tomorrow\n",
     "domain.yaml:2 /clock: 'tomorrow' is no ISO 8601 time, such as 2026-03-02T09:00:00+07:00"),
    ("name: Orders\nstate: {exclude: [orders]}\n", "domain.yaml:2 /state/exclude/0: 'orders' is no JSON pointer"),
    ("name: Orders\nstate: {exclude: [/orders]}\n",
     "domain.yaml:2 /state/exclude/0: '/orders' excludes nothing: begin with /tables/NAME or /user"),
    ("name: Orders\nstate: {tolerance: .inf}\n", "domain.yaml:2 /state/tolerance: found '.inf', must be a number"),
    ("name: Orders\nrewards: {weights: {correctness: much}}\n",
     "domain.yaml:2 /rewards/weights/correctness: found 'much', must be a number"),
    ("name: Orders\ntools: ordrs.json\n",
     "ordrs.json: no such file. Write the tools there, or let `tools` name a registered toolset"),
    ("name: Orders\ntools: nobodys\n", "domain.yaml /tools: no tool is called 'nobodys'"),
    ("name: Orders\nsop: care.md\n", "care.md: no such file. Write the SOP there, or list its files under `sop`"),
    ("name: 'my domain'\n", "domain.yaml:1 /name: found 'my domain', must be a name"),
    ("- name\n", "domain.yaml:1: found a list of 1, must be fields such as `name: MyDomain`"),
    ("", "domain.yaml:1: found null, must be fields such as `name: MyDomain`"),
    ("name: Orders\nname: Other\n", "domain.yaml:2: bad YAML: duplicate key 'name'"),
    ("name: [Orders\n", "domain.yaml:2: bad YAML: expected ',' or ']'"),
    ("name: Orders\nsplits: {a: ['cancel-*'], b: [cancel-1]}\n",
     "tasks.jsonl:1 /id: 'cancel-1' matches the splits a and b. Let `splits` in domain.yaml put it into one"),
    ("name: Orders\nusers: {sim: {kind: 5}}\n", "domain.yaml:2 /users/sim/kind: found 5, must be text"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), YAML)
def test_domain_yaml(tmp_path, text, problem):
    found = problems(tmp_path, domain_yaml=text)
    assert any(line.startswith(problem) for line in found), found


TASK_LINES = [
    (task_line(id="cancel-1"), "tasks.jsonl:2 /id: a second task 'cancel-1'. Give it another id"),
    (task_line(id=""), "tasks.jsonl:2: field 'id' is missing. Give each task an id of its own"),
    (task_line(speed=1), "tasks.jsonl:2 /speed: unknown field 'speed'"),
    (task_line(taggs=[]), "tasks.jsonl:2 /taggs: unknown field 'taggs'. Did you mean 'tags'?"),
    (task_line(tags="x"), "tasks.jsonl:2 /tags: found 'x', must be a list"),
    (task_line(user={"first_mesage": ""}),
     "tasks.jsonl:2 /user/first_mesage: unknown field 'first_mesage'. Did you mean"),
    (task_line(tools_allow=["get_ordr"]),
     "tasks.jsonl:2 /tools_allow/0: no tool 'get_ordr'. Did you mean 'get_order'?"),
    (task_line(tools_allow=["get_order"]), "tasks.jsonl:2 /expect/actions/1/name: 'cancel_order' is not in the task's"),
    (task_line(reward_basis=["stat"]), "tasks.jsonl:2 /reward_basis/0: found 'stat', must be 'state', 'say'"),
    (task_line(reward_basis=[]),
     "tasks.jsonl:2 /reward_basis: reward_basis names at least one component, and each once"),
    (task_line(limits={"max_errors": 1}), "tasks.jsonl:2 /limits/max_errors: found 1, must be greater"),
    (task_line(init={"calls": [{"name": "gt_order"}]}),
     "tasks.jsonl:2 /init/calls/0/name: no tool or probe 'gt_order'. Did you"),
    (task_line(init={"patch": [{"op": "ad", "path": "/user/a"}]}),
     "tasks.jsonl:2 /init/patch/0/op: found 'ad', must be"),
    (task_line(init={"patch": [{"op": "add", "path": "/tables/ordrs/W1", "value": {}}]}),
     "tasks.jsonl:2 /init/patch/0/path: no table 'ordrs'. Did you mean 'orders'?"),
    (task_line(init={"state": {"tabels": {}}}),
     "tasks.jsonl:2 /init: state/tabels: a state has only `tables` and `user`"),
    (task_line(init={"state": {}, "patch": [{"op": "remove", "path": "/user/a"}]}),
     "tasks.jsonl:2 /init: `state` and `patch` exclude each other"),
    (expect_line(actions=[{"name": "get_ordr", "args": {}}]),
     "tasks.jsonl:2 /expect/actions/0/name: no tool 'get_ordr'. Did you mean 'get_order'?"),
    (expect_line(actions=[{"name": "get_order", "args": {"order_id": 5}}]),
     "tasks.jsonl:2 /expect/actions/0/args: off the schema of 'get_order': /order_id: found 5, must be of type string"),
    (expect_line(actions=[{"name": "get_order", "args": {"order_id": "W1000"}, "requestor": "user"}]),
     "tasks.jsonl:2 /expect/actions/0: 'get_order' is a tool of the assistant, called by the user. Say"),
    (expect_line(actions=[{"name": "get_order", "arguments": {}}]),
     "tasks.jsonl:2 /expect/actions/0/arguments: unknown field 'arguments'"),
    (expect_line(actions=[{"say": "x", "name": "get_order"}]),
     "tasks.jsonl:2 /expect/actions/0/name: unknown field 'name'"),
    (expect_line(actions=[{"nme": "x"}]), "tasks.jsonl:2 /expect/actions/0: field 'name' is missing"),
    (expect_line(actions=[{"name": "get_order", "args": {"order_id": "W1000"}, "compare_args": ["id"]}]),
     "tasks.jsonl:2 /expect/actions/0/compare_args: no argument 'id' of 'get_order'"),
    (expect_line(asserts=[{"path": "/tables/ordres/W1"}]),
     "tasks.jsonl:2 /expect/asserts/0/path: no table 'ordres'. Did you mean 'orders'?"),
    (expect_line(asserts=[{"path": "/orders/W1"}]),
     "tasks.jsonl:2 /expect/asserts/0/path: '/orders/W1' is neither under /tables nor under /user. Write /table"),
    (expect_line(asserts=[{"path": "tables/orders"}]),
     "tasks.jsonl:2 /expect/asserts/0/path: 'tables/orders' is no JSON"),
    (expect_line(asserts=[{"path": "/tables/orders/W1", "op": "equal"}]),
     "tasks.jsonl:2 /expect/asserts/0/op: found 'equal', must be 'eq'"),
    (expect_line(asserts=[{"path": "/user/a", "op": "in", "value": 3}]),
     "tasks.jsonl:2 /expect/asserts/0: op 'in' needs a list of values"),
    (expect_line(asserts=[{"path": "/user/a", "op": "matches", "value": "(?=a)"}]),
     "tasks.jsonl:2 /expect/asserts/0: pattern '(?=a)' is not in the linear-time syntax"),
    (expect_line(asserts=[{"probe": "is_it"}]), "tasks.jsonl:2 /expect/asserts/0/probe: no probe 'is_it'"),
    (expect_line(state={"mode": "literal"}), "tasks.jsonl:2 /expect/state: mode 'literal' needs a value such as"),
    (expect_line(state={"mode": "literal", "value": {"tables": {"ordrs": {}}}}),
     "tasks.jsonl:2 /expect/state/value/tables: no table 'ordrs'. Did you mean 'orders'?"),
    (expect_line(state={"mode": "hash", "value": "abc"}),
     "tasks.jsonl:2 /expect/state: mode 'hash' needs a value of 64 hex"),
    (expect_line(state={"value": {}}), "tasks.jsonl:2 /expect/state: mode 'replay' takes no value"),
    (expect_line(refuse="yes"), "tasks.jsonl:2 /expect/refuse: found 'yes', must be true or false"),
    (expect_line(say="x"), "tasks.jsonl:2 /expect/say: found 'x', must be a list"),
    ("[]\n", "tasks.jsonl:1: found a list of 0, must be an object. Put each task on a line of its own"),
    (json.dumps(TASKS[0], indent=2), "tasks.jsonl: its JSON values do not stand one a line. Put each task on a line"),
    (json.dumps(TASKS, indent=2), "tasks.jsonl: its JSON values do not stand one a line"),
    (json.dumps(TASKS[0]) + json.dumps(TASKS[1]), "tasks.jsonl: its JSON values do not stand one a line"),
    (json.dumps(TASKS[0]) + "\n" + json.dumps(TASKS[1])[:-2], "tasks.jsonl:2: bad JSON: "),
    ("\n\n{\"id\": \"a\",}\n", "tasks.jsonl:3: bad JSON: "),
    ('{"id": "a", "id": "b"}', "tasks.jsonl:1: bad JSON: duplicate key 'id'"),
    ('{"id": "a", "meta": {"x": NaN}}', "tasks.jsonl:1: bad JSON: NaN is not JSON"),
    ('{"id": "a", "meta": {"x": 99999999999999999999}}', "tasks.jsonl:1: bad JSON: an integer past 64 bits"),
    ('{"id": "\\ud800"}', "tasks.jsonl:1: bad JSON: text that is not valid Unicode"),
    ('{"id": "a", "meta": ' + "[" * 100 + "]" * 100 + "}", "tasks.jsonl:1: bad JSON: nested deeper than 64"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), TASK_LINES)
def test_tasks_jsonl(tmp_path, text, problem):
    found = problems(tmp_path, tasks_jsonl=text)
    assert found[0].startswith(problem), found


def test_a_file_of_many_bad_lines_is_looked_through_once(tmp_path, monkeypatch):
    from ccgym.domain import loader

    looked, look = [], loader._runs_on
    monkeypatch.setattr(loader, "_runs_on", lambda text: (looked.append(text), look(text))[1])
    found = problems(tmp_path, tasks_jsonl=task_line() + '{"id": \n' * 40)
    assert (len(looked), len(found)) == (1, 40)


ID = "{/args/order_id}"
LOOKUP = {"kind": "lookup", "table": "orders", "key": ID}
ERROR = {"code": "no", "message": "No."}


def mock_tool(mock):
    """A tool with one argument, `order_id`, and a mock."""
    parameters = {"type": "object", "properties": {"order_id": {"type": "string"}}}
    return {"name": "t", "description": "x", "parameters": parameters, "x-ccgym": {"effect": "write", "mock": mock}}


MOCKS = [
    ({"kind": "lokup"}, "/kind: found 'lokup', must be a kind of mock. Did you mean 'lookup'?"),
    ({}, "/kind: found null, must be a kind of mock"),
    ({"kind": "lookup", "key": ID}, ": field 'table' is missing in a mock of kind 'lookup'"),
    ({**LOOKUP, "tabel": "x"}, ": unknown field 'tabel' in a mock of kind 'lookup'. Did you mean 'table'?"),
    ({**LOOKUP, "table": "ordres"}, "/table: no table 'ordres'. Did you mean 'orders'?"),
    ({"kind": "lookup", "table": "orders"}, ": a mock of kind 'lookup' has either `key` or `match`. Such as"),
    ({**LOOKUP, "match": {"status": "x"}}, ": a mock of kind 'lookup' has either `key` or `match`. Such as"),
    ({**LOOKUP, "all": True}, "/all: `all` goes with `match`: a key names one row. Remove it"),
    ({**LOOKUP, "key": "{/args/ordr_id}"}, "/key: '/args/ordr_id' names no argument of 't'. Did you mean 'order_id'?"),
    ({**LOOKUP, "return": {"a": ["{/arg/order_id}"]}},
     "/return/a/0: '/arg/order_id' leads nowhere. Did you mean 'args'?"),
    ({**LOOKUP, "return": "{/user/phone}"}, "/return: '/user/phone' leads nowhere"),
    ({**LOOKUP, "return": "{/let/item/a}", "let": {"itm": {"value": 1}}},
     "/return: '/let/item/a' names nothing in `let`. Did you mean 'itm'?"),
    ({**LOOKUP, "let": {"a": {"table": "ordrs", "key": "x"}}},
     "/let/a/table: no table 'ordrs'. Did you mean 'orders'?"),
    ({**LOOKUP, "let": {"a": {"tabel": "orders"}}}, "/let/a: found an object of 1 field, must look up a row or hold"),
    ({**LOOKUP, "missing": {"code": "x"}}, "/missing: field 'message' is missing in a mock of kind 'lookup'"),
    ({**LOOKUP, "missing": {"code": "x", "message": "No {/args/od}."}},
     "/missing/message: '/args/od' names no argument"),
    ({**LOOKUP, "require": [{"path": "/row/a", "op": "equals", "error": ERROR}]}, "/require/0/op: found 'equals'"),
    ({**LOOKUP, "require": [{"path": "row/a", "op": "eq", "error": ERROR}]}, "/require/0/path: "),
    ({**LOOKUP, "require": [{"path": "/rwo/a", "op": "exists", "error": ERROR}]},
     "/require/0/path: '/rwo/a' leads nowhere. Did you mean 'row'?"),
    ({**LOOKUP, "require": [{"path": "/row/a", "op": "eq"}]}, "/require/0: field 'error' is missing"),
    ({**LOOKUP, "require": [{"path": "/row/a", "op": "matches", "value": "(a)\\1", "error": ERROR}]},
     "/require/0/value: pattern '(a)"),
    ({"kind": "insert", "table": "orders"}, ": field 'row' is missing in a mock of kind 'insert'"),
    ({"kind": "update", "table": "orders", "key": ID}, ": an update changes nothing. Give it `set`"),
    ({"kind": "respond"}, ": field 'return' is missing in a mock of kind 'respond'"),
    ({"kind": "compute", "return": {"$summ": "{/args/order_id}"}},
     "/return: there is no operation '$summ'. Did you mean '$sum'?"),
    ({"kind": "compute", "return": {"$sub": 3}}, "/return/$sub: found 3, must be a list of 2"),
    ({"kind": "python", "function": "nobodys"},
     "tools.json (t) /x-ccgym/mock/function: no registered function 'nobodys'"),
]  # fmt: skip


@pytest.mark.parametrize(("mock", "problem"), MOCKS)
def test_mocks(tmp_path, mock, problem):
    found = problems(tmp_path, tools_json=[*TOOLS, mock_tool(mock)])
    place = "" if problem.startswith("tools.json") else "tools.json (t) /x-ccgym/mock"
    assert found[0].startswith(place + problem), found


@pytest.mark.parametrize(
    "mock",
    [
        {**LOOKUP, "return": "{{/arg}} and {/row/status}"},
        {"kind": "lookup", "table": "orders", "match": {"status": "x"}, "all": True, "return": {"$count": "{/rows}"}},
        {"kind": "insert", "table": "orders", "row": {"a": "{/id}", "at": "{/now}"}, "id": {"prefix": "R"}},
        {"kind": "update", "table": "orders", "key": ID, "unset": ["zip"]},
        {"kind": "compute", "return": {"$map": ["{/tables/orders}", "{/item/total}"]}},
        {"kind": "respond", "return": "x", "let": {"o": {"table": "orders", "key": ID}},
         "require": [{"path": "/let/o/status", "op": "eq", "value": "open", "error": ERROR}]},
    ],
)  # fmt: skip
def test_a_mock_that_passes_can_be_run(tmp_path, mock):
    from ccgym.backend.mocks import compile_mock

    domain = load_domain(write_domain(tmp_path, tools_json=[*TOOLS, mock_tool(mock)]))
    assert compile_mock(domain.tools["t"], domain.state["tables"])


def test_mocks_know_the_operations_that_are_run():
    from ccgym.backend.expressions import OPERATIONS
    from ccgym.compare import OPS
    from ccgym.domain import mockspec
    from ccgym.domain.models import Op

    assert set(mockspec.OPERATIONS) == set(OPERATIONS)
    assert set(Op.__args__) == {*OPS, "exists", "absent"}


def test_touches_must_exist(tmp_path):
    found = problems(tmp_path, tools_json=tools_with(touches=["ordrs"]))
    assert found == ["tools.json (cancel_order) /x-ccgym/touches: no table 'ordrs'. Did you mean 'orders'?"]


STATES = [
    ({"tabels": {}},
     "state.json /tabels: found an object of 0 fields; a state has only `tables` and `user`. Did you mean"),
    ([], "state.json: found a list of 0; must be an object"),
    ({"tables": []}, "state.json /tables: found a list of 0; must be an object"),
    ({"tables": {"a": []}}, "state.json /tables/a: found a list of 0; must be an object of key to row"),
    ({"tables": {"a": {"k": 5}}}, "state.json /tables/a/k: found 5; must be a row: an object"),
    ({"tables": {"orders": {}}}, "tables/orders.csv: the table 'orders' also stands in state.json. Keep one of them"),
    ('{"user": {"e\u0301": 1, "\u00e9": 2}}',
     "state.json: two keys of an object are the same text in Unicode normal form"),
    ('{"tables": {}, "tables": {}}', "state.json: bad JSON: duplicate key 'tables'"),
    (b'{"user": {"a": "\xff"}}', "state.json:1: byte 0xff is not UTF-8. Save the file as UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "problem"), STATES)
def test_state_json(tmp_path, state, problem):
    found = problems(tmp_path, state_json=state)
    assert found[0].startswith(problem), found


TABLES = [
    ("", "tables/x.csv:1: found columns"),
    ("id,,b\n", "tables/x.csv:1: found columns 'id,,b'. The first line names each column, once"),
    ("id,id\n", "tables/x.csv:1: found columns 'id,id'"),
    ("id;a\n1;2,5\n", "tables/x.csv:1: found one column, 'id;a'. Separate cells by commas, not by ';'"),
    ("id,a\n1,2\n3\n", "tables/x.csv:3: found 1 cells, must be 2: one a column"),
    ("id,a\n1,2\n1,3\n", "tables/x.csv:3: a second row '1' in column 'id'. Keys are unique"),
    ("id,a\n,2\n", "tables/x.csv:2: no key in column 'id'"),
    ('id,a\n1,"2\n', "tables/x.csv:2: bad CSV: unexpected end of data"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), TABLES)
def test_tables(tmp_path, text, problem):
    found = problems(tmp_path, tables__x_csv=text)
    assert found[0].startswith(problem), found


def test_columns_have_one_type_each():
    text = "key,i,f,b,t,zero,e\nA,1,1,true,x,007,\nB,-2,2.5,FALSE,,08,\nC,,,,5,1,\n"
    assert parse_table(text, "x.csv", Findings()) == {
        "A": {"key": "A", "i": 1, "f": 1.0, "b": True, "t": "x", "zero": "007", "e": ""},
        "B": {"key": "B", "i": -2, "f": 2.5, "b": False, "t": "", "zero": "08", "e": ""},
        "C": {"key": "C", "i": None, "f": None, "b": None, "t": "5", "zero": "1", "e": ""},
    }


def test_the_key_is_the_column_key_else_the_first():
    assert list(parse_table("a,key\n1,2\n", "x.csv", Findings())) == ["2"]
    assert list(parse_table("a,b\n1,2\n", "x.csv", Findings())) == ["1"]


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(-(2**62), 2**62) | st.none(), min_size=1))
def test_numbers_survive_a_csv(rows):
    text = "key,n\n" + "".join(f"{key},{'' if n is None else n}\n" for key, n in rows.items())
    table = parse_table(text, "x.csv", Findings())
    numbers = any(n is not None and abs(n) < 10**18 for n in rows.values())
    if numbers and all(n is None or abs(n) < 10**18 for n in rows.values()):
        assert {key: row["n"] for key, row in table.items()} == rows


# --- all at once ------------------------------------------------------------------------------------------------------


def test_all_problems_come_together(tmp_path):
    found = problems(
        tmp_path,
        domain_yaml="name: Orders\nprompt: {sop: digest}\n",
        tools_json=[*TOOLS, {"name": "bad tool"}, {"name": "broken", "parameters": 1}],
        tasks_jsonl=task_line(speed=1)
        + "{\n"
        + json.dumps({**TASKS[0], "id": "x", "tools_allow": ["nope", "broken", "get_order", "cancel_order"]}),
        state_json={"tables": {"a": []}},
        tables__b_csv="id\n1\n1\n",
    )
    assert [line.partition(": ")[0] for line in found] == [
        "domain.yaml /prompt/sop", "tools.json (bad tool) /2/name", "tools.json (broken) /3/parameters",
        "state.json /tables/a", "tables/b.csv:3",
        "tasks.jsonl:2 /speed", "tasks.jsonl:3", "tasks.jsonl:4 /tools_allow/0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "files", [{"tools_json": "["}, {"state_json": "["}, {"tables__orders_csv": "id\n1\n1\n"}, {"tools_json": None}]
)
def test_one_broken_file_does_not_make_the_others_look_broken(tmp_path, files):
    assert len(problems(tmp_path, **files)) == 1


def test_the_error_lists_them_and_carries_them_as_data(tmp_path):
    with pytest.raises(DomainError) as caught:
        load_domain(write_domain(tmp_path, domain_yaml="name: 5\nlimit: {}\n"))
    assert "2 problems" in str(caught.value)
    assert "\n  - domain.yaml:2 /limit: unknown field 'limit'. Did you mean 'limits'?" in str(caught.value)
    assert {finding.data["code"] for finding in caught.value.findings} == {"bad-value", "unknown-field"}


def test_a_folder_that_is_none_is_said_so(tmp_path):
    with pytest.raises(DomainError, match="no such folder"):
        load_domain(tmp_path / "nowhere")
    with pytest.raises(DomainError, match=r"domain.yaml: no such file. Write it; the shortest one is"):
        load_domain(tmp_path)


# --- hostile folders --------------------------------------------------------------------------------------------------


OUT = ["../secret.md", "/etc/passwd", "a/../../secret.md", "..\\secret.md", "C:x.md", "x\0.md"]


@pytest.mark.parametrize("name", OUT)
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    (tmp_path / "secret.md").write_text("secret")
    for field in ("sop", "tools"):
        value = json.dumps(name if field == "sop" else name + ".json")
        found = problems(tmp_path, domain_yaml=f"name: Orders\n{field}: {value}\n")
        assert any("is no plain path inside the folder" in line for line in found), found
        assert "secret" not in "".join(found).replace("secret.md", "")


@pytest.mark.parametrize("name", ["sop.md", "tasks.jsonl", "state.json", "tables/x.csv", "tools.json", "domain.yaml"])
def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path, name):
    secret = tmp_path / "secret"
    secret.write_text("TOP,SECRET\n1,2\n")
    folder = write_domain(tmp_path / "d")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)
    with pytest.raises(DomainError) as caught:
        load_domain(folder)
    assert any(str(line).startswith(f"{name}: a link that leads out") for line in caught.value.findings)
    assert "SECRET" not in str(caught.value)


def test_a_folder_of_tables_may_not_be_a_link_out_either(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "orders.csv").write_text("id\n1\n")
    folder = write_domain(tmp_path / "d", tables__orders_csv=None)
    (folder / "tables").symlink_to(tmp_path / "out", target_is_directory=True)
    with pytest.raises(DomainError, match="a link that leads out"):
        load_domain(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_file(tmp_path):
    folder = write_domain(tmp_path / "d", sop_md=None)
    os.mkfifo(folder / "sop.md")
    with pytest.raises(DomainError, match="no such file"):
        load_domain(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: !!python/object/apply:os.system ['true']\n", "tag"),
        ("name: !custom x\n", "tag"),
        ("a: &a [x]\nb: *a\n", "anchor"),
        ("a: &a [x,x]\nb: &b [*a,*a]\n", "anchor"),
        ("a: " + "[" * 50 + "]" * 50, "nested deeper"),
        ("a: " + "[" * 100_000, "nested deeper"),
        ("a: " + "{a: " * 20_000, "nested deeper"),
        ("- " * 50_000, "nested deeper"),
        ("a: 1\n? [x]\n: 2\n", "a key must be text"),
        ("a: 99999999999999999999", "64 bits"),
        ("a: 1e999", "out of range"),
        ("a: \x07", "not allowed"),
        ("a: b: c", "mapping values are not allowed"),
        ("--- a\n--- b\n", "another document"),
    ],
)  # fmt: skip
def test_yaml_has_no_tags_no_aliases_and_no_bombs(text, message):
    with pytest.raises(YamlError, match=message) as caught:
        YamlText(text)
    assert caught.value.line >= 1


def test_yaml_scalars_are_those_of_yaml_1_2():
    text = "a: no\nb: on\nc: 2026-01-05\nd: 12:30\ne: true\nf: ~\ng: 010\nh: 1.5\ni: -3\nj: '5'\nk: |\n  5\nl: 1_000\n"
    assert YamlText(text).value == {
        "a": "no", "b": "on", "c": "2026-01-05", "d": "12:30", "e": True, "f": None, "g": "010", "h": 1.5, "i": -3,
        "j": "5", "k": "5\n", "l": "1_000",
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_no_text_makes_yaml_do_anything_but_answer(text):
    text = text if isinstance(text, str) else text.decode("latin-1")
    with contextlib.suppress(YamlError):
        json.dumps(YamlText(text).value)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_mutated_file_gives_a_domain_or_findings_and_never_anything_else(tmp_path_factory, data):
    """Each file in turn has a piece cut out, doubled or replaced."""
    folder = write_domain(tmp_path_factory.mktemp("d"))
    name = data.draw(st.sampled_from(["domain.yaml", "tools.json", "tasks.jsonl", "tables/orders.csv", "sop.md"]))
    path = folder / name
    content = path.read_bytes()
    start = data.draw(st.integers(0, len(content)))
    likely = st.sampled_from([b"null", b"[]", b"{}", b'"', b"1e9", b"-1", b"\xcc\x81"])
    piece = data.draw(st.binary(max_size=6) | likely)
    path.write_bytes(content[:start] + piece + content[start + data.draw(st.integers(0, 12)) :])
    checked = [str(finding) for finding in check_domain(folder) if finding.severity == "error"]
    found: list[str] = []
    try:
        load_domain(folder)
    except DomainError as error:
        found = [str(finding) for finding in error.findings]
    assert found == checked


# --- check ------------------------------------------------------------------------------------------------------------


def codes(tmp_path, **files):
    """(severity, code, place) of what `check` finds."""
    found = check_domain(write_domain(tmp_path / "d", **files))
    return {(finding.severity, finding.code, finding.place) for finding in found}


CHECKS = [
    ({"tasks_jsonl": None}, ("warning", "no-tasks", "tasks.jsonl")),
    ({"tasks_jsonl": json.dumps(TASKS[0])}, ("warning", "empty-split", "tasks.jsonl")),
    ({"tasks_jsonl": task_line(user={}, split="train")},
     ("warning", "no-first-message", "tasks.jsonl:2 (cancel-2) /user/first_message")),
    ({"tasks_jsonl": expect_line(say=[" "])}, ("warning", "empty-say", "tasks.jsonl:2 (cancel-2) /expect/say/0")),
    ({"tasks_jsonl": expect_line(refuse=True)}, ("warning", "refuse-writes", "tasks.jsonl:2 (cancel-2) /expect")),
    ({"tasks_jsonl": json.dumps(TASKS[0]) + "\n" + json.dumps({**TASKS[0], "id": "b", "split": "test"})},
     ("warning", "shared-content", "tasks.jsonl:2 (b)")),
    ({"tasks_jsonl": task_line(user={"first_message": "x", "sim": {"patince": 1}})},
     ("warning", "unknown-field", "tasks.jsonl:2 (cancel-2) /user/sim/patince")),
    ({"tasks_jsonl": task_line(user={"first_message": "x", "sim": {"kind": "scrpt"}})},
     ("error", "unknown-customer", "tasks.jsonl:2 (cancel-2) /user/sim/kind")),
    ({"tools_json": [*TOOLS, {"name": "t", "x-ccgym": {"mock": LOOKUP}}]}, ("error", "unknown-argument",
     "tools.json (t) /x-ccgym/mock/key")),
    ({"tools_json": [*TOOLS, {"name": "t"}]}, ("warning", "no-backend", "tools.json (t)")),
    ({"tools_json": [*TOOLS, {"name": "t"}]}, ("warning", "no-description", "tools.json (t)")),
    ({"tools_json": [*TOOLS, mock_tool({**LOOKUP, "return": "{/row/stauts}"})]},
     ("warning", "unknown-column", "tools.json (t) /x-ccgym/mock/return")),
    ({"tools_json": [*TOOLS, mock_tool({"kind": "lookup", "table": "orders", "match": {"mail": ID}})]},
     ("warning", "unknown-column", "tools.json (t) /x-ccgym/mock/match")),
    ({"domain_yaml": "name: Orders\nsplits: {test: ['x*']}\n"}, ("warning", "empty-split", "domain.yaml /splits/test")),
    ({"domain_yaml": "name: Orders\nrewards: {weights: {corectness: 1}}\n"},
     ("warning", "unknown-reward", "domain.yaml /rewards/weights")),
    ({"tables__orders_csv": orders_csv(1) + "x\n"}, ("error", "bad-table", "tables/orders.csv:3")),
]  # fmt: skip


@pytest.mark.parametrize(("files", "finding"), CHECKS)
def test_check_says_more_than_loading(tmp_path, files, finding):
    assert finding in codes(tmp_path, **files)


def test_check_puts_errors_first(tmp_path):
    folder = write_domain(tmp_path, tools_json=[*TOOLS, {"name": "find_it"}], tasks_jsonl=task_line(speed=1))
    severities = [finding.severity for finding in check_domain(folder)]
    assert severities[0] == "error"
    assert severities == sorted(severities, key=["error", "warning", "notice"].index)


def test_a_function_that_names_the_state_as_an_argument_is_named_is_refused_with_the_way_out(tmp_path):
    import ccgym
    from ccgym.plugins import Toolset, unregister

    schema = {
        "name": "move", "description": "Move house.", "parameters": {
            "type": "object", "properties": {"city": {"type": "string"}, "state": {"type": "string"}},
            "required": ["city", "state"],
        }, "x-ccgym": {"effect": "write"},
    }  # fmt: skip

    class Movers:
        def __init__(self, move):
            self.move = move

        @ccgym.hookimpl
        def register_tools(self, register):
            register(Toolset("movers", {"move": self.move}, schemas=[schema]))

    def refused(state, **arguments):
        state["homes"]["Mai"] = arguments

    def taken(state, /, **arguments):
        state["homes"]["Mai"] = arguments

    for name, text in (
        ("domain.yaml", "name: Movers\ntools: movers\n"), ("sop.md", "Move whoever asks.\n"),
        ("state.json", '{"tables": {"homes": {"Mai": {}}}}'),
    ):  # fmt: skip
        (tmp_path / name).write_text(text)
    try:
        ccgym.register(Movers(refused))
        with pytest.raises(DomainError) as caught:
            load_domain(tmp_path)
        assert [str(finding) for finding in caught.value.findings] == [
            "toolset movers (move): 'state' is an argument, and its function gives the state that name: each call with "
            "it fails. Write def move(state, /, **arguments)"
        ]
        ccgym.register(Movers(taken))
        move = {"name": "move", "args": {"city": "Albany", "state": "NY"}}
        task = {"id": "t", "expect": {"actions": [move]}}
        (call,) = ccgym.enact(load_domain(tmp_path), task, [move]).calls
        assert call.error is None
    finally:
        unregister(Movers(taken))
