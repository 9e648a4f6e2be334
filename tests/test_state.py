"""Promise 5, by example: an overlay over a shared seed that plain functions take for plain dicts."""

from __future__ import annotations

import collections
import copy
import dataclasses
import enum
import gc
import hashlib
import json
import pickle
import tracemalloc
from typing import Any

import orjson
import pytest

from ccgym import jsontext
from ccgym.backend import Base, State, patch
from ccgym.errors import DomainError, ToolError


def document(rows: int = 4) -> dict[str, Any]:
    orders = {
        f"W{i}": {
            "id": f"W{i}", "status": "open", "total": 10.5 * i, "updated_at": "2026-01-01",
            "items": [{"sku": "tea", "qty": i}, {"sku": "cup", "qty": 1}], "address": {"city": "Huế", "zip": "530000"},
        }
        for i in range(rows)
    }  # fmt: skip
    users = {f"u{i}": {"name": "Nguyễn Văn An", "email": f"u{i}@example.com"} for i in range(rows)}
    return {"tables": {"orders": orders, "users": users, "notes": {}}, "user": {"device": {"on": True}, "cash": 5}}


@pytest.fixture
def base() -> Base:
    return Base(document())


@pytest.fixture
def state(base: Base) -> State:
    return State(base)


def from_scratch(whole: dict[str, Any]) -> str:
    """The hash as the design writes it, from nothing but the document."""
    total = 0
    for name, table in {**whole["tables"], "$user": whole["user"]}.items():
        if isinstance(table, dict):
            for key, row in table.items():
                total += int(hashlib.sha256(jsontext.canonical([name, key, row])).hexdigest(), 16)
        else:
            total += int(hashlib.sha256(jsontext.canonical([name, None, table])).hexdigest(), 16)
    return f"{total % 2**256:064x}"


# --- what a tool may do ---------------------------------------------------------------------------------------------


def test_what_is_reached_twice_is_the_same_object(state: State) -> None:
    view = state.view()
    assert view["orders"] is view["orders"]
    assert view["orders"]["W1"] is view["orders"].get("W1") is dict(view["orders"])["W1"]
    assert view["orders"]["W1"]["items"][0] is view["orders"]["W1"]["items"][0]
    assert view["orders"]["W1"] is next(row for key, row in view["orders"].items() if key == "W1")


def test_a_fresh_object_stays_the_tools_own_until_the_call_ends(state: State) -> None:
    view = state.view()
    view["notes"]["n1"] = note = {"lines": []}
    note["lines"].append("later")
    view["notes"]["n1"]["by"] = "agent"
    assert view["notes"]["n1"] is note
    state.commit(view)
    note["lines"].append("too late")
    assert state.get("/tables/notes/n1") == {"lines": ["later"], "by": "agent"}


def test_one_object_in_two_places_is_written_in_both(state: State) -> None:
    view = state.view()
    view["orders"]["copy"] = view["orders"]["W1"]
    view["orders"]["W1"]["status"] = "shared"
    state.commit(view)
    assert state.get("/tables/orders/copy/status") == state.get("/tables/orders/W1/status") == "shared"
    view = state.view()
    view["orders"]["copy"]["status"] = "alone"
    state.commit(view)
    assert state.get("/tables/orders/W1/status") == "shared"


@pytest.mark.parametrize("writer", [json.dumps, lambda value: orjson.dumps(value).decode(), repr, str])
def test_serialisers_see_all_of_it_at_every_level(state: State, writer: Any) -> None:
    plain, view = document()["tables"], state.view()
    assert writer(view) == writer(plain)
    assert writer(view["orders"]) == writer(plain["orders"])
    assert writer(view["orders"]["W1"]) == writer(plain["orders"]["W1"])
    view["orders"]["W1"]["items"].append({"sku": "new"})
    del view["users"]["u0"]
    plain["orders"]["W1"]["items"].append({"sku": "new"})
    del plain["users"]["u0"]
    assert writer(view) == writer(plain)
    state.commit(view)
    assert writer(state.view()) == writer(plain)


def test_copies_are_plain_and_lead_nowhere_back(state: State) -> None:
    view = state.view()
    for twin in (copy.deepcopy(view), pickle.loads(pickle.dumps(view))):
        assert type(twin) is dict
        assert type(twin["orders"]["W1"]["items"]) is list
        assert type(twin["orders"]["W1"]["address"]) is dict
        twin["orders"]["W1"]["items"][0]["qty"] = 99
    shallow = copy.copy(view["orders"]["W1"])
    shallow["status"] = "only in the copy"
    assert type(shallow) is dict
    assert state.commit(view) == []


@dataclasses.dataclass
class Order:
    status: str
    address: dict[str, str]
    items: list[dict[str, Any]]


def test_a_row_that_is_made_by_its_own_type_is_the_tools_own(state: State) -> None:
    view = state.view()
    fields = {name: view["orders"]["W1"][name] for name in ("status", "address", "items")}
    made = dataclasses.asdict(Order(**fields))
    made["items"][0]["qty"], made["address"]["city"] = 99, "Huế"
    made["items"].append(type(made["items"][0])(sku="new"))
    made["address"].update(zip="1")
    assert state.plan(view) is None
    view["orders"]["W9"] = made
    view["orders"]["W1"]["items"].extend(made["items"][1:])
    plain = json.loads(json.dumps(view))
    state.commit(view)
    assert plain == state.view()
    assert state.view()["orders"]["W9"]["items"][0]["qty"] == 99
    with pytest.raises(AttributeError):
        _ = type(made["address"])().nothing


def test_a_row_may_be_reached_by_an_enum_that_is_a_text(state: State) -> None:
    Key = enum.StrEnum("Key", {"W1": "W1", "STATUS": "status"})
    view = state.view()
    view["orders"][Key.W1][Key.STATUS] = "x"
    view["orders"][Key.W1]["address"]["city"] = "Huế"
    state.commit(view)
    assert state.view()["orders"]["W1"]["status"] == "x"


def test_a_shallow_copy_shares_its_children_as_a_dicts_does(state: State) -> None:
    for make in (dict, copy.copy, lambda d: d.copy(), lambda d: {**d}, lambda d: d | {}, lambda d: {} | d,
                 lambda d: collections.OrderedDict(d), lambda d: dict(d.items())):  # fmt: skip
        view = state.view()
        make(view["orders"]["W1"])["address"]["city"] = "Đà Nẵng"
        assert view["orders"]["W1"]["address"]["city"] == "Đà Nẵng"
        assert [op["path"] for op in state.plan(view).ops] == ["/tables/orders/W1/address/city"]


def test_isinstance_match_and_keyword_arguments_work(state: State) -> None:
    view = state.view()
    assert isinstance(view["orders"]["W1"], dict)
    assert isinstance(view["orders"]["W1"]["items"], list)
    match view["orders"]["W1"]:
        case {"status": "open", "items": [{"sku": sku}, *_], "address": {"city": city}}:
            assert (sku, city) == ("tea", "Huế")
        case _:
            pytest.fail("a view does not match as a dict does")
    assert (lambda **row: row["address"]["city"])(**view["orders"]["W1"]) == "Huế"
    assert "{status}".format_map(view["orders"]["W1"]) == "open"


def test_errors_are_those_of_a_dict(state: State) -> None:
    orders, plain = state.view()["orders"], document()["tables"]["orders"]
    actions: list[Any] = [
        lambda d: d["zz"], lambda d: d.pop("zz"), lambda d: d[[]], lambda d: d.__delitem__("zz"),
        lambda d: d["W1"]["items"].remove(7), lambda d: d["W1"]["items"][9], lambda d: d | 3, lambda d: d < d,
    ]  # fmt: skip
    for action in actions:
        with pytest.raises(Exception) as mine:
            action(orders)
        with pytest.raises(Exception) as theirs:
            action(plain)
        assert mine.type is theirs.type


def test_a_dict_that_changes_size_while_it_is_iterated_says_so(state: State) -> None:
    orders = state.view()["orders"]
    pairs = iter(orders.items())
    orders[next(pairs)[0] + "'"] = {}
    with pytest.raises(RuntimeError, match="changed size"):
        next(pairs)


# --- commits --------------------------------------------------------------------------------------------------------


def test_a_commit_tells_the_finest_change_with_what_was_there(state: State) -> None:
    view = state.view()
    row = view["orders"]["W1"]
    row["status"] = "cancelled"
    row["items"].append({"sku": "x"})
    row["items"][0]["qty"] = 7
    row["address"].pop("zip")
    row["history"] = [1]
    view["users"].pop("u3")
    view["notes"]["n/1~"] = {"text": "hi"}
    assert state.commit(view) == [
        {"op": "replace", "path": "/tables/orders/W1/status", "value": "cancelled", "old": "open"},
        {
            "op": "replace", "path": "/tables/orders/W1/items",
            "old": [{"sku": "tea", "qty": 1}, {"sku": "cup", "qty": 1}],
            "value": [{"sku": "tea", "qty": 7}, {"sku": "cup", "qty": 1}, {"sku": "x"}],
        },
        {"op": "remove", "path": "/tables/orders/W1/address/zip", "old": "530000"},
        {"op": "add", "path": "/tables/orders/W1/history", "value": [1]},
        {"op": "remove", "path": "/tables/users/u3", "old": {"name": "Nguyễn Văn An", "email": "u3@example.com"}},
        {"op": "add", "path": "/tables/notes/n~11~0", "value": {"text": "hi"}},
    ]  # fmt: skip


def test_lists_are_told_item_by_item_where_that_is_cheap() -> None:
    assert patch.diff([1, {"a": 1}], [1, {"a": 2}]) == [{"op": "replace", "path": "/1/a", "value": 2, "old": 1}]
    assert patch.diff([1], [1, 2, 3]) == [
        {"op": "add", "path": "/1", "value": 2},
        {"op": "add", "path": "/2", "value": 3},
    ]
    assert [op["path"] for op in patch.diff([1, 2, 3], [1])] == ["/2", "/1"]


def test_a_row_that_ends_as_it_began_is_no_change(state: State) -> None:
    before = state.hash
    view = state.view()
    row = view["orders"]["W1"]
    row["status"] = "cancelled"
    row["status"] = "open"
    row["items"].append(1)
    row["items"].pop()
    view["users"]["u1"] = dict(view["users"]["u1"])
    view["notes"]["n"] = {}
    del view["notes"]["n"]
    assert state.commit(view) == []
    assert state.hash == before


def test_one_true_and_one_point_zero_are_three_things(state: State) -> None:
    for value in (1, 1.0, True):
        view = state.view()
        view["users"]["u1"]["x"] = value
        view["users"]["u1"]["list"] = [value]
        assert {op["path"] for op in state.commit(view)} >= {"/tables/users/u1/x"}
        assert state.hash == from_scratch(state.document())
    view = state.view()
    list.__setitem__(view["users"]["u1"]["list"], 0, 1)
    assert [op["value"] for op in state.commit(view)] == [1]


def test_a_key_that_is_removed_and_added_again_stands_at_the_end(state: State) -> None:
    view = state.view()
    view["orders"]["W0"] = view["orders"].pop("W0")
    view["orders"]["W1"]["status"] = view["orders"]["W1"].pop("status")
    assert state.commit(view) == []
    assert list(state.view()["orders"]) == list(state.document()["tables"]["orders"]) == ["W1", "W2", "W3", "W0"]
    assert list(state.view()["orders"]["W1"])[-1] == "status"
    view = state.view()
    view["orders"] = {key: view["orders"][key] for key in ("W3", "W2")}
    state.commit(view)
    assert list(state.view()["orders"]) == ["W3", "W2"]


def test_tables_come_go_and_are_replaced(state: State) -> None:
    whole = document()
    for change in (
        lambda tables: tables.setdefault("returns", {}).update({"R1": {"order": "W1"}}),
        lambda tables: tables.pop("notes"),
        lambda tables: tables.update(orders={key: row for key, row in tables["orders"].items() if key != "W2"}),
        lambda tables: tables.update(flags=["a"], limit=3),
        lambda tables: tables["flags"].append("b"),
        lambda tables: tables.update(limit={}, notes={}),
        lambda tables: tables.update(orders=[1]),
        lambda tables: tables.update(orders={"W9": {}}),
    ):
        view = state.view()
        change(view)
        change(whole["tables"])
        before = state.document()
        ops = state.commit(view)
        assert json.dumps(state.document()) == json.dumps(whole)
        assert state.hash == from_scratch(whole) == Base(whole).hash
        assert patch.apply(before, ops) == whole
        assert patch.revert(whole, ops) == before
        assert patch.apply(document(), state.net_patch()) == whole
        assert patch.revert(whole, state.net_patch()) == document()


def test_what_is_not_json_is_refused_with_its_place_and_nothing_changes(state: State) -> None:
    circle: dict[str, Any] = {}
    circle["self"] = circle
    bad: list[tuple[Any, str]] = [
        (float("nan"), "/tables/orders/W1/x"), (10**30, "/tables/orders/W1/x"), ({1: 2}, "/tables/orders/W1/x"),
        ({"a": [1, {"b": object()}]}, "/tables/orders/W1/x/a/1/b"), ({1, 2}, "/tables/orders/W1/x"),
        ("\ud800", "/tables/orders/W1/x"), (circle, "/tables/orders/W1/x/self"), (lambda: 0, "/tables/orders/W1/x"),
    ]  # fmt: skip
    for value, place in bad:
        before = state.hash
        view = state.view()
        view["users"]["u1"]["name"] = "half"
        view["orders"]["W1"]["x"] = value
        with pytest.raises(ToolError, match=place) as caught:
            state.commit(view)
        assert caught.value.code == "bad_state"
        assert state.hash == before
        assert state.document() == document()
    for change in ({7: {}}, {"a": {"\ud800": 1}}):
        view = state.view()
        view["notes"].update(change)
        with pytest.raises(ToolError, match="/tables/notes"):
            state.commit(view)
    assert state.document() == document()


def test_tuples_become_lists_and_nothing_outside_aliases_the_state(state: State) -> None:
    view = state.view()
    view["notes"]["n"] = mine = {"tags": ("a", "b")}
    ops = state.commit(view)
    mine["tags"] = "changed"
    ops[0]["value"]["tags"].append("changed")
    view["notes"]["n"]["late"] = 1
    assert state.get("/tables/notes/n") == {"tags": ["a", "b"]}
    state.get("/tables/orders/W1")["items"].clear()
    assert len(state.get("/tables/orders/W1")["items"]) == 2


# --- episodes -------------------------------------------------------------------------------------------------------


def test_the_seed_cannot_be_changed_even_by_force(base: Base) -> None:
    before, row = json.dumps(State(base).document()), base.tables["orders"]["W1"]
    for force in (lambda: row.update(a=1), lambda: row["items"].append(1), lambda: row["address"].pop("city"),
                  lambda: base.tables["orders"].clear()):  # fmt: skip
        with pytest.raises(TypeError, match="shared"):
            force()
    assert json.dumps(State(base).document()) == before


def test_a_thousand_episodes_leave_the_seed_as_it_was(base: Base) -> None:
    digest = base.hash
    for number in range(1000):
        state = State(base)
        view = state.view()
        view["orders"][f"W{number % 4}"]["items"].clear()
        view["orders"][f"W{number % 4}"]["address"]["city"] = number
        view["users"].clear()
        state.commit(view)
        assert state.hash != digest
    assert State(base).hash == base.hash == Base(State(base).document()).hash == digest


def test_a_view_that_a_tool_kept_reaches_no_later_call() -> None:
    state = State(Base(document(400)))
    other = State(state.base)
    kept: list[Any] = []
    for write in (False, True, False):
        view = state.view()
        kept += [view, view["orders"], view["orders"]["W7"], view["orders"].values(), iter(view["orders"].items())]
        if write:
            view["orders"]["W8"]["status"] = "written"
        state.commit(view)
        state.release(view)
        del view
    expected, digest = state.document(), state.hash
    roots = [thing for thing in kept if isinstance(thing, dict) and "orders" in thing]
    # Those that lead furthest down first: a root that was kept may take a table's view out of the next call's reach.
    for thing in [*reversed([thing for thing in kept if thing not in roots]), *roots]:
        forge(thing)
        for one in (state, other):
            view = one.view()
            assert "forged" not in json.dumps(view)
            assert "forged" not in repr(view["orders"])
            assert one.commit(view) == []
    assert state.document() == expected
    assert state.hash == digest
    assert other.document() == document(400)


def forge(thing: Any) -> None:
    """Write through whatever a tool has kept of a call."""
    if isinstance(thing, dict) and "orders" in thing:
        thing["orders"]["W9"]["status"] = thing["orders"]["new"] = "forged"
    elif isinstance(thing, dict) and "W9" in thing:
        thing["W9"]["status"] = thing["new"] = "forged"
    elif isinstance(thing, dict):
        thing["status"] = "forged"
    else:
        for item in list(thing):
            row = item[1] if isinstance(item, tuple) else item
            if isinstance(row, dict):
                row["status"] = "forged"


def test_views_of_large_tables_are_reused_and_stay_true() -> None:
    state, plain = State(Base(document(400))), document(400)["tables"]
    for turn in range(60):
        view = state.view()
        for tables in (view, plain):
            orders = tables["orders"]
            orders[f"W{turn}"]["status"] = f"s{turn}"
            orders[f"W{turn + 1}"]["items"].append(turn)
            if turn % 7 == 3:
                orders[f"new{turn}"] = {"n": turn}
            if turn % 11 == 5:
                del orders[f"W{turn + 100}"]
            if turn % 13 == 6:
                orders["W300"] = orders.pop("W300")
        done = turn % 5 != 4
        if done:
            state.commit(view)
        else:
            plain = state.document()["tables"]
        del orders, tables
        state.release(view)
        del view
        assert json.dumps(state.view()) == json.dumps(plain)
        assert json.dumps(state.view()["orders"]) == json.dumps(plain["orders"])
        assert state.hash == from_scratch(state.document())


def test_what_is_written_past_a_views_back_is_not_kept() -> None:
    state = State(Base(document(400)))
    for _ in range(3):
        view = state.view()
        dict.__setitem__(view["orders"], "forged", {})
        dict.__setitem__(view, "forged", {})
        state.commit(view)
        state.release(view)
        assert state.document() == document(400)
        assert "forged" not in state.view()["orders"]


def test_a_section_that_was_no_table_becomes_one() -> None:
    whole = {"tables": {"limit": 3, "flags": ["a"]}, "user": {}}
    state = State(Base(whole))
    for value in ({}, {"a": {}}, 7, {}):
        view = state.view()
        view["limit"] = view["flags"] = value
        state.commit(view)
        assert state.document()["tables"] == {"limit": value, "flags": value}
        assert state.hash == from_scratch(state.document())
        assert patch.revert(state.document(), state.net_patch()) == whole


def test_a_view_made_before_the_last_commit_is_refused(state: State) -> None:
    first, second = state.view(), state.view()
    first["users"]["u1"]["name"] = "a"
    second["users"]["u1"]["name"] = "b"
    state.commit(first)
    with pytest.raises(RuntimeError, match="has changed since"):
        state.commit(second)


def test_ten_thousand_episodes_keep_nothing_of_what_they_only_read() -> None:
    base = Base(document(1000))
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    states = []
    for number in range(100):
        state = State(base)
        view = state.view()
        assert sum(1 for row in view["orders"].values() if row["items"] and row["status"] == "open") == 1000
        for offset in range(5):
            view["orders"][f"W{number + offset}"]["status"] = "cancelled"
        state.commit(view)
        state.release(view)
        states.append(state)
    del view
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert used < 100 * 100_000  # views of all that was read would be 100 times 1.5 MB


def test_making_a_state_costs_nothing_that_grows_with_the_seed(base: Base) -> None:
    large = Base(document(5000))
    sizes = []
    for one in (base, large):
        gc.collect()
        tracemalloc.start()
        states = [State(one) for _ in range(100)]
        sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        assert len(states) == 100
    assert sizes[1] < sizes[0] * 1.5 < 200_000


# --- hash, points in time, edits ------------------------------------------------------------------------------------


def test_the_hash_is_the_published_formula(state: State) -> None:
    assert state.hash == state.base.hash == from_scratch(document())
    view = state.view("user")
    view["cash"] = 4
    view["device"]["on"] = False
    assert {op["path"] for op in state.commit(view)} == {"/user/cash", "/user/device/on"}
    assert state.hash == from_scratch(state.document())


def test_excluded_paths_change_no_hash_and_are_still_told() -> None:
    exclude = ["/tables/orders/*/updated_at", "/tables/orders/*/items/*/qty", "/tables/notes", "/user/cash"]
    state = State(Base(document(), exclude))
    before = state.hash
    view = state.view()
    for row in view["orders"].values():
        row["updated_at"] = "later"
        row["items"][0]["qty"] = 100
    view["notes"]["n"] = {"text": "free"}
    ops = state.commit(view)
    assert len(ops) == 9
    customer = state.view("user")
    customer["cash"] = 0
    assert state.commit(customer)
    assert state.hash == before == Base(state.document(), exclude).hash
    view = state.view()
    view["orders"]["W1"]["status"] = "x"
    state.commit(view)
    assert state.hash != before
    assert state.hash == Base(state.document(), exclude).hash


def test_an_exclusion_that_names_nothing_of_the_state_is_an_error() -> None:
    with pytest.raises(DomainError, match="/tables/NAME or /user"):
        Base(document(), ["/orders/*/updated_at"])


@pytest.mark.parametrize(
    ("whole", "message"),
    [
        ({"orders": {}}, "keys `tables` and `user`"),
        ({"tables": []}, "object of tables"),
        ({"tables": {"$user": {}}}, r"\$user"),
        ({"tables": {"a": {"b": {"c": float("nan")}}}}, "/tables/a/b/c"),
        ({"tables": {}, "user": {"x": [10**40]}}, "/user/x/0"),
    ],
)
def test_a_seed_of_another_shape_is_an_error_with_its_place(whole: Any, message: str) -> None:
    with pytest.raises(DomainError, match=message):
        Base(whole)


def test_a_state_goes_back_and_another_goes_there_too(state: State) -> None:
    point = state.snapshot()
    view = state.view()
    view["orders"]["W1"]["status"] = "x"
    state.commit(view)
    later = state.snapshot()
    state.restore(point)
    assert state.document() == document()
    other = State(state.base)
    other.restore(later)
    assert other.get("/tables/orders/W1/status") == "x"
    assert other.net_patch(point) == other.net_patch()
    assert other.net_patch(later) == []
    view = other.view()
    view["orders"]["W1"]["status"] = "y"
    other.commit(view)
    state.restore(later)
    assert state.get("/tables/orders/W1/status") == "x"


def test_find_follows_stars_and_get_wants_one_place(state: State) -> None:
    assert state.find("/tables/orders/*/items/0/qty") == [(f"/tables/orders/W{i}/items/0/qty", i) for i in range(4)]
    assert state.find("/user/device") == [("/user/device", {"on": True})]
    assert state.find("/tables/nothing/*") == state.find("/tables/orders/W1/items/01") == []
    with pytest.raises(KeyError):
        state.get("/tables/orders/*")


def test_edits_take_merge_patches_and_patches(state: State) -> None:
    orders = {"W0": None, "W1": {"address": {"zip": None, "city": "Vinh"}}}
    merge = {"tables": {"orders": orders, "new": {"a": {"b": None}}}, "user": {"cash": 1}}
    before = document()
    ops = state.edit(lambda whole: patch.merge_into(whole, merge))
    assert state.document() == patch.merge_patch(before, merge) == patch.apply(before, ops)
    assert state.hash == from_scratch(state.document())
    assert patch.revert(state.document(), ops) == before
    edits = [
        {"op": "add", "path": "/tables/orders/W1/items/-", "value": 1},
        {"op": "replace", "path": "/user", "value": {"z": []}},
        {"op": "remove", "path": "/tables/users"},
    ]
    wanted = patch.apply(state.document(), edits)
    state.edit(lambda whole: patch.apply_to(whole, edits))
    assert state.document() == wanted
    state.edit(lambda whole: {"tables": {"only": {}}, "user": [1]})
    assert state.document() == {"tables": {"only": {}}, "user": [1]}
    assert state.hash == from_scratch(state.document())
    view = state.view("user")
    view.append(2)
    assert state.commit(view) == [{"op": "add", "path": "/user/1", "value": 2}]
    with pytest.raises(ToolError, match="`tables` and `user`"):
        state.edit(lambda whole: {"orders": {}})


@pytest.mark.parametrize(
    ("ops", "message"),
    [
        ([{"op": "remove", "path": "/tables/zz"}], "nothing stands at /tables/zz"),
        ([{"op": "replace", "path": "/tables/orders/W1/zz", "value": 1}], "operation 0"),
        ([{"op": "add", "path": "/tables/orders/W1/items/9", "value": 1}], "no place"),
        ([{"op": "add", "path": "tables", "value": 1}], "no JSON pointer"),
        ([{"op": "test", "path": ""}], "Use add, replace or remove"),
        ([{"op": "add", "path": "/tables/*/x", "value": 1}], "nothing stands"),
    ],
)
def test_a_patch_that_does_not_fit_says_where(ops: Any, message: str) -> None:
    with pytest.raises(patch.PatchError, match=message):
        patch.apply(document(), ops)


def test_a_patch_without_old_values_cannot_run_backwards() -> None:
    with pytest.raises(patch.PatchError, match="cannot undo"):
        patch.revert({"a": 1}, [{"op": "replace", "path": "/a", "value": 2}])
