"""How the episodes of a task open: all that one has before its seed, its world and its customer come in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ccgym.domain import Domain, Limits, Task
from ccgym.env.perturbing import View
from ccgym.env.provenance import Provenance
from ccgym.env.target import Reference
from ccgym.scoring import Scorer

RECENT, PERTURBED = 10_000, 256
"""So many openings an environment keeps: a task is played eight times in a row, and in each evaluation. Where its tools
are perturbed, each seed has one, and they are large."""


class Opening:
    """What the episodes of a task have in common, worked out once.

    Args:
        domain: of the task.
        task: what is played.
        view: the tools as the agent sees them, where they are perturbed.
        limits: of the task.
        perturb: what was asked of the view.
    """

    __slots__ = (
        "_reference",
        "_schemas",
        "_world",
        "blocks",
        "earlier",
        "limits",
        "options",
        "own_tools",
        "perturb",
        "plugins",
        "scorer",
        "task",
        "task_json",
        "tools",
        "validators",
        "view",
    )  # fmt: skip

    def __init__(self, domain: Domain, task: Task, view: View | None, limits: Limits, perturb: Any) -> None:
        self.task, self.view, self.limits, self.perturb = task, view, limits, perturb
        self.task_json = task.as_json()
        self.tools = domain.tools_for(task) if view is None else view.tools
        """As the agent is shown them."""
        self.own_tools = {tool.name: tool for tool in self.tools} if view is None else view.own
        """Shown name to the tool itself."""
        self.validators = domain.validators if view is None else view.validators
        self.blocks = any(tool.blocking for tool in self.tools)
        """Whether a call may block."""
        prompt = domain.system_prompt(task) if view is None else view.prompt
        self.earlier: list[tuple[Any, str]] = [("system", prompt)]
        self.earlier += [(m["role"], m["content"]) for m in self.task_json.get("init", {}).get("messages", ())]
        """Role and content of the messages before the customer's first line."""
        self._schemas = domain.openai_tools(task) if view is None else [tool.openai() for tool in self.tools]
        self.scorer: Scorer | None = None
        self._reference: Reference | None = None
        self._world: type | None = None
        self.plugins: dict[str, dict[str, str]] = {}
        self.options: dict[str, Any] = {}

    def reference(self, world: type, find: Callable[[], Reference]) -> Reference:
        """The reference of the task in such a world: what was found for an earlier episode, where it holds for all."""
        if self._reference is None or self._world is not world:
            found = find()
            if found.seeded:
                return found
            self._reference, self._world = found, world
        return self._reference

    def scored_by(self, scorer: Scorer, reference: Reference, provenance: Provenance) -> None:
        """Work out what depends on the scorer: which plugins take part, and what shapes the episode."""
        self.scorer = scorer
        self.plugins = provenance.plugins(scorer, self.task_json)
        record = None if self.view is None else self.view.record
        self.options = provenance.options(scorer, self.task, self.limits, reference.size, record)

    def said(self, first: str) -> list[dict[str, Any]]:
        """The transcript as the agent first sees it, in OpenAI form."""
        messages = [{"role": role, "content": content} for role, content in self.earlier]
        messages.append({"role": "user", "content": first})
        return messages

    def schemas(self) -> list[dict[str, Any]]:
        """The tools as OpenAI function objects: a fresh list of objects that all episodes share."""
        return list(self._schemas)
