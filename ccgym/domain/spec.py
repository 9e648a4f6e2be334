"""What `domain.yaml` holds, as frozen models."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ccgym.domain.fields import Integer, Names, Number, Part, Pointer, Text
from ccgym.domain.models import Sim


class Limits(Part):
    """When an episode is truncated: after so many turns, errors, or characters of the agent's."""

    max_steps: Annotated[Integer, Field(ge=1)] = 30
    """Turns of the agent in an episode."""
    max_errors: Annotated[Integer, Field(ge=2)] = 5
    """Failed calls and malformed turns in an episode."""
    max_chars: Annotated[Integer, Field(ge=1)] = 20_000
    """Characters that the agent may write in an episode."""


class Users(Part):
    """Defaults for the customers of all tasks."""

    sim: Sim = Sim()


class Rewards(Part):
    """Default weights of rewards, and the rewards that multiply the others."""

    weights: dict[Text, Number] = Field(default={})
    gates: dict[Text, Text] = Field(default={})
    """Reward to the reward that multiplies it."""


class Prompt(Part):
    """How much of SOP and tools the agent is shown."""

    sop: Literal["full", "digest"] = "full"
    tools: Literal["full", "names"] = "full"


def _in_state(path: str) -> str:
    if not re.match(r"/tables/[^/]|/user(/|$)", path):
        raise ValueError(f"'{path[:60]}' excludes nothing: begin with /tables/NAME or /user")
    return path


class StateOptions(Part):
    """How states are compared."""

    exclude: tuple[Annotated[Pointer, AfterValidator(_in_state)], ...] = ()
    """Paths left out of the hash; `*` stands for any one segment."""
    tolerance: Annotated[Number, Field(ge=0)] = 0.0
    """For floats in comparisons; never in hashes."""


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


def _instant(value: str) -> str:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"'{value[:40]}' is no ISO 8601 time, such as 2026-03-02T09:00:00+07:00") from None
    return value


class DomainSpec(Part):
    """What `domain.yaml` holds."""

    name: Annotated[Text, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
    """A letter, then letters, digits, `_`, `.` and `-`."""
    version: Text = "0.1.0"
    license: Text = ""
    language: Text = "en"
    description: Text = ""
    sop: Annotated[Names, BeforeValidator(_one_or_more)] = Field(("sop.md",), json_schema_extra={
        "type": ["string", "array"], "items": {"type": "string"}})  # fmt: skip
    """File of the SOP, or several that the agent reads one after the other."""
    tools: Text = "tools.json"
    """A registered toolset, or a file here that ends in `.json`."""
    users: Users = Users()
    splits: dict[Text, Names] = Field(default={})
    """Split to ids or globs of ids; a task that no split names keeps its own `split`."""
    limits: Limits = Limits()
    rewards: Rewards = Rewards()
    prompt: Prompt = Prompt()
    state: StateOptions = StateOptions()
    clock: Annotated[Text, AfterValidator(_instant)] = "2026-01-05T09:00:00+00:00"
    """The time that stands still within every episode."""
