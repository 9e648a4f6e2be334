"""Findings of playing: templates drawn, references played, trivial policies tried, lengths counted."""

from __future__ import annotations

from ccgym.domain.codes.desk import DESK
from ccgym.domain.codes.entry import Code, code

_CITY, _TANDEM = "tasks.jsonl /0", "tasks.jsonl /1"
_HEAD = "def template_lend(rng):\n"
_LEND = """\
    get, lend = ({"name": name, "args": {"bike_id": "B03"}} for name in ("get_bike", "lend_bike"))
    expect = {"actions": [get, lend], "say": ["is yours for 12"]}
    return {"user": {"first_message": first}, "expect": expect}
"""

CODES: dict[str, Code] = {
    "template-fails": code(
        "error", "A template raises, or yields something that is no task of the domain.",
        "Let it give a task for any `rng`.",
        python=_HEAD + '    first = f"{[][rng.randrange(9)]} takes B03."\n' + _LEND,
    ),
    "unstable-template": code(
        "error", "A template gives another task for the same seed, so no run can be repeated.",
        "Draw from `rng` alone: no clock, no global `random`, no order of a set.",
        python="import itertools\n\nNUMBERS = itertools.count()\n\n\n"
        + _HEAD + '    first = f"{next(NUMBERS)} here. I take B03."\n' + _LEND,
    ),
    "few-contents": code(
        "warning", "A template yields only a few different tasks, so a model learns them by heart.",
        "Let names, numbers and words vary.",
        python=_HEAD + '    first = f"{rng.randrange(20)} here. I take B03."\n' + _LEND,
    ),
    "splits-meet": code(
        "warning",
        "A template yields tasks for `test` that are those of `train` in all that the agent meets: only tags, "
        "persona or goal differ.", "Vary what the agent sees.",
        python=_HEAD + '    first = f"{rng.randrange(300)} here. I take B03."\n'
        + _LEND.replace("return {", 'return {"tags": [f"{rng.randrange(9)}"], '),
    ),
    "unplayable": code(
        "error",
        "A task cannot begin, or breaks off: its `init` fails, its customer cannot be made, its backend breaks.",
        "Repair what is named.", {f"{_CITY}/init": {"calls": [{"name": "lend_bike", "args": {"bike_id": "B02"}}]}},
    ),
    "reference-fails": code(
        "error, warning",
        "A call of a reference answers with an error: an id that is not in the state, mostly. A warning "
        "where the task is done all the same. Nothing is said where `refuse` or a rule's `tried` lets the call fail.",
        "Correct the call, or the state.",
        {f"{_CITY}/expect/actions/1/args/bike_id": "B04",
        f"{_CITY}/user/first_message": "Is B04 still there? Lend me one."},
    ),
    "tool-breaks": code(
        "error, warning",
        "A tool's own code fails in a reference: it raises, returns what is no JSON, or writes what it may not. A "
        "warning where the task is done all the same.",
        "Repair the tool; raise `ToolError` for what the agent should read.",
        {"tools.json /0/x-ccgym/mock": {"kind": "python", "function": "bikes:get_bike"}},
        python='def get_bike(state, bike_id):\n    return state["bike"][bike_id]\n',
    ),
    "reference-below-1": code(
        "error", "A reference does not earn correctness 1; the components that it lacks are named.",
        "Correct the reference, or what is expected.", {f"{_CITY}/expect/asserts": [
            {"path": "/tables/bikes/B01/price", "value": 5}]},
    ),
    "reference-breaks-sop": code(
        "error", "A reference breaks a rule of the SOP. The clause is cited.", "Correct the reference, or the rule.",
        {f"{_CITY}/expect/actions": [{"say": "Which bike, please?"},
                                     {"name": "lend_bike", "args": {"bike_id": "B01"}}]},
    ),
    "rule-errs": code(
        "error", "The condition of a rule cannot be computed in a reference: a row or an argument is missing.",
        "Ask with has_row() or has() first.",
        {"sop.md": DESK["sop.md"] + "\nNo bike is lent to somebody who has one.\n\n```rules\nbefore: lend_bike\n"
         "when: row('bikes', 'B99').out == false\n```\n"},
    ),
    "reference-over-limit": code(
        "error",
        "A reference is longer than the limits of its task allow.", "Raise the limit, or shorten the reference.",
        {f"{_CITY}/limits": {"max_steps": 2}},
    ),
    "tight-limit": code(
        "notice", "A reference takes every turn that max_steps allows, so an agent that asks once more fails.",
        "Raise the limit.", {f"{_CITY}/limits": {"max_steps": 4}},
    ),
    "reference-cut-short": code(
        "warning",
        "The talk ends before all actions of a reference are played: an earlier reply satisfied the customer.",
        "Put the actions before the closing reply, or let that reply ask something.",
        {f"{_TANDEM}/expect/actions": [{"name": "get_bike", "args": {"bike_id": "B02"}},
                                       {"say": "Sorry, it is out."},
                                       {"name": "get_bike", "args": {"bike_id": "B02"}}]},
    ),
    "unscored-reference": code(
        "warning, error",
        "A reference cannot be scored, as a judge's question needs a model. `train` refuses the task.",
        "Configure what is missing, or take the component out of `reward_basis`.",
        {f"{_CITY}/expect/judge": ["Was the agent kind?"]},
    ),
    "target-unchanged": code(
        "warning",
        "A reference calls a tool that writes, and the state ends as it began: leaving the call out earns as "
        "much.", "Look at what the call should change.",
        {"tools.json /1/x-ccgym/mock/set": {"out": False}},
    ),
    "customer-lost": code(
        "warning", "The customer does not understand a question of the reference, and says so.",
        "Add its words to `asks` or `confirm_words`, or the fact to `known` or `unknown`.",
        {f"{_CITY}/user/first_message": "A bike for an hour, please: B01.",
         f"{_CITY}/expect/actions/0/say": "What is your name?"},
    ),
    "untold-argument": code(
        "warning",
        "A call of a reference uses an id that neither the customer nor a tool has told by then. A model learns "
        "from it to make ids up.", "Let the reference ask first.",
        {f"{_CITY}/expect/actions": [{"name": "get_bike", "args": {"bike_id": "B01"}},
                                     {"name": "lend_bike", "args": {"bike_id": "B01"}}]},
    ),
    "nothing-needed": code(
        "warning",
        "An agent that only says `OK.` earns correctness 1.", "Ask for words with `expect.say`, or for a deed.",
        {f"{_TANDEM}/expect/say": []},
    ),
    "trivial-policy": code(
        "warning",
        "A policy that does nothing of use earns correctness 1: `null` says nothing, `refuse` refuses, `echo` "
        "repeats the customer, `spam` calls every tool.", "Expect something that it does not do.",
        {f"{_TANDEM}/user/first_message": "I take the tandem, B02. Do not say that it is out.",
         f"{_TANDEM}/expect/say": ["it is out"]},
    ),
    "prompt-too-long": code(
        "warning", "SOP and tools alone take more tokens than the model's context. Tokens are estimated by characters.",
        "Shorten the SOP, use `prompt: {sop: digest, tools: names}`, or give `--context`.",
        {"sop.md": DESK["sop.md"] + "\n" + "Be kind to whoever asks. " * 6000},
        what="an `sop.md` of 150,000 characters",
    ),
    "episode-too-long": code(
        "warning", "The talk of the longest reference takes more tokens than the model's context.",
        "Shorten the SOP or what tools answer, use `prompt: {sop: digest, tools: names}`, or give `--context`.",
        {"state.json /tables/bikes/B01/model": "City " * 30_000}, what="a row of 150,000 characters",
    ),
}  # fmt: skip
