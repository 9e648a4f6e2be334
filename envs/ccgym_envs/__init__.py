"""First-party domains: one folder each, registered through the same hooks as anybody's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ccgym.plugins import hookimpl

ORDERDESK = Path(__file__).parent / "orderdesk"
"""Orders, returns, cancellations, tracking and address changes, in English and Vietnamese."""

RETAIL = Path(__file__).parent / "retail"
"""Orders, returns, exchanges, payments and the loyalty programme of a shop, in English."""

NGANHANG = Path(__file__).parent / "nganhang"
"""Cards, transfers, disputes and fees of a bank, wholly in Vietnamese."""

TELECOM = Path(__file__).parent / "telecom"
"""Faults at the customer's side of a mobile line, whose phone only the customer can touch."""


@hookimpl
def register_templates(register: Callable[[str, str, Callable[..., Any]], None]) -> None:
    """The endless tasks of each domain."""
    from ccgym_envs.nganhang.templates import TEMPLATES as NGANHANG_TEMPLATES
    from ccgym_envs.orderdesk.templates import TEMPLATES as ORDERDESK_TEMPLATES
    from ccgym_envs.retail.templates import TEMPLATES as RETAIL_TEMPLATES
    from ccgym_envs.telecom.templates import TEMPLATES as TELECOM_TEMPLATES

    named = {
        "OrderDesk": ORDERDESK_TEMPLATES,
        "Retail": RETAIL_TEMPLATES,
        "NganHang": NGANHANG_TEMPLATES,
        "Telecom": TELECOM_TEMPLATES,
    }
    for domain, templates in named.items():
        for name, template in templates.items():
            register(domain, name, template)
