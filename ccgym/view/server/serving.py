"""The server itself: a socket on this machine, a guard before it, and the address to open."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

from ccgym.errors import ConfigError, MissingExtra
from ccgym.view.server.runs import Runs

HOST = "127.0.0.1"


class ViewServer:
    """Serves the runs under a folder on the loopback interface.

    Args:
        root: a run's folder, or a folder of runs.
        port: the port; 0: any that is free.

    Raises:
        ConfigError: the port is taken.
        EpisodeError: there is no run.
        MissingExtra: starlette or uvicorn is not installed.
    """

    def __init__(self, root: str | Path, port: int = 0) -> None:
        self.runs = Runs(root)
        try:
            import uvicorn

            from ccgym.view.server.app import make_app
            from ccgym.view.server.guard import Guard
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in ("starlette", "uvicorn"):
                raise MissingExtra("ccgym view", "view") from None
            raise
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        self.guard = Guard(make_app(self.runs), self.port)
        config = uvicorn.Config(
            self.guard, log_level="error", access_log=False, ws="none", lifespan="off", server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=1, h11_max_incomplete_event_size=64 * 1024,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address to open, once."""
        return f"http://{HOST}:{self.port}/?token={self.guard.token}"

    def serve(self) -> None:
        """Serve until interrupted, which is how it is stopped."""
        with suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])

    def __enter__(self) -> ViewServer:
        """Serve in the background."""
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.01)
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)


def _listen(port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
        found.listen()  # from here on a browser that is early waits, and is not refused
    except (OSError, OverflowError) as error:
        found.close()
        told = getattr(error, "strerror", None) or error
        raise ConfigError(f"port {port} cannot be used ({told})", fix="Leave --port out to take a free one") from None
    return found
