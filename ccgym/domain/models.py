"""A task, a line of `tasks.jsonl`, and its parts, as frozen models."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from ccgym import jsontext
from ccgym.compare import pattern
from ccgym.domain.fields import Flag, Integer, Json, JsonObject, Names, Part, Pointer, Text, nfc_json
from ccgym.types import Requestor

Component = Literal["state", "say", "actions", "asserts", "output", "sop", "judge"]
Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "exists", "absent", "matches"]


SCRIPT_FIELDS = (
    "asks", "tell", "confirm", "confirm_words", "markers", "done", "closing", "hold", "patience", "anger", "mind",
    "acts", "lines", "language",
)  # fmt: skip
"""What a scripted customer reads of its `sim`, beside `kind`."""


class Sim(Part):
    """How the customer is played: the kind, and what that kind reads."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: Text = "script"
    """`script`, `static`, `adversarial`, `llm`, or a kind that a plugin registers."""

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, value: Any) -> Any:
        return nfc_json(value) if isinstance(value, dict) else value

    def given(self) -> dict[str, Any]:
        """The fields that were given, as JSON."""
        kind = {"kind": self.kind} if "kind" in self.model_fields_set else {}
        return {**kind, **(self.model_extra or {})}


class User(Part):
    """The customer of a task."""

    persona: Text = ""
    goal: Text = ""
    known: JsonObject = Field(default={})
    """Facts that the customer tells when asked: name to value."""
    unknown: Names = ()
    """Facts that the customer is asked for and does not know."""
    first_message: Text = ""
    sim: Sim = Sim()


class Call(Part):
    """A call of the reference, or of `init`."""

    name: Text
    args: JsonObject = Field(default={})
    requestor: Requestor = "assistant"
    compare_args: Names | None = None
    """The only arguments that the component `actions` compares; None: all."""


class Say(Part):
    """A reply of the reference to the customer."""

    say: Text
    """What the agent says."""


def _kind_of_action(value: Any) -> str:
    if isinstance(value, Say) or (isinstance(value, dict) and "say" in value):
        return "(say)"
    return "(call)"


Action = Annotated[Annotated[Call, Tag("(call)")] | Annotated[Say, Tag("(say)")], Discriminator(_kind_of_action)]


class PatchOp(Part):
    """One operation of a JSON Patch (RFC 6902) over the state document."""

    op: Literal["add", "replace", "remove"]
    """What is done there."""
    path: Pointer
    """JSON pointer into the state document."""
    value: Json = None
    """The new value; none for `remove`."""


class Message(Part):
    """An earlier message that the agent finds in the transcript."""

    role: Literal["system", "assistant", "user", "tool"]
    """Whose message it is."""
    content: Text
    """The text."""


def state_problem(document: Any) -> tuple[list[str], str] | None:
    """What keeps a value from being a state, `{"tables": {name: {key: row}}, "user": {…}}`: path and message."""
    if type(document) is not dict:
        return [], 'must be an object, such as {"tables": {}}'
    for key, part in document.items():
        if key not in ("tables", "user"):
            return [key], "a state has only `tables` and `user`"
        if type(part) is not dict:
            return [key], "must be an object"
    for name, table in document.get("tables", {}).items():
        if type(table) is not dict:
            return ["tables", name], "must be an object of key to row"
        for key, row in table.items():
            if type(row) is not dict:
                return ["tables", name, key], "must be a row: an object"
    return None


class Init(Part):
    """What happens before the first turn: state or patch, then calls; and messages that stand in the transcript."""

    state: JsonObject | None = None
    """A JSON Merge Patch (RFC 7396) over the domain's state document: the rows of this task alone."""
    patch: tuple[PatchOp, ...] = ()
    calls: tuple[Call, ...] = ()
    """Tools or probes, run through the agent's own code path."""
    messages: tuple[Message, ...] = ()

    @model_validator(mode="after")
    def _one_state(self) -> Init:
        if self.state is not None and self.patch:
            raise ValueError("`state` and `patch` exclude each other: put the change into `state`")
        if self.state is not None and (problem := state_problem(self.state)):
            path, message = problem
            raise ValueError(f"state{''.join('/' + part for part in path)}: {message}")
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


def operand_problem(op: str, value: Any) -> str | None:
    """What is wrong with the `value` of a comparison, or None."""
    if op in ("exists", "absent") and value is not None:
        return f"op '{op}' takes no value"
    if op in ("in", "not_in") and not isinstance(value, list | str):
        return f"op '{op}' needs a list of values"
    if op in ("lt", "le", "gt", "ge") and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        return f"op '{op}' needs a number or a text"
    if op == "matches":
        if not isinstance(value, str):
            return "op 'matches' needs a pattern"
        try:
            pattern(value)
        except ValueError as error:
            return str(error)
    return None


class PathAssert(Part):
    """A condition on the final state. `path` may hold `*` segments: then every match must hold."""

    path: Pointer
    op: Op = "eq"
    value: Json = None
    tag: Text = ""
    """`sop` where a failure is a break of the SOP."""

    @model_validator(mode="after")
    def _value_fits(self) -> PathAssert:
        if problem := operand_problem(self.op, self.value):
            raise ValueError(problem)
        return self


class ProbeAssert(Part):
    """A condition on what a probe answers at the end."""

    probe: Text
    """Name of the probe."""
    args: JsonObject = Field(default={})
    requestor: Requestor = "assistant"
    """Whose side it looks at: the tables, or the customer's document."""
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
    meta: JsonObject = Field(default={})

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

    def keep_json(self, data: dict[str, Any], digest: str) -> None:
        """Have `as_json` give this: the JSON without defaults of which the task was made, and its SHA-256."""
        self.__dict__.update(_json=data, digest=digest)

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
