"""Arguments are validated by JSON Schema 2020-12, quickly, offline, and with sentences that an agent can act on.

1. A schema that refers outside itself, or has a pattern that is not linear, is refused before anything is compiled.
2. Arguments that the schema does not name are errors, unless it says otherwise.
3. An error is one sentence of at most 300 characters, whatever the arguments are.
4. The published schemas are schemas, and hold for what the loader accepts.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
from domains import TASKS, TOOLS
from hypothesis import given
from hypothesis import strategies as st

from ccgym.domain import ArgumentValidator, schema_for
from ccgym.domain.spec import DomainSpec
from ccgym.errors import CcgymError, DomainError

ORDER = {
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "pattern": "^W[0-9]{4}$"},
        "reason": {"enum": ["damaged", "late"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "note": {"type": "string", "maxLength": 5},
        "items": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}},
        "at": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "kind": {"const": "x"},
        "more": {
            "type": "object",
            "properties": {"a": {"type": "integer"}},
            "required": ["a"],
            "additionalProperties": False,
        },
    },
    "required": ["order_id"],
}


@pytest.fixture(scope="module")
def order():
    return ArgumentValidator(ORDER)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"order_id": "W1234"}, None),
        ({}, "'order_id' is missing; required: order_id"),
        ({"order_id": 5}, "/order_id: found 5, must be of type string"),
        ({"order_id": "x"}, "/order_id: found 'x', must match ^W[0-9]{4}$"),
        ({"order_id": "W1234", "ordr_id": "x"}, "unknown argument 'ordr_id'. Did you mean 'order_id'?"),
        ({"order_id": "W1234", "reason": "old"}, "/reason: found 'old', must be one of 'damaged', 'late'"),
        ({"order_id": "W1234", "count": 0}, "/count: found 0, must be at least 1"),
        ({"order_id": "W1234", "count": 10}, "/count: found 10, must be at most 9"),
        ({"order_id": "W1234", "count": True}, "/count: found true, must be of type integer"),
        ({"order_id": "W1234", "count": None}, "/count: found null, must be of type integer"),
        ({"order_id": "W1234", "note": "too long"}, "/note: found 'too long', must have at most 5 characters"),
        ({"order_id": "W1234", "items": []}, "/items: found a list of 0, must have at least 1 items"),
        ({"order_id": "W1234", "items": ["a", "a"]}, "/items: found a list of 2, must hold no item twice"),
        ({"order_id": "W1234", "items": ["a", 1]}, "/items/1: found 1, must be of type string"),
        ({"order_id": "W1234", "at": 3}, "/at: found 3, must be of type string or null"),
        ({"order_id": "W1234", "kind": "y"}, "/kind: found 'y', must be 'x'"),
        ({"order_id": "W1234", "more": {}}, "'a' is missing in /more"),
        ({"order_id": "W1234", "more": {"a": 1, "b": 2}}, "unknown argument 'b' in /more"),
    ],
)
def test_an_error_says_where_what_was_found_and_what_is_right(order, arguments, sentence):
    assert order(arguments) == sentence


def test_unknown_arguments_are_errors_unless_the_schema_speaks_of_them():
    named = {"type": "object", "properties": {"a": {}}}
    assert ArgumentValidator(named)({"b": 1}) == "unknown argument 'b'. Known: a"
    assert ArgumentValidator({**named, "additionalProperties": True})({"b": 1}) is None
    assert ArgumentValidator({**named, "additionalProperties": {"type": "string"}})({"b": "x"}) is None
    assert ArgumentValidator({**named, "patternProperties": {"^x": {}}})({"x1": 1}) is None
    assert ArgumentValidator({})({"b": 1}) is not None


def test_arguments_that_a_composed_schema_names_are_known():
    validator = ArgumentValidator(
        {
            "allOf": [{"$ref": "#/$defs/who"}],
            "oneOf": [{"properties": {name: {}}, "required": [name]} for name in ("phone", "mail")],
            "$defs": {"who": {"properties": {"name": {"type": "string"}}, "required": ["name"]}},
        }
    )
    assert validator({"name": "An", "phone": "1"}) is None
    assert validator({"name": "An", "phone": "1", "fax": "2"}) == "unknown argument 'fax'"
    assert validator({"name": "An"}).endswith("which fits none of the allowed forms")
    both = {"name": "An", "phone": "1", "mail": "2"}
    assert validator(both).endswith("which fits more than one of the allowed forms")


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"$ref": "file:///etc/passwd"}, "/$ref"),
        ({"properties": {"a": {"$ref": "http://localhost:1/x.json"}}}, "/properties/a/$ref"),
        ({"properties": {"a": {"$dynamicRef": "other.json#x"}}}, "/properties/a/$dynamicRef"),
        ({"properties": {"a": {"items": {"anyOf": [{"$ref": "x"}]}}}}, "/properties/a/items/anyOf/0/$ref"),
        ({"properties": {"default": {"$ref": "file:///etc/hosts"}}}, "/properties/default/$ref"),
        ({"$id": "https://evil.example/s.json"}, "/$id"),
        ({"$defs": {"const": {"$ref": "file:///x"}}}, "/$defs/const/$ref"),
    ],
)
def test_a_reference_that_leads_out_of_the_schema_is_refused(schema, place):
    with pytest.raises(DomainError) as caught:
        ArgumentValidator(schema, "tools.json")
    assert caught.value.where == f"tools.json {place}"
    assert "leads out of the schema" in caught.value.message


@pytest.mark.parametrize(
    ("defs", "fails"),
    [
        ({"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}, True),
        ({"A": {"$ref": "#/$defs/A"}}, True),
        ({"A": {"type": "object", "properties": {"more": {"$ref": "#/$defs/A"}}}}, False),
        ({"A": {"$ref": "#/$defs/B~1c"}, "B/c": {"type": "string"}}, False),
        ({"A": {"$ref": "#text"}, "B": {"$anchor": "text", "type": "string"}}, False),
    ],
)
def test_references_that_lead_in_a_circle_demand_nothing_and_are_refused(defs, fails):
    schema = {"properties": {"x": {"$ref": "#/$defs/A"}}, "$defs": defs}
    if not fails:
        ArgumentValidator(schema, "tools.json")
        return
    with pytest.raises(DomainError, match=r"leads to nothing but itself"):
        ArgumentValidator(schema, "tools.json")


def test_a_schema_may_be_an_anchor_of_its_own():
    schema = {"$ref": "#all", "$defs": {"a": {"$anchor": "all", "properties": {"x": {"type": "string"}}}}}
    assert ArgumentValidator(schema)({"x": "text"}) is None


def test_references_inside_the_schema_work_also_where_they_recur():
    tree = {"properties": {"t": {"$ref": "#/$defs/t"}}, "$defs": {"t": {"properties": {"t": {"$ref": "#/$defs/t"}}}}}
    assert ArgumentValidator(tree)({"t": {"t": {"t": {}}}}) is None
    with pytest.raises(DomainError, match="does not exist"):
        ArgumentValidator({"$ref": "#/$defs/missing"})


def test_the_name_of_a_reference_is_allowed_where_it_is_data():
    schema = {"properties": {"$ref": {"type": "string"}, "b": {"const": {"$ref": "http://x"}}}}
    assert ArgumentValidator(schema)({}) is None


def test_a_schema_of_an_older_draft_is_read_as_far_as_they_agree():
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "string"}},
              "properties": {"x": {"$ref": "#/definitions/a"}}}  # fmt: skip
    assert ArgumentValidator(schema)({"x": 1}) == "/x: found 1, must be of type string"


@pytest.mark.parametrize("pattern", ["(?=a)b", r"(a)\1", "a{1000}{1000}{1000}", "("])
def test_a_pattern_that_is_not_linear_is_refused(pattern):
    with pytest.raises(DomainError, match="cannot run in linear time") as caught:
        ArgumentValidator({"properties": {"a": {"type": "string", "pattern": pattern}}}, "tools.json")
    assert caught.value.where == "tools.json /properties/a/pattern"


def test_a_pattern_that_would_hang_a_backtracking_engine_runs():
    validator = ArgumentValidator({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}})
    assert validator({"a": "a" * 1_000_000}) is None
    assert validator({"a": "a" * 1_000_000 + "b"}).startswith("/a: found 'aaaa")


@pytest.mark.parametrize("schema", [{"type": "strin"}, {"properties": []}, {"properties": {"a": {"minimum": "1"}}}])
def test_what_is_no_json_schema_is_refused(schema):
    with pytest.raises(DomainError, match="not JSON Schema 2020-12"):
        ArgumentValidator({"type": "object", "properties": {"a": schema}} if "type" in schema else schema)


def test_a_schema_nested_past_all_reason_is_refused():
    schema: dict = {}
    for _ in range(3000):
        schema = {"properties": {"a": schema}}
    with pytest.raises(DomainError, match="nested deeper"):
        ArgumentValidator(schema)


@pytest.mark.parametrize(
    "arguments",
    [
        {"order_id": "x" * 1_000_000},
        {"x" * 1_000_000: 1},
        {str(number): 1 for number in range(50_000)},
        {"order_id": "W1234", "items": ["a"] * 100_000},
        {"order_id": "\x1b[2J\n\x07"},
        {"order_id": "W1234", "count": 10**400},
        {"order_id": "W1234", "count": float("nan")},
        {"order_id": "\ud800"},
        {"order_id": object()},
        {1: 2},
    ],
    ids=range(10),
)
def test_hostile_arguments_get_one_short_clean_sentence(order, arguments):
    sentence = order(arguments)
    assert sentence
    assert len(sentence) <= 300
    assert sentence.isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ORDER["properties"], "other"]), JSON, max_size=4))
def test_no_arguments_raise_and_silence_means_valid(arguments):
    validator = ArgumentValidator(ORDER)
    sentence = validator(arguments)
    if sentence is None:
        assert jsonschema_rs.is_valid(validator.schema, arguments)
    else:
        assert 0 < len(sentence) <= 300


# --- published schemas ------------------------------------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden"
KINDS = ("domain", "task", "tools", "episode")


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_the_one_on_record(kind):
    """A changed format is a change that users see: write the file anew, and say so in the changelog."""
    found = json.dumps(schema_for(kind), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert found == (GOLDEN / f"{kind}.schema.json").read_text(encoding="utf-8")


def validator(kind):
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.Draft202012Validator(schema_for(kind), pattern_options=options, offline=True)


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_is_a_schema_and_refers_to_nothing_outside(kind):
    schema = schema_for(kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert validator(kind)
    text = json.dumps(schema)
    assert '"$id"' not in text
    assert all(part.startswith("#/$defs/") for part in text.split('"$ref": "')[1:])


def test_the_published_schemas_hold_for_a_domain_that_loads():
    assert all(validator("task").is_valid(task) for task in TASKS)
    assert validator("tools").is_valid(TOOLS)
    assert validator("tools").is_valid({"tools": [{"name": "f", "inputSchema": {"type": "object"}}]})
    assert validator("domain").is_valid({"name": "X", "sop": "sop.md", "limits": {"max_errors": 2}})
    assert validator("domain").is_valid(DomainSpec(name="X").model_dump(mode="json"))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("task", {"id": "a", "speed": 1}),
        ("task", {"split": "test"}),
        ("task", {"id": "a", "expect": {"actions": [{"say": "x", "name": "f"}]}}),
        ("task", {"id": "a", "reward_basis": ["money"]}),
        ("domain", {"name": "X", "limits": {"max_errors": 1}}),
        ("domain", {}),
        ("tools", [{"parameters": {}}]),
        ("tools", [{"name": "f", "parameters": {}, "x-ccgym": {"effect": "boom"}}]),
        ("tools", [{"name": "f", "parameters": {}, "x-ccgym": {"mock": {"kind": "lookup"}}}]),
    ],
)
def test_the_published_schemas_refuse_what_the_loader_refuses(kind, value):
    assert not validator(kind).is_valid(value)


def test_an_unknown_kind_of_schema_gets_a_suggestion():
    with pytest.raises(CcgymError, match="Did you mean 'task'"):
        schema_for("tasks")
