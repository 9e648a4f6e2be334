"""Findings about the seed state."""

from __future__ import annotations

from ccgym.domain.codes.entry import Code, code

_B03 = "state.json /tables/bikes/B03"

CODES: dict[str, Code] = {
    "bad-state": code(
        "error", "The file state.json has not the form of a state.",
        'Write `{"tables": {name: {key: row}}, "user": {…}}`.',
        {"state.json": '{"bikes": {}}\n'},
    ),
    "bad-table": code(
        "error", "A CSV file is no table: a row too long or too short, a key that is missing or occurs twice.",
        "Correct the line that is named.", {"tables/shops.csv": "shop,city\nHue,Hue\nHue,Hanoi\n"},
    ),
    "duplicate-table": code(
        "error", "A table stands in state.json and in a CSV file.", "Keep one of them.",
        {"tables/bikes.csv": "bike_id,model\nB01,City\n"},
    ),
    "mixed-column": code(
        "warning", "A column of numbers holds one as text, or a column of booleans does: comparisons with it fail.",
        "Write it without quotes.", {f"{_B03}/price": "12"},
    ),
    "key-mismatch": code(
        "warning", "A row's own id is not the key that it stands under, though elsewhere the two are equal.",
        "Correct the one that is wrong.", {f"{_B03}/bike_id": "B04"},
    ),
    "dangling-id": code(
        "warning", "A row names a row of another table that does not exist.", "Add the row, or correct the id.",
        {"state.json /tables/loans": {
            "L1": {"bike_id": "B01"}, "L2": {"bike_id": "B02"}, "L3": {"bike_id": "B30"}},
         "tools.json /-": {
            "name": "get_loan", "description": "Look up one loan.", "x-ccgym": {
                "effect": "read", "mock": {"kind": "lookup", "table": "loans", "key": "{/args/loan}"}},
            "parameters": {"type": "object", "required": ["loan"],
                           "properties": {"loan": {"type": "string", "description": "Such as L1."}}}},
         "tasks.jsonl /0/expect/actions/-": {"name": "get_loan", "args": {"loan": "L1"}},
         "tasks.jsonl /0/user/first_message": "A bike for an hour, please. The loan is to be L1."},
    ),
    "unused-table": code(
        "notice", "No mock, task or rule reads a table.", "Remove it, or use it.",
        {"state.json /tables/shops": {"S1": {"city": "Hue"}}},
    ),
    "unused-column": code(
        "notice", "No mock, task or rule reads a column.", "Remove it, or use it.",
        {"tools.json /0/x-ccgym/mock/return": {"price": "{/row/price}", "out": "{/row/out}"},
         "tools.json /1/x-ccgym/mock/return": "lent"},
    ),
}  # fmt: skip
