"""Reading one rule: what its keys mean, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ccgym.domain.findings import did_you_mean, show
from ccgym.domain.rules.clauses import Clause
from ccgym.domain.rules.conditions import Condition, ConditionError, parse_condition
from ccgym.domain.rules.model import (
    ANY,
    All,
    AnyOf,
    Called,
    Confirmed,
    Holds,
    Kind,
    Not,
    Rule,
    Said,
    Sequence,
    Told,
    Tree,
)  # fmt: skip
from ccgym.domain.rules.names import Names
from ccgym.turns import fold

MAX_DEPTH = 24
MAX_NODES = 500
MAX_TEXT = 1_000
MAX_ID = 100
_FIELDS = {
    "before": ("before", "require", "when", "confirm"), "at_most": ("at_most", "call", "per"), "never": ("never",),
    "finally": ("finally",),
}  # fmt: skip
_COMMON = ("id", "note", "clause", "if")
_ATOMS = {
    "call": ("call", "same", "args", "result"), "tried": ("tried", "same", "args"), "all": ("all",), "any": ("any",),
    "sequence": ("sequence",), "not": ("not",), "holds": ("holds",), "confirmed": ("confirmed",), "said": ("said",),
    "told": ("told",),
}  # fmt: skip
_CONFIRM = ("terms", "say", "yes")


class WrongRule(Exception):
    """This part of a rule cannot be read."""

    def __init__(self, code: str, path: Iterable[Any], message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.code, self.path, self.message, self.fix = code, tuple(path), message, fix


@dataclass(slots=True)
class RuleReader:
    """Reads one rule."""

    names: Names
    nodes: int = 0
    variables: tuple[str, ...] = ("args",)
    judged: bool = True
    """Whether there is a call that is judged."""

    def rule(self, data: Any, name: str, clause: Clause, place: str) -> Rule:
        """A rule, as it was written, as a Rule. Raises WrongRule."""
        if not isinstance(data, dict):
            raise WrongRule("rule-kind", (), f"found {show(data)}, must be a rule", "Such as `before: cancel_order`")
        kind = self._kind_of(data)
        clause = self._cited(data["clause"]) if "clause" in data else clause
        unknown = next((key for key in data if key not in (*_FIELDS[kind], *_COMMON)), None)
        if unknown is not None:
            options = (*_FIELDS[kind], *_COMMON)
            raise WrongRule("rule-key", (unknown,), f"a rule of the kind `{kind}` has no '{unknown[:60]}'",
                         did_you_mean(unknown, options))  # fmt: skip
        if kind == "finally":
            self.judged, self.variables = False, ()
        rule_id, note = data.get("id", name), data.get("note", "")
        for key, value in (("id", rule_id), ("note", note)):
            if not isinstance(value, str) or (key == "id" and not value.strip()):
                raise WrongRule("rule-value", (key,), f"found {show(value)}, must be text", "Put it in quotes")
        if len(rule_id) > MAX_ID or not rule_id.isprintable():
            raise WrongRule("rule-value", ("id",), "an id is one line of at most 100 characters", "Shorten it")
        given: dict[str, Any] = {"applies": self._condition(data["if"], ("if",)) if "if" in data else None}
        calls: tuple[str, ...] = ()
        told: Kind = kind  # type: ignore[assignment]
        if kind == "before":
            calls = self._calls(data["before"], ("before",), star=True)
            told = self._demand(data, given)
        elif kind == "at_most":
            most = data["at_most"]
            if type(most) is not int or most < 0:
                raise WrongRule("rule-value", ("at_most",), f"found {show(most)}, must be a number of calls",
                             "Such as `at_most: 1`, with `call: issue_voucher`")  # fmt: skip
            if "call" not in data:
                raise WrongRule(
                    "rule-key", (), "`at_most` without `call`", "Say which call is counted: `call: issue_voucher`"
                )
            calls = self._calls(data["call"], ("call",))
            given |= {"at_most": most, "per": self._texts(data.get("per", []), ("per",), empty=True)}
        elif kind == "never":
            calls = self._calls(data["never"], ("never",), star=True)
        else:
            given["tree"] = self.tree(data["finally"], ("finally",))
        return Rule(
            id=rule_id.strip(), kind=told, calls=calls, clause=clause, source=data, place=place, note=note, **given
        )

    def _cited(self, heading: Any) -> Clause:
        """The clause under a heading of the SOP."""
        if not isinstance(heading, str):
            raise WrongRule("rule-value", ("clause",), f"found {show(heading)}, must be a heading of the SOP")
        clause = self.names.headings.get(fold(heading))
        if clause is None:
            known = [each.heading for each in self.names.headings.values()]
            raise WrongRule("unknown-clause", ("clause",), f"the SOP has no heading '{heading[:60]}'",
                         did_you_mean(heading, known))  # fmt: skip
        return clause

    def _kind_of(self, data: dict[str, Any]) -> str:
        found = [kind for kind in _FIELDS if kind in data]
        if len(found) == 1:
            return found[0]
        if found:
            raise WrongRule("rule-kind", (found[1],), f"both `{found[0]}` and `{found[1]}`", "Write two rules")
        key = next((key for key in data if key not in _COMMON), "")
        fix = did_you_mean(key, _FIELDS) if key else f"Known: {', '.join(_FIELDS)}"
        raise WrongRule("rule-kind", (), f"no kind of rule among {_listed(data)}", fix)

    def _demand(self, data: dict[str, Any], given: dict[str, Any]) -> Kind:
        found = [key for key in ("require", "when", "confirm") if key in data]
        if len(found) != 1:
            message = (
                "`before` without `require`, `when` or `confirm`"
                if not found
                else f"both `{found[0]}` and `{found[1]}`"
            )
            raise WrongRule(
                "rule-kind", (found[1],) if found else (), message, "Say one of them; write a rule for each"
            )
        key = found[0]
        if key == "when":
            given["when"] = self._condition(data["when"], ("when",))
            return "when"
        if key == "confirm":
            given["tree"] = self._confirmed(data["confirm"], ("confirm",))
            return "confirm"
        given["tree"] = self.tree(data["require"], ("require",))
        return "before"

    # --- trees ------------------------------------------------------------------------------------------------------

    def tree(self, data: Any, path: tuple[Any, ...], depth: int = 1) -> Tree:
        """A tree, at a path in the rule. Raises WrongRule."""
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise WrongRule("rule-depth", path, f"nested deeper than {MAX_DEPTH}", "Split it over several rules")
        if self.nodes > MAX_NODES:
            raise WrongRule(
                "rule-depth", path, f"more than {MAX_NODES} parts in one rule", "Split it over several rules"
            )
        if isinstance(data, str):
            return Called(self._calls(data, path))
        if not isinstance(data, dict):
            raise WrongRule("rule-value", path, f"found {show(data)}, must be a call or a tree",
                         "Such as verify_customer, or {all: [verify_customer, get_order]}")  # fmt: skip
        found = [key for key in _ATOMS if key in data]
        if len(found) != 1:
            message = f"both `{found[0]}` and `{found[1]}`" if found else f"no part of a tree among {_listed(data)}"
            key = next(iter(data), "")
            fix = "Join them with {all: […]}" if found else did_you_mean(key, _ATOMS)
            raise WrongRule("rule-key", path, message, fix)
        kind = found[0]
        unknown = next((key for key in data if key not in _ATOMS[kind]), None)
        if unknown is not None:
            raise WrongRule(
                "rule-key", (*path, unknown), f"`{kind}` has no '{unknown[:60]}'", did_you_mean(unknown, _ATOMS[kind])
            )
        value, at = data[kind], (*path, kind)
        if kind in ("all", "any", "sequence"):
            if not isinstance(value, list) or not value:
                raise WrongRule("rule-value", at, f"found {show(value)}, must be a list of parts", "Name at least one")
            parts = tuple(self.tree(part, (*at, index), depth + 1) for index, part in enumerate(value))
            return {"all": All, "any": AnyOf, "sequence": Sequence}[kind](parts)
        if kind == "not":
            return Not(self.tree(value, at, depth + 1))
        if kind == "holds":
            return Holds(self._condition(value, at))
        if kind == "said":
            return Said(self._texts(value, at))
        if kind == "told":
            if not self.judged:
                raise WrongRule("rule-key", at, "`told` in a `finally` rule: no call is judged at the end",
                             "Let the rule judge the call: `before: …`")  # fmt: skip
            return Told(self._texts(value, at))
        if kind == "confirmed":
            return self._confirmed(value, at)
        return self._called(data, kind, path)

    def _called(self, data: dict[str, Any], kind: str, path: tuple[Any, ...]) -> Called:
        same = data.get("same", [])
        if same and not self.judged:
            raise WrongRule("rule-key", (*path, "same"), "`same` in a `finally` rule: no call is judged at the end",
                         "Say `args` with the values that are wanted")  # fmt: skip
        if isinstance(same, dict) and all(isinstance(value, str) for value in same.values()):
            pairs = tuple(same.items())
        elif isinstance(same, str | list):
            pairs = tuple((name, name) for name in self._texts(same, (*path, "same"), empty=True))
        else:
            raise WrongRule("rule-value", (*path, "same"), f"found {show(same)}, must be names of arguments",
                         "Such as [order_id], or {my_argument: its_argument}")  # fmt: skip
        args = data.get("args", {})
        if not isinstance(args, dict):
            raise WrongRule("rule-value", (*path, "args"), f"found {show(args)}, must be arguments and their values",
                         "Such as {channel: phone}")  # fmt: skip
        result = data.get("result")
        return Called(
            self._calls(data[kind], (*path, kind)), pairs, tuple(args.items()),
            self._condition(result, (*path, "result"), ("args", "result")) if "result" in data else None,
            kind == "tried",
        )  # fmt: skip

    def _confirmed(self, data: Any, path: tuple[Any, ...]) -> Confirmed:
        if data is True or data is None:
            data = {}
        if not isinstance(data, dict):
            raise WrongRule("rule-value", path, f"found {show(data)}, must say what was to be heard",
                         "Such as {terms: [order_id]}, or {} for a yes alone")  # fmt: skip
        unknown = next((key for key in data if key not in _CONFIRM), None)
        if unknown is not None:
            raise WrongRule(
                "rule-key", (*path, unknown), f"a confirmation has no '{unknown[:60]}'", did_you_mean(unknown, _CONFIRM)
            )
        terms: list[str | Condition] = []
        for index, term in enumerate(self._texts(data.get("terms", []), (*path, "terms"), empty=True)):
            plain = re.fullmatch(r"\w+", term)
            if plain and not self.judged:
                message = "an argument in a `finally` rule: no call is judged at the end"
                raise WrongRule("rule-value", (*path, "terms", index), message, "Write the text under `say`")
            terms.append(term if plain else self._condition(term, (*path, "terms", index), boolean=False))
        say = self._texts(data.get("say", []), (*path, "say"), empty=True)
        yes = self._texts(data.get("yes", []), (*path, "yes"), empty=True)
        return Confirmed(tuple(terms), say, yes)

    # --- values -----------------------------------------------------------------------------------------------------

    def _condition(
        self, data: Any, path: tuple[Any, ...], names: tuple[str, ...] | None = None, boolean: bool = True
    ) -> Condition:
        if isinstance(data, bool):
            data = "true" if data else "false"
        if not isinstance(data, str):
            raise WrongRule(
                "bad-condition", path, f"found {show(data)}, must be a CEL expression", "Such as args.amount <= 100"
            )
        try:
            return parse_condition(data, names or self.variables, boolean)
        except ConditionError as error:
            raise WrongRule("bad-condition", path, str(error), error.fix) from None

    def _texts(self, data: Any, path: tuple[Any, ...], *, empty: bool = False) -> tuple[str, ...]:
        listed = [data] if isinstance(data, str) else data
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            raise WrongRule(
                "rule-value", path, f"found {show(data)}, must be text or a list of texts", "Put numbers in quotes"
            )
        if (not listed and not empty) or any(not fold(item) or len(item) > MAX_TEXT for item in listed):
            raise WrongRule("rule-value", path, "a text is missing, empty or too long", "Write what is meant")
        return tuple(listed)

    def _calls(self, data: Any, path: tuple[Any, ...], *, star: bool = False) -> tuple[str, ...]:
        calls = self._texts(data, path)
        if ANY in calls and (not star or len(calls) > 1):
            raise WrongRule("rule-value", path, "'*' cannot stand here", "Name the calls")
        for name in calls:
            broken = self.names.broken
            if name != ANY and name not in self.names.tools and broken is not None and name not in broken:
                raise WrongRule("unknown-tool", path, f"no tool '{name[:60]}'", did_you_mean(name, self.names.tools))
        return tuple(dict.fromkeys(calls))


def _listed(data: dict[str, Any]) -> str:
    return ", ".join(f"'{key[:40]}'" for key in list(data)[:5]) or "nothing"
