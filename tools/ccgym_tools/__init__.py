"""First-party toolsets, registered through the same hook as anybody's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ccgym.plugins import Toolset, hookimpl
from ccgym_tools import orderdesk


@hookimpl
def register_tools(register: Callable[[Toolset], None]) -> None:
    """The back office of an online shop: see `ccgym_tools.orderdesk`."""
    register(Toolset("orderdesk", orderdesk.FUNCTIONS, schemas=Path(__file__).with_name("orderdesk.json")))
