"""First-party toolsets, registered through the same hook as anybody's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ccgym.plugins import Toolset, hookimpl
from ccgym_tools import nganhang, orderdesk, retail, telecom, telecom_device


@hookimpl
def register_tools(register: Callable[[Toolset], None]) -> None:
    """The back office of each first-party domain: see `ccgym_tools.orderdesk` and its like."""
    for module in (orderdesk, retail, nganhang):
        name = module.__name__.rpartition(".")[2]
        register(Toolset(name, module.FUNCTIONS, schemas=Path(__file__).with_name(f"{name}.json")))
    register(
        Toolset(
            "telecom",
            telecom.FUNCTIONS | telecom_device.FUNCTIONS,
            schemas=Path(__file__).with_name("telecom.json"),
            sync=telecom_device.sync,
        )
    )
