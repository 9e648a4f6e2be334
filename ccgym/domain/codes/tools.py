"""Findings about tools: their schemas, their mocks and their functions."""

from __future__ import annotations

from ccgym.domain.codes.entry import Code, code

_GET, _LEND = "tools.json /0", "tools.json /1"
_TOOLSET = "name: BikeDesk\ntools: bikes\n"

CODES: dict[str, Code] = {
    "bad-tools": code(
        "error", "The tools' file holds no list of tools.", "Write a list, or `{\"tools\": […]}`.",
        {"tools.json": '{"get_bike": {}}\n'},
    ),
    "bad-tool": code(
        "error", "An entry of the list, or one of its fields, is no description of a tool.",
        "Write it in one of the dialects.", {f"{_GET}/description": 5},
    ),
    "bad-tool-name": code(
        "error", "A tool has no name, or one that models' servers refuse.",
        "Take letters, digits, `_`, `-` and `.`, at most 128.",
        {"tools.json": [{"name": "get bike", "parameters": {"type": "object"}}], "tasks.jsonl": None,
         "sop.md": "Lend bikes.\n"},
    ),
    "duplicate-tool": code(
        "error", "Two tools have the same name.", "Rename one.",
        {"tools.json /-": {"name": "get_bike", "description": "Again.", "parameters": {"type": "object"},
                           "x-ccgym": {"effect": "read"}}},
    ),
    "bad-schema": code(
        "error", "A schema of arguments is no JSON Schema, leads out of itself, or has a pattern that could hang.",
        "Correct the place that is named.", {f"{_GET}/parameters/properties/bike_id/pattern": "^(?=B)B"},
    ),
    "unknown-toolset": code(
        "error", "`tools` in domain.yaml names a toolset that no installed package registers.",
        "Correct the name, or install the package.", {"domain.yaml": _TOOLSET},
    ),
    "no-schemas": code(
        "error", "A registered toolset brings functions, but no schemas.", "Give the toolset `schemas`.",
        {"domain.yaml": _TOOLSET}, python='def get_bike(state, bike_id):\n    return state["bikes"][bike_id]\n',
    ),
    "unknown-function": code(
        "error", "A mock of the kind `python` names a function that nobody registers.",
        "Correct the name, or install the package.",
        {f"{_GET}/x-ccgym/mock": {"kind": "python", "function": "bikes:get_bike"}},
    ),
    "no-backend": code(
        "warning", "A tool has neither a mock nor a function: each call of it fails, unless a plugin brings a backend.",
        "Give it a `mock`, or register a toolset.",
        {"tools.json /-": {"name": "note", "description": "Write a note.", "parameters": {"type": "object"},
                           "x-ccgym": {"effect": "think"}}},
    ),
    "bad-mock": code(
        "error", "A mock has not the form of its kind.", "Correct the place that is named.",
        {f"{_GET}/x-ccgym/mock/kind": "look-up"},
    ),
    "bad-pointer": code(
        "error", "A pointer in a mock leads nowhere.", "Begin it with a root that there is, such as `/args` or `/row`.",
        {f"{_GET}/x-ccgym/mock/return": "{/arg/bike_id}"},
    ),
    "unknown-argument": code(
        "error", "A mock or a reference names an argument that the tool does not have.", "Correct the name.",
        {f"{_GET}/x-ccgym/mock/missing/message": "There is no bike {/args/bike}."},
    ),
    "unknown-table": code(
        "error", "A mock, a task or a rule names a table that the seed state does not have.",
        "Correct the name, or add the table.", {f"{_GET}/x-ccgym/mock/table": "bike"},
    ),
    "unknown-column": code(
        "warning", "A mock reads a column that no row has and no mock writes.", "Correct the name.",
        {f"{_LEND}/x-ccgym/mock/return": "{/row/prize}"},
    ),
    "not-recorded": code(
        "warning", "A tool answers as it was recorded, and the recording has no call of it.",
        "Record some, or give it another mock.",
        {"recorded.jsonl": '{"name": "get_bike", "arguments": {"bike_id": "B01"}, "result": {"model": "City"}}\n',
         "tools.json /-": {"name": "note", "description": "Write a note.", "parameters": {"type": "object"},
                           "x-ccgym": {"effect": "think", "mock": {"kind": "recorded"}}}},
    ),
    "bad-recording": code(
        "error", "A line of a recording is no recorded call.", "Give it `name`, `arguments`, and `result` or `error`.",
        {f"{_GET}/x-ccgym/mock": {"kind": "recorded"}, "recorded.jsonl": '{"name": "get_bike"}\n'
         '{"name": "get_bike", "arguments": {"bike_id": "B01"}, "result": {"price": 4}}\n'},
    ),
    "recorded-twice": code(
        "warning", "A recording holds two answers to the same call: only the first is given.", "Remove one.",
        {f"{_GET}/x-ccgym/mock": {"kind": "recorded"},
         "recorded.jsonl": "".join(
             f'{{"name": "get_bike", "arguments": {{"bike_id": "{bike}"}}, "result": {{"price": {price}}}}}\n'
             for bike, price in (("B01", 4), ("B02", 9), ("B01", 5)))},
    ),
    "guessed-effect": code(
        "notice", "A tool does not say whether it reads or writes, so that was guessed from its mock or its name.",
        'Say `"effect": "read"` or `"write"`.', {f"{_GET}/x-ccgym/effect": ...},
    ),
    "no-tools": code(
        "warning", "The domain has no tools.", "List them in tools.json.",
        {"tools.json": "[]\n", "sop.md": "Be kind.\n", "state.json": None,
         "tasks.jsonl": "".join(
             f'{{"id": "{split}", "split": "{split}", "user": {{"first_message": "Where is the {place}?"}}, '
             f'"expect": {{"say": ["cannot help with the {place}"]}}}}\n'
             for split, place in (("train", "pump"), ("test", "lock")))},
    ),
    "no-description": code(
        "warning", "A tool has no description, so that a model cannot know when to use it.",
        "Say in a sentence when to use it.", {f"{_GET}/description": ""},
    ),
    "no-argument-description": code(
        "notice", "An argument has no description.", "Say what it is, with an example.",
        {f"{_GET}/parameters/properties/bike_id/description": ...},
    ),
    "untyped-argument": code(
        "notice", "An argument has no type, so any value is taken.", 'Say `"type": "string"`.',
        {f"{_LEND}/parameters/properties/hours": {"description": "For how long."}},
    ),
    "no-required": code(
        "notice", "A schema does not say which arguments are required, so a call without any is valid.",
        "List them under `required`; `[]` where all are optional.",
        {"tools.json /-": {
            "name": "list_bikes", "description": "The bikes of a model.", "x-ccgym": {
                "effect": "read", "mock": {"kind": "lookup", "table": "bikes", "match": {"model": "{/args/model}"},
                                           "all": True}},
            "parameters": {"type": "object",
                           "properties": {"model": {"type": "string", "description": "Such as City."}}},
        }, "tasks.jsonl /1/expect/actions/-": {"name": "list_bikes", "args": {"model": "Tandem"}}},
    ),
    "unknown-required": code(
        "error", "`required` names something that is no argument. The schema takes no others, so no call is valid.",
        "Add the argument, or correct `required`.",
        {"tools.json /-": {
            "name": "note", "description": "Write a note.", "x-ccgym": {
                "effect": "think", "mock": {"kind": "respond", "return": "noted"}},
            "parameters": {"type": "object", "required": ["txt"],
                           "properties": {"text": {"type": "string", "description": "The note."}}},
        }},
    ),
    "misspelt-keyword": code(
        "warning", "A schema has a key that looks like a keyword of JSON Schema and is none, so it holds nobody to "
        "anything.", "Take the keyword that is proposed.",
        {f"{_LEND}/parameters/properties/bike_id/patern": "^B"},
    ),
    "bad-default": code(
        "warning", "The default of an argument does not fit the argument's own schema.", "Correct one of them.",
        {f"{_LEND}/parameters/properties/hours": {"type": "integer", "default": "1", "description": "For how long."}},
    ),
    "read-tool-writes": code(
        "error", "A tool is declared to read, but its mock writes: each call of it fails.", 'Say `"effect": "write"`.',
        {"tools.json /-": {
            "name": "return_bike", "description": "Take a bike back.", "x-ccgym": {
                "effect": "read", "mock": {"kind": "update", "table": "bikes", "key": "B02", "set": {"out": False}}},
            "parameters": {"type": "object"},
        }},
    ),
    "touches-too-little": code(
        "error", "A tool's `touches` leaves out the table that its mock writes: each call of it fails.",
        "Add the table.",
        {"state.json /tables/loans": {},
         "tools.json /-": {
            "name": "return_bike", "description": "Take a bike back.", "x-ccgym": {
                "effect": "write", "touches": ["loans"],
                "mock": {"kind": "update", "table": "bikes", "key": "B02", "set": {"out": False}}},
            "parameters": {"type": "object"},
        }},
    ),
    "optional-key": code(
        "warning", "The argument that finds the row is not required. A call without it is valid, and finds nothing.",
        "Add it to `required`.", {f"{_GET}/parameters/required": []},
    ),
    "bad-function": code(
        "error, warning", "A tool's function does not take the arguments that the schema lets through, needs some that "
        "the schema does not ask for, or names the state as an argument is named.", "Bring the two together.",
        {f"{_GET}/x-ccgym/mock": {"kind": "python", "function": "bikes:get_bike"},
         f"{_GET}/parameters/properties/shop": {"type": "string", "description": "Such as Hue."}},
        python='def get_bike(state, bike_id):\n    return state["bikes"][bike_id]\n',
    ),
    "unused-tool": code(
        "notice", "No task's reference calls a tool, and neither SOP nor rules name it.",
        "Write a task for it, or leave it out.",
        {"tools.json /-": {"name": "note", "description": "Write a note.", "parameters": {"type": "object"},
                           "x-ccgym": {"effect": "think", "mock": {"kind": "respond", "return": "noted"}}}},
    ),
    "uncalled-tool": code(
        "notice", "SOP or rules name a tool that no task's reference calls, so nobody learns to call it.",
        "Write a task for it.",
        {"sop.md": "# Lending bikes\n\nLook a bike up with `get_bike`, lend it with `lend_bike`, and take a `note`.\n\n"
         "```rules\nbefore: lend_bike\nrequire: {call: get_bike, same: [bike_id]}\n```\n",
         "tools.json /-": {"name": "note", "description": "Write a note.", "parameters": {"type": "object"},
                           "x-ccgym": {"effect": "think", "mock": {"kind": "respond", "return": "noted"}}}},
    ),
}  # fmt: skip
