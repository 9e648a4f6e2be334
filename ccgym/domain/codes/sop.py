"""Findings about the SOP and its rules."""

from __future__ import annotations

from typing import Any

from ccgym.domain.codes.desk import DESK
from ccgym.domain.codes.entry import Code, code

_SOP = DESK["sop.md"]


def _rules(*blocks: str) -> dict[str, Any]:
    """The desk's SOP with more rules at its end."""
    return {"sop.md": _SOP + "".join(f"\n```rules\n{block}\n```\n" for block in blocks)}


CODES: dict[str, Code] = {
    "empty-sop": code(
        "warning", "The SOP is empty, so the agent has nothing to go by.", "Write what it should do.", {"sop.md": "\n"},
    ),
    "unknown-tool-in-sop": code(
        "warning", "The SOP tells the agent to call a tool that does not exist.", "Correct the name, or add the tool.",
        {"sop.md": _SOP.replace("`get_bike`", "`get_bikes`")},
    ),
    "no-rules": code(
        "notice",
        "The SOP has no rules, so nothing checks whether it is kept.", "Put a `rules` block beside the prose.",
        {"sop.md": _SOP.partition("```")[0]},
    ),
    "clause-without-rule": code(
        "notice", "No rule stands beside the prose of a heading. Not all prose can be checked by a machine.",
        "If it can, write a rule.", {"sop.md": _SOP + "\n# Manners\n\nBe brief.\n"},
    ),
    "clause-markup": code(
        "warning", "The prose of a rule holds markup or template tokens, which verdicts and prompts would show.",
        "Write plain Markdown.", {"sop.md": _SOP.replace("Look", "{{ greeting }} Look")},
    ),
    "rule-block-open": code(
        "error", "A `rules` block is never closed.", "End it with a line of three backticks.",
        {"sop.md": _SOP + "\n```rules\nnever: lend_bike\n"},
    ),
    "rule-block-astray": code(
        "error", "What looks like a `rules` block stands in a quotation or a comment, or is called otherwise.",
        "Begin it with three backticks and `rules`, outside of quotations and comments.",
        {"sop.md": _SOP + "\n> ```rules\n> never: lend_bike\n> ```\n"},
    ),
    "rule-block-empty": code(
        "error", "A `rules` block holds no rule.", "Write one, or remove the block.", _rules("# to do"),
    ),
    "rule-yaml": code("error", "A `rules` block is no YAML.", "Correct the line.", _rules("never: [lend_bike")),
    "rule-kind": code(
        "error", "A rule has none of the keys that tell its kind, or several.",
        "Give it one of `before`, `at_most`, `never`, `finally`.", _rules("after: lend_bike"),
    ),
    "rule-key": code(
        "error", "A rule has a key that its kind does not read.", "Correct the key, or remove it.",
        _rules("at_most: 1\ncall: lend_bike\nperiod: [bike_id]"),
    ),
    "rule-value": code(
        "error", "The value of a rule's key is not of the right form.", "Write what is asked for.",
        _rules("at_most: once\ncall: lend_bike"),
    ),
    "rule-depth": code(
        "error", "The tree of a rule is nested too deep, or has too many parts.", "Split it into several rules.",
        _rules("before: lend_bike\nrequire: " + "{not: " * 26 + "get_bike" + "}" * 26),
    ),
    "unknown-clause": code(
        "error", "A rule of a task cites a heading that the SOP does not have.", "Correct the heading.",
        {"tasks.jsonl /1/rules": [{"never": "lend_bike", "clause": "Returning bikes"}]},
    ),
    "bad-condition": code(
        "error", "A condition is no CEL, or says what conditions may not: nested macros, unknown names.",
        "Correct the expression.", _rules("before: lend_bike\nwhen: arg.bike_id != 'B02'"),
    ),
    "duplicate-rule": code(
        "error", "Two rules have the same id.", "Give each an id of its own.",
        _rules("id: once\nat_most: 1\ncall: lend_bike", "id: once\nat_most: 2\ncall: lend_bike"),
    ),
    "too-many-rules": code(
        "error", "There are more rules than an episode can be held to.", "Remove some.",
        _rules("\n".join(f"- {{at_most: {n}, call: lend_bike}}" for n in range(1, 510))), what="510 rules",
    ),
    "self-requirement": code(
        "error", "A rule asks for a call before that call itself.", "Name the call that must come first.",
        _rules("before: get_bike\nrequire: get_bike"),
    ),
    "cyclic-requirement": code(
        "error", "Rules ask for calls before each other in a circle, so that none can ever be made rightly.",
        "Take one of them back.", _rules("before: get_bike\nrequire: lend_bike"),
    ),
    "contradictory-rules": code(
        "error, warning",
        "Two rules cannot both be kept: one asks for a call that the other never allows, or two conditions "
        "exclude each other. A warning where one only makes the other needless.",
        "Remove one, or give it an `if`.",
        {**_rules("before: lend_bike\nwhen: row('bikes', args.bike_id).price < 5",
                  "before: lend_bike\nwhen: row('bikes', args.bike_id).price >= 5"),
         "tasks.jsonl /0/reward_basis": ["state", "say"]},
    ),
    "sequence-against-before": code(
        "warning", "A sequence asks for two calls in an order that another rule turns round.",
        "Turn the sequence round, or use `all`.",
        {**_rules("finally: {any: [{sequence: [lend_bike, get_bike]}, {not: lend_bike}]}"),
         "tasks.jsonl /0/expect/actions/-": {"name": "get_bike", "args": {"bike_id": "B01"}}},
    ),
    "same-rule-twice": code(
        "notice", "Two rules demand the same, so each break counts twice.", "Remove one.",
        _rules("before: lend_bike\nrequire: {call: get_bike, same: [bike_id]}"),
    ),
    "constant-condition": code(
        "warning", "A condition reads nothing, and so is always true or always false.",
        "Let it read `args`, row() or now().", _rules("before: lend_bike\nwhen: 1 < 2"),
    ),
    "rule-never-applies": code(
        "warning", "No task gives the agent any of the tools that a rule judges.",
        "Add the tool to a task's `tools_allow`, or remove the rule.",
        {"sop.md": "# Lending bikes\n\nLend what is asked for.\n\n```rules\n"
         "at_most: 1\ncall: get_bike\n```\n", "tasks.jsonl /0/tools_allow": ["lend_bike"],
         "tasks.jsonl /0/expect/actions": [{"say": "Which bike, please?"},
                                           {"name": "lend_bike", "args": {"bike_id": "B01"}}],
         "tasks.jsonl /1/tools_allow": ["lend_bike"], "tasks.jsonl /1/expect/actions": []},
    ),
    "at-most-too-high": code(
        "warning", "A rule allows more calls than an episode can have, so nobody can break it.", "Lower the number.",
        _rules("at_most: 10000\ncall: lend_bike"),
    ),
    "required-tool-not-allowed": code(
        "warning", "A task gives the agent a tool, but not the one that a rule asks for before it.",
        "Add it to `tools_allow`, or take the other out.",
        {"tasks.jsonl /1/tools_allow": ["lend_bike"], "tasks.jsonl /1/expect/actions": []},
    ),
    "unexercised-rule": code(
        "notice", "No reference is judged by a rule, so nobody knows whether it says what it should.",
        "Write a task in which it matters.",
        _rules("before: lend_bike\nif: args.bike_id == 'B09'\nrequire: get_bike"),
    ),
}  # fmt: skip
