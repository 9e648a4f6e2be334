"""`--html FILE`: an episode or a group written as one page."""

from __future__ import annotations

from pathlib import Path

from ccgym.cli.output import Output
from ccgym.view.grouping import GroupView, read_group
from ccgym.view.timeline import names_one, read_timeline


def write_page(out: Output, name: str, target: str) -> int:
    """Write the page of an episode, or, where the name is a file of several, of their group."""
    if not names_one(name):
        return write_group(out, read_group(name), target)
    from ccgym.view.html import episode_page, vocabulary_of

    timeline = read_timeline(name)
    page = episode_page(timeline, vocabulary_of(Path(name.rpartition("#")[0] or name)))
    return _write(out, timeline.name, page, target)


def write_group(out: Output, group: GroupView, target: str) -> int:
    """Write the page of a group."""
    from ccgym.view.html import group_page

    return _write(out, group.name, group_page(group), target)


def _write(out: Output, name: str, page: str, target: str) -> int:
    data, path = page.encode(), Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if out.json:
        out.data({"page": str(path), "of": name, "bytes": len(data)})
    out.line(f"Wrote {path} ({max(len(data) // 1000, 1):,} kB): open it in any browser, or mail it.")
    return 0
