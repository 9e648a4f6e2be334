"""A playable domain folder from tool schemas and an SOP: guessed, written, played, and only then put in its place."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccgym.authoring.mocking import extras
from ccgym.authoring.placing import free, placed
from ccgym.authoring.plans import Plan, make_plans
from ccgym.authoring.proposals import Proposal, propose
from ccgym.authoring.prose import title
from ccgym.authoring.proving import Stage
from ccgym.authoring.references import References
from ccgym.authoring.report import report
from ccgym.authoring.rulewriting import write_rules
from ccgym.authoring.sources import Source, read_sources
from ccgym.authoring.survey import survey
from ccgym.authoring.tasks import Cases
from ccgym.authoring.words import language_of, plain, split
from ccgym.authoring.world import World
from ccgym.errors import ConfigError, DomainError

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
TEMPLATE = Path(__file__).parent / "template"
NOTES = "AUTHOR.md"
_TRIES = 40


@dataclass
class NewDomain:
    """What was made, and what its author should look at."""

    name: str
    folder: Path
    language: str
    plans: list[Plan]
    proposals: list[Proposal]
    unclear: list[tuple[int, str]]
    """Line and text of prose that sounds like a rule and gave none."""
    tables: dict[str, int]
    """Table to the number of its rows."""
    tasks: dict[str, int] = field(default_factory=dict)
    """Split to the number of its tasks."""
    repairs: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    """Tools that no task calls."""
    respond: list[str] = field(default_factory=list)
    """Tools whose mock could not be made, and only answers."""


def new_domain(name: str, tools: Path | None = None, sop: Path | None = None, out: Path | None = None) -> NewDomain:
    """Make a domain folder.

    Args:
        name: of the domain: a letter, then letters, digits, `_`, `.` and `-`.
        tools: file of tool schemas; None, with `sop`: a small example to begin with.
        sop: file of the SOP, Markdown.
        out: the folder to make; None: one of the domain's name, here. Nothing that exists is touched.

    Raises:
        ConfigError: a name that cannot be one, one file without the other, or a folder that is there already.
        DomainError: what is wrong with a file, and where.
    """
    name = domain_name(name)
    folder = free(out if out is not None else Path(name))
    if (tools is None) != (sop is None):
        missing, given = ("--from", "--sop") if tools is None else ("--sop", "--from")
        raise ConfigError(
            f"{given} was given without {missing}", fix="Give both files, or neither to begin with an example"
        )
    source = read_sources(tools or TEMPLATE / "tools.json", sop or TEMPLATE / "sop.md")
    with placed(folder) as at:
        return _build(name, folder, source, at)


def domain_name(name: str) -> str:
    """The name, if it can be that of a domain. Raises ConfigError otherwise."""
    if not NAME.fullmatch(name):
        bare = "".join(word[:1].upper() + word[1:] for word in split(plain(name))) if len(name) <= 64 else ""
        hint = bare if NAME.fullmatch(bare) else "OrderDesk"
        raise ConfigError(f"'{name[:80]}' cannot be the name of a domain",
                          fix=f"A letter, then letters, digits, '_', '.', '-', at most 64: such as {hint}")  # fmt: skip
    return name


def _build(name: str, folder: Path, source: Source, at: Path) -> NewDomain:
    language = language_of(source.sop)
    jobs = [
        survey(tool, given, hint) for tool, given, hint in zip(source.tools, source.given, source.hints, strict=True)
    ]
    world = World(jobs, language)
    plans = make_plans(world)
    proposals, unclear = propose(source.sop, plans, world)
    for proposal in proposals:
        if proposal.condition is not None:
            entity, _, values = proposal.condition
            entity.wanted += [value for value in values if value not in entity.wanted]
    _settle(proposals)
    world.fill()
    made = NewDomain(name, folder, language, plans, proposals, unclear, {}, repairs=source.repairs)
    tasks = _tasks(made, source, world, at)
    made.tables = {table: len(rows) for table, rows in world.tables().items()}
    for task in tasks:
        made.tasks[task["split"]] = made.tasks.get(task["split"], 0) + 1
    called = {action.get("name") for task in tasks for action in task["expect"]["actions"]}
    made.untested = [plan.name for plan in plans if plan.name not in called]
    (at / NOTES).write_text(report(made, source, world), encoding="utf-8")
    return made


def _settle(proposals: list[Proposal]) -> None:
    """Drop a rule that forbids what others allow, and one that makes two calls wait for each other."""
    allowed = {plan.name for p in proposals if p.kind != "never" and len(p.targets) == 1 for plan in p.targets}
    for proposal in proposals:
        if proposal.kind == "never" and proposal.targets[0].name in allowed:
            proposal.dropped = "another sentence says when it may be called"
    after: dict[str, set[str]] = {}

    def reaches(start: str, goal: str, seen: frozenset[str] = frozenset()) -> bool:
        nexts = after.get(start, set()) - seen
        return goal in nexts or any(reaches(step, goal, seen | nexts) for step in nexts)

    never = {plan.name for p in proposals if p.kind == "never" and not p.dropped for plan in p.targets}
    for proposal in proposals:
        if proposal.kind != "require":
            continue
        pairs = [(target.name, needed.name) for target in proposal.targets for needed in proposal.requires]
        if any(reaches(needed, target) or needed == target for target, needed in pairs):
            proposal.dropped = "with another rule it makes two calls wait for each other"
        elif any(needed in never for _, needed in pairs):
            proposal.dropped = "it asks for a call that another rule forbids"
        else:
            for target, needed in pairs:
                after.setdefault(target, set()).add(needed)


def _tasks(made: NewDomain, source: Source, world: World, at: Path) -> list[dict[str, Any]]:
    """Write the folder and its tasks; rules that a reference cannot keep are dropped, and all is made anew."""
    for _ in range(_TRIES):
        owners = _write(made, source, world, at)
        stage = Stage.open(at)
        if isinstance(stage, DomainError):
            _yield_to(stage, made, owners, at)
            continue
        cases = Cases(References(stage.domain, world, made.plans, made.proposals), stage.results)
        tasks, broken = stage.prove(cases.all())
        dropped = [owners[id] for id in broken if id in owners and not owners[id].dropped]
        if dropped:
            dropped[0].dropped = "the reference of a task cannot keep it"
            continue
        _lines(at / "tasks.jsonl", tasks)
        return tasks
    raise DomainError("no playable domain could be made of these files", where=made.name,
                      fix="Run again with fewer tools, and report the files")  # fmt: skip


def _yield_to(error: DomainError, made: NewDomain, owners: dict[str, Proposal], at: Path) -> None:
    """The folder does not load: take back the rules or the mocks that the errors name."""
    text = "\n".join(str(item) for item in error.findings)
    guilty = [proposal for id, proposal in owners.items() if id in text and not proposal.dropped]
    if "sop.md" in text and not guilty:
        guilty = [proposal for proposal in owners.values() if not proposal.dropped]
    for proposal in guilty:
        proposal.dropped = "it cannot be written as a rule"
    mocks = [
        plan for plan in made.plans if f"({plan.name})" in text and plan.name not in made.respond and plan.kind != "own"
    ]
    made.respond += [plan.name for plan in mocks]
    if not guilty and not mocks:
        raise error


def _write(made: NewDomain, source: Source, world: World, at: Path) -> dict[str, Proposal]:
    """All files but the tasks."""
    if at.exists():
        shutil.rmtree(at)
    at.mkdir()
    for plan, entry in zip(made.plans, source.entries, strict=True):
        body = next((entry[key] for key in ("function", "toolSpec") if isinstance(entry.get(key), dict)), entry)
        holder = body if "x-ccgym" in body and "x-ccgym" not in entry else entry
        mark = extras(plan, world)
        if plan.name in made.respond:
            mark = {**mark, "mock": {"kind": "respond", "return": {"status": "ok"}}, **plan.job.given}
            plan.made_up = True
        holder["x-ccgym"] = mark
    sop, owners = write_rules(source.sop, made.proposals, world)
    about = title(source.sop)
    settings = [
        f"name: {made.name}",
        "version: 0.1.0",
        f"language: {made.language}",
        f"description: {json.dumps(about, ensure_ascii=False)}",
        "sop: sop.md",
        "tools: tools.json",
        "limits: {max_steps: 20, max_errors: 5, max_chars: 20000}",
        "rewards: {weights: {correctness: 1.0, format: 0.2}}",
    ]
    (at / "domain.yaml").write_text("\n".join(settings) + "\n", encoding="utf-8")
    (at / "sop.md").write_text(sop if sop.endswith("\n") else sop + "\n", encoding="utf-8")
    _json(at / "tools.json", source.data)
    _json(at / "state.json", {"tables": world.tables(), "user": {}})
    return owners


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def _lines(path: Path, values: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values), encoding="utf-8")
