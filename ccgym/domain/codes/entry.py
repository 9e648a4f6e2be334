"""What an entry of the catalogue holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "notice"]


@dataclass(frozen=True)
class Example:
    """A change to the desk of `ccgym.domain.codes.desk` that yields the finding, and no other."""

    edits: Mapping[str, Any] = field(default_factory=dict)
    """`file` to its whole new text or bytes (None: no such file), or `file /pointer` to a JSON value at that place; `…`
    (Ellipsis) as the value removes what stands there, and a last segment `-` appends."""
    python: str = ""
    """A plugin: functions whose names begin with `template_` are templates, all others tools' functions."""
    what: str = ""
    """The change in words, where the edits do not tell it."""


@dataclass(frozen=True)
class Code:
    """One kind of finding."""

    severities: tuple[Severity, ...]
    """The first is the usual one."""
    means: str
    """What is wrong, and why it matters."""
    fix: str
    example: Example

    @property
    def severity(self) -> Severity:
        """The usual severity."""
        return self.severities[0]


def code(severity: str, means: str, fix: str, /, edits: Mapping[str, Any] | None = None, **example: Any) -> Code:
    """An entry; `severity` may name two, as in `error, warning`."""
    severities: Any = tuple(severity.split(", "))
    return Code(severities, means, fix, Example(edits or {}, **example))
