"""What trivial and gaming policies earn, before anyone trains: `audit(env) -> AuditReport`."""

from __future__ import annotations

from ccgym.audit.auditing import audit, choose_cases
from ccgym.audit.gambits import ATTEMPT, GAMBITS, REFERENCE, Gambit
from ccgym.audit.report import AuditReport, Finding, Row

__all__ = ["ATTEMPT", "GAMBITS", "REFERENCE", "AuditReport", "Finding", "Gambit", "Row", "audit", "choose_cases"]
