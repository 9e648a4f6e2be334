"""The monitor looks at nothing twice, and says what looking at everything again would say.

1. A tree is complete at a call exactly where the events so far can complete it: `all` in any order, `sequence` one
   after the other, `same` and `args` by value.
2. A count is of the calls that succeeded, by argument.
3. Its cost does not grow with the episode.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ccgym.domain.findings import Findings
from ccgym.domain.rules import Clause, Names, read_rule
from ccgym.sop import Monitor, RuleProgram
from ccgym.types import Message, Tool, ToolEvent

NAMES = ["a", "b", "c", "goal"]
PROPERTIES = {"x": {}, "y": {}}
TOOLS = {
    name: Tool(name, "", {"properties": PROPERTIES, "additionalProperties": False}, effect="write") for name in NAMES
}
DOMAIN: Any = SimpleNamespace(spec=SimpleNamespace(clock="2026-01-05T09:00:00Z"), tools=TOOLS)
VALUES = st.sampled_from([1, 1.0, True, "1", None, [1], {"k": 1}])

leaves = st.one_of(
    st.sampled_from(["a", "b", "c"]),
    st.fixed_dictionaries({"call": st.sampled_from(["a", "b", ["a", "b"]])}, optional={"same": st.just(["x"])}),
    st.fixed_dictionaries({"tried": st.sampled_from(["a", "c"])}, optional={"same": st.just({"x": "y"})}),
    st.fixed_dictionaries({"call": st.just("c"), "args": st.fixed_dictionaries({"x": VALUES})}),
    st.fixed_dictionaries({"said": st.sampled_from(["hello", ["hello", "bye"]])}),
)
trees = st.recursive(
    leaves,
    lambda inner: st.sampled_from(["all", "any", "sequence"]).flatmap(
        lambda kind: st.lists(inner, min_size=1, max_size=3).map(lambda parts: {kind: parts})
    ),
    max_leaves=7,
)
calls = st.tuples(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(["x", "y"]), VALUES),
    st.sampled_from(["ok", "ok", "failed"]),
)
traces = st.lists(st.one_of(calls, st.sampled_from(["Hello!", "Bye.", "Hm, hello, bye"])), max_size=12)


def rule(data: dict[str, Any]) -> Any:
    findings = Findings()
    found = read_rule(data, "r", Clause("sop.md", "", 1, ""), lambda path: "here", Names(TOOLS), findings)
    assert found is not None, findings
    return found


def event_of(n: int, move: Any) -> Any:
    if isinstance(move, str):
        return Message(episode=0, n=n, step=n + 1, hash="", role="assistant", content=move)
    name, arguments, outcome = move
    error = {"code": "not_found", "message": "no"} if outcome == "failed" else None
    return ToolEvent(episode=0, n=n, step=n + 1, hash="", id=f"c{n}", name=name, arguments=arguments, error=error)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return type(a) is type(b) and a == b if not isinstance(a, int | float) or not isinstance(b, int | float) else a == b


def made(data: dict[str, Any], event: Any, arguments: dict[str, Any]) -> bool:
    """Whether an event is the call that a leaf asks for."""
    if not isinstance(event, ToolEvent):
        return False
    wanted = data.get("call", data.get("tried"))
    pairs = data.get("same", [])
    pairs = pairs.items() if isinstance(pairs, dict) else [(name, name) for name in pairs]
    return (
        event.name in ([wanted] if isinstance(wanted, str) else wanted)
        and (event.error is None or "tried" in data)
        and all(same(arguments.get(mine), event.arguments.get(theirs)) for mine, theirs in pairs)
        and all(k in event.arguments and same(event.arguments[k], v) for k, v in data.get("args", {}).items())
    )


def complete(data: Any, events: list[Any], lo: int, hi: int, arguments: dict[str, Any]) -> bool:
    """Whether the events lo … hi-1 complete a tree: by trying everything."""
    if isinstance(data, str):
        data = {"call": data}
    if "all" in data:
        return all(complete(part, events, lo, hi, arguments) for part in data["all"])
    if "any" in data:
        return any(complete(part, events, lo, hi, arguments) for part in data["any"])
    if "sequence" in data:
        first, *rest = data["sequence"]
        if not rest:
            return complete(first, events, lo, hi, arguments)
        return any(
            complete(first, events, lo, middle, arguments)
            and complete({"sequence": rest}, events, middle, hi, arguments)
            for middle in range(lo, hi + 1)
        )
    if "said" in data:
        texts = [data["said"]] if isinstance(data["said"], str) else data["said"]
        replies = [event.content.casefold() for event in events[lo:hi] if isinstance(event, Message)]
        return all(any(text in reply for reply in replies) for text in texts)
    return any(made(data, event, arguments) for event in events[lo:hi])


@settings(max_examples=400, deadline=None)
@given(trees, traces)
def test_a_tree_is_complete_exactly_where_the_events_can_complete_it(tree, trace):
    monitor = Monitor(RuleProgram([rule({"before": "goal", "require": tree})], DOMAIN), None)  # type: ignore[arg-type]
    events: list[Any] = []
    for n, move in enumerate(trace):
        event = event_of(n, move)
        if isinstance(event, ToolEvent) and event.name == "goal":
            (verdict,) = monitor.attempt("goal", event.arguments)
            wanted = complete(tree, events, 0, n, event.arguments)
            assert verdict.verdict == ("ok" if wanted else "violated"), verdict.detail
        monitor.see(event)
        events.append(event)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 3), st.lists(st.sampled_from([[], ["x"], ["x", "y"]]), min_size=1, max_size=1), traces)
def test_a_count_is_of_the_calls_that_succeeded_by_argument(most, per, trace):
    program = RuleProgram([rule({"at_most": most, "call": ["a", "goal"], "per": per[0]})], DOMAIN)
    monitor = Monitor(program, None)  # type: ignore[arg-type]
    events: list[Any] = []
    for n, move in enumerate(trace):
        event = event_of(n, move)
        if isinstance(event, ToolEvent) and event.name in ("a", "goal"):
            (verdict,) = monitor.attempt(event.name, event.arguments)
            before = [
                each for each in events
                if isinstance(each, ToolEvent) and each.error is None and each.name in ("a", "goal")
                and all(same(each.arguments.get(name), event.arguments.get(name)) for name in per[0])
            ]  # fmt: skip
            assert verdict.verdict == ("ok" if len(before) < most else "violated")
        monitor.see(event)
        events.append(event)


def test_judging_the_ten_thousandth_call_costs_what_judging_the_first_does():
    tree = {"sequence": [{"call": "a", "same": ["x"]}, {"any": ["b", "c"]}, {"not": {"call": "goal", "same": ["x"]}}]}
    monitor = Monitor(RuleProgram([rule({"before": "goal", "require": tree})], DOMAIN), None)  # type: ignore[arg-type]

    def seconds(first: int) -> float:
        start = time.process_time()
        for n in range(first, first + 1_000):
            monitor.attempt("goal", {"x": n % 7})
            monitor.see(event_of(n, ("abc"[n % 3], {"x": n % 7}, "ok")))
        return time.process_time() - start

    early = min(seconds(n) for n in range(0, 5_000, 1_000))
    for n in range(5_000, 100_000, 1_000):
        late = seconds(n)
    assert late < 5 * early
