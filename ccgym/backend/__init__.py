"""The mocked world: an overlay of what an episode changed over a seed state that all episodes share."""

from __future__ import annotations

from ccgym.backend.backend import DomainBackend, Pending, make_backend, make_base, make_state
from ccgym.backend.base import Base
from ccgym.backend.context import ToolContext
from ccgym.backend.faults import read_faults
from ccgym.backend.faulty import FaultyBackend
from ccgym.backend.mocks import compile_mock
from ccgym.backend.patch import PatchError
from ccgym.backend.state import Snapshot, State

__all__ = [
    "Base", "DomainBackend", "FaultyBackend", "PatchError", "Pending", "Snapshot", "State", "ToolContext",
    "compile_mock", "make_backend", "make_base", "make_state", "read_faults",
]  # fmt: skip
