"""`--html FILE`: an episode or a group written as one page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ccgym.cli.output import Output
from ccgym.errors import EpisodeError
from ccgym.view.grouping import GroupView, read_group
from ccgym.view.timeline import Timeline, names_one, read_timeline


def write_page(out: Output, name: str, target: str) -> int:
    """Write the page of an episode, or, where the name is a file of several, of their group."""
    if not names_one(name):
        return write_group(out, read_group(name), target)
    from ccgym.view.html import episode_page, vocabulary_of

    timeline = read_timeline(name)
    decode = vocabulary_of(Path(timeline.name.rpartition("#")[0]))
    return _write(out, timeline.name, episode_page(_mailed(timeline), decode), target)


def write_group(out: Output, group: GroupView, target: str) -> int:
    """Write the page of a group."""
    from ccgym.view.html import group_page

    members = {number: _mailed(member) for number, member in group.members.items()}
    return _write(out, group.name, group_page(replace(group, name=_from_run(group.name), members=members)), target)


def _mailed(timeline: Timeline) -> Timeline:
    """An episode under the name that it has for whoever is mailed its page."""
    return replace(timeline, name=_from_run(timeline.name))


def _from_run(name: str) -> str:
    """A file's name from its run's folder on; whatever this machine calls the folders above is nobody's business."""
    path = Path(name).absolute()
    run = next((parent for parent in path.parents if (parent / "run.json").is_file()), path.parent.parent)
    return str(path.relative_to(run.parent))


def _write(out: Output, name: str, page: str, target: str) -> int:
    data, path = page.encode(), Path(target)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise EpisodeError(
            f"cannot be written ({error.strerror})", where=target, fix="Name a file, such as e.html"
        ) from None
    if out.json:
        out.data({"page": str(path), "of": name, "bytes": len(data)})
    out.line(f"Wrote {path} ({max(len(data) // 1000, 1):,} kB): open it in any browser, or mail it.")
    return 0
