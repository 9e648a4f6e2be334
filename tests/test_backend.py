"""Promises 3, 4 and 5 of a domain's backend: calls are atomic, failures are answers, ids depend on the call alone."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
import threading
import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ccgym.backend import DomainBackend, ToolContext, make_state, views
from ccgym.backend.bypass import changes_past_methods
from ccgym.backend.guest import GuestBackend
from ccgym.errors import DomainError, PluginError, ToolError
from ccgym.types import Backend, Tool

STATE = {
    "tables": {
        "orders": {f"W{i}": {"status": "open", "items": [{"sku": "tea", "qty": 1}]} for i in range(3)},
        "notes": {},
    },
    "user": {"phone": {"on": True}},
}
LEAKS: list[Any] = []


def get_order(state, order_id):
    return state["orders"][order_id]


def cancel_order(state, order_id):
    state["orders"][order_id]["status"] = "cancelled"
    return {"ok": True, "order": state["orders"][order_id]}


def add_note(state, text, tags=(), *, ctx):
    note = {"id": ctx.new_id("N", 6), "text": text, "tags": tags, "at": ctx.now, "luck": ctx.rng.randint(1, 10**9)}
    state["notes"][note["id"]] = note
    return note


def toggle_phone(state, part="phone"):
    state[part]["on"] = not state[part]["on"]
    return state


def misbehave(state, how):
    state["orders"]["W1"]["status"] = "half"
    state["orders"]["W1"]["items"].append({"half": True})
    del state["orders"]["W2"]
    state["new"] = {"half": {}}
    return HOWS[how](state)


def _raise(error):
    def run(state):
        raise error

    return run


def _recurse(state):
    return _recurse(state)


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text")


async def _coroutine(state):
    return 1


def _circle(state):
    circle: list[Any] = []
    circle.append(circle)
    return circle


HOWS: dict[str, Any] = {
    "tool error": _raise(ToolError("not today", "closed")), "bare tool error": _raise(ToolError("no")),
    "odd tool error": _raise(ToolError({"a": 1}, 7)),  # type: ignore[arg-type]
    "exception": _raise(ValueError("bad <value object at 0x7f0123456789>")), "exit": _raise(SystemExit(3)),
    "generator exit": _raise(GeneratorExit()), "base": _raise(BaseException("base")), "memory": _raise(MemoryError()),
    "unprintable": _raise(Unprintable()), "surrogate": _raise(ValueError("\ud800")),
    "long": _raise(ValueError("x" * 9999)),
    "recursion": _recurse, "key": lambda state: state["nothing"], "nan": lambda state: float("nan"),
    "object": lambda state: object(), "set": lambda state: {1}, "big": lambda state: 10**40, "circle": _circle,
    "coroutine": _coroutine, "generator": lambda state: (i for i in range(3)), "text": lambda state: "\ud800",
    "keys": lambda state: {1: 2}, "nan in state": lambda state: state["orders"]["W1"].update(x=float("nan")),
}  # fmt: skip


def leak(state):
    LEAKS.append(state)
    LEAKS.append(state["orders"])
    LEAKS.append(state["orders"]["W1"])
    return True


def change_arguments(state, items):
    items.append("changed")
    return len(items)


def set_up(state, status):
    for order in state["orders"].values():
        order["status"] = status


def count_open(state):
    state["notes"]["probe"] = {}
    return sum(order["status"] == "open" for order in state["orders"].values())


FUNCTIONS = {
    f.__name__: f for f in (get_order, cancel_order, add_note, toggle_phone, misbehave, leak, change_arguments)
}
PROBES = {"set_up": set_up, "count_open": count_open}


def domain(tools: list[Tool] | None = None, state: Any = STATE, functions: Any = FUNCTIONS) -> Any:
    """A stand-in with what a backend asks of a domain."""
    given = tools or [
        Tool("get_order", "", {}), Tool("cancel_order", "", {}, effect="write", touches=("orders",)),
        Tool("add_note", "", {}, effect="write"), Tool("misbehave", "", {}, effect="write"), Tool("leak", "", {}),
        Tool("toggle_phone", "", {}, effect="write", requestor="user"), Tool("change_arguments", "", {}),
    ]  # fmt: skip
    spec = SimpleNamespace(state=SimpleNamespace(exclude=()), clock="2026-03-02T09:00:00+07:00")
    return SimpleNamespace(
        spec=spec, tools={tool.name: tool for tool in given}, functions=functions, probes=PROBES, state=state
    )


def backend(seed: int = 1, **kw: Any) -> DomainBackend:
    return DomainBackend(domain(**kw), seed)


def test_it_has_the_face_of_a_backend() -> None:
    own: Backend = backend()
    for name in ("call", "probe", "state", "digest", "snapshot", "restore"):
        assert callable(getattr(own, name))
    assert own.state() == STATE


def test_a_call_changes_the_state_tells_the_patch_and_returns_json_of_its_own() -> None:
    own = backend()
    before = own.digest()
    answer = own.call("cancel_order", {"order_id": "W1"})
    assert answer["order"] == {"status": "cancelled", "items": [{"sku": "tea", "qty": 1}]}
    assert type(answer["order"]) is dict
    assert own.changes == [{"op": "replace", "path": "/tables/orders/W1/status", "value": "cancelled", "old": "open"}]
    assert own.digest() != before
    answer["order"]["items"].clear()
    assert own.state()["tables"]["orders"]["W1"]["items"] == [{"sku": "tea", "qty": 1}]
    own.call("get_order", {"order_id": "W1"})
    assert own.changes == []


@pytest.mark.parametrize("how", HOWS)
def test_a_call_that_fails_is_an_answer_and_leaves_the_state_as_it_was(how: str) -> None:
    own = backend()
    own.call("cancel_order", {"order_id": "W0"})
    before, digest = own.state(), own.digest()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ToolError) as caught:
            own.call("misbehave", {"how": how})
    assert own.state() == before
    assert own.digest() == digest
    assert own.changes == []
    text, code = caught.value.message, caught.value.code
    json.dumps([text, code]).encode()
    text.encode()
    assert 0 < len(text) <= 500
    expected = {
        "tool error": ("closed", "not today"), "bare tool error": ("tool_error", "no"),
        "odd tool error": ("tool_error", "{"),
        "nan in state": ("bad_state", "/tables/orders/W1/x"), "exit": ("tool_raised", "SystemExit: 3"),
        "exception": ("tool_raised", "0x…"), "key": ("tool_raised", "KeyError: 'nothing'"),
        "unprintable": ("tool_raised", "ValueError while telling"),
    }  # fmt: skip
    bad_results = ("nan", "object", "set", "big", "circle", "coroutine", "generator", "text", "keys")
    wanted, piece = expected.get(how, ("bad_result" if how in bad_results else "tool_raised", ""))
    assert code == wanted
    assert piece in text
    assert own.call("cancel_order", {"order_id": "W1"})["ok"] is True


def test_ctrl_c_is_no_tool_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOWS, "ctrl-c", _raise(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        backend().call("misbehave", {"how": "ctrl-c"})


@pytest.mark.parametrize(
    ("name", "arguments", "requestor"),
    [("nothing", {}, "assistant"), ("toggle_phone", {}, "assistant"), ("get_order", {"order_id": "W1"}, "user")],
)
def test_a_tool_that_is_not_the_callers_does_not_exist(name: str, arguments: Any, requestor: Any) -> None:
    with pytest.raises(ToolError) as caught:
        backend().call(name, arguments, requestor)
    assert caught.value.code == "unknown_tool"


def test_arguments_off_the_functions_signature_are_an_answer() -> None:
    for name, arguments in (("get_order", {}), ("add_note", {"text": "a", "ctx": 1}), ("get_order", {"state": 1})):
        with pytest.raises(ToolError) as caught:
            backend().call(name, arguments)
        assert caught.value.code == "tool_raised"


def test_a_tool_that_is_declared_to_read_cannot_write() -> None:
    own = backend(tools=[Tool("cancel_order", "", {}, effect="read"), Tool("add_note", "", {}, effect="think")])
    for name, arguments in (("cancel_order", {"order_id": "W1"}), ("add_note", {"text": "a"})):
        with pytest.raises(ToolError, match="declared to read only") as caught:
            own.call(name, arguments)
        assert caught.value.code == "read_tool_wrote"
    assert own.state() == STATE
    assert not own.seeded


def test_a_tool_writes_only_the_tables_it_declares() -> None:
    own = backend(tools=[Tool("cancel_order", "", {}, effect="write", touches=("notes",))])
    with pytest.raises(ToolError, match="'orders'") as caught:
        own.call("cancel_order", {"order_id": "W1"})
    assert caught.value.code == "undeclared_table"
    assert own.state() == STATE


def test_a_customers_tool_sees_the_customers_document_only() -> None:
    own = backend()
    assert own.call("toggle_phone", {}, "user") == {"phone": {"on": False}}
    assert own.changes == [{"op": "replace", "path": "/user/phone/on", "value": False, "old": True}]
    with pytest.raises(ToolError):
        own.call("toggle_phone", {"part": "orders"}, "user")


def test_what_a_tool_keeps_or_changes_of_its_own_reaches_nothing() -> None:
    writes = [replace(tool, effect="write") for tool in domain().tools.values()]
    own, other = backend(tools=writes), backend()
    arguments = {"items": ["a"]}
    assert own.call("change_arguments", arguments) == 2
    assert arguments == {"items": ["a"]}
    own.call("leak", {})
    state, orders, row = LEAKS[-3:]
    state["forged"] = orders["forged"] = {}
    row["status"] = "forged"
    row["items"].append("forged")
    assert own.state() == other.state() == STATE
    assert own.call("get_order", {"order_id": "W1"})["status"] == "open"


def test_what_a_reading_tool_keeps_refuses_to_be_changed() -> None:
    own, other = backend(), backend()
    own.call("leak", {})
    state, orders, row = LEAKS[-3:]
    for change in (
        lambda: state.update(forged={}), lambda: orders.pop("W1"), lambda: row.update(status="forged"),
        lambda: row["items"].append("forged"), lambda: row["items"][0].clear(),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    assert own.state() == other.state() == STATE


def _reads(function: Any) -> DomainBackend:
    return backend(tools=[Tool("look", "", {})], functions={"look": function})


def test_a_reading_tool_runs_once_unless_it_tries_to_change_something_and_may_undo_that() -> None:
    runs: list[str] = []

    def undo(state):
        runs.append("undo")
        was = state["orders"]["W1"].pop("status")
        state["orders"]["W1"]["status"] = was
        items = state["orders"]["W1"]["items"]
        items.sort(key=lambda item: item["sku"])
        return state["orders"].setdefault("W1")["status"]

    def look(state):
        runs.append("look")
        return sorted(state["orders"])

    own = _reads(look)
    assert own.call("look", {}) == ["W0", "W1", "W2"]
    assert runs == ["look"]
    assert _reads(undo).call("look", {}) == "open"
    assert runs == ["look", "undo", "undo"]

    def swallow(state):
        try:
            state["orders"]["W1"]["status"] = "open"
        except TypeError:
            return "refused"
        return state["orders"]["W1"]["status"]

    assert _reads(swallow).call("look", {}) == "open"


class Heap:
    """A tool as a method, which leaves its work to a function of its own."""

    def pop(self, state):
        return self.smallest(state["orders"]["W1"]["items"])

    @staticmethod
    def smallest(items):
        from heapq import heappop

        return heappop(items)


class Bunch:
    def __init__(self, row):
        self.__dict__ = row


def _total(state):
    order = Bunch(state["orders"]["W1"])
    order.total = len(order.items)
    return order.total


def _by_module() -> Any:
    names: dict[str, Any] = {}
    exec("import heapq\ndef look(state):\n heapq.heappush(state['orders']['W1']['items'], {'sku': 'a'})", names)
    return names["look"]


@pytest.mark.parametrize(
    "function",
    [
        _by_module(),
        lambda state: list.append(state["orders"]["W1"]["items"], 1),
        lambda state: dict.update(state["orders"]["W1"], total=1),
        lambda state: eval("len(items)", state["orders"]["W1"]),
        lambda state, total=_total: total(state),
        _total,
        Heap().pop,
    ],
)
def test_a_reading_tool_that_changes_things_past_their_methods_changes_no_seed(function) -> None:
    own = _reads(function)
    with contextlib.suppress(ToolError):
        own.call("look", {})
    assert own.state() == STATE


def test_what_is_removed_past_a_views_methods_is_no_change_and_no_failure() -> None:
    def remove(state):
        row = state["orders"]["W1"]
        row["items"][0]["qty"] = 1
        dict.pop(row, "items")
        return True

    own = backend(tools=[Tool("remove", "", {}, effect="write")], functions={"remove": remove})
    assert own.call("remove", {}) is True
    assert own.state() == STATE


def test_a_plugins_backend_may_fill_the_list_of_its_changes_again() -> None:
    own = backend()
    guest = GuestBackend(own)
    guest.call("cancel_order", {"order_id": "W1"})
    told = guest.changes
    own.changes.clear()
    assert [op["value"] for op in told or ()] == ["cancelled"]


def guest_of(**methods: Any) -> Any:
    """A backend of one's own, with some methods of its own."""
    names = ("call", "probe", "state", "digest", "snapshot", "restore")
    return SimpleNamespace(**{name: getattr(backend(), name) for name in names} | methods)


def test_a_plugins_backend_that_exits_has_failed_a_call_and_no_more() -> None:
    def leave(*given):
        raise SystemExit("bye")

    guest = GuestBackend(guest_of(call=leave))
    with pytest.raises(ToolError, match="bye"):
        guest.call("cancel_order", {"order_id": "W1"})


@pytest.mark.parametrize("digest", [None, b"ab", 7, ""])
def test_a_plugins_backend_that_tells_no_hash_is_named(digest: Any) -> None:
    with pytest.raises(PluginError, match=r"SimpleNamespace.digest\(\) returned"):
        GuestBackend(guest_of(digest=lambda: digest)).digest()


def test_tools_that_only_look_are_given_the_state_itself() -> None:
    def by_name(state, name="W1"):
        return [json.dumps(row) for key, row in state["orders"].items() if key == name]

    for function in (by_name, lambda state: by_name(state), functools.partial(by_name, name="W2"), get_order):
        assert not changes_past_methods(function)
    for function in (list.append, object(), len):
        assert changes_past_methods(function)


def test_a_reading_tool_sees_a_table_that_was_a_list_and_one_that_has_become_one() -> None:
    def swap(state):
        state["list"], state["table"] = {"k": {"n": 1}}, [1]

    functions = {"swap": swap, "look": lambda state: [state["list"], state["table"]]}
    tools = [Tool("swap", "", {}, effect="write"), Tool("look", "", {})]
    state = {"tables": {"list": [1, 2], "table": {"a": {"n": 0}}}, "user": {}}
    own, other = (DomainBackend(domain(tools, state, functions), 1) for _ in range(2))
    own.call("swap", {})
    assert own.call("look", {}) == [{"k": {"n": 1}}, [1]]
    assert other.call("look", {}) == [[1, 2], {"a": {"n": 0}}]


def test_a_reading_tool_sees_what_was_written_in_tables_of_any_size(monkeypatch) -> None:
    for least in (0, 64):
        monkeypatch.setattr(views, "WORTH_LENDING", least)
        shared = domain()
        own, other = DomainBackend(shared, 1), DomainBackend(shared, 1)
        for _ in range(2):
            own.call("cancel_order", {"order_id": "W1"})
            note = own.call("add_note", {"text": "a"})
            assert own.call("get_order", {"order_id": "W1"})["status"] == "cancelled"
            assert other.call("get_order", {"order_id": "W1"})["status"] == "open"
            own.call("leak", {})  # keeps pages, which no other call may be given
            kept = LEAKS[-2]
            other.call("cancel_order", {"order_id": "W2"})
            assert other.call("get_order", {"order_id": "W1"})["status"] == "open"
            assert [kept[key]["status"] for key in ("W1", "W2")] == ["cancelled", "open"]
            assert note["id"] in own.state()["tables"]["notes"]


def _visits(state, who):
    """Writes a row of one's own, and raises where somebody else's is to be seen."""
    rows = state["orders"]
    seen = {row["who"] for row in rows.values() if "who" in row}
    LEAKS.append(state)
    if seen - {who}:
        raise ToolError(f"{who} sees {seen}", "leak")
    rows["mine"] = {"who": who, "n": rows["mine"]["n"] + 1 if "mine" in rows else 1}
    return rows["mine"]["n"]


def _keeps(state):
    """Keeps the state, and writes into a table that nobody else looks at."""
    LEAKS.append(state)
    state["notes"]["a"] = {}


def _visitors(count: int) -> list[DomainBackend]:
    tools = [Tool("visit", "", {}, effect="write"), Tool("keep", "", {}, effect="write"), Tool("look", "", {})]
    functions = {"visit": _visits, "keep": _keeps, "look": lambda state: list(state["orders"].values())}
    stand_in = domain(tools, functions=functions)
    shared = type("Domain", (), {"__init__": lambda self: vars(self).update(vars(stand_in))})()
    return [DomainBackend(shared, seed) for seed in range(count)]


def test_what_a_tool_keeps_shows_no_row_of_another_episode() -> None:
    first, *others = _visitors(80)
    first.call("visit", {"who": "first"})
    first.call("keep", {})
    kept = LEAKS[-1]
    for number, other in enumerate(others):
        other.call("visit", {"who": f"{number}"})
        assert {row["who"] for row in other.call("look", {}) if "who" in row} == {f"{number}"}
    assert [row["who"] for row in kept["orders"].values() if "who" in row] == ["first"]


def test_episodes_in_several_threads_never_see_each_other(monkeypatch) -> None:
    monkeypatch.setattr("ccgym.backend.base.LENT", 1)
    monkeypatch.setattr("ccgym.backend.base.PAGES", 1)  # each takes the page of another
    episodes, wrong = _visitors(80), []
    switches = sys.getswitchinterval()

    def play(number: int) -> None:
        mine = [(own, f"{number}-{i}") for i, own in enumerate(episodes[number::4])]
        try:
            for turn in range(1, 21):
                for own, who in mine:
                    assert own.call("visit", {"who": who}) == turn
                    assert [row["who"] for row in own.call("look", {}) if "who" in row] == [who]
                    assert own.state()["tables"]["orders"]["mine"] == {"who": who, "n": turn}
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=play, args=(number,)) for number in range(4)]
    try:
        sys.setswitchinterval(1e-6)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switches)
    assert wrong == []


def test_interleaved_episodes_never_see_each_other() -> None:
    shared = domain()
    episodes = [DomainBackend(shared, seed) for seed in range(3)]
    digest = make_state(shared).hash
    for round_ in range(20):
        for number, own in enumerate(episodes):
            own.call("cancel_order", {"order_id": f"W{number}"})
            own.call("add_note", {"text": f"{number}-{round_}"})
    for number, own in enumerate(episodes):
        tables = own.state()["tables"]
        assert [key for key, order in tables["orders"].items() if order["status"] == "cancelled"] == [f"W{number}"]
        assert {note["text"].split("-")[0] for note in tables["notes"].values()} == {str(number)}
        assert len(tables["notes"]) == 20
    assert make_state(shared).hash == digest


# --- ids, time, chance ----------------------------------------------------------------------------------------------


def note(own: DomainBackend, text: str) -> tuple[str, int]:
    made = own.call("add_note", {"text": text})
    return made["id"], made["luck"]


def test_ids_depend_on_seed_tool_arguments_and_how_often_the_call_succeeded() -> None:
    plain, busy = backend(), backend()
    first, again, other = note(plain, "a"), note(plain, "a"), note(plain, "b")
    busy.call("get_order", {"order_id": "W1"})
    assert note(busy, "b") == other
    with pytest.raises(ToolError):
        busy.call("misbehave", {"how": "exception"})
    assert note(busy, "a") == first
    busy.call("cancel_order", {"order_id": "W1"})
    assert note(busy, "a") == again
    assert len({first, again, other}) == 3
    assert note(backend(seed=2), "a") != first
    assert first[0].startswith("N")
    assert len(first[0]) == 7


def test_a_failed_call_does_not_count() -> None:
    tools = [Tool("add_note", "", {}, effect="write")]

    def fails_after_id(state, text, *, ctx):
        made = ctx.new_id()
        if state["notes"]:
            raise ToolError("full")
        state["notes"][made] = {"text": text}
        return made

    own = backend(tools=tools, functions={"add_note": fails_after_id})
    point = own.snapshot()
    first = own.call("add_note", {"text": "a"})
    with pytest.raises(ToolError):
        own.call("add_note", {"text": "a"})
    assert list(own._counts.values()) == [1]
    own.restore(point)
    assert own.call("add_note", {"text": "a"}) == first


def test_the_clock_stands_still() -> None:
    own = backend()
    assert {own.call("add_note", {"text": str(i)})["at"] for i in range(5)} == {"2026-03-02T09:00:00+07:00"}


def test_ids_are_the_same_in_another_process() -> None:
    code = (
        "from ccgym.backend import ToolContext\n"
        "ctx = ToolContext('now', 5, 'tool', {'b': [1, 'ệ'], 'a': None}, {})\n"
        "print(ctx.new_id('R', 12), ctx.new_id(), ctx.rng.random())"
    )
    ctx = ToolContext("now", 5, "tool", {"a": None, "b": [1, "ệ"]}, {})
    expected = f"{ctx.new_id('R', 12)} {ctx.new_id()} {ctx.rng.random()}"
    command, env = [sys.executable, "-c", code], {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    assert done.stdout.strip() == expected
    with pytest.raises(ValueError, match="1 … 18"):
        ctx.new_id(digits=0)


def test_only_a_tool_that_asked_for_chance_makes_the_episode_depend_on_its_seed() -> None:
    own = backend()
    own.call("cancel_order", {"order_id": "W1"})
    assert not own.seeded
    own.call("add_note", {"text": "a"})
    assert own.seeded


# --- calls in threads -----------------------------------------------------------------------------------------------


def test_a_prepared_call_runs_in_a_thread_and_changes_nothing_until_it_is_finished() -> None:
    own = backend()
    before = own.digest()
    pending = own.prepare("cancel_order", {"order_id": "W1"})
    thread = threading.Thread(target=pending)
    thread.start()
    thread.join()
    assert own.digest() == before
    assert own.finish(pending)["ok"] is True
    assert own.digest() != before
    assert len(own.changes) == 1


def test_a_call_that_is_given_up_leaves_no_trace() -> None:
    own = backend()
    pending = own.prepare("cancel_order", {"order_id": "W1"})
    with pytest.raises(ToolError) as caught:
        own.finish(None, TimeoutError("longer than 0.2 s"))
    assert (caught.value.code, caught.value.message) == ("timeout", "longer than 0.2 s")
    pending()
    assert own.state() == STATE
    own.call("cancel_order", {"order_id": "W2"})
    assert own.state()["tables"]["orders"]["W1"]["status"] == "open"
    with pytest.raises(ToolError, match="has not run"):
        own.finish(own.prepare("cancel_order", {"order_id": "W1"}))


# --- probes, init, points in time -----------------------------------------------------------------------------------


def test_a_probe_reads_and_what_it_writes_is_dropped() -> None:
    own = backend()
    assert own.probe("count_open", {}) == 3
    assert own.state() == STATE
    with pytest.raises(ToolError) as caught:
        own.probe("nothing", {})
    assert caught.value.code == "unknown_probe"


def test_init_takes_state_patch_and_calls_of_tools_and_probes_in_this_order() -> None:
    own = backend()
    own.apply_init(
        {
            "state": {"tables": {"orders": {"W0": None, "W9": {"status": "new"}}}},
            "patch": [{"op": "replace", "path": "/user/phone/on", "value": False}],
            "calls": [
                {"name": "set_up", "args": {"status": "packed"}},
                {"name": "cancel_order", "args": {"order_id": "W9"}},
                {"name": "toggle_phone", "requestor": "user"},
            ],
        },
        "t1",
    )
    orders = own.state()["tables"]["orders"]
    found = {key: order["status"] for key, order in orders.items()}
    assert found == {"W1": "packed", "W2": "packed", "W9": "cancelled"}
    assert own.state()["user"] == {"phone": {"on": True}}
    assert own.changes == []


@pytest.mark.parametrize(
    ("init", "place"),
    [
        ({"calls": [{"name": "get_order", "args": {"order_id": "zz"}}]}, "init/calls/0"),
        ({"calls": [{"name": "nothing"}]}, "init/calls/0"),
        ({"patch": [{"op": "remove", "path": "/tables/zz"}]}, "init/patch"),
        ({"state": {"orders": {}}}, "init/state"),
    ],
)
def test_an_init_that_does_not_fit_is_the_tasks_error(init: Any, place: str) -> None:
    with pytest.raises(DomainError, match=f"task t1 {place}"):
        backend().apply_init(init, "t1")


def test_an_episode_goes_back_with_its_counts() -> None:
    own = backend()
    point, digest = own.snapshot(), own.digest()
    first = note(own, "a")
    own.restore(point)
    assert own.digest() == digest
    assert not own.seeded
    assert note(own, "a") == first
    assert [op["op"] for op in own.net_patch()] == ["add"]


def test_a_merge_patch_is_hashed_without_being_applied() -> None:
    own, other = backend(), backend()
    found = own.merged_hash({"tables": {"orders": {"W1": {"status": "cancelled"}}}})
    assert own.state() == STATE
    other.call("cancel_order", {"order_id": "W1"})
    assert found == other.digest()


def test_a_tool_without_a_function_says_so_when_it_is_called() -> None:
    own = backend(tools=[Tool("orphan", "", {})], functions={})
    with pytest.raises(ToolError, match="'orphan' has no backend"):
        own.call("orphan", {})
