"""Reading a domain folder: every file, every problem, then one immutable Domain."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import threading
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ccgym import jsontext
from ccgym.domain.domain import Domain, complete, domain_digest
from ccgym.domain.fields import nfc_json
from ccgym.domain.files import Folder, stamps
from ccgym.domain.findings import Findings, did_you_mean, from_pydantic, pointer, show
from ccgym.domain.mockcheck import check_mock
from ccgym.domain.models import Task, state_problem
from ccgym.domain.prompt import prose
from ccgym.domain.recorded import take_recordings
from ccgym.domain.references import check_task
from ccgym.domain.rules import Names, Rule, headings, read_rules, read_task_rules
from ccgym.domain.spec import DomainSpec
from ccgym.domain.tables import read_tables
from ccgym.domain.toolbox import Toolbox, open_toolbox
from ccgym.domain.yamltext import YamlError, YamlText
from ccgym.errors import DomainError
from ccgym.plugins import Registry, registry
from ccgym.turns import nfc

DIGEST_FILE = "sop.digest.md"
TASKS_FILE = "tasks.jsonl"
STATE_FILE = "state.json"

_loaded: dict[Path, tuple[set[str], Any, Domain]] = {}
"""Folder to the names of the files that were asked for, what they and the plugins were then, and the Domain."""
_lock = threading.Lock()


def load_domain(path: str | os.PathLike[str]) -> Domain:
    """Read and validate a domain folder. The same unchanged folder gives the same Domain.

    Raises:
        DomainError: with every problem in `findings`, each naming file, line or path, what was found, and the fix.
    """
    root = Path(path).resolve()
    plugins = registry()
    with _lock:
        names, key, domain = _loaded.get(root, (set(), None, None))
        if domain is not None and key == (stamps(root, names), _registered(plugins)):
            return domain
    findings = Findings()
    folder = Folder(root, findings)
    domain = read_domain(folder, plugins, findings)
    findings.raise_errors(str(path))
    assert domain is not None
    with _lock:
        _loaded[root] = (folder.asked, (stamps(root, folder.asked), _registered(plugins)), domain)
    return domain


def read_domain(folder: Folder, plugins: Registry, findings: Findings) -> Domain | None:
    """Read a folder and note every problem. None where there is an error."""
    if not folder.path.is_dir():
        findings.add("no-folder", str(folder.path), "no such folder", "Name a folder with a domain.yaml in it")
        return None
    spec = _read_spec(folder, findings)
    if spec is None:
        return None
    sources = _read_sop(spec, folder, findings)
    short = folder.text(DIGEST_FILE)
    if spec.prompt.sop == "digest" and short is None:
        findings.add("missing-file", "domain.yaml /prompt/sop", f"found 'digest', but there is no {DIGEST_FILE}",
                     f"Write {DIGEST_FILE}, or say `sop: full`")  # fmt: skip
    box = open_toolbox(spec.tools, spec.name, folder, plugins, findings)
    state = _read_state(folder, findings)
    for name, tool in box.tools.items():
        check_mock(tool, state, box.places[name], findings)
    take_recordings(box, folder, findings)
    templates = dict(plugins.templates.get(spec.name, {}))
    places = {f"tool {name}": place for name, place in box.places.items()}
    tables = {*state["tables"], *(table for tool in box.tools.values() for table in tool.touches or ())}
    names = Names(box.tools, tables, box.broken, headings(sources))
    rules = read_rules(sources, names, findings)
    tasks = _read_tasks(spec, folder, box, state, findings, places, names, rules)
    if findings.errors:
        return None
    sop = prose("\n\n".join(sources.values()))
    sop_digest = nfc(short).strip() if short is not None else None
    return Domain(
        path=folder.path, spec=spec, sop=sop, sop_digest=sop_digest, sop_sources=sources, tools=box.tools,
        validators=box.validators, functions=box.functions, probes=box.probes, state=state, tasks=tasks,
        templates=templates, rules=rules, notices=tuple(findings), places=places, sync=box.sync,
        digest=domain_digest(spec, sop, sources, sop_digest, box.tools, state, tasks, box.probes, templates),
    )  # fmt: skip


def _read_spec(folder: Folder, findings: Findings) -> DomainSpec | None:
    file = "domain.yaml"
    text = folder.text(file, required="Write it; the shortest one is `name: MyDomain`")
    if text is None:
        return None
    try:
        document = YamlText(text)
    except YamlError as error:
        findings.add("bad-yaml", f"{file}:{error.line}", f"bad YAML: {error}")
        return None
    if not isinstance(document.value, dict):
        found = show(document.value)
        findings.add("bad-yaml", f"{file}:1", f"found {found}, must be fields such as `name: MyDomain`")
        return None
    try:
        return DomainSpec.model_validate(document.value)
    except ValidationError as error:

        def place(path: list[Any]) -> str:
            return f"{file}:{document.line(path)} {pointer(path)}".rstrip()

        from_pydantic(error, DomainSpec, findings, place)
        return None


def _read_sop(spec: DomainSpec, folder: Folder, findings: Findings) -> dict[str, str]:
    sources: dict[str, str] = {}
    for name in spec.sop:
        text = folder.text(name, required="Write the SOP there, or list its files under `sop` in domain.yaml")
        if text is not None:
            sources[name] = nfc(text)
    return sources


def _read_state(folder: Folder, findings: Findings) -> dict[str, Any]:
    state: dict[str, Any] = {"tables": {}, "user": {}}
    before = len(findings)
    state.update(_read_document(folder, findings))
    for table, rows in read_tables(folder, findings).items():
        if table in state["tables"]:
            findings.add("duplicate-table", f"tables/{table}.csv", f"the table '{table}' also stands in {STATE_FILE}",
                         "Keep one of them")  # fmt: skip
        state["tables"][table] = rows
    # Where something is missing, nothing can be said about names: no table at all is taken for unknown tables.
    return state if len(findings) == before else {"tables": {}, "user": {}}


def _read_document(folder: Folder, findings: Findings) -> dict[str, Any]:
    """What `state.json` holds; nothing (with findings) where it is no state document."""
    document = folder.json(STATE_FILE)
    if document is None:
        return {}
    try:
        document = nfc_json(document)
    except ValueError as error:
        findings.add("bad-state", STATE_FILE, str(error))
        return {}
    if problem := state_problem(document):
        at, message = problem
        found: Any = document
        for part in at:
            found = found[part]
        known = ("tables", "user")
        fix = did_you_mean(at[0], known) if len(at) == 1 and at[0] not in known else None
        findings.add("bad-state", f"{STATE_FILE} {pointer(at)}".rstrip(), f"found {show(found)}; {message}", fix)
        return {}
    return document


_ONE_A_LINE = f"Put each task on a line of its own: jq -c 'if type == \"array\" then .[] else . end' {TASKS_FILE}"


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _runs_on(text: str) -> bool:
    """Whether a text is JSON values one after the other, however they are laid out."""
    decoder, space = json.JSONDecoder(), re.compile(r"\s*")
    at = 0
    try:
        while (at := space.match(text, at).end()) < len(text):  # type: ignore[union-attr]
            at = decoder.raw_decode(text, at)[1]
    except (ValueError, RecursionError):
        return False
    return True


def _read_tasks(
    spec: DomainSpec, folder: Folder, box: Toolbox, state: dict[str, Any], findings: Findings, places: dict[str, str],
    names: Names, rules: tuple[Rule, ...],
) -> dict[str, Task]:  # fmt: skip
    tasks: dict[str, Task] = {}
    text = folder.text(TASKS_FILE) or ""
    runs_on: bool | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        place = f"{TASKS_FILE}:{number}"
        try:
            data = jsontext.parse(line, max_bytes=4 * 1024 * 1024)
        except jsontext.JsonError as error:
            if runs_on is None:
                runs_on = _runs_on(text)  # once: there may be as many bad lines as good ones
            if runs_on and not _is_json(line):
                message = "its JSON values do not stand one a line"
                findings.add("bad-json", TASKS_FILE, message, _ONE_A_LINE)
                break
            findings.add("bad-json", place, f"bad JSON: {error}")
            continue
        if not isinstance(data, dict):
            fix = _ONE_A_LINE if isinstance(data, list) else None
            findings.add("bad-task", place, f"found {show(data)}, must be an object", fix)
            continue
        task = complete(data, place, spec, findings)
        if task is None:
            continue
        if not task.id:
            findings.add("missing-field", place, "field 'id' is missing", "Give each task an id of its own")
        elif task.id in tasks:
            findings.add("duplicate-task", f"{place} /id", f"a second task '{task.id[:60]}'", "Give it another id")
        else:
            if box.broken is not None:
                check_task(task, place, box.tools, box.validators, box.probes, state, findings, box.broken)
            if task.rules:
                read_task_rules(task.rules, task.id, place, names, findings, rules)
            tasks[task.id] = _in_split(task, spec, place, findings)
            places[f"task {task.id}"] = f"{place} ({task.id})"
    for split, patterns in spec.splits.items():
        for pattern in patterns:
            if not any(fnmatch.fnmatchcase(id, pattern) for id in tasks):
                place, message = f"domain.yaml {pointer(['splits', split])}", f"'{pattern[:60]}' matches no task"
                findings.add("empty-split", place, message, did_you_mean(pattern, tasks), severity="warning")
    return tasks


def _in_split(task: Task, spec: DomainSpec, place: str, findings: Findings) -> Task:
    splits = [name for name, patterns in spec.splits.items() if any(fnmatch.fnmatchcase(task.id, p) for p in patterns)]
    if len(splits) > 1:
        findings.add("two-splits", f"{place} /id", f"'{task.id[:60]}' matches the splits {' and '.join(splits)}",
                     "Let `splits` in domain.yaml put it into one")  # fmt: skip
    return task.replace(split=splits[0]) if splits and splits[0] != task.split else task


def _registered(plugins: Registry) -> tuple[Any, ...]:
    """What of the registry shapes a domain, by identity."""
    templates = [(domain, name, id(fn)) for domain, fns in plugins.templates.items() for name, fn in fns.items()]
    return (tuple((name, id(toolset)) for name, toolset in plugins.tools.items()), tuple(templates))


__all__ = ["DomainError", "load_domain", "read_domain"]
