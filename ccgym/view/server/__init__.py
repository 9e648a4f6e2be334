"""`ccgym view`: a run in the browser, served on this machine alone."""

from ccgym.view.server.serving import ViewServer

__all__ = ["ViewServer"]
