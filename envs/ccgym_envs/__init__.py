"""First-party domains: one folder each, registered through the same hooks as anybody's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ccgym.plugins import hookimpl

ORDERDESK = Path(__file__).parent / "orderdesk"
"""Orders, returns, cancellations, tracking and address changes, in English and Vietnamese."""


@hookimpl
def register_templates(register: Callable[[str, str, Callable[..., Any]], None]) -> None:
    """The endless tasks of OrderDesk."""
    from ccgym_envs.orderdesk.templates import TEMPLATES

    for name, template in TEMPLATES.items():
        register("OrderDesk", name, template)
