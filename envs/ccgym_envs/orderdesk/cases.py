"""One customer's case, and the task that it makes: the talk as it should go, and as people in a hurry let it go."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from ccgym_envs.orderdesk import phrases

Action = dict[str, Any]
Intent = Literal["cancel", "return", "address", "track"]


@dataclass(frozen=True)
class Case:
    """Who wants what of which order, and what the customer tells when asked."""

    intent: Intent
    language: str
    order_id: str
    order: dict[str, Any]
    """The row of `orders`."""
    customer: dict[str, Any]
    """The row of `customers`."""
    told_phone: str | None
    """The digits that the customer tells; None: does not know them."""
    reason: str = "other"
    """Of a return."""
    address: str = ""
    """The new one, of a change of address."""
    names_order: bool = True
    """Whether the first line names the order."""
    first: str | None = None
    """A first line of its own; else one of `phrases`."""

    @property
    def verifiable(self) -> bool:
        """Whether the digits that the customer tells are those on file."""
        return self.told_phone == self.customer["phone"]

    @property
    def why_not(self) -> str | None:
        """Why the SOP refuses this change to a verified customer, as a key of `phrases.WHY`; None: it does not."""
        status = self.order["status"]
        if self.intent == "return":
            return "early" if status != "delivered" else "late" if self.order["days"] > 30 else None
        return None if status == "placed" else status

    @property
    def outcome(self) -> Literal["told", "transferred", "refused", "done"]:
        """How the talk ends when the SOP is kept."""
        if self.intent == "track":
            return "told"
        if not self.verifiable:
            return "transferred"
        return "refused" if self.why_not else "done"


def task_of(case: Case, rng: Random, *, own_order: bool) -> dict[str, Any]:
    """The task of a case, but for its id and split. `rng` chooses among the wordings.

    `own_order` brings the order and its customer along in `init`; else the state document has to hold them.
    """
    words = {"id": case.order_id, "address": case.address, "eta": case.order["eta"]}
    known = {"order_id": case.order_id} | ({"phone": case.told_phone} if case.told_phone else {})
    task: dict[str, Any] = {
        "tags": [case.intent, case.language, case.outcome],
        "user": {
            "goal": phrases.GOALS[case.intent].format(**words),
            "known": known,
            "first_message": _first(case, rng).format(**words),
            "sim": {
                "language": case.language,
                "tell": {fact: rng.choice(lines) for fact, lines in phrases.TELL[case.language].items()},
            },
        },
        "expect": {"actions": _reference(case, rng, words)},
    }
    if rules := _rules(case):
        task["rules"] = rules
    if case.told_phone is None:
        task["user"]["unknown"] = ["phone"]
    if case.outcome != "transferred":
        task["expect"]["say"] = _say(case)
    if case.outcome == "refused":
        task["expect"]["refuse"] = True
    if case.intent != "track":
        task["meta"] = {"shortcuts": _shortcuts(case, rng, words)}
    if own_order:
        owner = f"C{case.order_id}"
        rows = {"orders": {case.order_id: {"customer": owner, **case.order}}, "customers": {owner: case.customer}}
        task["init"] = {"state": {"tables": rows}}
    return task


def _first(case: Case, rng: Random) -> str:
    if case.first is not None:
        return case.first
    key = f"return {case.reason}" if case.intent == "return" else case.intent
    return rng.choice((phrases.FIRST if case.names_order else phrases.FIRST_UNNAMED)[case.language][key])


def _rules(case: Case) -> list[dict[str, Any]]:
    """The steps of which no change tells: to look before answering, to check before giving up."""
    if case.outcome == "done" or (case.outcome == "transferred" and case.told_phone is None):
        return []
    if case.outcome == "told":
        return [{"id": "tracked", "clause": "2. Tracking", "finally": _made(_track(case))}]
    clause = "3. Who may change an order"
    if case.outcome == "transferred":
        return [{"id": "checked", "clause": clause, "finally": _made(_verify(case))}]
    return [{"id": "decided", "clause": clause, "finally": {"sequence": [_made(_verify(case)), _made(_look(case))]}}]


def _made(call: Action) -> dict[str, Any]:
    return {"call": call["name"], "args": call["args"]}


def _say(case: Case) -> list[str]:
    """What the customer has to hear."""
    language = case.language
    if case.outcome == "told":
        arrived = case.order["status"] == "delivered"
        return [case.order_id, phrases.ARRIVED[language] if arrived else case.order["eta"]]
    if case.outcome == "done":
        return [case.order_id, phrases.DONE_TOKENS[language][case.intent]]
    assert case.why_not is not None
    return [case.order_id, phrases.REFUSED_TOKENS[language][case.intent], phrases.WHY_TOKENS[language][case.why_not]]


def _reference(case: Case, rng: Random, words: dict[str, str]) -> list[Action]:
    """The talk by the book."""
    if case.intent == "track":
        line = rng.choice(phrases.TRACKED[case.language][case.order["status"]])
        return [_track(case), _reply(line, words)]
    talk = [_ask(case, rng, "phone" if case.names_order else "both")]
    if case.told_phone is not None:
        talk.append(_verify(case))
    if case.outcome == "transferred":
        return [*talk, _call("transfer_to_human", reason="unverified")]
    talk.append(_look(case))
    if case.why_not is None:
        return [*talk, *_change(case, rng, words)]
    line = rng.choice(phrases.REFUSED[case.language][case.intent])
    return [*talk, _reply(line, {**words, "why": phrases.WHY[case.language][case.why_not]})]


def _shortcuts(case: Case, rng: Random, words: dict[str, str]) -> list[list[Action]]:
    """The talk as people in a hurry let it go, in two ways that make the change.

    To be done: unverified, with or without a look at the order. Refused: verified, or not even that. Transferred: after
    a verification that failed or never came, or straight away.
    """
    ask = [] if case.names_order else [_ask(case, rng, "order_id")]
    unverified = [*ask, _look(case), *_change(case, rng, words)]
    if case.outcome == "done":
        return [unverified, [*ask, *_change(case, rng, words)]]
    talk = [_ask(case, rng, "phone" if case.names_order else "both")]
    if case.told_phone is not None:
        talk.append(_verify(case))
    other = unverified if case.outcome == "refused" else [*ask, *_change(case, rng, words)]
    return [[*talk, _look(case), *_change(case, rng, words)], other]


def _change(case: Case, rng: Random, words: dict[str, str]) -> list[Action]:
    """Do what the customer wants, and say so."""
    calls = {
        "cancel": _call("cancel_order", order_id=case.order_id),
        "return": _call("return_order", order_id=case.order_id, reason=case.reason),
        "address": _call("change_address", order_id=case.order_id, address=case.address),
    }
    return [calls[case.intent], _reply(rng.choice(phrases.DONE[case.language][case.intent]), words)]


def _ask(case: Case, rng: Random, what: str) -> Action:
    return {"say": rng.choice(phrases.ASK[case.language][what])}


def _verify(case: Case) -> Action:
    return _call("verify_customer", order_id=case.order_id, phone=case.told_phone)


def _track(case: Case) -> Action:
    return _call("track_order", order_id=case.order_id)


def _look(case: Case) -> Action:
    return _call("get_order", order_id=case.order_id)


def _reply(line: str, words: dict[str, str]) -> Action:
    return {"say": line.format(**words)}


def _call(name: str, **args: Any) -> Action:
    return {"name": name, "args": args}
