"""`check`: everything about a domain read against everything else, its references played, its rules held to them."""

from __future__ import annotations

from ccgym.checking.check import CONTEXT, Checked, check

__all__ = ["CONTEXT", "Checked", "check"]
