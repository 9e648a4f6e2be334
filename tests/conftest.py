from __future__ import annotations

import contextlib
import copy
import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
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


@pytest.fixture
def twin():
    """The plugin of a live customer of the kind `twin`."""
    from twin import TwinPlugin

    import ccgym

    plugin = TwinPlugin()
    ccgym.register(plugin)
    yield plugin
    ccgym.plugins.unregister(plugin)


@pytest.fixture
def twin_desk(twin, desk_with):
    """Desk, where the customer of the task `cancel` is live."""
    return desk_with(lambda state, tasks: tasks[0]["user"].update(sim={"kind": "twin"}))


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """`transformers serve` with the built-in model: its base URL and the model's name."""
    import httpx

    from ccgym import models

    for name in ("torch", "transformers", "fastapi", "uvicorn", "openai"):
        if find_spec(name) is None:
            pytest.skip(f"`transformers serve` needs {name}")
    folder = models.path("tiny")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("served") / "serve.log"
    command = [
        sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder), "--port", str(port),
        "--host", "127.0.0.1", "--device", "cpu",
    ]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    with open(log, "wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process:
        try:
            for _ in range(240):
                with contextlib.suppress(httpx.HTTPError):
                    if httpx.get(f"http://127.0.0.1:{port}/health", timeout=1).status_code == 200:
                        break
                assert process.poll() is None, log.read_text()
                time.sleep(0.5)
            else:
                pytest.fail(f"the server did not come up:\n{log.read_text()}")
            yield f"http://127.0.0.1:{port}/v1", str(folder)
        finally:
            process.terminate()
