"""The map of the concepts: Tool, Event and Episode, RewardResult, and the faces of Policy, Reward, Backend, Customer.

Events are msgspec structs, discriminated on `event`: frozen, typed, and written and read at C speed, because every
step of every rollout makes several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

SCHEMA_VERSION = 1
"""The version of the episode log's format, written in every `begin`."""

Requestor = Literal["assistant", "user"]
"""Who makes a call: the agent, or the customer."""
Effect = Literal["read", "write", "think"]
"""What a tool does to the state: only one that may `write` can change it."""
Fault = Literal["", "timeout", "late", "error", "duplicate", "stale", "slow", "retry", "repeat"]
"""What a call met: no answer and no effect (`timeout`), no answer although the tool did its work (`late`), a service
that failed (`error`), a second delivery, a read of an older state, a slow answer. `retry`: it was given the answer that
a late call had lost; `repeat`: the answer that an equal call had got; nothing ran again."""
LOST = frozenset({"timeout", "late", "error"})
"""Faults that kept the answer from the agent: what it did next is no fault of its own."""
Termination = Literal[
    "customer_done", "customer_left", "terminal_tool", "env_error", "policy_error", "forged_token",
    "max_steps", "max_errors", "max_chars", "max_tokens", "time",
]  # fmt: skip
"""Every reason for which an episode ends."""
TERMINATED = frozenset({"customer_done", "customer_left", "terminal_tool", "env_error", "policy_error", "forged_token"})
"""Reasons with which Gymnasium's `terminated` is true."""
TRUNCATED = frozenset({"max_steps", "max_errors", "max_chars", "max_tokens", "time"})
"""Reasons with which Gymnasium's `truncated` is true."""
EARNING = frozenset({"customer_done", "terminal_tool"})
"""The only reasons to end with which an episode can earn correctness."""
FAILURES = frozenset({"env_error", "policy_error"})
"""Reasons to end that are no fault of what the agent said: such an episode leaves its group."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the agent may call: an OpenAI function schema plus what it does to the mocked world."""

    name: str
    """What the agent calls it by."""
    description: str
    """What it is for, in the words that the agent reads."""
    parameters: dict[str, Any]
    """JSON Schema (2020-12) of the arguments; always of type object."""
    returns: dict[str, Any] | None = None
    """JSON Schema of the result, where the source gave one."""
    effect: Effect = "read"
    """What it does to the state."""
    requestor: Requestor = "assistant"
    """Who may call it: the agent, or the customer."""
    terminal: bool = False
    """A successful call ends the episode."""
    idempotent: bool = False
    """A second equal call changes nothing more."""
    touches: tuple[str, ...] | None = None
    """The only tables that a call may change; None: any."""
    mock: dict[str, Any] = field(default_factory=lambda: {"kind": "python"})
    """The declarative backend, or `{"kind": "python", "function": name}`."""
    blocking: bool = False
    """The function waits (network, disk): run it in a thread with a time limit."""
    seconds: float = 10.0
    """Time limit of one call, for a blocking tool."""

    def openai(self) -> dict[str, Any]:
        """The schema as a model is shown it: an OpenAI function object, without `x-ccgym`."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", omit_defaults=True, gc=False):
    """One line of the log. `n` counts the episode's events from 0; `hash` is the state hash after the event."""

    # gc=False: events hold plain JSON and so never a cycle, and there are many thousands of them.

    episode: int
    n: int
    step: int
    hash: str


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the reference leads to: net JSON Patch against the initial state, and the hash of the final state."""

    hash: str
    """State hash: 64 hex digits."""
    patch: list[dict[str, Any]] | None = None
    """None where the backend is somebody's own and tells only its digest."""


class Begin(Event, frozen=True, kw_only=True, tag="begin", omit_defaults=True):
    """Everything that scoring and replay need besides the events that follow."""

    schema: int
    ccgym: str
    """Version of ccgym that wrote the episode."""
    env: str
    """Environment id or folder that was asked for."""
    domain: dict[str, str]
    """`name`, `version`, `digest`, and digests of its parts: `state`, `sop`, `tools`, `tasks`, `code`, `templates`, and
    `functions` as `name=digest`; episodes of earlier versions have the first three only."""
    task: dict[str, Any]
    target: Target | None = None
    seed: int
    sample: int
    policy: str
    plugins: dict[str, dict[str, str]] = {}
    """Distribution name to `version` and `digest`, for each plugin that took part."""
    fitted: dict[str, str] = {}
    """Reward name to the digest of what it fitted on the domain."""
    options: dict[str, Any] = {}
    """Limits, weights and whatever else of the environment's config shapes the episode."""


class Message(Event, frozen=True, kw_only=True, tag="message", omit_defaults=True):
    """A message of the transcript: the system prompt, the assistant's whole turn, or a given earlier message."""

    role: Literal["system", "assistant", "user", "tool"]
    content: str


class Model(Event, frozen=True, kw_only=True, tag="model", omit_defaults=True):
    """The tokens of one turn: `ids` holds the context new since the last turn, then what was sampled."""

    ids: list[int]
    mask: list[int]
    """1 = sampled by the policy, 0 = context. Same length as `ids`."""
    logprobs: list[float] | None = None
    """Natural logarithms, one for each sampled token."""
    version: str = ""
    """Version of the policy's weights."""


class ToolEvent(Event, frozen=True, kw_only=True, tag="tool", omit_defaults=True):
    """One call and its answer."""

    id: str
    name: str
    arguments: dict[str, Any]
    result: Any = None
    error: dict[str, str] | None = None
    """`code` and `message`, instead of a result."""
    effect: Effect = "read"
    requestor: Requestor = "assistant"
    fault: Fault = ""
    """What broke on the way, where faults are switched on."""
    delay: float = 0.0
    """Virtual seconds that a slow or lost answer took."""


class StateEvent(Event, frozen=True, kw_only=True, tag="state", omit_defaults=True):
    """What a call changed: JSON Patch whose operations carry the replaced value as `old`, so it runs backwards too."""

    cause: str
    """Id of the call."""
    patch: list[dict[str, Any]] | None = None


class RuleEvent(Event, frozen=True, kw_only=True, tag="rule", omit_defaults=True):
    """The verdict on one clause of the SOP, or on one assert of the task."""

    kind: str
    """`assert`, or the kind of the rule."""
    verdict: Literal["ok", "violated", "not_applicable", "error"]
    tag: str = ""
    """`sop` where a failure is a break of the SOP."""
    clause: dict[str, Any] = {}
    """What the verdict cites: `heading`, `line`, `text`; for an assert, the assert itself."""
    found: Any = None
    detail: str = ""
    cause: str = ""
    """Id of the call that was judged; "" at the end of the episode."""


class UserEvent(Event, frozen=True, kw_only=True, tag="user", omit_defaults=True):
    """The customer's line. `done`: satisfied, the talk is over; `left`: gone, with the reason."""

    content: str
    done: bool = False
    left: str = ""
    reveals: list[str] = []
    """Names of the facts that the line told."""


class LimitEvent(Event, frozen=True, kw_only=True, tag="limit", omit_defaults=True):
    """A limit was reached."""

    name: str
    limit: float


class ErrorEvent(Event, frozen=True, kw_only=True, tag="error", omit_defaults=True):
    """Something went wrong that is data: a turn off the format, a policy or an environment that failed."""

    code: str
    message: str


class BranchEvent(Event, frozen=True, kw_only=True, tag="branch", omit_defaults=True):
    """This episode was forked from another one: up to step `at` it is that one, but for what was edited."""

    parent: str
    """`FILE#k` of the other episode; "" where it is in no file."""
    at: int
    """The step after which the two part."""
    policy: str = ""
    """Who plays from here on."""
    results: dict[str, Any] = {}
    """Id of a call up to here to the result that it was given in place of its own."""
    lines: dict[str, str] = {}
    """Step up to here (as text) to the line that the customer said in place of his own."""
    patch: list[dict[str, Any]] | None = None
    """JSON Patch that was applied to the state here; the `state` event that follows tells what it replaced."""


class End(Event, frozen=True, kw_only=True, tag="end", omit_defaults=True):
    """Why the episode ended, and its net effect on the state."""

    reason: Termination
    patch: list[dict[str, Any]] | None = None
    """Net JSON Patch against the initial state."""
    seconds: float = 0.0
    """Wall-clock time; replay does not compare it."""


class RewardEvent(Event, frozen=True, kw_only=True, tag="reward", omit_defaults=True):
    """What one reward said of the episode, after `end`."""

    name: str
    value: float | None = None
    """None where `status` is not `ok`."""
    status: Literal["ok", "not_applicable", "unscored", "failed"] = "ok"
    weight: float = 0.0
    explanation: str = ""
    evidence: list[int] = []
    """Numbers (`n`) of the events that the value rests on."""
    parts: dict[str, float | None] = {}
    """Components of the value, by name."""


class GroupEvent(Event, frozen=True, kw_only=True, tag="group", omit_defaults=True):
    """The group as a whole, once a file: totals and advantages by member, and the members dropped."""

    totals: list[float | None] = []
    advantages: list[float | None] = []
    dropped: dict[str, str] = {}
    """Episode number (as text) to the reason."""
    metrics: dict[str, float] = {}


AnyEvent = (
    Begin | Message | Model | ToolEvent | StateEvent | RuleEvent | UserEvent | LimitEvent | ErrorEvent | BranchEvent
    | End | RewardEvent | GroupEvent
)  # fmt: skip
"""Any kind of event; a line's `event` says which."""

UNCOMPARED = ("digest", "seconds")
"""Fields that replay leaves out when it compares events: they hold times, or follow from the rest."""


class Episode:
    """The append-only list of events of one playing: all that replay, rewards, training and viewers read."""

    __slots__ = ("__dict__", "events")

    def __init__(self, events: list[Any] | None = None) -> None:
        self.events: list[Any] = [] if events is None else events
        """All of them, in order; `len(episode)` counts them, and iterating yields them."""

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.events)

    def __repr__(self) -> str:
        end = self.end.reason if self.end else "unfinished"
        return f"<Episode {self.task.get('id', '?') if self.events else 'empty'} steps={self.steps} {end}>"

    def of(self, kind: type) -> list[Any]:
        """All events of one kind, in order."""
        return [event for event in self.events if type(event) is kind]

    @property
    def begin(self) -> Begin:
        """The first event."""
        return self.events[0]

    @property
    def task(self) -> dict[str, Any]:
        """The whole task as JSON."""
        return self.events[0].task

    @property
    def end(self) -> End | None:
        """The `end` event, or None while the episode goes on."""
        for event in reversed(self.events):
            if type(event) is End:
                return event
        return None

    @property
    def steps(self) -> int:
        """How many turns the agent took."""
        return self.events[-1].step if self.events else 0

    @property
    def earning(self) -> bool:
        """Whether the episode ended in a way that can earn correctness."""
        end = self.end
        return end is not None and end.reason in EARNING

    @property
    def calls(self) -> list[ToolEvent]:
        """The agent's calls, with their answers."""
        seen, found = self._seen("_calls")
        if seen < len(self.events):
            news = self.events[seen:]
            found += [e for e in news if type(e) is ToolEvent and e.requestor == "assistant" and e.step > 0]
        return found[:]

    @property
    def turns(self) -> list[Message]:
        """The agent's turns, whole."""
        seen, found = self._seen("_turns")
        if seen < len(self.events):
            news = self.events[seen:]
            found += [e for e in news if type(e) is Message and e.role == "assistant" and e.step > 0]
        return found[:]

    def _seen(self, name: str) -> tuple[int, list[Any]]:
        """How many of the events were looked through, and what was found in them; from now on it is all of them."""
        now = len(self.events)
        seen, found = self.__dict__.get(name, (0, []))
        if seen != now:
            if seen > now:  # somebody has cut the list
                seen = 0
            found = found[:] if seen else []
            self.__dict__[name] = now, found
        return seen, found

    @property
    def replies(self) -> list[tuple[int, str]]:
        """What the agent said to the customer: (event number, text). Each turn is parsed once, as events only grow."""
        from ccgym.turns import reply_of

        seen, found = self._seen("_replies")
        for event in self.events[seen:]:
            if type(event) is not Message or event.role != "assistant" or event.step == 0:
                continue
            reply = reply_of(event.content)
            if reply is not None:
                found.append((event.n, reply))
        return found

    @property
    def rewards(self) -> dict[str, float | None]:
        """Reward name to value; None where it was not applicable, unscored or failed."""
        return {event.name: event.value for event in self.events if type(event) is RewardEvent}

    def messages(self) -> list[dict[str, Any]]:
        """The transcript in OpenAI form: `role` and `content`; tool answers have the role `tool`."""
        from ccgym.renaming import renaming_of
        from ccgym.turns import render_response

        names = renaming_of(self)
        out: list[dict[str, Any]] = []
        for event in self.events:
            kind = type(event)
            if kind is Message:
                out.append({"role": event.role, "content": event.content})
            elif kind is UserEvent:
                out.append({"role": "user", "content": event.content})
            elif kind is ErrorEvent and event.code == "bad_format":
                error = {"code": event.code, "message": event.message}
                out.append({"role": "tool", "content": render_response("", "", error=error)})
            elif kind is ToolEvent and event.requestor == "assistant" and event.step > 0:
                seen = event if names is None else names.answer(event)
                text = render_response(seen.id, seen.name, result=seen.result, error=seen.error)
                if out and out[-1]["role"] == "tool":
                    out[-1]["content"] += "\n" + text
                else:
                    out.append({"role": "tool", "content": text})
        return out


Episodes = Sequence[Episode]
"""Several of them, such as the members of a group."""


class RewardResult(msgspec.Struct, frozen=True):
    """What a reward returns.

    `value` None means that it could not be scored (shown as unscored, never 0); returning None instead of a
    RewardResult means that the reward does not apply to the episode.
    """

    value: float | None
    """A finite number in the reward's range, or None."""
    explanation: str = ""
    """Why, in a few words."""
    evidence: tuple[int, ...] = ()
    """Numbers (`n`) of the events that the value rests on."""
    parts: dict[str, float | None] = {}
    """Components of the value, by name, for figures and metrics."""


@dataclass(slots=True)
class Turn:
    """A policy's answer: the text of the next assistant turn, with its exact tokens where the policy has them."""

    text: str
    """Calls, or a reply to the customer; see the page on environments."""
    context: list[int] | None = None
    """Token ids that were new in the context since the last turn."""
    ids: list[int] | None = None
    """Token ids as they were sampled, the stop token included."""
    logprobs: list[float] | None = None
    """Natural logarithms, one for each of `ids`."""
    version: str = ""
    """Version of the policy's weights."""
    error: str | None = None
    """Set instead of a text when the policy failed: the episode ends with `policy_error`."""
    limit: str | None = None
    """`max_tokens` when the episode's token budget is spent, or `time`: the episode is truncated."""


@dataclass(slots=True)
class Request:
    """One episode that waits for its policy."""

    key: int
    """Stays the same through the episode, and differs between episodes that live at the same time."""
    env: Any
    """The environment that plays it: `env.episode`, `env.task`, `env.tools` are there to be read."""
    observation: str
    """What was last heard: the customer's line, or the answers to calls."""
    seed: int
    """Seed of this turn: derived from run seed, task, sample and step."""


@runtime_checkable
class Policy(Protocol):
    """Anything that answers with the next assistant turn, for many episodes at once."""

    name: str
    """What the record calls it."""

    def act(self, requests: Sequence[Request]) -> list[Turn]:
        """One Turn a request, in order. A failure of one is that Turn's `error`, never an exception."""

    def close(self, key: int) -> None:
        """The episode has ended: drop what is kept for it."""


class Backend(Protocol):
    """The mocked world of one episode."""

    def call(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """Run a tool and return its result as JSON. Raises ToolError, and then the state is as it was."""

    def probe(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """Run a function that is no tool, for `init` and asserts."""

    def state(self) -> dict[str, Any]:
        """The whole state document, `{"tables": …, "user": …}`, as plain JSON."""

    def digest(self) -> str:
        """Hash of the state: 64 hex digits."""

    def snapshot(self) -> Any:
        """A point to come back to."""

    def restore(self, snapshot: Any) -> None:
        """Go back to a point."""


@dataclass(slots=True)
class CustomerTurn:
    """What a customer answers."""

    text: str
    """The customer's line."""
    done: bool = False
    """Satisfied: the talk is over."""
    left: str = ""
    """Gone unsatisfied, and why."""
    reveals: tuple[str, ...] = ()
    """Names of the facts that the line tells."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Calls (name, arguments) of the customer's own tools. They are made, nothing of this turn is said, and the
    customer's `results` gives the turn instead."""


@dataclass(frozen=True, slots=True)
class CustomerCall:
    """A call of a customer's own tool, as the customer learns what came of it."""

    name: str
    """The tool."""
    arguments: dict[str, Any]
    """By name."""
    result: Any = None
    """What it returned, as JSON."""
    error: dict[str, str] | None = None
    """`{code, message}` where it failed."""


class Customer(Protocol):
    """Who the agent talks to, in one episode."""

    def first(self) -> CustomerTurn:
        """The line that opens the talk."""

    def answer(self, reply: str) -> CustomerTurn:
        """The answer to the agent's reply. May not depend on anything but the talk so far. A customer whose turns ask
        for `calls` has a method `results(calls: Sequence[CustomerCall]) -> CustomerTurn` too."""


ToolFunction = Callable[..., Any]
"""`fn(state, **arguments) -> JSON`: `state` is the dict of tables, to be read and written like any dict."""
