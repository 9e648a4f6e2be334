"""Which statuses a condition in prose names: "only while its status is `pending`"."""

from __future__ import annotations

import re
from typing import Any

from ccgym.authoring.words import identifier, plain
from ccgym.authoring.world import Entity

_QUOTED = re.compile(r"[`'\"“‘«]([^`'\"”’»]{2,40})[`'\"”’»]")
_NAMED = re.compile(
    r"\b(?:status|state|trang thai|tinh trang)\s+(?:is still|is|are|la|dang la|van la|con la|=|:)\s+"
    r"([\w ]{2,30}?(?:\s(?:or|hoac|hay)\s[\w ]{2,30}?)?)(?=$|[.,;:)]|\s(?:and|or|va|hoac|at|when|khi)\b)"
)
_DENIED = re.compile(r"\b(?:not|no|never|isn't|hasn't|nor|khong|chua)\b")


def statuses_said(text: str, entity: Entity) -> list[Any]:
    """The statuses of an entity that a condition allows; [] where it is not plain.

    New words are taken for statuses only where the text says "status is", and no schema lists the statuses.
    """
    folded = plain(text)
    if _DENIED.search(folded):
        return []
    known = entity.statuses()
    quoted = [match.group(1).strip() for match in _QUOTED.finditer(text)]
    spans = [text[match.start(1) : match.end(1)] for match in _NAMED.finditer(folded)]
    named = [part.strip() for span in spans for part in re.split(r"\s(?:or|hoặc|hay|hoac)\s", span)]
    said = quoted or named
    found: list[Any] = []
    if known is not None:
        for option in known:
            words = identifier(str(option)).replace("_", " ")
            bare = not said and len(words) > 3 and re.search(rf"\b{re.escape(words)}\b", folded.replace("_", " "))
            if bare or any(identifier(part) == identifier(str(option)) for part in said):
                found.append(option)
        complete = not said or len(found) >= len(set(map(identifier, said)))
    else:
        speaks = bool(re.search(r"\b(?:status|state|trang thai|tinh trang)\b", folded))
        found = list(dict.fromkeys(said)) if named or (quoted and speaks) else []
        complete = True
    listed = _between(folded, found)
    return found if found and complete and listed else []


def _between(folded: str, found: list[Any]) -> bool:
    """Whether an "or" stands between the statuses only, and not between one of them and something else."""
    parts = re.split(r"\b(?:or|hoac|hay)\b", folded)
    return len(parts) == 1 or all(any(plain(str(value)) in part for value in found) for part in parts)
