"""Verdicts on the SOP, by the clause that they cite."""

from __future__ import annotations

from dataclasses import dataclass, field

from ccgym import Episode
from ccgym.types import RuleEvent

BROKEN = ("violated", "error")


@dataclass(slots=True)
class Record:
    """What an episode did to one clause."""

    kept: list[RuleEvent] = field(default_factory=list)
    broken: list[RuleEvent] = field(default_factory=list)


def of_the_sop(episode: Episode) -> list[RuleEvent]:
    """The verdicts on the SOP: of its rules, the task's, and asserts tagged `sop`."""
    return [event for event in episode.events if type(event) is RuleEvent and event.tag == "sop"]


def by_clause(episode: Episode) -> dict[str, Record]:
    """The record of each clause that was judged and applied, in the order of the first verdict."""
    found: dict[str, Record] = {}
    for event in of_the_sop(episode):
        if event.verdict == "not_applicable":
            continue
        record = found.setdefault(str(event.clause.get("id") or event.clause), Record())
        (record.broken if event.verdict in BROKEN else record.kept).append(event)
    return found


def tell(event: RuleEvent) -> str:
    """A verdict in a few words, with the clause: `Refunds (sop.md:12): refund before verify(order_id=W1)`."""
    clause, detail = event.clause, event.detail or f"{event.kind} {event.verdict}"
    if "line" not in clause:
        return detail
    where = f"{clause.get('file')}:{clause['line']}" if clause["line"] else str(clause.get("file"))
    heading = clause.get("heading") or clause.get("id")
    error = " (cannot be judged)" if event.verdict == "error" else ""
    return f"{heading} ({where}): {detail}{error}"
