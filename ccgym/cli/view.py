"""`ccgym view RUN`: a run in the browser."""

from __future__ import annotations

import threading
import webbrowser

import click

from ccgym.cli.output import Output
from ccgym.cli.output import command as verb


@verb("view")
@click.argument("run")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to serve on; else one that is free.")
@click.option("--no-open", is_flag=True, help="Print the address only; else a browser opens it.")
def command(out: Output, run: str, port: int, no_open: bool) -> None:
    """Browse a run in the browser, also while it trains.

    RUN is a run's folder, or a folder of runs: their episodes and curves. The page is served on this machine alone; the
    printed address opens it once, and from a terminal a browser opens it. Ctrl-C stops.
    """
    from ccgym.view.server import ViewServer

    server = ViewServer(run, port)
    names = server.runs.names()
    if out.json:
        out.data({"url": server.url, "port": server.port, "runs": names})
    else:
        told = names[0] if len(names) == 1 else f"{len(names)} runs"
        out.line(f"{told}: {server.url}")
        out.line("The address opens once, in one browser. Ctrl-C stops.")
    if out.rich and not no_open:
        threading.Thread(target=webbrowser.open, args=(server.url,), daemon=True).start()
    server.serve()
