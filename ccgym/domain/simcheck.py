"""What can be said of a task's customer: whether the script can be read, and tells what is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ccgym.domain.domain import SCRIPTED, Domain
from ccgym.domain.findings import Findings, did_you_mean, pointer, show
from ccgym.domain.models import Sim, Task
from ccgym.plugins import Registry
from ccgym.turns import fold

LINES = ("yes", "no", "unknown", "done", "again", "wait", "bye")
"""The lines of a scripted customer."""
LANGUAGES = ("en", "vi")
"""What scripted customers speak."""
_HOLE = re.compile(r"\{[^{}\s]{1,40}\}")


def look_at_customers(domain: Domain, plugins: Registry, findings: Findings) -> None:
    """Findings about the domain's customer and those of the tasks."""
    kinds = [*_SHAPES, *plugins.users]
    default = domain.spec.users.sim
    where = "domain.yaml /users/sim"
    _kind(default, where, kinds, findings)
    told: set[tuple[str, ...]] = set()
    _calls(domain, (default.model_extra or {}).get("acts"), where, findings)
    for task in domain.tasks.values():
        place, sim = domain.places[f"task {task.id}"], task.user.sim
        shared = default.model_extra or {}
        own = {key: value for key, value in (sim.model_extra or {}).items() if value != shared.get(key)}
        if sim.kind != default.kind and not {sim.kind, default.kind} <= set(SCRIPTED):
            _kind(sim, f"{place} /user/sim", kinds, findings)
        elif own:
            _fields(sim.kind, own, f"{place} /user/sim", findings)
        if sim.kind in SCRIPTED:
            _facts(task, place, told, findings)
            if "acts" in own:
                _calls(domain, own["acts"], f"{place} /user/sim", findings, done=shared.get("acts"))
    scripted = [task for task in domain.tasks.values() if task.user.sim.kind in SCRIPTED]
    _asked(domain, scripted, findings)
    extra = default.model_extra or {}
    language = extra.get("language", domain.language)
    if (scripted or domain.templates) and language not in LANGUAGES and "lines" not in extra:
        findings.add("unknown-language", "domain.yaml /language",
                     f"scripted customers do not speak '{str(language)[:20]}': what they say by themselves is English",
                     "Write `lines`, `markers`, `confirm_words` and `hold` under users.sim")  # fmt: skip


def _kind(sim: Sim, place: str, kinds: list[str], findings: Findings) -> None:
    if sim.kind not in kinds:
        findings.add("unknown-customer", f"{place}/kind", f"no kind of customer '{sim.kind[:60]}'",
                     did_you_mean(sim.kind, kinds))  # fmt: skip
    else:
        _fields(sim.kind, sim.model_extra or {}, place, findings)


def _fields(kind: str, given: dict[str, Any], place: str, findings: Findings) -> None:
    """The fields of a customer of one of our kinds; a plugin's kind knows its own."""
    shapes = _SHAPES.get(kind)
    if shapes is None:
        return
    for name, value in given.items():
        at = f"{place}{pointer([name])}"
        if name not in shapes:
            findings.add("unknown-field", at, f"a customer of kind '{kind}' does not read it",
                         did_you_mean(name, shapes), severity="warning")  # fmt: skip
            continue
        fits, wanted = shapes[name]
        if not fits(value):
            findings.add("bad-customer", at, f"found {show(value)}, must be {wanted}", _listed(value))
        elif kind in SCRIPTED and name == "lines":
            for line in value:
                if line not in LINES:
                    findings.add("unknown-field", f"{at}{pointer([line])}", "a scripted customer has no such line",
                                 did_you_mean(line, LINES), severity="warning")  # fmt: skip


def _listed(value: Any) -> str | None:
    """A list was asked for, and a text given: the commonest slip."""
    if isinstance(value, str):
        return f"Write [{value[:40]}]"
    if isinstance(value, dict):
        return next((f"Write {key[:40]}: [{item[:40]}]" for key, item in value.items() if isinstance(item, str)), None)
    return None


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _map(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(fits, value.values()))


def _acts(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_act, value.values()))


def _act(act: Any) -> bool:
    if not isinstance(act, dict) or not _texts(act.get("asked")):
        return False
    if "refuses" in act:
        return act.keys() == {"asked", "refuses"} and _text(act["refuses"])
    return all(name in _ACT and _ACT[name](value) for name, value in act.items())


def _minds(value: Any) -> bool:
    return isinstance(value, list) and all(map(_mind, value))


def _mind(mind: Any) -> bool:
    if not isinstance(mind, dict) or not {"at", "line"} <= mind.keys() <= {"at", "line", "known", "confirm"}:
        return False
    at = mind["at"]
    due = at in ("confirm", "done") or (isinstance(at, int) and not isinstance(at, bool) and at > 0)
    return (
        due and _text(mind["line"]) and isinstance(mind.get("known", {}), dict) and _yes_no(mind.get("confirm", "no"))
    )


def _above_0(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _yes_no(value: Any) -> bool:
    return isinstance(value, bool) or value in ("yes", "no")


_ACT: dict[str, Callable[[Any], bool]] = {
    "asked": _texts, "call": _text, "args": lambda value: isinstance(value, dict), "tell": _text, "failed": _text,
}  # fmt: skip
"""What an act of the customer's holds."""
_SCRIPT: dict[str, tuple[Callable[[Any], bool], str]] = {
    "asks": (_map(_texts), "an object of fact to a list of words"),
    "tell": (_map(_text), "an object of fact to a line"),
    "confirm": (_yes_no, "`yes` or `no`"),
    "mind": (_minds, "a list of `{at, line, known, confirm}`, `at` a number, `confirm` or `done`"),
    "anger": (lambda value: isinstance(value, bool) or _texts(value), "true, or a list of remarks"),
    "closing": (_texts, "a list of texts"),
    "confirm_words": (_texts, "a list of texts"),
    "markers": (_texts, "a list of texts"),
    "hold": (_texts, "a list of texts"),
    "done": (lambda value: _text(value) or (_texts(value) and bool(value)), "`statement`, or a list of phrases"),
    "patience": (lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0, "a whole number"),
    "acts": (_acts, "an object of name to `{asked, call, args, tell, failed}` or `{asked, refuses}`"),
    "lines": (_map(lambda value: isinstance(value, str)), "an object of line to text"),
    "language": (_text, "a language, such as `en`"),
}
"""What a scripted customer reads: whether a value fits, and what would."""
_SHAPES: dict[str, dict[str, tuple[Callable[[Any], bool], str]]] = {
    "script": _SCRIPT,
    "adversarial": {
        **_SCRIPT,
        "attacks": (_map(_texts), "an object of kind to a list of lines"),
        "count": (_SCRIPT["patience"][0], "a whole number"),
    },
    "static": {"lines": (_texts, "a list of texts")},
    "llm": {
        **dict.fromkeys(("model", "base_url", "language"), (_text, "a text")),
        **dict.fromkeys(("max_tokens", "max_turns", "attempts"), (_above_0, "a whole number above 0")),
        "temperature": (lambda value: isinstance(value, int | float) and value >= 0, "a number"),
        "seconds": (lambda value: isinstance(value, int | float) and value > 0, "a number above 0"),
    },
}


def _facts(task: Task, place: str, told: set[tuple[str, ...]], findings: Findings) -> None:
    """What the customer knows against what the script makes of it. The same slip in a shared line is told once."""
    user, extra = task.user, task.user.sim.model_extra or {}
    for fact in user.unknown:
        if fact in user.known:
            findings.add("known-and-unknown", f"{place} /user/unknown", f"'{fact[:60]}' is also among the known facts, "
                         "and so is told", "Keep one of them")  # fmt: skip
    tell, asks = extra.get("tell"), extra.get("asks")
    for fact, line in tell.items() if isinstance(tell, dict) else ():
        if fact not in user.known or not isinstance(line, str):
            continue
        rest = line.replace("{" + fact + "}", "")
        value = user.known[fact]
        hole = _HOLE.search(rest)
        problem = None
        if hole is not None:
            problem = f"'{hole.group()}' is said as it stands: only '{{{fact}}}' is filled in"
        elif rest == line and isinstance(value, str | int | float) and str(value).casefold() not in line.casefold():
            problem = f"never tells the value: it has no '{{{fact}}}'"
        if problem and (fact, line) not in told:
            told.add((fact, line))
            findings.add("bad-tell", f"{place} /user/sim/tell{pointer([fact])}", problem,
                         f"Such as \"It is {{{fact}}}.\"")  # fmt: skip
    if isinstance(asks, dict) and asks:
        for fact in user.known:
            in_line = fold(str(user.known[fact])) in fold(user.first_message)
            if fact not in asks and not in_line and ("unasked", fact) not in told:
                told.add(("unasked", fact))
                findings.add("unasked-fact", f"{place} /user/known{pointer([fact])}",
                             "no words under `asks` ask for it, so the customer never tells it",
                             f"Add {fact[:40]} to asks, with the words that ask for it")  # fmt: skip


def _calls(domain: Domain, acts: Any, place: str, findings: Findings, done: Any = None) -> None:
    """The calls of the customer's acts against the customer's tools; those of `done` have been looked at."""
    for name, act in acts.items() if _acts(acts) else ():
        if "refuses" in act or (isinstance(done, dict) and done.get(name) == act):
            continue
        at, call, args = f"{place}{pointer(['acts', name])}", act.get("call", name), act.get("args", {})
        tool = domain.tools.get(call)
        if tool is None:
            own = [tool.name for tool in domain.tools.values() if tool.requestor == "user"]
            findings.add("unknown-tool", f"{at}/call", f"no tool '{call[:60]}'", did_you_mean(call, own))
        elif tool.requestor != "user":
            findings.add("wrong-requestor", f"{at}/call", f"'{call}' is a tool of the agent's",
                         'Name a tool with "requestor": "user"')  # fmt: skip
        elif problem := domain.validators[call](args):
            findings.add("bad-arguments", f"{at}/args", f"off the schema of '{call}': {problem}")


def _asked(domain: Domain, scripted: list[Task], findings: Findings) -> None:
    """Facts that the domain's customers can be asked for, and that none of them has."""
    asks = (domain.spec.users.sim.model_extra or {}).get("asks")
    if not isinstance(asks, dict) or domain.templates or not scripted:
        return
    having = {fact for task in scripted for fact in (*task.user.known, *task.user.unknown)}
    for fact in asks:
        if fact not in having:
            findings.add("fact-of-nobody", f"domain.yaml /users/sim/asks{pointer([fact])}",
                         "no customer knows it, or says that it is unknown",
                         did_you_mean(fact, having) or "Put it under user.known or user.unknown of a task")  # fmt: skip
