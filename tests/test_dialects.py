"""Tool schemas are read in every dialect that teams have them in, as the same Tool."""

from __future__ import annotations

import unicodedata

import pytest

from ccgym.domain.dialects import guess_effect, read_tools
from ccgym.domain.findings import Findings

SCHEMA = {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}
NAMED = {"name": "get_order", "description": "Look up an order."}
DIALECTS = {
    "openai": {"type": "function", "function": {**NAMED, "parameters": SCHEMA}},
    "openai strict": {"type": "function", "function": {**NAMED, "parameters": SCHEMA, "strict": True}},
    "openai responses": {"type": "function", **NAMED, "parameters": SCHEMA},
    "bare": {**NAMED, "parameters": SCHEMA},
    "bedrock": {"toolSpec": {**NAMED, "inputSchema": {"json": SCHEMA}}},
    "mcp": {**NAMED, "title": "Order", "inputSchema": SCHEMA, "annotations": {"readOnlyHint": True}},
    "anthropic": {**NAMED, "input_schema": SCHEMA, "cache_control": {"type": "ephemeral"}},
}


def read(data):
    """The tools of a file and its findings as text."""
    findings = Findings()
    tools = {name: tool for name, (tool, _) in read_tools(data, "tools.json", findings).items()}
    return tools, findings


def one(entry):
    tools, findings = read([entry])
    assert not findings.errors, [str(finding) for finding in findings]
    (tool,) = tools.values()
    return tool


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_tool(dialect):
    tool = one(DIALECTS[dialect])
    assert (tool.name, tool.description, tool.parameters, tool.effect) == (*NAMED.values(), SCHEMA, "read")
    assert tool.openai() == {"type": "function", "function": {**NAMED, "parameters": SCHEMA}}


def test_dialects_may_be_mixed_in_one_file():
    entries = [
        {**entry, "x-ccgym": {"effect": "write"}} if "function" in entry else entry
        for entry in (DIALECTS["openai"], {**DIALECTS["mcp"], "name": "track_order"})
    ]
    tools, findings = read(entries)
    assert {name: tool.effect for name, tool in tools.items()} == {"get_order": "write", "track_order": "read"}
    assert not findings


@pytest.mark.parametrize("wrap", [
    lambda tools: {"tools": tools, "nextCursor": None},
    lambda tools: {"jsonrpc": "2.0", "id": 1, "result": {"tools": tools}},
    lambda tools: {"toolConfig": {"tools": tools}},
])  # fmt: skip
def test_a_list_may_be_wrapped_as_servers_answer_it(wrap):
    tools, _ = read(wrap([DIALECTS["mcp"]]))
    assert list(tools) == ["get_order"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_x_ccgym_stands_beside_the_name_or_around_it(dialect):
    extra = {
        "effect": "write", "terminal": True, "idempotent": True, "touches": ["orders"], "blocking": True,
        "seconds": 2.0, "requestor": "user", "mock": {"kind": "respond", "return": {"ok": True}},
    }  # fmt: skip
    inner = next((key for key in ("function", "toolSpec") if key in DIALECTS[dialect]), None)
    outside = {**DIALECTS[dialect], "x-ccgym": extra}
    inside = {**DIALECTS[dialect], inner: {**DIALECTS[dialect][inner], "x-ccgym": extra}} if inner else outside
    for tool in (one(outside), one(inside)):
        assert (tool.effect, tool.terminal, tool.idempotent, tool.touches) == ("write", True, True, ("orders",))
        assert (tool.blocking, tool.seconds, tool.requestor) == (True, 2.0, "user")
        assert tool.mock == extra["mock"]


def test_mcp_hints_say_what_a_tool_does_and_its_results_are_kept():
    tool = one({**NAMED, "name": "set_mark", "inputSchema": SCHEMA, "outputSchema": {"type": "object"},
                "annotations": {"readOnlyHint": False, "idempotentHint": True}})  # fmt: skip
    assert (tool.effect, tool.idempotent, tool.returns) == ("write", True, {"type": "object"})


def test_a_tool_without_parameters_takes_none():
    ping = {"name": "ping"}
    for entry in (ping, {**ping, "parameters": None}, {"type": "function", "function": ping}):
        (_, validator), = read_tools([entry], "tools.json", Findings()).values()  # fmt: skip
        assert validator({}) is None
        assert validator({"a": 1}) is not None


@pytest.mark.parametrize(
    ("name", "mock", "effect"),
    [
        ("get_order", "python", "read"), ("listOrders", "python", "read"), ("search-items", "python", "read"),
        ("shop.find_item", "python", "read"), ("lookup", "python", "read"), ("look_up_order", "python", "read"),
        ("check_stock", "python", "read"), ("track_order", "python", "read"), ("cancel_order", "python", "write"),
        ("getaway_booking", "python", "write"), ("checkout", "python", "write"), ("think", "python", "think"),
        ("get_order", "update", "write"), ("make_order", "lookup", "read"), ("cancel", "respond", "read"),
    ],
)  # fmt: skip
def test_an_effect_that_is_not_given_is_guessed_from_the_mock_then_the_name(name, mock, effect):
    assert guess_effect(name, {"kind": mock})[0] == effect


def test_a_guessed_effect_is_a_notice():
    _, findings = read([DIALECTS["bare"]])
    (notice,) = findings
    assert (notice.severity, notice.code) == ("notice", "guessed-effect")
    assert notice.place == "tools.json (get_order) /0"
    assert "read" in notice.message
    assert not read([{**DIALECTS["bare"], "x-ccgym": {"effect": "read"}}])[1]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (5, "tools.json: found 5, must be a list of tools. Or {\"tools\": […]}"),
        ([5], "tools.json /0: found 5, must be an object"),
        ([{"function": 5}], "tools.json /0/function: found 5, must be an object"),
        ([{"parameters": {}}], "tools.json /0/name: found null, must be a name"),
        ([{"name": "get order", "parameters": {}}],
         "tools.json (get order) /0/name: found 'get order', must be a name"),
        ([{"name": "f", "parameters": []}], "tools.json (f) /0/parameters: found a list of 0, must be a JSON Schema"),
        ([{"name": "f", "parameters": {"type": "string"}}],
         "tools.json (f) /0/parameters/type: found 'string', must be 'object'"),
        ([{"name": "f", "description": 5}], "tools.json (f) /0/description: found 5, must be text"),
        ([{"name": "f", "paramaters": {}}],
         "tools.json (f) /0/paramaters: unknown field 'paramaters'. Did you mean 'parameters'?"),
        ([{"name": "f", "x-cgym": {}}], "tools.json (f) /0/x-cgym: unknown field 'x-cgym'. Did you mean 'x-ccgym'?"),
        ([{"name": "f"}, {"name": "f"}], "tools.json /1: a second tool 'f'. Rename one"),
        ([{"name": "f", "x-ccgym": {"efect": "read"}}],
         "tools.json (f) /0/x-ccgym/efect: unknown field 'efect'. Did you mean 'effect'?"),
        ([{"name": "f", "x-ccgym": {"effect": "rad"}}],
         "tools.json (f) /0/x-ccgym/effect: found 'rad', must be"),
        ([{"name": "f", "x-ccgym": {"terminal": "yes"}}],
         "tools.json (f) /0/x-ccgym/terminal: found 'yes', must"),
        ([{"name": "f", "x-ccgym": {"seconds": 0}}],
         "tools.json (f) /0/x-ccgym/seconds: found 0, must be greater"),
        ({"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"$ref": "file:///etc/passwd"}}}}]},
         "tools.json (f) /tools/0/toolSpec/inputSchema/json/$ref: $ref 'file:///etc/passwd' leads out of the schema"),
        ([{"name": "f", "parameters": {"properties": {"a": {"pattern": "(?=a)"}}}}],
         "tools.json (f) /0/parameters/properties/a/pattern: pattern '(?=a)' cannot run in linear time"),
    ],
)  # fmt: skip
def test_an_error_names_file_tool_and_path(data, text):
    _, findings = read(data)
    assert [str(error)[: len(text)] for error in findings.errors] == [text]


def test_one_bad_tool_does_not_hide_the_others():
    tools, findings = read([{"name": "a"}, {"name": "b", "parameters": 1}, {"name": "c"}, {"nme": "d"}])
    assert list(tools) == ["a", "c"]
    assert len(findings.errors) >= 2


def test_text_is_kept_in_normal_form_c():
    nfd = unicodedata.normalize("NFD", "lý do huỷ đơn trễ")
    tool = one({"name": "f", "description": nfd, "parameters": {"properties": {nfd: {"enum": [nfd]}}}})
    nfc = unicodedata.normalize("NFC", nfd)
    assert nfc != nfd
    assert tool.description == nfc
    assert tool.parameters["properties"] == {nfc: {"enum": [nfc]}}
