"""The laws of every plugin: it loads, its names are its own, and its hooks are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ccgym.domain.findings import Finding
from ccgym.kit.law import Say, Trial, finding
from ccgym.kit.subject import Subject
from ccgym.plugins import PluginInfo, registry

_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_OWN = Path(__file__).parents[1]


def loading_trials(subject: Subject) -> Iterator[Trial]:
    """One trial a plugin, and one for the names that are only listed."""
    for info in subject.plugins:
        yield Trial(f"plugin {info.name}: loads, and its names are its own", str(subject), partial(_loads, info))
    if subject.envs or subject.commands:
        yield Trial(f"{subject.name}: its ids and commands are its own", str(subject), partial(_listed, subject))


def _loads(info: PluginInfo, say: Say) -> Iterator[Finding]:
    place = f"{info.distribution} {info.version} plugin {info.name!r}"
    if info.state == "disabled":
        text = "is disabled by CCGYM_DISABLE_PLUGINS or CCGYM_LOAD_PLUGINS, so nothing of it was checked"
        yield finding("plugin-disabled", place, text)
    elif info.state == "broken":
        error = info.error or "it does not load"
        yield finding("plugin-broken", place + _at(error), error.strip().splitlines()[-1])
    else:
        for text in (info.error or "").splitlines():
            yield finding("name-taken", place, text)


def _listed(subject: Subject, say: Say) -> Iterator[Finding]:
    for kind, names in (("env", subject.envs), ("command", subject.commands)):
        for name in names:
            if conflict := registry().conflicts.get((kind, name)):
                yield finding("name-taken", f"{subject} {kind} {name!r}", str(conflict))


def _at(traceback: str) -> str:
    """` (file.py:3)`: the last frame of a traceback that is neither ccgym's nor Python's own import machinery."""
    frames = [(Path(file), line) for file, line in _FRAME.findall(traceback) if not file.startswith("<")]
    theirs = [f" ({file.name}:{line})" for file, line in frames if _OWN not in file.parents and file.parent.name not in
              ("importlib", "pluggy") and file.name != "metadata.py"]  # fmt: skip
    return theirs[-1] if theirs else ""
