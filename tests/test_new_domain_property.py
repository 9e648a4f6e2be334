"""Any tool schemas and any SOP: the new domain has no errors, its references earn 1, and it is the same every time."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ccgym
from ccgym.authoring import new_domain
from ccgym.domain import check_domain
from ccgym.rollouts import make_policy

VERBS = [
    "get", "list", "find", "search", "check", "verify", "cancel", "update", "create", "delete", "refund", "book",
    "send", "frobnicate", "transfer", "calculate", "huy", "tra_cuu", "cap_nhat", "tao", "xac_minh", "kiem_tra",
]  # fmt: skip
NOUNS = ["order", "orders", "booking", "customer", "account", "status", "address", "room", "don_hang", "the", "ve",
         "khach_hang", "payment", "note", "thing"]  # fmt: skip
NAMES = ["id", "order_id", "orderId", "booking-ref", "customer_id", "ma_don", "so_tai_khoan", "email", "phone", "date",
         "reason", "status", "amount", "items", "address", "new_email", "query", "limit", "lý_do", "x", "state", "self",
         "a/b", "c~d", "{brace}", "$op", "isbn", "from_account_id", "to_account_id", "last4"]  # fmt: skip

texts = st.sampled_from(["", "The number, such as W1001.", "Mã đơn hàng, ví dụ DH-20", "e.g. 2024-05-01", "Say {it}?"])
leaf = st.one_of(
    st.just({"type": "string"}),
    st.builds(lambda d: {"type": "string", "description": d}, texts),
    st.sampled_from([
        {"type": "string", "format": "date"}, {"type": "string", "format": "email"},
        {"type": "string", "format": "uuid"},
        {"type": "string", "pattern": "^[A-Z]{2}[0-9]{4}$"}, {"type": "string", "minLength": 3, "maxLength": 5},
        {"type": "integer"}, {"type": "integer", "minimum": 5, "maximum": 6}, {"type": "number", "exclusiveMinimum": 0},
        {"type": "number", "multipleOf": 0.5}, {"type": "boolean"}, {"enum": ["một", "hai"]}, {"const": 7},
        {"enum": ["PENDING", "CANCELLED", None]}, {"type": ["string", "null"]}, {}, {"$ref": "#/$defs/Thing"},
        {"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 4}]}, {"type": "string", "examples": ["Q-7"]},
        {"oneOf": [{"const": "now"}, {"type": "string", "format": "date"}]},
    ]),
)  # fmt: skip
schema = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda items, n: {"type": "array", "items": items, "minItems": n}, inner, st.integers(0, 2)),
        st.builds(
            lambda props: {"type": "object", "properties": props, "required": sorted(props)[:1]},
            st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
        ),
    ),
    max_leaves=4,
)
DEFS = {"Thing": {"type": "object", "properties": {"name": {"type": "string"}, "in": {"$ref": "#/$defs/Thing"}}}}


@st.composite
def tools(draw):
    found = []
    for number in range(draw(st.integers(1, 6))):
        verb, noun = draw(st.sampled_from(VERBS)), draw(st.sampled_from(NOUNS))
        name = (
            draw(st.sampled_from([f"{verb}_{noun}", f"{verb}{noun.title()}", f"{noun}-{verb}", verb, noun]))
            + "_" * number
        )
        properties = draw(st.dictionaries(st.sampled_from(NAMES), schema, max_size=4))
        required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
        parameters = {"type": "object", "properties": properties, "required": required, "$defs": DEFS}
        tool = {"name": name, "description": draw(texts), "parameters": parameters}
        if draw(st.booleans()):
            tool["returns"] = {**draw(schema), "$defs": DEFS}
        found.append(tool)
    return found


@st.composite
def sops(draw):
    lines = draw(st.lists(st.sampled_from([
        "# Orders", "## Hủy đơn", "- Verify the customer before cancelling an order.", "Never refund an order.",
        "Only cancel an order if its status is `PENDING`.", "Ask the customer to confirm before any change.",
        "Trước khi hủy đơn hàng, phải xác minh khách hàng.", "Chỉ cập nhật địa chỉ khi trạng thái là 'một'.",
        "Tối đa 1 lần hoàn tiền cho mỗi đơn hàng.", "| a | b |", "|---|---|", "```", "get_order before cancel_order.",
        "Only create an order after check_customer.", "", "Không được tạo đơn hàng khi chưa kiểm tra đơn hàng.",
    ]), min_size=1, max_size=12))  # fmt: skip
    return draw(st.sampled_from(["", "\ufeff"])) + draw(st.sampled_from(["\n", "\r\n"])).join([*lines, "End."])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tools(), sops())
def test_a_new_domain_always_plays(tools, sop):
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "tools.json").write_text(json.dumps(tools), encoding="utf-8")
        (root / "sop.md").write_text(sop, encoding="utf-8", newline="")
        first, second = (new_domain("Desk", root / "tools.json", root / "sop.md", root / name) for name in "ab")
        # Where all that there is must never be called, there is nothing to play, and that is said.
        assert [str(f) for f in check_domain(first.folder) if f.severity != "notice" and f.code != "no-tasks"] == []
        files = sorted(path.name for path in first.folder.iterdir())
        assert all((first.folder / name).read_bytes() == (second.folder / name).read_bytes() for name in files)
        env = ccgym.make(first.folder, weights={"correctness": 1.0}, gates={})
        tasks = list(env.domain.tasks)
        episodes = ccgym.rollout(env, make_policy("oracle"), tasks)
        assert [e.task["id"] for e in episodes if e.rewards.get("correctness") != 1.0] == []
        if tasks:
            assert env.domain.split("train")
            assert env.domain.split("test")
        for policy in ("null", "refuse", "echo", "spam"):
            assert not any(e.rewards.get("correctness") for e in ccgym.rollout(env, make_policy(policy), tasks))
