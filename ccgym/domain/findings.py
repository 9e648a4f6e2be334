"""Findings: what is wrong in a domain, where, and what would be right."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ccgym.domain.codes import CODES, Severity
from ccgym.errors import DomainError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a domain. An `error` of reading stops loading; a `warning` or `notice` never does."""

    code: str
    """A short stable word, such as `unknown-tool`: one of `ccgym.domain.codes`."""
    severity: Severity
    """`error`, `warning` or `notice`."""
    place: str
    """File, line where there is one, and JSON pointer: `tasks.jsonl:14 /expect/actions/0/name`."""
    message: str
    """What was found."""
    fix: str | None = None
    """What would be right."""

    def error(self) -> DomainError:
        """The same finding as an exception."""
        return DomainError(self.message, where=self.place, fix=self.fix, code=self.code)

    def __str__(self) -> str:
        return str(self.error())


class Findings(list[Finding]):
    """Findings in the order they were made."""

    def add(
        self, code: str, place: str, message: str, fix: str | None = None, *, severity: Severity | None = None
    ) -> None:
        """Note one finding, of the code's usual severity where none is given."""
        usual = CODES[code].severity if code in CODES else "error"
        self.append(Finding(code, severity or usual, place, message.removesuffix("."), fix or None))

    @property
    def errors(self) -> list[Finding]:
        """Those that stop loading."""
        return [finding for finding in self if finding.severity == "error"]

    def raise_errors(self, where: str) -> None:
        """Raise one DomainError that carries every error; do nothing where there is none."""
        if not (errors := self.errors):
            return
        raised = [finding.error() for finding in errors]
        if len(raised) == 1:
            raise raised[0]
        shown = "".join(f"\n  - {error}" for error in raised[:20])
        more = f"\n  … and {len(raised) - 20} more" if len(raised) > 20 else ""
        raise DomainError(f"{len(raised)} problems{shown}{more}", where=where, findings=list(raised))


def did_you_mean(name: object, options: Iterable[str]) -> str | None:
    """A fix for a misspelt name: the closest option, else the list of a few."""
    known = sorted({str(option) for option in options})
    if close := difflib.get_close_matches(str(name)[:200], known, n=1, cutoff=0.6):
        return f"Did you mean '{close[0]}'?"
    if not known:
        return None
    return f"Known: {', '.join(known[:12])}{', …' if len(known) > 12 else ''}"


def pointer(parts: Iterable[object]) -> str:
    """The JSON pointer of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def show(value: Any) -> str:
    """A value in a few words, however large it is."""
    if isinstance(value, str):
        return f"'{value[:60]}…'" if len(value) > 60 else f"'{value}'"
    if isinstance(value, dict):
        return f"an object of {len(value)} fields" if len(value) != 1 else "an object of 1 field"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and value.bit_length() > 64:
        return "a huge integer"
    return repr(value)[:60]


_RULES = {
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_type": "must be text",
    "int_type": "must be an integer",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "string_pattern_mismatch": "must be a name: a letter, then letters, digits, '_', '.' and '-'",
}
"""What would be right, in the words of JSON, for pydantic's kinds of error."""


def from_pydantic(error: ValidationError, model: type[BaseModel], findings: Findings, place: Any) -> None:
    """Turn a pydantic error into findings.

    Args:
        error: what pydantic raised.
        model: the model that was validated, for the names of its fields.
        findings: where they go.
        place: function from a path (list of keys and indexes) to the place that a finding names.
    """
    for item in error.errors(include_url=False, include_context=True):
        # A discriminator's tag stands in pydantic's path, but not in the file: ours are all in parentheses.
        path = [part for part in item["loc"] if not (isinstance(part, str) and part.startswith("("))]
        kind, found, fix, code = item["type"], item.get("input"), None, "bad-value"
        if kind == "extra_forbidden":
            code, message = "unknown-field", f"unknown field '{path[-1]}'"
            fix = did_you_mean(path[-1], _fields(model, item["loc"][:-1]))
        elif kind == "missing":
            code, message, path = "missing-field", f"field '{path[-1]}' is missing", path[:-1]
        elif kind in ("value_error", "assertion_error"):
            message = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        else:
            rule = _RULES.get(kind) or re.sub(r"^(?:Input|String) should (?:be )?", "must be ", item["msg"])
            message = f"found {show(found)}, {rule}"
            if kind == "string_type" and isinstance(found, int | float):
                fix = "Put it in quotes"
        findings.add(code, place(path), message, fix)


def _fields(model: Any, loc: Iterable[Any]) -> list[str]:
    """Names of the fields of the model that stands at a path of a pydantic error."""
    for part in loc:
        if isinstance(part, str) and part.startswith("("):
            model = next((m for m in _models(model) if f"({m.__name__.lower()})" == part), model)
            continue
        if isinstance(part, int):
            continue
        for candidate in _models(model):
            fields = candidate.model_fields
            name = part if part in fields else next((n for n, f in fields.items() if f.alias == part), None)
            if name is not None:
                model = fields[name].annotation
                break
    names: list[str] = []
    for candidate in _models(model):
        names += [field.alias or name for name, field in candidate.model_fields.items()]
    return names


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The pydantic models inside a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
