"""What the agent is shown of its tools where that is perturbed: other names, fewer tools, more tools, another order.

It is a view at the environment's edge. What the agent says is translated as it comes in, and answers as they go out:
the log, the rules, the rewards and the target know the domain's own names, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ccgym import seeds
from ccgym.domain import ArgumentValidator, Domain, Task
from ccgym.errors import ConfigError, ToolError
from ccgym.renaming import Renaming, scramble
from ccgym.turns import Call
from ccgym.types import Tool

PERTURBATIONS = {
    "rename": "true: every tool gets a name without meaning",
    "hide": "share of the tools that the reference does not need, to take away",
    "distract": "how many tools to add that answer nothing and change nothing",
    "shuffle": "true: the tools stand in another order",
}
_TEXT = {"type": "string"}
_DISTRACTORS: dict[str, tuple[str, dict[str, Any]]] = {
    "search_help_articles": ("Search the public help pages.", {"query": _TEXT}),
    "get_weather": ("Weather at a place today.", {"city": _TEXT}),
    "list_promotions": ("Promotions that run at the moment.", {}),
    "get_opening_hours": ("Opening hours of a branch.", {"branch": _TEXT}),
    "schedule_callback": ("Ask for a call back to the customer.", {"phone": _TEXT, "time": _TEXT}),
    "send_survey": ("Send the customer a survey about this talk.", {"channel": {"enum": ["email", "sms"]}}),
    "convert_currency": ("Convert an amount of money.", {"amount": {"type": "number"}, "to": _TEXT}),
    "translate_text": ("Translate a text.", {"text": _TEXT, "language": _TEXT}),
    "get_agent_schedule": ("Who is on duty, by day.", {"date": _TEXT}),
    "search_old_tickets": ("Search tickets of earlier years.", {"query": _TEXT}),
    "get_system_status": ("Status of the systems behind this desk.", {}),
    "create_reminder": ("Remind yourself of something later.", {"text": _TEXT}),
}
"""Name to description and arguments."""


def read_perturb(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is to be perturbed; empty where nothing is.

    Raises:
        ConfigError: an unknown perturbation, or a value that it cannot have.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError(f"perturb is {given!r:.60}", fix='Write a mapping, such as {"rename": true}')
    for name, value in given.items():
        if name not in PERTURBATIONS:
            raise ConfigError(f"unknown perturbation {name!r:.60}", fix=f"Perturbations: {', '.join(PERTURBATIONS)}")
        flag = isinstance(value, bool)
        if name in ("rename", "shuffle"):
            right, fix = flag, "Give true or false"
        elif name == "hide":
            right, fix = not flag and isinstance(value, int | float) and 0 <= value <= 1, "Give a share from 0 to 1"
        else:
            right = not flag and isinstance(value, int) and 0 <= value <= len(_DISTRACTORS)
            fix = f"Give a number from 0 to {len(_DISTRACTORS)}"
        if not right:
            raise ConfigError(f"the perturbation {name!r} is {value!r:.40}", fix=fix)
    return {name: given[name] for name in PERTURBATIONS if given.get(name)}


class View:
    """The tools of one episode as its agent knows them. `record` is what `begin` says of them.

    Args:
        asked: as `read_perturb` gives it.
        domain: of the task.
        task: the task.
        seed: of the episode: the members of a group are shown the same.
    """

    def __init__(self, asked: Mapping[str, Any], domain: Domain, task: Task, seed: int) -> None:
        tools, hidden = _hide(domain.tools_for(task), task, asked.get("hide", 0), seed)
        self.added = _distractors(domain, asked.get("distract", 0), seed)
        tools = [*tools, *(tool for tool, _ in self.added.values())]
        if asked.get("shuffle"):
            seeds.stream("shuffle tools", seed).shuffle(tools)
        names = scramble([tool.name for tool in tools], seeds.stream("rename tools", seed)) if "rename" in asked else {}
        self.names = Renaming(names)
        self._back = Renaming({shown: name for name, shown in names.items()})
        self.own = {self.names.shown(tool.name): tool for tool in tools}
        """Shown name to tool."""
        self.validators = {
            name: self.added[tool.name][1] if tool.name in self.added else domain.validators[tool.name]
            for name, tool in self.own.items()
        }
        self.tools = [self._shown(tool) for tool in tools]
        self.prompt = domain.prompt_with(self.names.text(domain.prompt_sop), self.tools)
        self.record = {
            "asked": dict(asked),
            "names": names,
            "hidden": hidden,
            "added": list(self.added),
        }

    def _shown(self, tool: Tool) -> Tool:
        names = self.names
        return replace(
            tool, name=names.shown(tool.name), description=names.text(tool.description),
            parameters=names.schema(tool.parameters),
        )  # fmt: skip

    def read(self, call: Call) -> Call:
        """A call whose arguments name tools as the domain does: the agent may have copied a name from an answer."""
        return call._replace(arguments=self._back.value(call.arguments)) if self._back.names else call

    def meant(self, call: Call) -> Call:
        """A call of the agent's under the tool's own name."""
        tool = self.own.get(call.name)
        return call if tool is None else call._replace(name=tool.name)

    def distract(self, name: str) -> Any:
        """What a tool answers that was only added. Raises ToolError for one half of them."""
        if list(_DISTRACTORS).index(name) % 2:
            raise ToolError("nothing was found", "nothing_found")
        return None


def _hide(tools: list[Tool], task: Task, share: float, seed: int) -> tuple[list[Tool], list[str]]:
    """The tools that stay, and the names of those that go. Without a reference nobody knows what is needed."""
    expect = task.as_json().get("expect", {})
    actions = [action for action in expect.get("actions", ()) if "name" in action]
    if not actions and expect.get("state", {}).get("mode", "replay") != "replay":
        return tools, []
    needed = {action["name"] for action in actions}
    for way in task.as_json().get("meta", {}).get("shortcuts", ()):  # which may be demonstrated instead
        needed |= {action["name"] for action in way if isinstance(action, dict) and "name" in action}
    rng = seeds.stream("hide tools", seed)
    hidden = [tool.name for tool in tools if rng.random() < share and tool.name not in needed]
    return [tool for tool in tools if tool.name not in hidden], hidden


def _distractors(domain: Domain, count: int, seed: int) -> dict[str, tuple[Tool, ArgumentValidator]]:
    free = [name for name in _DISTRACTORS if name not in domain.tools]
    chosen = seeds.stream("distracting tools", seed).sample(free, min(count, len(free)))
    return {name: _distractor(name) for name in chosen}


@cache
def _distractor(name: str) -> tuple[Tool, ArgumentValidator]:
    description, properties = _DISTRACTORS[name]
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return Tool(name, description, schema), ArgumentValidator(schema)
