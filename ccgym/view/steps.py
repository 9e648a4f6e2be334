"""The steps of an episode as views: each turn of the agent with its calls, their answers, and how they were judged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ccgym import jsontext
from ccgym.renaming import renaming_of
from ccgym.turns import ParsedTurn, parse_turn
from ccgym.types import (
    FAILURES,
    BranchEvent,
    End,
    Episode,
    ErrorEvent,
    Event,
    LimitEvent,
    Message,
    Model,
    RuleEvent,
    StateEvent,
    ToolEvent,
    UserEvent,
)  # fmt: skip

Who = Literal["system", "customer", "agent", "tool"]
Mark = Literal["error", "write", "violation"]
"""What a reader jumps to."""


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The verdict on one clause of the SOP, or on one assert of the task."""

    n: int
    step: int
    kind: str
    verdict: str
    tag: str
    heading: str
    """The clause: its heading, or what the assert asks about."""
    file: str
    line: int | None
    text: str
    """The clause in its own words."""
    detail: str
    found: Any
    cause: str
    """Id of the call that was judged; "" at the end of the episode."""

    @property
    def broken(self) -> bool:
        """Whether it counts against the episode."""
        return self.verdict in ("violated", "error")

    @property
    def place(self) -> str:
        """Heading and line of the clause, as a reader looks them up."""
        where = f"{self.file or 'line'}:{self.line}" if self.line is not None else ""
        return f"{self.heading} ({where})" if self.heading and where else self.heading or where


@dataclass(frozen=True, slots=True)
class CallView:
    """One call with its answer, what it changed, and how it was judged."""

    n: int
    id: str
    name: str
    """The tool, as the domain calls it."""
    shown: str
    """The tool, as the agent knows it: another name only where names are perturbed."""
    arguments: dict[str, Any]
    result: Any
    error: dict[str, str] | None
    effect: str
    requestor: str
    fault: str
    delay: float
    patch: tuple[dict[str, Any], ...] = ()
    """JSON Patch operations, each with the `old` value that it replaced."""
    verdicts: tuple[VerdictView, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it was answered by an error, or met a fault."""
        return self.error is not None or bool(self.fault)


@dataclass(frozen=True, slots=True)
class LineView:
    """Something said by anyone but the agent's own turn: customer, instructions, given earlier messages."""

    n: int
    who: Who
    text: str
    done: bool = False
    """The customer is satisfied."""
    left: str = ""
    """Why the customer left."""
    reveals: tuple[str, ...] = ()
    """Names of the facts that the line told."""


@dataclass(frozen=True, slots=True)
class NoteView:
    """What happened to the episode as such: a limit, an error, the fork it came from, its end."""

    n: int
    kind: Literal["limit", "error", "branch", "end"]
    text: str


@dataclass(frozen=True, slots=True)
class TokensView:
    """The tokens of one turn: the context that was new, then what was sampled."""

    ids: tuple[int, ...]
    mask: tuple[int, ...]
    """1 = sampled by the policy."""
    logprobs: tuple[float | None, ...]
    """As long as `ids`: None for context, or where none was recorded."""
    version: str
    """Version of the policy's weights."""

    @property
    def sampled(self) -> int:
        """How many of them the policy sampled."""
        return sum(self.mask)


@dataclass(frozen=True, slots=True)
class StepView:
    """One turn of the agent and what followed; number 0 is what came before the first."""

    number: int
    hash: str
    """State hash after the step."""
    events: tuple[int, ...]
    """Numbers of its events."""
    turn: str | None
    """The agent's whole turn as it was written; None where there is none."""
    thought: str
    reply: str | None
    """What the agent said to the customer; None where it called tools, or broke the format."""
    format_error: str
    calls: tuple[CallView, ...]
    """In order: the agent's, then its customer's; at step 0, those that set the task up."""
    lines: tuple[LineView, ...]
    notes: tuple[NoteView, ...]
    verdicts: tuple[VerdictView, ...]
    """Those that no call of this step caused, such as the ones at the end."""
    patch: tuple[dict[str, Any], ...]
    """All that the step changed, as JSON Patch operations in order."""
    tokens: TokensView | None

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What a reader would jump here for."""
        error = bool(self.format_error) or any(call.failed for call in self.calls)
        error = error or any(note.kind in ("limit", "error") for note in self.notes)
        every = [*self.verdicts, *(verdict for call in self.calls for verdict in call.verdicts)]
        found: list[tuple[Mark, bool]] = [
            ("error", error),
            ("write", any(call.patch for call in self.calls)),
            ("violation", any(verdict.broken for verdict in every)),
        ]
        return tuple(mark for mark, there in found if there)


def json_text(value: Any) -> str:
    """A JSON value as compact text; also where a record holds what ccgym would not have let in."""
    try:
        return jsontext.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False, default=str)


def step_view(number: int, events: list[Any], episode: Episode) -> StepView:
    """The view of one step, of the episode's events that belong to it."""
    names = renaming_of(episode)
    patches: dict[str, list[dict[str, Any]]] = {}
    judged: dict[str, list[VerdictView]] = {}
    for event in events:
        if type(event) is StateEvent:
            patches.setdefault(event.cause, []).extend(event.patch or ())
        elif type(event) is RuleEvent:
            judged.setdefault(event.cause, []).append(verdict_view(event))
    changed = tuple(operation for operations in patches.values() for operation in operations)
    turn: str | None = None
    calls, lines, notes, tokens = [], [], [], None
    for event in events:
        match event:
            case Message(role="assistant") if number > 0 and turn is None:
                turn = event.content
            case Message():
                lines.append(LineView(event.n, _WHO[event.role], event.content))
            case UserEvent():
                told = tuple(event.reveals)
                lines.append(LineView(event.n, "customer", event.content, event.done, event.left, told))
            case ToolEvent():
                shown = event.name if names is None else names.shown(event.name)
                calls.append(_call(event, shown, patches.pop(event.id, ()), judged.pop(event.id, ())))
            case Model():
                tokens = _tokens(event)
            case LimitEvent() | ErrorEvent() | BranchEvent() | End():
                notes.append(_note(event))
    left = sorted((verdict for verdicts in judged.values() for verdict in verdicts), key=lambda verdict: verdict.n)
    parsed = parse_turn(turn) if turn is not None else ParsedTurn(None, (), None, None)
    return StepView(
        number, events[-1].hash, tuple(event.n for event in events), turn, parsed.think or "", parsed.reply,
        parsed.error or "", tuple(calls), tuple(lines), tuple(notes), tuple(left), changed, tokens,
    )  # fmt: skip


def _call(event: ToolEvent, shown: str, patch: Iterable[dict[str, Any]], judged: Iterable[VerdictView]) -> CallView:
    return CallView(
        event.n, event.id, event.name, shown, event.arguments, event.result, event.error, event.effect,
        event.requestor, event.fault, event.delay, tuple(patch), tuple(judged),
    )  # fmt: skip


def verdict_view(event: RuleEvent) -> VerdictView:
    """The view of one verdict."""
    cited = event.clause
    heading = cited.get("heading") or cited.get("path") or cited.get("probe") or cited.get("id") or ""
    line = cited.get("line")
    return VerdictView(
        event.n, event.step, event.kind, event.verdict, event.tag, str(heading), str(cited.get("file") or ""),
        line if isinstance(line, int) else None, str(cited.get("text") or ""), event.detail, event.found, event.cause,
    )  # fmt: skip


def _tokens(event: Model) -> TokensView:
    logprobs: list[float | None] = [None] * len(event.ids)
    sampled = [place for place, mine in enumerate(event.mask[: len(event.ids)]) if mine]
    for place, value in zip(sampled, event.logprobs or (), strict=False):
        logprobs[place] = value
    return TokensView(tuple(event.ids), tuple(event.mask), tuple(logprobs), event.version)


def _note(event: LimitEvent | ErrorEvent | BranchEvent | End) -> NoteView:
    match event:
        case LimitEvent():
            return NoteView(event.n, "limit", f"{event.name} reached: {event.limit:g}")
        case ErrorEvent():
            return NoteView(event.n, "error", f"{event.code}: {event.message}")
        case BranchEvent():
            return NoteView(event.n, "branch", _branch(event))
    return NoteView(event.n, "error" if event.reason in FAILURES else "end", event.reason)


def _branch(event: BranchEvent) -> str:
    """Where an episode was forked, and whatever else its branch says."""
    told = {"parent", "at", *Event.__struct_fields__}
    text = f"forked from {event.parent or 'an episode'} at step {event.at}"
    for name in event.__struct_fields__:
        if name not in told and (found := getattr(event, name)):
            text += f", {name} {found if isinstance(found, str) else json_text(found)}"
    return text


_WHO: dict[str, Who] = {"system": "system", "user": "customer", "assistant": "agent", "tool": "tool"}


def texts(step: StepView) -> Iterator[str]:
    """All that a step says, for whoever searches it."""
    yield step.turn or ""
    yield from (text for line in step.lines for text in (line.text, line.left))
    yield from (note.text for note in step.notes)
    for call in step.calls:
        yield f"{call.name} {call.shown} {call.fault} {json_text(call.arguments)}"
        yield json_text(call.result if call.error is None else call.error)
        yield json_text(list(call.patch)) if call.patch else ""
    for verdict in (*step.verdicts, *(verdict for call in step.calls for verdict in call.verdicts)):
        yield f"{verdict.verdict} {verdict.heading} {verdict.text} {verdict.detail}"
