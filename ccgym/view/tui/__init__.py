"""`ccgym replay EPISODE --tui`: an episode, step by step, in the terminal. Needs the extra `view`."""

from __future__ import annotations

from ccgym.errors import MissingExtra


def show(name: str, step: int | None = None) -> None:
    """Open `FILE`, `FILE#k` or a run's folder in the terminal, at a step, until the person quits.

    Raises:
        MissingExtra: textual is not installed.
        EpisodeError: the name holds no episodes, or its file is broken.
    """
    try:
        import textual  # noqa: F401
    except ImportError:
        raise MissingExtra("The terminal viewer", "view") from None
    from ccgym.view.tui.app import viewer

    viewer(name, step).run()
