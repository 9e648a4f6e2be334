"""A Domain: tools, SOP, seed state and tasks of one folder. Validated once, immutable after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ccgym import jsontext
from ccgym.domain import templates
from ccgym.domain.findings import Finding, Findings, did_you_mean, from_pydantic, pointer
from ccgym.domain.models import Sim, Task
from ccgym.domain.prompt import system_prompt
from ccgym.domain.references import check_task
from ccgym.domain.rules import Names, Rule, headings, read_task_rules
from ccgym.domain.schema import ArgumentValidator
from ccgym.domain.spec import DomainSpec, Limits
from ccgym.errors import DomainError
from ccgym.recent import Recent
from ccgym.types import Requestor, Tool, ToolFunction

_RECENT = 32_768
"""How many entries are kept of tasks that come in from templates, records and callers: two or three a task, which takes
40 KB in all. To let go of one, and to fill the gap, costs a tenth of what it takes to verify its episode."""


@dataclass(frozen=True, eq=False, repr=False)
class Domain:
    """One domain folder as `load_domain` read it. Nothing here is ever changed."""

    path: Path
    """The folder."""
    spec: DomainSpec
    """What `domain.yaml` says."""
    sop: str
    """The SOP for the agent to read: prose without `rules` blocks."""
    sop_digest: str | None
    """The SOP in short, for small models; None where the folder has none."""
    sop_sources: dict[str, str]
    """File name to the SOP as it was written, `rules` blocks included."""
    tools: dict[str, Tool]
    """Tool name to tool, in the order of the file; the customer's own are among them."""
    validators: dict[str, ArgumentValidator]
    """Tool name to a function of arguments: None, or what is wrong with them."""
    functions: Mapping[str, ToolFunction]
    """Tool name to Python function, for the tools whose mock is of kind `python`."""
    probes: Mapping[str, ToolFunction]
    """Functions that are no tools, for `init` and asserts."""
    state: dict[str, Any]
    """The seed state document, `{"tables": …, "user": …}`: never to be changed."""
    tasks: dict[str, Task]
    """The tasks that are written down, by id."""
    templates: Mapping[str, Callable[..., Any]]
    """Template name to `fn(rng) -> Task | dict`."""
    digest: str
    """SHA-256 over everything that shapes an episode, as 64 hex digits."""
    rules: tuple[Rule, ...] = ()
    """What the `rules` blocks of the SOP demand."""
    notices: tuple[Finding, ...] = ()
    """Warnings and notices of loading."""
    sync: Callable[[dict[str, Any]], Any] | None = None
    """`sync(document)`: what keeps the tables and the customer's document in step, where the toolset has it."""
    places: Mapping[str, str] = field(default_factory=dict)
    """`task ID` and `tool NAME` to where each stands: file, line, and the name in parentheses."""
    _cache: dict[Any, Any] = field(default_factory=dict, init=False)
    _tasks: Recent[Any, Any] = field(default_factory=lambda: Recent(_RECENT), init=False)

    def __reduce__(self) -> Any:
        from ccgym.domain.loader import load_domain

        return load_domain, (self.path,)

    def __repr__(self) -> str:
        return f"<Domain {self.name} {self.version} tools={len(self.tools)} tasks={len(self.tasks)}>"

    @property
    def name(self) -> str:
        """The domain's name."""
        return self.spec.name

    @property
    def version(self) -> str:
        """The domain's version."""
        return self.spec.version

    @property
    def language(self) -> str:
        """Language of SOP and customers, such as `en`."""
        return self.spec.language

    def split(self, name: str) -> list[Task]:
        """The written tasks of a split, in the order of the file."""
        return [task for task in self.tasks.values() if task.split == name]

    @property
    def splits(self) -> list[str]:
        """Names of the splits that written tasks stand in; templates can draw for any name."""
        return list(dict.fromkeys(task.split for task in self.tasks.values()))

    def draw(self, template: str, split: str, seed: int) -> Task:
        """The task that a template yields for a seed: always the same, with the id `template/split/seed`.

        A content that can occur in the split `train` never occurs in any other.

        Raises:
            DomainError: no such template, or what it yields is no task of this domain.
        """
        key = ("draw", template, split, seed)
        task = self._tasks.get(key)
        if task is None:
            task = templates.draw(self, template, split, seed)
            self._tasks[key] = self._own(task)
        return task

    def _own(self, task: Task) -> Task:
        """Remember that a task is adopted, so that playing it again does not check it again."""
        self._tasks["own", id(task)] = task
        return task

    def stream_tasks(self, split: str, n: int, seed0: int = 0) -> Iterator[Task]:
        """`n` tasks of a split, over all templates in turn, with seeds from `seed0` on."""
        names = sorted(self.templates)
        if not names:
            raise DomainError("the domain has no templates", where=self.name, fix="Register some, or name tasks by id")
        for index in range(n):
            yield self.draw(names[index % len(names)], split, seed0 + index // len(names))

    def task(self, which: str | Task | dict[str, Any]) -> Task:
        """A task by id (of a written task, or `template/split/seed`), or one given whole, checked and completed.

        Raises:
            DomainError: no such task, or a task that does not fit the domain.
        """
        if isinstance(which, dict):
            return self._adopted(which)
        if not isinstance(which, str):
            return which if self._tasks.get(("own", id(which))) is which else self.adopt(which)
        if which in self.tasks:
            return self.tasks[which]
        name, _, rest = which.partition("/")
        split, _, seed = rest.rpartition("/")
        if name in self.templates and split and seed.isascii() and seed.isdigit():
            return self.draw(name, split, int(seed))
        options = [*self.tasks, *(f"{template}/train/0" for template in self.templates)]
        raise DomainError(f"no task '{which[:100]}'", where=self.name, fix=did_you_mean(which, options))

    def _adopted(self, data: dict[str, Any]) -> Task:
        """The task that some JSON is: the same one whenever the JSON is the same, as in every episode of a group."""
        try:
            text = jsontext.dumps(data)
        except TypeError:
            return self.adopt(data)  # which says what is wrong with it
        key = ("adopted", text)
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = self.adopt(data)
        return task

    def recorded(self, data: dict[str, Any]) -> Task:
        """The task that an episode's `begin` holds: it was `as_json` of one, and is so of this one.

        Raises:
            DomainError: it does not fit the domain.
        """
        try:
            text = jsontext.canonical(data)
        except TypeError:
            return self.adopt(data)
        key = ("recorded", text)
        task = self._tasks.get(key)
        if task is None:
            place = f"task {data.get('id', '')}".rstrip()
            task = self.complete(data, place)
            if task.user.sim.given() == data.get("user", {}).get("sim", {}):  # the domain's default adds nothing
                task.keep_json(data, sha256(text).hexdigest())
            self.check(task, place)
            self._tasks[key] = self._own(task)
        return task

    def adopt(self, task: Task | dict[str, Any], where: str | None = None) -> Task:
        """A task as this domain plays it: validated, its customer laid over the domain's default.

        Raises:
            DomainError: with every finding.
        """
        place = where or f"task {task.id if isinstance(task, Task) else task.get('id', '')}".rstrip()
        adopted = self.complete(task, place)
        self.check(adopted, place)
        return self._own(adopted)

    def complete(self, task: Task | dict[str, Any], where: str) -> Task:
        """A task with its customer laid over the domain's default; whether its names exist is not looked at.

        Raises:
            DomainError: it is no task.
        """
        findings = Findings()
        completed = complete(task, where, self.spec, findings)
        findings.raise_errors(where)
        assert completed is not None
        return completed

    def check(self, task: Task, where: str) -> None:
        """Raise a DomainError with everything that a task names and the domain does not have."""
        findings = Findings()
        check_task(task, where, self.tools, self.validators, self.probes, self.state, findings)
        own = self._read_rules(task, where, findings) if task.rules else ()
        findings.raise_errors(where)
        if own:
            self._tasks["rules", task.digest] = own

    @property
    def _names(self) -> Names:
        if "names" not in self._cache:
            self._cache["names"] = Names(self.tools, headings=headings(self.sop_sources))
        return self._cache["names"]

    def rules_of(self, task: Task) -> tuple[Rule, ...]:
        """The rules that a task is played under: the SOP's, and its own."""
        if not task.rules:
            return self.rules
        own = self._tasks.get(("rules", task.digest))
        if own is None:
            own = self._read_rules(task, f"task {task.id}", Findings())
        return (*self.rules, *own)

    def _read_rules(self, task: Task, where: str, findings: Findings) -> tuple[Rule, ...]:
        return read_task_rules(task.rules, task.id, where, self._names, findings, self.rules)

    def limits(self, task: Task) -> Limits:
        """The limits of a task: its own over the domain's."""
        return self.spec.limits.model_copy(update=task.limits.model_dump(exclude_none=True))

    def tools_for(self, task: Task, requestor: Requestor = "assistant") -> list[Tool]:
        """The tools that the agent (or the customer) has in a task, in the order of the file."""
        key = ("tools", task.tools_allow, requestor)
        if key not in self._cache:
            allow = task.tools_allow if requestor == "assistant" else None
            self._cache[key] = [
                tool for tool in self.tools.values()
                if tool.requestor == requestor and (allow is None or tool.name in allow)
            ]  # fmt: skip
        return self._cache[key]

    def openai_tools(self, task: Task) -> list[dict[str, Any]]:
        """The agent's tools in a task as OpenAI function objects: a fresh list of objects that all episodes share."""
        key = ("openai", task.tools_allow)
        if key not in self._cache:
            self._cache[key] = [tool.openai() for tool in self.tools_for(task)]
        return list(self._cache[key])

    def system_prompt(self, task: Task) -> str:
        """What the agent reads first: the SOP, then its tools, as `prompt` in `domain.yaml` says."""
        key = ("prompt", task.tools_allow)
        if key not in self._cache:
            self._cache[key] = self.prompt_with(self.prompt_sop, self.tools_for(task))
        return self._cache[key]

    @property
    def prompt_sop(self) -> str:
        """The SOP as the agent reads it: whole, or its digest, as `prompt` in `domain.yaml` says."""
        return self.sop_digest if self.spec.prompt.sop == "digest" and self.sop_digest is not None else self.sop

    def prompt_with(self, sop: str, tools: list[Tool]) -> str:
        """What the agent reads first, for an SOP and tools as it sees them."""
        return system_prompt(sop, tools, self.spec.prompt.tools)


def complete(task: Task | dict[str, Any], place: str, spec: DomainSpec, findings: Findings) -> Task | None:
    """A task with the domain's default customer under its own; None (with findings) where it is no task."""
    if not isinstance(task, Task):
        try:
            task = Task.model_validate(task)
        except ValidationError as error:
            from_pydantic(error, Task, findings, lambda path: f"{place} {pointer(path)}".rstrip())
            return None
    default, own = spec.users.sim.given(), task.user.sim.given()
    if default.get("kind") == "script":  # so it is without being said
        del default["kind"]
    if default.items() <= own.items():
        return task
    merged = merge_sim(default, own)
    if merged == own:
        return task
    return task.replace(user=task.user.model_copy(update={"sim": Sim.model_validate(merged)}))


SCRIPTED = ("script", "adversarial")
"""Kinds of customer that follow a script."""


def merge_sim(default: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A task's `sim` over the domain's: own fields win, and objects such as `asks` are merged by key.

    A task that asks for another kind of customer takes nothing from the default, unless both follow a script.
    """
    kinds = {own.get("kind", default.get("kind", "script")), default.get("kind", "script")}
    if len(kinds) > 1 and kinds != set(SCRIPTED):
        return own
    merged = {**default, **own}
    for key, value in own.items():
        if isinstance(value, dict) and isinstance(default.get(key), dict):
            merged[key] = {**default[key], **value}
    return merged


def domain_digest(
    spec: DomainSpec, sop: str, sources: Mapping[str, str], sop_digest: str | None, tools: dict[str, Tool],
    state: dict[str, Any], tasks: dict[str, Task], probes: Mapping[str, Any], templates: Mapping[str, Any],
) -> str:  # fmt: skip
    """SHA-256 over everything that shapes an episode, whatever the files are called and however they are laid out.

    `description`, `license` and the names of files shape none. The code of functions and templates is not in it: an
    episode records the versions and digests of the plugins that took part.
    """
    shape = spec.model_dump(mode="json", exclude={"description", "license", "sop", "tools", "splits"})
    return jsontext.digest({
        "spec": shape,
        "sop": sop,
        "sop_digest": sop_digest,
        "sources": ["\n".join(line.rstrip() for line in text.strip().split("\n")) for text in sources.values()],
        "tools": [
            {**{name: getattr(tool, name) for name in Tool.__slots__}, "touches": tool.touches and list(tool.touches)}
            for tool in tools.values()
        ],
        "state": state,
        "tasks": [task.as_json() for task in tasks.values()],
        "probes": sorted(probes),
        "templates": sorted(templates),
    })  # fmt: skip
