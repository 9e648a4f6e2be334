"""Domains: one folder of tools, SOP, seed state and tasks, validated once and immutable after."""

from __future__ import annotations

from ccgym.domain.check import check_domain
from ccgym.domain.domain import Domain
from ccgym.domain.findings import Finding
from ccgym.domain.loader import load_domain
from ccgym.domain.models import Task
from ccgym.domain.published import schema_for
from ccgym.domain.schema import ArgumentValidator
from ccgym.domain.spec import DomainSpec, Limits

__all__ = [
    "ArgumentValidator", "Domain", "DomainSpec", "Finding", "Limits", "Task", "check_domain", "load_domain",
    "schema_for",
]  # fmt: skip
