"""Declarative mocks: each kind, its guards and templates, and a domain with no Python at all."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from ccgym.backend import DomainBackend, compile_mock
from ccgym.backend.expressions import Scope, compile_value
from ccgym.errors import DomainError, ToolError
from ccgym.types import Tool

STATE = {
    "tables": {
        "orders": {
            f"W{i}": {
                "id": f"W{i}", "status": "open" if i % 2 else "sent", "email": f"u{i % 3}@x.vn", "total": 0.1 * i,
                "items": [{"sku": "tea", "qty": i, "price": 2.5}, {"sku": "cup", "qty": 1, "price": 10}],
                "address": {"city": "Huế" if i < 4 else "Vinh"}, "history": [],
            }
            for i in range(1, 7)
        },
        "products": {"tea": {"name": "Trà", "price": 2.5, "stock": 3}, "cup": {"name": "Cốc", "price": 10, "stock": 0}},
        "returns": {},
    },
    "user": {"settings": {"roaming": {"on": False}}},
}  # fmt: skip
TABLES = STATE["tables"]


def run(mock: dict[str, Any], effect: Any = "write", requestor: Any = "assistant", **arguments: Any) -> Any:
    """Call a mock on a fresh state; returns (result, changes)."""
    tool = Tool("t", "", {}, effect=effect, mock=mock, requestor=requestor)
    spec = SimpleNamespace(state=SimpleNamespace(exclude=()), clock="2026-03-02T09:00:00+07:00")
    domain = SimpleNamespace(spec=spec, tools={"t": tool}, functions={}, probes={}, state=STATE)
    own = DomainBackend(domain, 3)
    return own.call("t", arguments, requestor), own.changes


def refusal(mock: dict[str, Any], **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ToolError) as caught:
        run(mock, **arguments)
    return caught.value.code, caught.value.message


def answer(mock: dict[str, Any], **arguments: Any) -> Any:
    return run(mock, effect="read", **arguments)[0]


# --- kinds ----------------------------------------------------------------------------------------------------------


def test_a_lookup_by_key_returns_the_row_or_says_what_is_missing() -> None:
    mock = {"kind": "lookup", "table": "products", "key": "{/args/sku}"}
    assert answer(mock, sku="tea") == TABLES["products"]["tea"]
    assert refusal(mock, sku="zz")[0] == "not_found"
    mock["missing"] = {"code": "no_product", "message": "There is no product {/args/sku}."}
    assert refusal(mock, sku="zz") == ("no_product", "There is no product zz.")
    assert refusal(mock) == ("no_product", "There is no product .")


def test_a_lookup_by_match_finds_the_first_or_all() -> None:
    mock = {"kind": "lookup", "table": "orders", "match": {"email": "{/args/email}", "status": "{/args/status}"}}
    assert answer(mock, email="u1@x.vn", status="open")["id"] == "W1"
    assert answer(mock, email="u1@x.vn")["id"] == "W1"
    assert answer(mock, status="sent")["id"] == "W2"
    assert refusal(mock)[0] == "not_found"
    mock |= {"all": True, "return": {"ids": "{/rows/*/id}", "count": {"$count": "{/rows}"}}}
    assert answer(mock, email="u0@x.vn") == {"ids": ["W3", "W6"], "count": 2}
    assert answer(mock, email="zz") == {"ids": [], "count": 0}
    mock["missing"] = {"code": "none", "message": "none"}
    assert refusal(mock, email="zz") == ("none", "none")
    place = {"kind": "lookup", "table": "orders", "all": True, "match": {"/address/city": "{/args/city}"}}
    assert [row["id"] for row in answer(place, city="Vinh")] == ["W4", "W5", "W6"]


def test_a_match_tells_types_apart() -> None:
    assert refusal({"kind": "lookup", "table": "products", "match": {"stock": False}})[0] == "not_found"
    assert answer({"kind": "lookup", "table": "products", "match": {"price": 10.0}})["name"] == "Cốc"


def test_an_insert_makes_an_id_or_takes_the_key_it_is_given() -> None:
    mock = {"kind": "insert", "table": "returns", "id": {"prefix": "R", "digits": 4},
            "row": {"id": "{/id}", "order": "{/args/order}", "note": "{/args/note}", "at": "{/now}"}}  # fmt: skip
    row, changes = run(mock, order="W1")
    assert row == {"id": row["id"], "order": "W1", "at": "2026-03-02T09:00:00+07:00"}
    assert changes == [{"op": "add", "path": f"/tables/returns/{row['id']}", "value": row}]
    assert len(row["id"]) == 5
    given = {
        "kind": "insert",
        "table": "products",
        "key": "{/args/sku}",
        "row": {"price": "{/args/price}"},
        "return": "{/key}",
    }
    assert run(given, sku="pot", price=3)[0] == "pot"
    assert refusal(given, sku="tea", price=3)[0] == "already_exists"
    given["exists"] = {"code": "taken", "message": "{/key} is taken"}
    assert refusal(given, sku="tea", price=3) == ("taken", "tea is taken")


def test_two_inserts_never_share_an_id_however_short() -> None:
    mock = {"kind": "insert", "table": "returns", "id": {"digits": 1}, "row": {"n": "{/args/n}", "id": "{/id}"}}
    tool = Tool("t", "", {}, effect="write", mock=mock)
    spec = SimpleNamespace(state=SimpleNamespace(exclude=()), clock="now")
    own = DomainBackend(SimpleNamespace(spec=spec, tools={"t": tool}, functions={}, probes={}, state=STATE), 3)
    for n in range(10):
        own.call("t", {"n": n})
    rows = own.state()["tables"]["returns"]
    assert len(rows) == 10
    assert all(row["id"] == key for key, row in rows.items())


def test_an_update_sets_columns_pointers_and_appends_from_the_old_row() -> None:
    mock = {
        "kind": "update", "table": "orders", "key": "{/args/order}",
        "set": {"status": "{/args/status}", "/address/city": "Đà Nẵng", "/history/-": {"was": "{/row/status}",
            "at": "{/now}"},
                "total": {"$mul": ["{/row/total}", 2]}, "email": "{/args/email}"},
        "unset": ["items"],
        "return": {"status": "{/row/status}", "line": "{/row/id}: {/row/status}, {/row/address}"},
    }  # fmt: skip
    result, changes = run(mock, order="W1", status="held")
    assert result == {"status": "held", "line": 'W1: held, {"city":"Đà Nẵng"}'}
    assert {op["path"].removeprefix("/tables/orders/W1") for op in changes} == {
        "/status", "/address/city", "/history/0", "/total", "/items",
    }  # fmt: skip
    assert next(op for op in changes if "history" in op["path"])["value"] == {
        "was": "open",
        "at": "2026-03-02T09:00:00+07:00",
    }
    bad = {"kind": "update", "table": "orders", "key": "W1", "set": {"/nowhere/city": 1}}
    assert refusal(bad)[0] == "bad_path"


def test_a_delete_removes_the_row_and_returns_it() -> None:
    row, changes = run({"kind": "delete", "table": "products", "match": {"name": "Trà"}})
    assert row == TABLES["products"]["tea"]
    assert changes == [{"op": "remove", "path": "/tables/products/tea", "old": row}]


def test_compute_and_respond_answer_from_arguments_and_tables() -> None:
    assert answer({"kind": "respond", "return": {"ok": True, "n": 3, "list": [None, "x"]}}) == {
        "ok": True,
        "n": 3,
        "list": [None, "x"],
    }
    price = {
        "kind": "compute",
        "let": {
            "product": {"table": "products", "key": "{/args/sku}", "missing": {"code": "none",
                "message": "no {/args/sku}"}},
            "sent": {"table": "orders", "match": {"status": "sent"}, "all": True},
            "fee": {"value": {"$mul": ["{/let/product/price}", 0.1]}},
        },
        "require": [{"path": "/let/product/stock", "op": "ge", "value": "{/args/qty}",
                     "error": {"code": "stock", "message": "Only {/let/product/stock} {/let/product/name} left"}}],
        "return": {
            "sum": {"$sum": [{"$mul": ["{/let/product/price}", "{/args/qty}"]}, "{/let/fee}"]}, "fee": "{/let/fee}",
            "first": "{/let/sent/0/id}", "sent": {"$count": "{/let/sent}"}, "all": "{/tables/products/cup/price}",
        },
    }  # fmt: skip
    assert answer(price, sku="tea", qty=3) == {"sum": 7.75, "fee": 0.25, "first": "W2", "sent": 3, "all": 10}
    assert refusal(price, sku="tea", qty=4) == ("stock", "Only 3 Trà left")
    assert refusal(price, sku="pot", qty=4) == ("none", "no pot")


def test_a_customers_tool_works_on_the_customers_document() -> None:
    mock = {"kind": "update", "table": "settings", "key": "roaming", "set": {"on": "{/args/on}"},
            "return": "{/user/settings/roaming/on}"}  # fmt: skip
    result, changes = run(mock, requestor="user", on=True)
    assert result is True
    assert changes == [{"op": "replace", "path": "/user/settings/roaming/on", "value": True, "old": False}]


# --- guards ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "op", "value", "holds"),
    [
        ("/row/status", "eq", "open", True), ("/row/status", "ne", "open", False), ("/row/items/0/qty", "lt", 2, True),
        ("/row/items/*/qty", "le", 1, True), ("/row/items/*/qty", "gt", 1, False), ("/row/total", "ge", 0.1, True),
        ("/row/status", "in", ["open", "held"], True), ("/row/status", "not_in", ["open"], False),
        ("/row/id", "in", "{/args/ids}", True), ("/row/email", "contains", "@", True),
        ("/row/history", "exists", None, True),
        ("/row/refund", "absent", None, True), ("/row/refund", "exists", None, False),
        ("/row/refund", "eq", None, False),
        ("/row/refunds/*", "eq", 1, True), ("/args/none", "absent", None, True), ("/args/ids", "exists", None, True),
        ("/row/email", "matches", r"^u\d@x\.vn$", True), ("/row/total", "matches", ".", False),
        ("/row/items/0/qty", "eq", True, False), ("/row/status", "lt", 3, False),
    ],
)  # fmt: skip
def test_a_guard_holds_or_answers_with_its_error(path: str, op: str, value: Any, holds: bool) -> None:
    guard = {"path": path, "op": op, "value": value, "error": {"code": "no", "message": "{/row/id} is {/row/status}"}}
    mock = {"kind": "update", "table": "orders", "key": "W1", "require": [guard], "set": {"status": "done"}}
    if holds:
        assert run(mock, ids=["W1"])[0]["status"] == "done"
    else:
        assert refusal(mock, ids=["W1"]) == ("no", "W1 is open")


def test_the_first_guard_that_fails_answers_and_nothing_changes() -> None:
    def guard(status: str, code: str) -> dict[str, Any]:
        return {"path": "/row/status", "op": "ne", "value": status, "error": {"code": code, "message": code}}

    mock = {
        "kind": "delete",
        "table": "orders",
        "key": "W1",
        "require": [guard("sent", "a"), guard("open", "b"), guard("open", "c")],
    }
    assert refusal(mock) == ("b", "b")


def test_a_catastrophic_pattern_runs_in_linear_time() -> None:
    mock = {"kind": "respond", "return": True, "require": [
        {"path": "/args/text", "op": "matches", "value": "^(a+)+$", "error": {"code": "no",
            "message": "no"}}]}  # fmt: skip
    start = time.process_time()
    assert refusal(mock, text="a" * 50_000 + "!") == ("no", "no")
    assert time.process_time() - start < 5


# --- templates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{/args/n}", 3), ("{/args/list}", [1, 2]), ("n={/args/n}", "n=3"), ("{/args/n}{/args/n}", "33"),
        ("{/args/none}", None),
        ("<{/args/none}>", "<>"), ("{/args/list}!", "[1,2]!"), ("{{/args/n}}", "{/args/n}"), ("{args} {}", "{args} {}"),
        ("{/args/yes} {/args/null}", "true "), ({"a": "{/args/n}", "b": "{/args/none}"}, {"a": 3}),
        (["{/args/none}"], [None]), ("{/args/deep/a~1b/0}", "x"), ("{/args/rows/*/q}", [1, 2]),
        ("{/args/list/7}", None),
        ({"$sum": "{/args/rows/*/q}"}, 3), ({"$sum": [0.1, 0.2]}, 0.3), ({"$sum": []}, 0),
        ({"$count": "{/args/deep}"}, 1),
        ({"$min": [3, 1]}, 1), ({"$max": "{/args/list}"}, 2), ({"$max": []}, None), ({"$sub": [5, "{/args/n}"]}, 2),
        ({"$mul": [3, 0.1]}, 0.3), ({"$div": [7, 2]}, 3.5), ({"$round": [2.345, 1]}, 2.3), ({"$round": [2.6, 0]}, 3),
        ({"$map": ["{/args/rows}", {"v": "{/item/q}", "n": "{/args/n}"}]}, [{"v": 1, "n": 3}, {"v": 2, "n": 3}]),
        ({"$map": ["{/args/list}", "{/id}"]}, ["id1", "id1"]), ({"$count": "{/args/none}"}, 0),
    ],
)  # fmt: skip
def test_templates(template: Any, value: Any) -> None:
    ids = iter(["id1", "id2"])
    arguments = {
        "n": 3,
        "list": [1, 2],
        "yes": True,
        "null": None,
        "deep": {"a/b": ["x"]},
        "rows": [{"q": 1}, {"q": 2}],
    }
    found = compile_value(template, "here")(Scope({"args": arguments}, lambda: next(ids)))
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "template",
    [
        {"$sum": ["a"]},
        {"$sum": 3},
        {"$mul": [True]},
        {"$div": [1, 0]},
        {"$sub": [1, "{/args/none}"]},
        {"$map": ["x", 1]},
    ],
)
def test_an_operation_on_the_wrong_values_is_an_answer(template: Any) -> None:
    assert refusal({"kind": "compute", "return": template})[0] == "bad_number"


def test_text_from_the_agent_is_never_read_as_a_template() -> None:
    mock = {"kind": "respond", "return": {"echo": "{/args/text}", "line": "said {/args/text}"}}
    text = "{/tables/orders} {{ {/now}"
    assert answer(mock, text=text) == {"echo": text, "line": f"said {text}"}


# --- errors at load -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mock", "place"),
    [
        ({"kind": "lokup"}, "/x-ccgym/mock/kind"),
        ({"kind": "lookup", "table": "zz", "key": "a"}, "/x-ccgym/mock/table"),
        ({"kind": "lookup", "table": "orders"}, "`key` and `match`"),
        ({"kind": "compute", "return": {"a": {"$power": [1, 2]}}}, r"/return/a/\$power"),
        ({"kind": "compute", "return": {"$sub": [1]}}, "a list of 2"),
        ({"kind": "respond", "return": 1, "require": [{"path": "/args", "op": "is", "error": {}}]}, "/require/0/op"),
        (
            {
                "kind": "respond",
                "return": 1,
                "require": [{"path": "/a", "op": "matches", "value": r"(a)\1", "error": {}}],
            },
            "/require/0/value",
        ),
        ({"kind": "respond", "return": 1, "let": {"x": {"table": "zz", "key": "a"}}}, "/let/x/table"),
    ],
)
def test_a_mock_that_cannot_work_names_tool_and_place(mock: Any, place: str) -> None:
    with pytest.raises(DomainError, match=place) as caught:
        compile_mock(Tool("refund", "", {}, mock=mock), TABLES)
    assert str(caught.value).startswith("tool refund")
