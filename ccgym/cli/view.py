"""`ccgym view RUN`: a run in the browser."""

from __future__ import annotations

import webbrowser

import click

from ccgym.cli.output import Output
from ccgym.cli.output import command as verb


@verb("view")
@click.argument("run")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to serve on; else one that is free.")
@click.option("--no-open", is_flag=True, help="Print the address only, and open no browser.")
def command(out: Output, run: str, port: int, no_open: bool) -> None:
    """Browse a run's episodes and curves in the browser, also while it trains.

    RUN is a run's folder, or a folder of runs. The page is served on this machine alone; the printed address opens it
    once. Ctrl-C stops.
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
    if not no_open:
        webbrowser.open(server.url)
    server.serve()
