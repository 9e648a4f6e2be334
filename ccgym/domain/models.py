"""What `domain.yaml` and a line of `tasks.jsonl` hold, as frozen models. Text is kept in Unicode normal form C."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from ccgym import jsontext
from ccgym.turns import nfc
from ccgym.types import Requestor

Component = Literal["state", "say", "actions", "asserts", "output", "sop", "judge"]
Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "exists", "absent", "matches"]


def nfc_json(value: Any) -> Any:
    """A fresh copy of a JSON value with all text, keys too, in normal form C.

    Raises:
        ValueError: something that JSON cannot hold, such as NaN or an integer past 64 bits.
    """
    if isinstance(value, str):
        return nfc(value)
    try:
        value = jsontext.clean(value)
    except TypeError as error:
        raise ValueError(f"not JSON: {error}") from None
    return _normalised(value)


def _normalised(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else nfc(value)
    if kind is dict:
        return {nfc(key): _normalised(item) for key, item in value.items()}
    if kind is list:
        return [_normalised(item) for item in value]
    return value


Text = Annotated[str, AfterValidator(nfc)]
Json = Annotated[Any, BeforeValidator(nfc_json)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(nfc_json)]
Integer = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Names = tuple[Text, ...]


def _pointer(value: str) -> str:
    if value and not value.startswith("/"):
        raise ValueError(f"'{value[:60]}' is no JSON pointer: it starts with '/', such as /tables/orders/W1/status")
    if re.search(r"~(?![01])", value):
        raise ValueError(f"'{value[:60]}' is no JSON pointer: '~' is written '~0'")
    return value


Pointer = Annotated[Text, AfterValidator(_pointer)]


class Part(BaseModel):
    """Base of all models here: frozen, and nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sim(Part):
    """How the customer is played: the kind, and what that kind reads."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Text = "script"
    """`script`, `static`, or a kind that a plugin registers."""

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, value: Any) -> Any:
        return nfc_json(value) if isinstance(value, dict) else value


class User(Part):
    """The customer of a task."""

    persona: Text = ""
    goal: Text = ""
    known: JsonObject = {}
    """Facts that the customer tells when asked: name to value."""
    unknown: Names = ()
    """Facts that the customer is asked for and does not know."""
    first_message: Text = ""
    sim: Sim = Sim()


class Call(Part):
    """A call of the reference, or of `init`."""

    name: Text
    args: JsonObject = {}
    requestor: Requestor = "assistant"
    compare_args: Names | None = None
    """The only arguments that the component `actions` compares; None: all."""


class Say(Part):
    """A reply of the reference to the customer."""

    say: Text


def _kind_of_action(value: Any) -> str:
    if isinstance(value, Say) or (isinstance(value, dict) and "say" in value):
        return "(say)"
    return "(call)"


Action = Annotated[Annotated[Call, Tag("(call)")] | Annotated[Say, Tag("(say)")], Discriminator(_kind_of_action)]


class PatchOp(Part):
    """One operation of a JSON Patch (RFC 6902) over the state document."""

    op: Literal["add", "replace", "remove"]
    path: Pointer
    value: Json = None


class Message(Part):
    """An earlier message that the agent finds in the transcript."""

    role: Literal["system", "assistant", "user", "tool"]
    content: Text


class Init(Part):
    """What happens before the first turn: state or patch, then calls; and messages that stand in the transcript."""

    state: JsonObject | None = None
    """A whole state document in place of the domain's."""
    patch: tuple[PatchOp, ...] = ()
    calls: tuple[Call, ...] = ()
    """Tools or probes, run through the agent's own code path."""
    messages: tuple[Message, ...] = ()

    @model_validator(mode="after")
    def _one_state(self) -> Init:
        if self.state is not None and self.patch:
            raise ValueError("`state` and `patch` exclude each other: put the change into `state`")
        return self


class StateTarget(Part):
    """Where the target state comes from."""

    mode: Literal["replay", "literal", "hash"] = "replay"
    """`replay`: from `expect.actions`; `literal`: a JSON Merge Patch over the initial state; `hash`: the state hash."""
    value: Json = None

    @model_validator(mode="after")
    def _value_fits(self) -> StateTarget:
        if self.mode == "replay" and self.value is not None:
            raise ValueError("mode 'replay' takes no value: the target is what `expect.actions` leads to")
        if self.mode == "literal" and (type(self.value) is not dict or self.value.keys() - {"tables", "user"}):
            raise ValueError("mode 'literal' needs a value such as {'tables': {…}}: a JSON Merge Patch over the state")
        if self.mode == "hash" and not (isinstance(self.value, str) and re.fullmatch("[0-9a-f]{64}", self.value)):
            raise ValueError("mode 'hash' needs a value of 64 hex digits")
        return self


class PathAssert(Part):
    """A condition on the final state. `path` may hold `*` segments: then every match must hold."""

    path: Pointer
    op: Op = "eq"
    value: Json = None
    tag: Text = ""
    """`sop` where a failure is a break of the SOP."""


class ProbeAssert(Part):
    """A condition on what a probe answers at the end."""

    probe: Text
    args: JsonObject = {}
    equals: Json = None
    tag: Text = ""


def _kind_of_assert(value: Any) -> str:
    if isinstance(value, ProbeAssert) or (isinstance(value, dict) and "probe" in value):
        return "(probeassert)"
    return "(pathassert)"


Assert = Annotated[
    Annotated[PathAssert, Tag("(pathassert)")] | Annotated[ProbeAssert, Tag("(probeassert)")],
    Discriminator(_kind_of_assert),
]


class Expect(Part):
    """What a right episode leads to."""

    actions: tuple[Action, ...] = ()
    state: StateTarget = StateTarget()
    say: Names = ()
    """Each must occur in some reply to the customer, whatever its case and spacing."""
    asserts: tuple[Assert, ...] = ()
    output: JsonObject | None = None
    judge: Names = ()
    """Questions for a judge model."""
    refuse: Flag = False
    """The right thing is to refuse: the state must stay as it was."""


class TaskLimits(Part):
    """Limits of one task, over the domain's."""

    max_steps: Annotated[Integer, Field(ge=1)] | None = None
    max_errors: Annotated[Integer, Field(ge=2)] | None = None
    max_chars: Annotated[Integer, Field(ge=1)] | None = None


class Limits(Part):
    """When an episode is truncated: after so many turns, errors, or characters of the agent's."""

    max_steps: Annotated[Integer, Field(ge=1)] = 30
    max_errors: Annotated[Integer, Field(ge=2)] = 5
    max_chars: Annotated[Integer, Field(ge=1)] = 20_000


class Task(Part):
    """One case: the customer, what happened before, and what a right episode leads to."""

    id: Text = ""
    split: Text = "train"
    tags: Names = ()
    tools_allow: Names | None = None
    """The only tools that the agent has; None: all of the domain's."""
    user: User = User()
    init: Init = Init()
    expect: Expect = Expect()
    rules: tuple[Json, ...] = ()
    reward_basis: tuple[Component, ...] | None = None
    limits: TaskLimits = TaskLimits()
    meta: JsonObject = {}

    @field_validator("reward_basis")
    @classmethod
    def _some_basis(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if value is not None and (not value or len(set(value)) != len(value)):
            raise ValueError("reward_basis names at least one component, and each once")
        return value

    def replace(self, **fields: Any) -> Task:
        """The same task with other fields, which must be valid."""
        copied = self.model_copy(update=fields)
        for name in ("_json", "digest", "content_digest"):
            copied.__dict__.pop(name, None)
        return copied

    @cached_property
    def _json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_defaults=True)

    def as_json(self) -> dict[str, Any]:
        """The task as plain JSON, without defaults. One dict a task: not to be changed."""
        return self._json

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole task, as 64 hex digits."""
        return jsontext.digest(self._json)

    @cached_property
    def content_digest(self) -> str:
        """SHA-256 of what is played and expected: without `id`, `split` and `meta`."""
        return jsontext.digest({k: v for k, v in self._json.items() if k not in ("id", "split", "meta")})

    @property
    def basis(self) -> tuple[str, ...]:
        """The components of correctness: `reward_basis`, or else what `expect` gives reason for."""
        if self.reward_basis is not None:
            return self.reward_basis
        given = [name for name in ("say", "asserts", "output", "judge") if getattr(self.expect, name)]
        return ("state", *given, "sop")


class Users(Part):
    """Defaults for the customers of all tasks."""

    sim: Sim = Sim()


class Rewards(Part):
    """Default weights of rewards, and the rewards that multiply the others."""

    weights: dict[Text, Number] = {}
    gates: dict[Text, Text] = {}
    """Reward to the reward that multiplies it."""


class Prompt(Part):
    """How much of SOP and tools the agent is shown."""

    sop: Literal["full", "digest"] = "full"
    tools: Literal["full", "names"] = "full"


class StateOptions(Part):
    """How states are compared."""

    exclude: tuple[Pointer, ...] = ()
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
    splits: dict[Text, Names] = {}
    """Split to ids or globs of ids; a task that no split names keeps its own `split`."""
    limits: Limits = Limits()
    rewards: Rewards = Rewards()
    prompt: Prompt = Prompt()
    state: StateOptions = StateOptions()
    clock: Annotated[Text, AfterValidator(_instant)] = "2026-01-05T09:00:00+00:00"
    """The time that stands still within every episode."""
