"""Writes a page for each first-party domain: what it trains, tools, clauses, tasks, baselines, a reference episode.

The figures are measured when the page is written, with a fixed seed: the same every time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import ccgym
from ccgym.cli.transcript import Line, event_lines
from ccgym.domain import Domain, Task
from ccgym.env import find_domain
from ccgym.plugins import registry
from ccgym.types import Episode, RuleEvent

FOLDER = Path(__file__).parent
INDEX = FOLDER / "index.md"
LINKS = "- First-party domains:"
"""What the line of the index begins with that links the pages."""
OWN = "ccgym/"
"""What the ids of first-party environments begin with."""
BASELINES = {
    "oracle": "plays the reference",
    "null": "says nothing",
    "refuse": "always refuses",
    "spam": "calls every tool",
    "echo": "repeats what it hears",
    "random": "calls tools at random",
}
WIDTH = 400
"""Columns of a line of the episode; a longer one is cut."""


def pages() -> dict[Path, str]:
    """File to text, for every first-party domain that is registered, and for the index, which links them."""
    ids = [name for name in sorted(registry().envs) if name.startswith(OWN)]
    links = ", ".join(f"[{find_domain(name).name}]({path_of(name).name})" for name in ids)
    index = re.sub(f"(?<={LINKS}).*", lambda _: f" {links}.", INDEX.read_text(encoding="utf-8"))
    return {INDEX: index} | {path_of(name): page(name) for name in ids}


def path_of(env_id: str) -> Path:
    """The page of an environment."""
    return FOLDER / f"domain-{find_domain(env_id).name.lower()}.md"


def page(env_id: str) -> str:
    """The whole page of one environment."""
    domain = find_domain(env_id)
    parts = [
        f"# {domain.name}\n\n<!-- Written by docs/generate.py from the domain itself. -->\n",
        f"{domain.spec.description}\n\n{_facts(env_id, domain)}",
        "## Tools\n\n" + "\n".join(_tools(domain)),
        "## Clauses\n\nThe headings of the SOP, and the rules that are judged at each call.\n\n" + _clauses(domain),
        "## Tasks\n\n" + "\n".join(_tasks(domain)),
        "## Baselines\n\n" + "\n".join(_baselines(env_id, domain)),
        "## A reference episode\n\n" + _episode(domain),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def _facts(env_id: str, domain: Domain) -> str:
    rows = sum(len(table) for table in domain.state.get("tables", {}).values())
    words = sum(len(text.split()) for text in domain.sop_sources.values())
    templates = f", {len(domain.templates)} templates for endless ones" if domain.templates else ""
    return (
        f"`{env_id}`, version {domain.version}, language `{domain.language}`: {len(domain.tools)} tools, an SOP of "
        f"{words:,} words with its {len(domain.rules)} rules, {rows:,} rows of seed state, {len(domain.tasks)} "
        f"written tasks{templates}."
    )


def _tools(domain: Domain) -> Iterator[str]:
    yield "| tool | of | effect | does |"
    yield "|---|---|---|---|"
    for tool in domain.tools.values():
        who = "the agent" if tool.requestor == "assistant" else "the customer"
        effect = f"{tool.effect}, ends the talk" if tool.terminal else tool.effect
        yield f"| `{tool.name}` | {who} | {effect} | {_cell(tool.description)} |"


def _clauses(domain: Domain) -> str:
    found: dict[str, list[str]] = {}
    for rule in domain.rules:
        found.setdefault(rule.clause.heading, []).append(f"`{rule.id}`")
    lines = [f"| {_cell(heading)} | {', '.join(ids)} |" for heading, ids in found.items()]
    return "\n".join(["| clause | rules |", "|---|---|", *lines])


def _tasks(domain: Domain) -> Iterator[str]:
    tasks = list(domain.tasks.values())
    refused = [task for task in tasks if refuses(domain, task)]
    splits = Counter(task.split for task in tasks)
    yield (
        f"{len(tasks)} written tasks: {', '.join(f'{n} in `{split}`' for split, n in splits.most_common())}. "
        f"{len(refused)} ({len(refused) / len(tasks):.0%}) end in a justified refusal or with a colleague.\n"
    )
    yield "| tag | tasks | of which refused or handed over |"
    yield "|---|---|---|"
    count = Counter(tag for task in tasks for tag in task.tags)
    count_refused = Counter(tag for task in refused for tag in task.tags)
    for tag, n in sorted(count.items(), key=lambda item: (-item[1], item[0])):
        yield f"| {_cell(tag)} | {n} | {count_refused[tag]} |"
    if domain.templates:
        yield f"\nTemplates: {', '.join(f'`{name}`' for name in sorted(domain.templates))}."


def refuses(domain: Domain, task: Task) -> bool:
    """Whether the right thing is to refuse, or to hand the customer over: the reference ends with a terminal tool."""
    last = task.expect.actions[-1].as_json() if task.expect.actions else {}
    return task.expect.refuse or ("name" in last and domain.tools[last["name"]].terminal)


def _baselines(env_id: str, domain: Domain) -> Iterator[str]:
    yield "Each written task once, seed 0: the mean, and the highest of any task in parentheses.\n"
    yield "| policy | what it does | correctness | reward |"
    yield "|---|---|---|---|"
    for name, does in BASELINES.items():
        episodes = ccgym.rollout(env_id, name, list(domain.tasks.values()))
        correct = [episode.rewards["correctness"] or 0.0 for episode in episodes]
        paid = [_paid(domain, episode) for episode in episodes]
        cells = (f"{fmean(values):.2f} ({max(values):.2f})" for values in (correct, paid))
        yield f"| `{name}` | {does} | {' | '.join(cells)} |"


def _paid(domain: Domain, episode: Episode) -> float:
    """The weighted sum of the rewards, gates applied; what has no value pays nothing."""
    rewards, gates = episode.rewards, domain.spec.rewards.gates
    weights = domain.spec.rewards.weights or {"correctness": 1.0}
    return sum(
        weight * (rewards.get(name) or 0.0) * ((rewards.get(gates[name]) or 0.0) if name in gates else 1.0)
        for name, weight in weights.items()
    )


def _episode(domain: Domain) -> str:
    """The first written task that is neither refused nor handed over, as its reference plays it."""
    task = next(task for task in domain.tasks.values() if not refuses(domain, task))
    episode = ccgym.enact(domain, task, [action.as_json() for action in task.expect.actions])
    lines = (line.plain().rstrip() for line in _lines(episode))
    text = "\n".join(line if len(line) <= WIDTH else line[:WIDTH] + " …" for line in lines)
    return f"The task `{task.id}`. {task.user.goal}".rstrip() + f"\n\n```\n{text}\n```"


def _lines(episode: Episode) -> Iterator[Line]:
    """The transcript, with the rules of a step that were kept in one line; rules that never applied are left out."""
    kept: list[str] = []
    step = 0
    for event in episode:
        if event.step != step:
            yield from _kept(kept)
            yield Line("", "")
            step = event.step
        if isinstance(event, RuleEvent) and event.verdict == "ok":
            kept.append(event.clause["id"])
        elif not (isinstance(event, RuleEvent) and event.verdict == "not_applicable"):
            lines = list(event_lines(event))
            if kept and lines:
                yield from _kept(kept)
            yield from lines


def _kept(ids: list[str]) -> Iterator[Line]:
    if ids:
        yield Line("kept", ", ".join(ids))
        ids.clear()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
