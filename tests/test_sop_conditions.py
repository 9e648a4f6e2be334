"""Conditions: what they may say, that judging one is bounded, and that the short way decides what CEL decides."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ccgym.domain.rules import ConditionError, parse_condition
from ccgym.domain.rules.cel import environment
from ccgym.sop.batch import Batch, Failure, Slot
from ccgym.sop.plain import plain_test

CLOCK = "2026-01-05T09:00:00+07:00"
ROW = {
    "status": "open", "next": "W1",
    "total": 9.5, "n": 3, "on": True, "none": None, "at": "2026-01-02T09:00:00Z", "day": "2026-01-02",
    "items": [{"n": 1, "sku": "Ấm"}, {"n": 2}], "deep": {"er": {"x": "ok"}},
}  # fmt: skip
ARGS = {
    "order_id": "W1", "amount": 3, "price": 2.5, "big": 2**62, "list": ["a", "b"], "text": "Phở bò", "flag": False,
    "neg": -7,
}  # fmt: skip


class World:
    def row(self, table: str, key: str) -> Any:
        return {"t": {"W1": ROW}}[table][key]


def judge(text: str, args: dict[str, Any] | None = None, result: Any = None, applies: str | None = None) -> Any:
    names = ("args", "result")
    slot = Slot(parse_condition(text, names), parse_condition(applies, names) if applies else None)
    return Batch([slot], CLOCK).values(ARGS if args is None else args, World(), result)[0]


def by_cel(text: str, args: dict[str, Any]) -> Any:
    """What CEL says of the expression as it was written, with rows looked up by CEL itself."""
    from ccgym.domain.rules.cel import WORLD
    from ccgym.sop.batch import _Reader

    WORLD.read = _Reader(World(), False).read
    try:
        value = environment().compile(text.replace("now()", f"timestamp('{CLOCK}')")).eval(data={"args": args})
        return "error" if value.type().name() == "ERROR" else value.plain_value()
    except RuntimeError:
        return "error"
    finally:
        WORLD.read = None


# --- the short way ----------------------------------------------------------------------------------------------------

ATOMS = [
    "args.amount", "args.price", "args.big", "args.text", "args.flag", "args.list", "args.missing", "args.order_id",
    "row('t', args.order_id).status", "row('t', args.order_id).total", "row('t', 'W1').n", "row('t', 'W1').on",
    "row('t', 'W1').none",
    "row('t', 'W1').items", "row('t', 'W1').deep.er.x", "row('t', 'W9').n", "row('t', 'W1').gone",
    "row('t', row('t', args.order_id).next).status", "row('t', row('t', args.order_id).gone).status", "args['text']",
    "row('t', row('t', row('t', 'W1').next)['next']).n", "has_row('t', row('t', 'W1').next)",
    "has_row('t', row('t', 'W1').status)", "row('t', args['order_id'])['deep'].er['x']", "row('t', 'W1')['items'][0].n",
    "has_row('t', args.order_id)", "has_row('t', 'W9')", "has(args.amount)", "has(args.missing)",
    "has(row('t', 'W1').none)", "has(row('t', 'W1').deep.er)", "has(row('t', 'W1').deep.no)", "now()",
    "timestamp(row('t', 'W1').at)", "timestamp(row('t', 'W1').day)",
    "timestamp(row('t', 'W1').day + 'T00:00:00Z')",
    "duration('48h')", "duration('90m')", "true", "false", "null", "0", "3", "9.5", "2.5", "9007199254740993", "'open'",
    "'W'", "''", "'Ấm'", "row('t', 'W1').items.all(i, i.n < 3)", "row('t', 'W1').items.exists(i, i.sku == 'Ấm')",
    "now().getHours()", "now().getDayOfWeek()", "timestamp(row('t', 'W1').at).getMonth()", "now().getDate()",
    "1e2", "1.5e1",
    "args.list.filter(x, x == 'a')", "row('t', 'W1').items.filter(i, i.n > 1)[0].n",
    "row('t', 'W1').items.filter(i, i.n)",
    "-2", "-1", "-9223372036854775807", "args.list[0]", "args.list[2]", "row('t', 'W1').items[1].n", "args.text[0]",
    "args.neg", "args['list'][1]", "row('t', 'W1').items[0]['sku']",
    "args.list.all(x, x in ['a', 'b'])", "args.list.exists(x, x == args.text)", "args.text.all(x, true)",
]  # fmt: skip
BINARY = ["==", "!=", "<", "<=", ">", ">=", "&&", "||", "+", "-", "*", "/", "%"]
expressions = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(BINARY), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, st.sampled_from(BINARY), inner).map(" ".join),
        inner.map(lambda e: f"!{e}"),
        inner.map(lambda e: f"size({e})"),
        st.tuples(st.sampled_from(["double", "int", "string"]), inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, st.sampled_from(["^[a-z]+$", "^W[0-9]{1}", "o", "", "[A-Z]*1$", "(a|o)+", "a.c"])).map(
            lambda t: f"({t[0]}).matches('{t[1]}')"
        ),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
        inner.map(lambda e: f"({e}) in ['open', 3, 2.5, true]"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]}) in [{t[1]}, {t[2]}]"),
        st.tuples(inner, st.sampled_from(["startsWith", "endsWith", "contains"]), inner).map(
            lambda t: f"({t[0]}).{t[1]}({t[2]})"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=600, deadline=None)
@given(expressions)
def test_the_short_way_decides_what_cel_decides(text):
    try:
        condition = parse_condition(text, ("args",), False)
    except ConditionError:
        return
    found = Batch([Slot(condition)], CLOCK).values(ARGS, World())[0]
    wanted = by_cel(text, ARGS)
    if type(found) is Failure:
        assert wanted == "error"
    elif isinstance(wanted, bool | str | int | float | list | None):
        assert (type(found), found) == (type(wanted), wanted)


def test_most_conditions_of_an_sop_are_judged_the_short_way():
    for text in (
        "args.amount <= row('t', args.order_id).total && !has(args.reason)",
        "row('t', args.order_id).status in ['open', 'paid'] || args.flag == true",
        "timestamp(row('t', args.order_id).at) > now() - duration('720h')",
        "row('t', args.order_id).items.all(item, item.n <= 5 && has(item.sku))",
        "row('t', 'W1').items[0].n % 2 == 1 && args.price / 2.0 in [row('t', 'W1').total, 1.25]",
        "size(args.list) < 3 ? args.text.startsWith('P') : row('t', 'W1').deep.er.x != 'ok'",
    ):
        condition = parse_condition(text)
        names = {part: f"__{i}" for i, part in enumerate(condition.parts) if not isinstance(part, str)}
        assert plain_test(condition, names, CLOCK) is not None, text
