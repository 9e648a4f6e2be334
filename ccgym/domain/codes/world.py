"""Findings about world."""

from __future__ import annotations

from ccgym.domain.codes.entry import Code

CODES: dict[str, Code] = {}
