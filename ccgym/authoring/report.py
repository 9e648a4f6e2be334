"""AUTHOR.md: what was guessed, what was proposed, and what the author of a new domain should settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ccgym.authoring.phrases import noun_words
from ccgym.authoring.sources import Source
from ccgym.authoring.world import World

if TYPE_CHECKING:
    from ccgym.authoring.create import NewDomain

_LISTED = 60


def report(made: NewDomain, source: Source, world: World) -> str:
    """The page as Markdown."""
    parts = [
        f"# {made.name}: what to settle",
        "This domain was made from two files. It plays, and much in it is guessed. Go through the lists below, correct "
        "the files, and run `ccgym check` after each change. This page is for you; nothing reads it.",
        "Lines are those of the SOP that you gave.",
        "## 1. What the tools do",
        "Each guess stands under `x-ccgym` in `tools.json`. A read never changes the state; a write may.",
        _table(["tool", "taken for", "from", "its mock"], [
            [plan.name, _taken(plan), "your x-ccgym" if "effect" in plan.job.given else plan.job.why, mock_line(plan)]
            for plan in made.plans
        ]),
        "## 2. Tables",
        "They were inferred from ids that tools share, and their rows in `state.json` are made up.",
        _table(["table", "key", "rows", "columns"], [
            [e.table, e.key, len(e.rows), ", ".join(e.columns) or "–"] for e in world.entities.values()
        ] + [[name, "–", len(rows), "–"] for name, rows in world.extra.items()]),
        "## 3. Rules to confirm",
        "Each stands in `sop.md` behind the prose that it was read from, with `note: proposed …`. Delete the note of "
        "one that you have confirmed.",
        _list([f"line {p.line}: {rule_line(p)}. “{_cut(p.sentence)}”" for p in made.proposals if not p.dropped],
              "No sentence was plain enough."),
    ]  # fmt: skip
    dropped = [
        f"line {p.line}: {rule_line(p)}, as {p.dropped}. “{_cut(p.sentence)}”" for p in made.proposals if p.dropped
    ]
    if dropped:
        parts += ["### Left out", _list(dropped, "")]
    parts += [
        "## 4. Prose that sounds like a rule and gave none",
        "Write a rule for it, or a task that turns on it, or leave it to the reader.",
        _list([f"line {line}: “{_cut(text)}”" for line, text in made.unclear], "None."),
        "As long as nothing checks such a sentence, an agent that breaks it earns as much as one that keeps it. "
        "`ccgym audit` plays such agents, and fails where one wins.",
        "## 5. Tasks",
        f"{sum(made.tasks.values())} tasks ({', '.join(f'{n} {split}' for split, n in made.tasks.items()) or 'none'}). "
        "The customers' words are plain. `expect.say` asks for one value that an answer has to hold: see that a good "
        "agent would say it. Refusals are tagged `refuse`.",
    ]
    settle = _settle(made, world)
    parts += ["## 6. What else is made up", _list(settle, "Nothing.")]
    if source.repairs:
        parts += ["## 7. Repairs of the schemas", _list(list(dict.fromkeys(source.repairs)), "")]
    return "\n\n".join(parts) + "\n"


def _taken(plan: Any) -> str:
    return f"{plan.job.effect}, ends the talk" if plan.job.terminal else plan.job.effect


def mock_line(plan: Any) -> str:
    """What a tool's mock does, in a few words."""
    if plan.kind == "own":
        return "yours"
    if plan.job.terminal:
        return "notes that the talk was handed over"
    if plan.kind == "think":
        return "answers nothing"
    if plan.kind == "respond" or plan.made_up or plan.entity is None:
        return "a fixed answer, made up"
    what = {
        "lookup": "looks up",
        "rows": "shows all of",
        "insert": "adds to",
        "update": "changes",
        "delete": "deletes from",
    }
    text = f"{what[plan.kind]} `{plan.entity.table}`"
    if plan.outcome is not None:
        text += f": {plan.outcome[0]} = {plan.outcome[1]}"
    return text


def _settle(made: NewDomain, world: World) -> list[str]:
    found = []
    for plan in made.plans:
        if plan.kind == "respond" or (plan.made_up and plan.kind not in ("insert", "own")):
            found.append(f"`{plan.name}` gives the same made-up answer to every call: give it rows, or recorded "
                         "answers (`mock: {kind: recorded}`)")  # fmt: skip
        if plan.unkept:
            found.append(f"`{plan.name}` does not write {', '.join(f'`{name}`' for name in plan.unkept)}: free text, "
                         "which nobody words alike, cannot be held against a target")  # fmt: skip
        if plan.checks and plan.role != "verify":
            names = ", ".join(f"`{check.name}`" for check in plan.checks)
            found.append(f"`{plan.name}` answers only if {names} is as the row says")
        if plan.kind == "rows":
            found.append(f"`{plan.name}` answers with all rows of its table, whatever is asked")
        if plan.kind == "own" and plan.job.given["mock"].get("kind") == "python":
            found.append(f"`{plan.name}` needs its Python function: see the page on domains")
    kept = [proposal for proposal in made.proposals if not proposal.dropped]
    looked = {plan.name for p in kept if p.kind == "require" for plan in p.targets}
    found += [f"`{p.targets[0].name}` waits for a status, and no rule asks that anybody looked: who guesses right wins"
              for p in kept if p.kind == "when" and p.targets[0].name not in looked]  # fmt: skip
    found += [f"`{p.targets[0].name}` waits for a yes, and no rule says to what: name `terms`, if it has any"
              for p in kept if p.kind == "confirm" and not p.terms]  # fmt: skip
    found += [f"`{name}` is called by no task" for name in made.untested]
    found += [f"the keys of {noun_words(e.noun, 'en')} are made up: {', '.join(map(str, e.keys[:2]))}, …"
              for e in world.entities.values() if e.seeded]  # fmt: skip
    return found


def rule_line(proposal: Any) -> str:
    """A proposed rule, in a few words."""
    targets = ", ".join(f"`{plan.name}`" for plan in proposal.targets)
    if proposal.kind == "never":
        return f"never {targets}"
    if proposal.kind == "at_most":
        per = f" per `{proposal.per[0]}`" if proposal.per else ""
        return f"at most {proposal.count} {targets}{per}"
    if proposal.kind == "confirm":
        return f"{targets} only after the customer has agreed"
    if proposal.kind == "when":
        entity, column, values = proposal.condition
        return f"{targets} only while `{column}` of `{entity.table}` is {' or '.join(map(str, values))}"
    joint = " or " if proposal.any_of else " and "
    return f"{targets} only after {joint.join(f'`{plan.name}`' for plan in proposal.requires)}"


def _table(columns: list[str], rows: list[list[Any]]) -> str:
    def line(cells: list[Any]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(columns), line(["---"] * len(columns)), *(line(row) for row in rows)])


def _list(items: list[str], none: str) -> str:
    more = [f"- … and {len(items) - _LISTED} more"] if len(items) > _LISTED else []
    return "\n".join([f"- {item}" for item in items[:_LISTED]] + more) or none


def _cut(text: str) -> str:
    return text if len(text) <= 160 else text[:159] + "…"
