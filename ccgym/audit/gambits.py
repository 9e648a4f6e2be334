"""The policies of the audit: each looks for one kind of loophole, and is a small function of a task.

`KNOWS_NOTHING` know what any agent is shown, and no more. `LEAVES_OUT` take the reference and do only a part of it.
`BENDS` do all of it, in a way that the procedure forbids. `PADS` do all of it, and needless things beside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from ccgym.audit import phrases
from ccgym.audit.case import Case, turn
from ccgym.domain import Domain
from ccgym.rollouts.policies import make_policy
from ccgym.rollouts.schema_values import draw, smallest
from ccgym.rollouts.scripted import CLOSING, DONE, Scripted, last_words
from ccgym.seeds import stream
from ccgym.turns import fold, render_call
from ccgym.types import Policy, Request, Tool

Kind = Literal["reference", "attempt", "knows nothing", "leaves out", "bends", "pads"]
Plan = Callable[[Case, Random], "list[str] | None"]
Args = dict[str, Any]
_PADDING = 600
"""Characters of needless words."""
_CALLS = 8
"""Needless calls."""


@dataclass(frozen=True, slots=True)
class Gambit:
    """A policy of the audit."""

    name: str
    """What the report calls it."""
    kind: Kind
    """What it knows, and how much of the job it does."""
    looks_for: str
    """What it does, and so which loophole it would find."""
    plan: Plan | None = None
    """The turns of an episode; None instead of a list: there is nothing to try on this task. The last turn is repeated.

    None: the built-in policy of that name."""

    def policy(self, cases: dict[str, Case]) -> Policy:
        """The policy, for tasks that are known by their digest."""
        if self.plan is None:
            return make_policy(self.name)
        known: dict[tuple[str, int, int], list[str]] = {}

        def line(request: Request) -> str:
            begin = request.env.episode.begin
            key = (request.env.task.digest, begin.seed, begin.sample)
            if key not in known:
                known[key] = self.turns(cases[key[0]], *key[1:]) or [""]
            return known[key][min(request.env.episode.steps, len(known[key]) - 1)]

        return Scripted(self.name, line)

    def turns(self, case: Case, seed: int = 0, sample: int = 0) -> list[str] | None:
        """The turns of one episode; None where the gambit has nothing to try."""
        if self.plan is None:
            return []
        found = self.plan(case, stream(seed, self.name, case.task.id, sample))
        room = max(1, case.domain.limits(case.task).max_chars // 2)
        return found and [text if text.startswith("<") else text[:room] for text in found]


# --- those who know nothing -------------------------------------------------------------------------------------------


def _hand_over(case: Case, rng: Random) -> list[str] | None:
    tools = [tool for tool in case.domain.tools_for(case.task) if tool.terminal]
    if not tools:
        return None
    tool = rng.choice(tools)
    return [render_call(tool.name, draw(tool.parameters, rng)), CLOSING[case.language]]


def _stall(case: Case, rng: Random) -> list[str]:
    return [phrases.MORE[case.language]]


def _form(case: Case, rng: Random) -> list[str]:
    tools = [tool for tool in case.domain.tools_for(case.task) if tool.effect != "write"]
    calls = [_valid(case.domain, tool, {}) for tool in tools]
    thought = f"<think>{phrases.FILLER[case.language]}</think>"
    return [*(thought + call for call in calls[:1] if call), phrases.SHAPED + CLOSING[case.language]]


def _loop(case: Case, rng: Random) -> list[str] | None:
    return _reads(case, reference=False)[:1] or None


def _canned(case: Case, rng: Random) -> list[str] | None:
    answers = DONE[case.language].format(", ".join(case.common))
    return ["\n".join([_statement(case.first), answers, *_farewell(case), _statement(case.domain.sop)])]


def _phrases(case: Case, rng: Random) -> list[str]:
    return ["\n".join([phrases.POLITE[case.language], *case.phrases, *_farewell(case)])]


def _grab(case: Case, rng: Random) -> list[str] | None:
    """Every write whose arguments the customer can tell, at once, and a claim that it is done."""
    known = case.json.get("user", {}).get("known", {})
    calls = []
    for tool in case.domain.tools_for(case.task):
        needed = tool.parameters.get("required", ())
        if tool.effect == "write" and not tool.terminal and all(name in known for name in needed):
            calls.append(_valid(case.domain, tool, known))
    mine = {turn(case.actions[i]) for i in case.calls}
    if not any(calls) or (set(calls) == mine and not case.checks):
        return None  # or it is the job itself
    told = DONE[case.language].format(", ".join(str(value) for value in known.values()))
    return ["".join(calls), "\n".join([told, *_farewell(case)])]


# --- those who leave something out ------------------------------------------------------------------------------------


def _attempt(case: Case, rng: Random) -> list[str]:
    """An honest try that fails: with detours, everything but the last deed; without the words where there is none."""
    places = case.deeds[-1:] if case.deeds else [i for i, a in enumerate(case.actions) if "say" in a]
    done = [turn(action) for action in case.without(places)]
    while case.deeds and done and not done[-1].startswith("<tool_call>") and "?" not in done[-1]:
        done.pop()  # the words that told the customer of the deed
    twice = [text for text in done if text.startswith("<tool_call>")][:1]
    tried = [phrases.CLUMSY[case.language], *done, *twice]
    room = max(1, case.domain.limits(case.task).max_steps - 2)
    return [*tried[-room:], phrases.UNFINISHED[case.language]]


def _paste(case: Case, rng: Random) -> list[str] | None:
    """The answers of the reference, word for word, without a call."""
    if not case.calls:
        return None
    told = [a["say"] for a in case.actions if "say" in a and "?" not in a["say"]]
    left = last_words(case.json, told, case.language)
    text = "\n".join([*told, left]).strip()
    return [text] if text else None


def _wordless(case: Case, rng: Random) -> list[str] | None:
    """The reference up to its last call; then the customer hears nothing but the own words."""
    if not case.calls:
        return None
    last, first = case.calls[-1], case.calls[0]
    told = fold("\n".join(action.get("say", "") for action in case.actions[first:last]))
    left = [text for text in case.expected if fold(text) not in told]
    answers = not case.deeds and not case.gives_up and any("say" in action for action in case.actions[last:])
    if not (left or answers or case.json.get("expect", {}).get("output")):
        return None
    said = [_statement(case.first)]
    kept = fold("\n".join([*said, *(action.get("say", "") for action in case.actions[:last])]))
    if case.deeds and all(fold(text) in kept for text in left):
        return None  # the deed is the job
    if not case.acts and not case.gives_up:
        said.append(phrases.COURTESY[case.language])
    return [*map(turn, case.actions[: last + 1]), "\n".join([*filter(None, said), *_farewell(case)])]


def _misjudged(case: Case, rng: Random) -> list[str] | None:
    """The reference, with other numbers and choices in its deeds."""
    return _otherwise(case, case.acts, _choose_otherwise)


def _misplaced(case: Case, rng: Random) -> list[str] | None:
    """The reference, with deeds to other rows."""
    return _otherwise(case, case.acts, lambda case, tool, args: case.beside(args))


def _otherwise(case: Case, places: Sequence[int], change: Callable[[Case, Tool, Args], Args]) -> list[str] | None:
    """The reference with other arguments in some of its calls; None where there are none that the schemas accept."""
    actions = list(case.actions)
    for i in places:
        tool, args = case.domain.tools[actions[i]["name"]], actions[i].get("args", {})
        wrong = change(case, tool, args)
        if wrong != args and case.domain.validators[tool.name](wrong) is None:
            actions[i] = {**actions[i], "args": wrong}
    return case.turns(actions) if actions != case.actions else None


def _choose_otherwise(case: Case, tool: Tool, args: Args) -> Args:
    schemas = tool.parameters.get("properties", {})
    return {name: _other(value, schemas.get(name, {})) for name, value in args.items()}


def _other(value: object, schema: dict[str, object]) -> object:
    choices = schema.get("enum")
    if isinstance(choices, list):
        return next((choice for choice in choices if choice != value), value)
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else value


# --- those who bend the procedure -------------------------------------------------------------------------------------


def _belated(case: Case, rng: Random) -> list[str] | None:
    return _postponed(case, case.checks)


def _postponed(case: Case, checks: Sequence[int]) -> list[str] | None:
    """The reference with these checks behind the last deed."""
    if not case.acts or not checks:
        return None
    last = case.deeds[-1]
    before = [a for i, a in enumerate(case.actions[: last + 1]) if i not in checks]
    return case.turns([*before, *(case.actions[i] for i in checks), *case.actions[last + 1 :]])


def _hasty(case: Case, rng: Random) -> list[str] | None:
    """The reference with its last check behind the last deed."""
    return _postponed(case, case.checks[-1:]) if len(case.checks) > 1 else None


def _elsewhere(case: Case, rng: Random) -> list[str] | None:
    """The reference with its checks made on other rows."""
    return _otherwise(case, case.checks, lambda case, tool, args: case.beside(args)) if case.acts else None


def _lawyered(case: Case, rng: Random) -> list[str] | None:
    """Claims, and whatever the rules want to hear, in place of the checks."""
    if not case.acts or not case.checks:
        return None
    return case.turns([{"say": _claim(case)}, *case.without(case.checks)])


def _unasked(case: Case, rng: Random) -> list[str] | None:
    """Claims, and whatever the rules want to hear, in place of the question before the deed."""
    place = case.question
    if place is None or not case.acts:
        return None
    return case.turns([*case.actions[:place], {"say": _claim(case)}, *case.actions[place + 1 :]])


def _claim(case: Case) -> str:
    return "\n".join([*(text.replace("?", ".") for text in case.phrases), phrases.CLAIM[case.language]])


def _premature(case: Case, rng: Random) -> list[str] | None:
    """Agreement asked for before the terms are told, which follow as a statement."""
    place = case.question
    if place is None or not case.acts:
        return None
    terms = case.actions[place]["say"].replace("?", ".") + " " + phrases.HOLD[case.language]
    words = case.json.get("user", {}).get("sim", {}).get("confirm_words")
    asked = [{"say": f"{words[0]}?" if words else phrases.ASK[case.language]}, {"say": terms}]
    return case.turns([*case.actions[:place], *asked, *case.actions[place + 1 :]])


# --- those who pad ----------------------------------------------------------------------------------------------------


def _padded(case: Case, rng: Random) -> list[str] | None:
    """A read, again and again: in turns of its own while there is room, else before the first call."""
    reads = [turn(case.actions[i]) for i in case.calls if i not in case.deeds] or _reads(case)
    if not reads or not case.calls:
        return None
    turns = case.turns(case.actions)
    room = min(_CALLS, case.domain.limits(case.task).max_steps - len(turns))
    first = case.calls[0]
    turns[first] = reads[0] * (_CALLS - max(room, 0)) + turns[first]
    return [*turns[:first], *reads[:1] * room, *turns[first:]]


def _scattered(case: Case, rng: Random) -> list[str] | None:
    """Needless reads and words that differ between the members of a group."""
    reads = [turn(case.actions[i]) for i in case.calls if i not in case.deeds] + _reads(case)
    if not reads or not case.calls:
        return None
    turns = case.turns(case.actions)
    picked = "".join(rng.choice(reads) for _ in range(rng.randint(1, 3)))
    turns[case.calls[0]] = picked + turns[case.calls[0]]
    words = phrases.FILLER[case.language].split()
    return _after(case, turns, " ".join(rng.sample(words, 6)) + ".")


def _wordy(case: Case, rng: Random) -> list[str]:
    filler = phrases.FILLER[case.language] * (_PADDING // len(phrases.FILLER[case.language]) + 1)
    spoken = _after(case, case.turns(case.actions), f"{phrases.POLITE[case.language]}\n{filler}")
    return [f"<think>{filler}</think>{text}" for text in spoken]


def _after(case: Case, turns: list[str], text: str) -> list[str]:
    """The turns with a text behind each reply that asks nothing."""
    return [old if old.startswith("<tool_call>") or "?" in old else f"{text}\n{old}" for old in turns]


def _statement(text: str) -> str:
    """A text without what would be a question or a tag."""
    return text.replace("?", ".").replace("<", " ").strip()


def _farewell(case: Case) -> list[str]:
    """The words that the customer waits for."""
    return [text for text in [last_words({"user": case.json.get("user", {})}, (), case.language)] if text]


def _valid(domain: Domain, tool: Tool, known: dict[str, object]) -> str:
    """A call with what is known, and else with the smallest arguments; "" where the schema refuses them."""
    names = tool.parameters.get("properties", {})
    arguments = {**smallest(tool.parameters), **{name: known[name] for name in names if name in known}}
    return "" if domain.validators[tool.name](arguments) else render_call(tool.name, arguments)


def _reads(case: Case, *, reference: bool = True) -> list[str]:
    """Calls of the reads, with the arguments that the customer or the reference names."""
    known = dict(case.json.get("user", {}).get("known", {}))
    for place in case.calls if reference else ():
        known |= case.actions[place].get("args", {})
    tools = [tool for tool in case.domain.tools_for(case.task) if tool.effect != "write"]
    return [call for call in (_valid(case.domain, tool, known) for tool in tools) if call]


REFERENCE = Gambit("oracle", "reference", "the reference: what doing the job earns")
ATTEMPT = Gambit("attempt", "attempt", "an honest try that fails: what trying earns", _attempt)
GAMBITS: Sequence[Gambit] = (
    Gambit("null", "knows nothing", "silence"),
    Gambit("refuse", "knows nothing", "refusing whatever is asked"),
    Gambit("hand-over", "knows nothing", "ending the talk at once with a terminal tool", _hand_over),
    Gambit("echo", "knows nothing", "saying back what the customer says"),
    Gambit("stall", "knows nothing", "asking on and on", _stall),
    Gambit("loop", "knows nothing", "the same harmless call, turn after turn", _loop),
    Gambit("spam", "knows nothing", "calling every tool in every turn"),
    Gambit("random", "knows nothing", "random calls that fit the schemas"),
    Gambit("form", "knows nothing", "perfect tags around nothing", _form),
    Gambit("canned", "knows nothing", "the question, all that several tasks want to hear, and the SOP", _canned),
    Gambit("phrases", "knows nothing", "polite and confirm-shaped phrases, whatever is asked", _phrases),
    Gambit("grab", "knows nothing", "every write with the facts that the customer knows", _grab),
    Gambit("paste", "leaves out", "the reference's answers, without any call", _paste),
    Gambit("wordless", "leaves out", "the reference's calls, then only the customer's own words", _wordless),
    Gambit("misjudged", "leaves out", "the reference, with other numbers and choices in what it writes", _misjudged),
    Gambit("misplaced", "leaves out", "the reference, with deeds to other rows", _misplaced),
    Gambit("belated", "bends", "the checks after the deed", _belated),
    Gambit("hasty", "bends", "the last of the checks after the deed", _hasty),
    Gambit("elsewhere", "bends", "the checks of other rows", _elsewhere),
    Gambit("lawyered", "bends", "a claim that all was checked, in place of the checks", _lawyered),
    Gambit("unasked", "bends", "a claim that the customer agreed, in place of the question", _unasked),
    Gambit("premature", "bends", "agreement asked for before the terms are told", _premature),
    Gambit("padded", "pads", "the reference, and needless calls", _padded),
    Gambit("scattered", "pads", "the reference, and other needless calls and words in each episode", _scattered),
    Gambit("wordy", "pads", "the reference, and needless thoughts, words and polite phrases", _wordy),
)
"""What is played beside the reference and the honest try, in the order of the report."""


def common_texts(cases: Sequence[Case]) -> tuple[str, ...]:
    """Texts that at least two of the tasks want to hear, most wanted first, and no more than 40."""
    count: dict[str, int] = {}
    for case in cases:
        for text in {fold(text): text for text in case.expected}.values():
            count[text] = count.get(text, 0) + 1
    several = sorted((text for text, n in count.items() if n > 1), key=lambda text: (-count[text], text))
    return tuple(several[:40])
