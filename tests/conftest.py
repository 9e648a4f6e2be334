from __future__ import annotations

import copy
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def desk_plugin():
    import desk

    import ccgym

    ccgym.register(desk.DeskPlugin())
    return desk


@pytest.fixture(scope="session")
def desk(desk_plugin, tmp_path_factory):
    """Folder of the test domain Desk: Python tools, hand-written tasks."""
    return desk_plugin.write_desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk_with(desk_plugin, tmp_path):
    """Writes a Desk of one's own: `desk_with(change)`, where `change(state, tasks)` edits in place."""

    def write(change, **spec):
        state, tasks = copy.deepcopy(desk_plugin.STATE), copy.deepcopy(desk_plugin.TASKS)
        change(state, tasks)
        return desk_plugin.write_desk(tmp_path / "desk", state=state, tasks=tasks, **spec)

    return write
