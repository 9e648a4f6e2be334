"""What of this machine can stop a run: Python, packages, memory, disk, write access, plugins.

Each check is a small function that returns Findings; none raises for what it looks for.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Literal

from ccgym.errors import CcgymError

State = Literal["ok", "warn", "stop"]

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `stop` means that a run would not start or not end; `fix` then says what to do."""

    what: str
    state: State
    found: str
    fix: str = ""

    def json(self) -> dict[str, Any]:
        """The finding as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A distribution that ccgym needs, the versions it is tested with, and the extra that it belongs to."""

    name: str
    ranges: tuple[tuple[str, str], ...]
    extra: str | None

    def __str__(self) -> str:
        return self.name + ",".join(op + number for op, number in self.ranges)

    def admits(self, installed: str) -> bool:
        """Whether an installed version is in range. Local labels (`+cpu`) do not count."""
        mine = _numbers(installed)
        return all(_COMPARE[op](mine, _numbers(number)) for op, number in self.ranges)


def _numbers(text: str) -> tuple[int, ...]:
    numbers = [int(part) for part in re.findall(r"\d+", re.split(r"[+a-zA-Z]", text, maxsplit=1)[0])]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


_COMPARE = {
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*)(?:;\s*extra\s*==\s*['\"]([^'\"]+)['\"])?$")
_RANGE = re.compile(r"(>=|<=|==|!=|>|<)\s*([0-9][^,\s]*)")


def requirements() -> list[Requirement]:
    """What the installed ccgym declares, in its own order."""
    found = []
    for line in requires("ccgym") or ():
        match = _REQUIREMENT.match(line.strip())
        if match and match[1] != "ccgym":
            ranges = tuple((op, number) for op, number in _RANGE.findall(match[2]))
            found.append(Requirement(match[1], ranges, match[3]))
    return found


def python() -> Iterator[Finding]:
    """The interpreter's version."""
    yield Finding("Python", "ok", f"{sys.version.split()[0]} at {sys.executable}")


def packages(extras: tuple[str, ...]) -> Iterator[Finding]:
    """Distributions of the core and of `extras`: installed, and in the range that ccgym supports."""
    for extra in (None, *extras):
        mine = [r for r in requirements() if r.extra == extra]
        what = "packages of the core" if extra is None else f"packages of [{extra}]"
        install = "pip install ccgym" if extra is None else f"pip install 'ccgym[{extra}]'"
        missing: list[str] = []
        wrong: list[tuple[Requirement, str]] = []
        good: list[tuple[Requirement, str]] = []
        for requirement in mine:
            try:
                installed = version(requirement.name)
            except PackageNotFoundError:
                missing.append(requirement.name)
                continue
            (good if requirement.admits(installed) else wrong).append((requirement, installed))
        if missing:
            yield Finding(what, "stop", "not installed: " + ", ".join(missing), f"Run: {install}")
        for requirement, installed in wrong:
            found = f"{requirement.name} {installed} is outside the supported range"
            yield Finding(what, "stop", found, f"Run: pip install '{requirement}'")
        if mine and not missing and not wrong:
            yield Finding(what, "ok", ", ".join(f"{r.name} {v}" for r, v in good))


def memory(needed: float = 2.0) -> Iterator[Finding]:
    """Memory that is free now, in GiB, against what a run needs."""
    available = _available_memory()
    if available is None:
        return
    found = f"{available / GIB:.1f} GiB available"
    if available < needed * GIB:
        yield Finding("memory", "stop", found, f"Free memory: this run needs about {needed:.1f} GiB.")
    else:
        yield Finding("memory", "ok", found)


def _available_memory() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text()
    except OSError:
        return None
    match = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    available = int(match[1]) * 1024 if match else None
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ):
        try:
            room = int(Path(limit).read_text()) - int(Path(used).read_text())
        except (OSError, ValueError):
            continue  # no such controller, or no limit ("max")
        available = room if available is None else min(available, room)
    return available


def runs_folder(folder: Path, needed: float = 1.0) -> Iterator[Finding]:
    """Write access to where runs go, and the disk space there in GiB."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".ccgym-doctor-"):
            pass
    except OSError as error:
        fix = f"Make {place} writable, or choose another folder for runs."
        yield Finding("write access", "stop", f"{folder}: {error.strerror or error}", fix)
        return
    yield Finding("write access", "ok", str(folder))
    free = shutil.disk_usage(place).free / GIB
    if free < needed:
        fix = f"Free disk space: a run needs about {needed:.0f} GiB in {folder}."
        yield Finding("disk space", "stop", f"{free:.1f} GiB free in {place}", fix)
    else:
        yield Finding("disk space", "ok", f"{free:.1f} GiB free")


def plugins() -> Iterator[Finding]:
    """Plugins that did not load."""
    from ccgym.plugins import registry

    loaded = registry().plugins
    broken = [plugin for plugin in loaded if plugin.state == "broken"]
    for plugin in broken:
        fix = f"Repair or uninstall it, or set CCGYM_DISABLE_PLUGINS={plugin.name}."
        yield Finding("plugins", "warn", f"{plugin.name} {plugin.version}: {plugin.error}", fix)
    if not broken:
        yield Finding("plugins", "ok", ", ".join(f"{p.name} ({p.state})" for p in loaded) or "none")


def environment(name: str) -> Iterator[Finding]:
    """Whether the domain that the run plays can be loaded."""
    from ccgym.env import find_domain

    try:
        domain = find_domain(name)
    except CcgymError as error:
        yield Finding("environment", "stop", str(error), f"Run: ccgym check {name}")
    else:
        yield Finding("environment", "ok", f"{name}: {domain.name} {domain.version}")


def rewards(config: Any) -> Iterator[Finding]:
    """Whether all rewards that a run's Config names are there."""
    from ccgym.train.rewarding import resolved

    try:
        weights = resolved(config).rewards.weights or {}
    except CcgymError as error:
        yield Finding("rewards", "stop", error.message, error.fix or "")
    else:
        yield Finding("rewards", "ok", ", ".join(f"{name} {weight:g}" for name, weight in weights.items()))


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
