"""What a `rule` event says."""

from __future__ import annotations

from typing import Any, NamedTuple


class Verdict(NamedTuple):
    """The fields of a `rule` event."""

    kind: str
    verdict: str
    tag: str
    clause: dict[str, Any]
    found: Any
    detail: str
