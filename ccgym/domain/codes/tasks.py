"""Findings about tasks and their customers, without playing them."""

from __future__ import annotations

from ccgym.domain.codes.desk import DESK
from ccgym.domain.codes.entry import Code, code

_CITY, _TANDEM = "tasks.jsonl /0", "tasks.jsonl /1"
_LINE = "A bike for an hour, please."

CODES: dict[str, Code] = {
    "bad-task": code("error", "A line of tasks.jsonl is no task.", "Write one object a line.", {_CITY: ["city"]}),
    "duplicate-task": code(
        "error", "Two tasks have the same id.", "Give each an id of its own.", {f"{_TANDEM}/id": "city"},
    ),
    "two-splits": code(
        "error", "`splits` in domain.yaml puts a task into two splits.", "Let one of them name it.",
        {"domain.yaml": "name: BikeDesk\nsplits: {train: ['*'], test: [tandem]}\n"},
    ),
    "unknown-tool": code(
        "error, warning", "A task, a rule or a recording names a tool that does not exist.", "Correct the name.",
        {f"{_TANDEM}/expect/actions/0/name": "get_bikes"},
    ),
    "tool-not-allowed": code(
        "error", "A reference calls a tool that the task's `tools_allow` leaves out.", "Add it to `tools_allow`.",
        {f"{_TANDEM}/tools_allow": ["lend_bike"]},
    ),
    "wrong-requestor": code(
        "error", "A call is made by the customer and the tool is the agent's, or the other way round.",
        "Say whose call it is with `requestor`.", {f"{_TANDEM}/expect/actions/0/requestor": "user"},
    ),
    "bad-arguments": code(
        "error, warning", "A call of a reference or a recording does not fit the tool's schema.", "Correct it.",
        {f"{_TANDEM}/expect/actions/0/args": {"bike_id": "tandem"}},
    ),
    "unknown-probe": code(
        "error", "An assert names a probe that no toolset registers.", "Correct the name.",
        {f"{_CITY}/expect/asserts": [{"probe": "bikes_out", "equals": 2}]},
    ),
    "bad-path": code(
        "error", "A path leads to nothing that a state has.", "Begin it with /tables or /user.",
        {f"{_CITY}/expect/asserts": [{"path": "/bikes/B01/out", "value": True}]},
    ),
    "no-tasks": code(
        "warning", "The domain has neither tasks nor templates.", "Write some in tasks.jsonl.",
        {"tasks.jsonl": None},
    ),
    "empty-split": code(
        "warning", "There is nothing to train on, or nothing to evaluate on; or a pattern of `splits` matches no task.",
        'Give some tasks `"split": "test"`.', {f"{_TANDEM}/split": "train"},
    ),
    "shared-content": code(
        "warning", "The same task stands in two splits, so the evaluation asks what was trained.",
        "Change one, or keep both in one split.",
        {"tasks.jsonl /-": {**DESK["tasks.jsonl"][0], "id": "city-2", "split": "test", "tags": ["again"]}},
    ),
    "duplicate-content": code(
        "notice", "The same task stands twice in a split.", "Remove one.",
        {"tasks.jsonl /-": {**DESK["tasks.jsonl"][0], "id": "city-2"}},
    ),
    "ambiguous-task": code(
        "warning", "Two tasks have the same customer in the same state, and something else is expected of each: no "
        "agent can do both right.", "Let the customer say what tells them apart.",
        {"tasks.jsonl /-": {
            **DESK["tasks.jsonl"][0], "id": "city-2",
            "expect": {"actions": [{"say": "Which bike, please?"}, {"name": "get_bike", "args": {"bike_id": "B01"}}],
                       "say": ["not for an hour"], "refuse": True}}},
    ),
    "no-first-message": code(
        "warning", "The customer says nothing first, so the agent has nothing to answer.",
        "Write `user.first_message`.", {f"{_CITY}/user/first_message": ""},
    ),
    "empty-say": code(
        "warning", "An empty text under `expect.say` occurs in every reply.", "Remove it.",
        {f"{_CITY}/expect/say": ["is yours for 4", " "]},
    ),
    "empty-component": code(
        "warning", "`reward_basis` names a component for which `expect` holds nothing, so it checks nothing.",
        "Fill it, or take the component out.", {f"{_CITY}/reward_basis": ["state", "say", "asserts"]},
    ),
    "unchecked-expectation": code(
        "notice", "`expect` holds something that `reward_basis` leaves out, so nobody checks it.",
        "Add the component, or remove the expectation.", {f"{_CITY}/reward_basis": ["state", "sop"]},
    ),
    "refuse-writes": code(
        "warning", "The task says that the agent is to refuse, and its reference changes the state.",
        "Remove the call, or `refuse`.", {f"{_CITY}/expect/refuse": True},
    ),
    "reserved-tag": code(
        "error", "A reply is to hold a tag or token that is the environment's own: whoever says it breaks the format.",
        "Write the text without it.", {f"{_CITY}/expect/say": ["is yours for 4 <|end|>"]},
    ),
    "bad-shortcut": code(
        "warning", "`meta.shortcuts`, which demonstrations play, holds a call that the domain does not have.",
        "Correct it.", {f"{_CITY}/meta": {"shortcuts": [[{"name": "lend", "args": {"bike_id": "B01"}}]]}},
    ),
    "unknown-customer": code(
        "error", "A customer is of a kind that no installed package has: the task cannot be played.",
        "Correct the name, or install the package.", {f"{_CITY}/user/sim": {"kind": "scripted"}},
    ),
    "bad-customer": code(
        "error", "A field of the customer has not the form that its kind reads: words are a list, even one alone.",
        "Write what is asked for.", {f"{_CITY}/user/sim": {"asks": {"bike": "which bike"}}},
    ),
    "bad-tell": code(
        "warning", "The line that tells a fact does not hold the fact, or holds braces that nothing fills.",
        "Write the fact's name in braces.", {f"{_CITY}/user/sim": {"tell": {"bike": "It is bike {bike_id}, B01."}}},
    ),
    "known-and-unknown": code(
        "warning", "A fact is known and unknown to the customer; known wins.", "Keep one of them.",
        {f"{_CITY}/user/unknown": ["bike"]},
    ),
    "unasked-fact": code(
        "notice", "The customer knows a fact, and no words under `asks` ask for it, so it is never told.",
        "Add it to `asks`.",
        {f"{_CITY}/user/sim": {"asks": {"bike": ["which bike"]}},
         f"{_CITY}/user/known": {"bike": "B01", "name": "Lan"}},
    ),
    "fact-of-nobody": code(
        "notice", "The domain's customers can be asked for a fact that none of them has.",
        "Put it under `known` or `unknown` of a task, or correct the name.",
        {"domain.yaml": "name: BikeDesk\nusers: {sim: {asks: {bike: [which bike], name: [your name]}}}\n"},
    ),
    "unknown-language": code(
        "notice", "Scripted customers speak `en` and `vi`. Of any other language, their own lines are English.",
        "Write `lines`, `markers`, `confirm_words` and `hold` under `users.sim`.",
        {"domain.yaml": "name: BikeDesk\nlanguage: fr\n"},
    ),
}  # fmt: skip
