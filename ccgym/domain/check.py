"""`check_domain`: everything that can be said of a domain folder without playing it."""

from __future__ import annotations

import os
from pathlib import Path

from ccgym.domain.domain import Domain
from ccgym.domain.files import Folder
from ccgym.domain.findings import Finding, Findings, did_you_mean, pointer
from ccgym.domain.loader import read_domain
from ccgym.domain.mockcheck import columns_written, unknown_columns
from ccgym.domain.models import SCRIPT_FIELDS, Call
from ccgym.plugins import Registry, registry
from ccgym.types import Tool


def check_domain(path: str | os.PathLike[str], plugins: Registry | None = None) -> list[Finding]:
    """All findings about a folder: the errors that stop loading, then warnings, then notices. Raises none of them."""
    findings, plugins = Findings(), plugins or registry()
    domain = read_domain(Folder(Path(path), findings), plugins, findings)
    if domain is not None:
        look_over(domain, plugins, findings)
    rank = {"error": 0, "warning": 1, "notice": 2}
    return sorted(findings, key=lambda finding: rank[finding.severity])


def look_over(domain: Domain, plugins: Registry, findings: Findings) -> None:
    """Warnings and notices about a domain that loads."""
    _rewards(domain, plugins, findings)
    _customers(domain, plugins, findings)
    _tools(domain, findings)
    _tasks(domain, findings)
    _splits(domain, findings)


def _rewards(domain: Domain, plugins: Registry, findings: Findings) -> None:
    rewards = domain.spec.rewards
    named = [("weights", name) for name in rewards.weights]
    named += [("gates", name) for gate in rewards.gates.items() for name in gate]
    for field, name in named:
        if name not in plugins.rewards:
            findings.add("unknown-reward", f"domain.yaml /rewards/{field}", f"no reward '{name[:60]}'",
                         did_you_mean(name, plugins.rewards), severity="warning")  # fmt: skip


def _customers(domain: Domain, plugins: Registry, findings: Findings) -> None:
    kinds = ["script", "static", *plugins.users]
    sims = [("domain.yaml /users/sim", domain.spec.users.sim)]
    sims += [(f"task {task.id} /user/sim", task.user.sim) for task in domain.tasks.values()]
    for place, sim in sims:
        if sim.kind not in kinds:
            findings.add("unknown-customer", f"{place}/kind", f"no kind of customer '{sim.kind[:60]}'",
                         did_you_mean(sim.kind, kinds), severity="warning")  # fmt: skip
        for field in (sim.model_extra or {}) if sim.kind == "script" else ():
            if field not in SCRIPT_FIELDS:
                findings.add("unknown-field", f"{place}/{field}", "a scripted customer does not read it",
                             did_you_mean(field, SCRIPT_FIELDS), severity="warning")  # fmt: skip


def _tools(domain: Domain, findings: Findings) -> None:
    used = {call.name for task in domain.tasks.values() for call in (*task.init.calls, *_calls(task))}
    for name, tool in domain.tools.items():
        if not tool.description.strip():
            findings.add("no-description", f"tool {name}", "has no description", "Say in a sentence when to use it",
                         severity="warning")  # fmt: skip
        for argument, schema in tool.parameters.get("properties", {}).items():
            if isinstance(schema, dict) and not schema.get("description"):
                findings.add("no-description", f"tool {name} /parameters/properties/{argument}",
                             "has no description", severity="notice")  # fmt: skip
        if domain.tasks and name not in used:
            findings.add("unused-tool", f"tool {name}", "no task's reference calls it", severity="notice")
    written = columns_written(domain.tools.values())
    for name, tool in domain.tools.items():
        unknown_columns(tool, domain.state, written, f"tool {name}", findings)
    if not domain.tools:
        findings.add("no-tools", "domain.yaml /tools", "the domain has no tools", severity="warning")


def _calls(task: object) -> list[Call]:
    return [action for action in task.expect.actions if isinstance(action, Call)]  # type: ignore[attr-defined]


def _tasks(domain: Domain, findings: Findings) -> None:
    if not domain.tasks and not domain.templates:
        findings.add("no-tasks", "tasks.jsonl", "the domain has neither tasks nor templates", severity="warning")
    for task in domain.tasks.values():
        place = f"task {task.id}"
        if not task.user.first_message.strip() and not task.init.messages:
            findings.add("no-first-message", f"{place} /user/first_message", "the customer's first line is empty",
                         severity="warning")  # fmt: skip
        for index, text in enumerate(task.expect.say):
            if not text.strip():
                findings.add("empty-say", f"{place} /expect/say/{index}", "an empty text occurs in every reply",
                             "Remove it", severity="warning")  # fmt: skip
        if "say" in task.basis and not task.expect.say:
            findings.add("empty-say", f"{place} /reward_basis", "names `say`, but `expect.say` is empty",
                         severity="warning")  # fmt: skip
        if task.expect.refuse and any(_counts(domain, domain.tools[call.name]) for call in _calls(task)):
            findings.add("refuse-writes", f"{place} /expect", "`refuse` asks for no change, but the reference writes",
                         severity="warning")  # fmt: skip


def _counts(domain: Domain, tool: Tool) -> bool:
    """Whether what a tool writes enters the state hash: a note in a table left out of it is no change."""
    hidden = domain.spec.state.exclude
    return tool.effect == "write" and not (tool.touches and all(pointer(["tables", t]) in hidden for t in tool.touches))


def _splits(domain: Domain, findings: Findings) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for task in domain.tasks.values():
        split, first = seen.setdefault(task.content_digest, (task.split, task.id))
        if split != task.split:
            findings.add("shared-content", f"task {task.id}",
                         f"the same content as '{first}' of the split '{split}'",
                         "Change one, or keep both in one split", severity="warning")  # fmt: skip
    if domain.tasks and not domain.templates:
        for name in ("train", "test"):
            if not domain.split(name):
                findings.add("empty-split", "tasks.jsonl", f"no task is in the split '{name}'",
                             f'Give some "split": "{name}"', severity="warning")  # fmt: skip
