"""What is known of one plugin: where it came from, whether it works, and the digest of its code."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import orjson

State = Literal["ok", "broken", "disabled"]
OWN = "ccgym"
"""ccgym's own distribution, whose plugins are trusted as ccgym itself is."""


@dataclass(frozen=True)
class PluginInfo:
    """One plugin, as `ccgym plugins` lists it."""

    name: str
    """Name of its entry point; for one registered at run time, of the module or class."""
    distribution: str
    """Distribution that it came in; for one registered at run time, its own name."""
    version: str
    """The distribution's; for one registered at run time, its `__version__`."""
    state: State
    """`ok`, `broken` or `disabled`."""
    error: str | None = None
    """For a broken plugin, its traceback; for one whose names somebody else claims too, which names and who."""
    hooks: tuple[str, ...] = ()
    """The hooks that it implements."""
    names: tuple[tuple[str, str], ...] = ()
    """What it registered: pairs of kind and name."""
    source: Any = field(default=None, repr=False, compare=False)
    """The EntryPoint, or the object registered at run time."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its code and data, as 64 hex digits; taken when first asked for."""
        if isinstance(self.source, EntryPoint):
            return distribution_digest(self.distribution)
        return object_digest(self.source)


def module_of(entry: EntryPoint) -> str:
    """The top-level package that an entry point's value lives in."""
    return entry.value.partition(":")[0].partition(".")[0].strip()


@cache
def distribution_digest(name: str) -> str:
    """SHA-256 over the files of an installed distribution.

    An ordinary install tells them in its RECORD. An editable one does not: then the packages that its entry points
    name, and the one that is called as it is, are read instead.
    """
    distribution = Distribution.from_name(name)
    origin = orjson.loads(distribution.read_text("direct_url.json") or "{}")
    recorded = None if origin.get("dir_info", {}).get("editable") else distribution.files
    if recorded is not None:
        found = {
            file.as_posix(): Path(str(file.locate()))
            for file in recorded
            if ".." not in file.parts and not file.parts[0].endswith((".dist-info", ".egg-info")) and _counts(file)
        }
    else:
        groups = ("ccgym", "ccgym.envs", "ccgym.commands")
        packages = {module_of(entry) for entry in distribution.entry_points if entry.group in groups}
        packages.add(name.replace("-", "_"))
        found = {}
        for package in packages:
            found.update(_package_files(package))
    return _digest(found.items())


def package_digest(package: str) -> str:
    """SHA-256 over the files of a package or module that can be imported, as they are now."""
    return _digest(_package_files(package).items())


def object_digest(plugin: Any) -> str:
    """SHA-256 of the source of a module or object; of its name where it has none, as in a notebook's cell."""
    target = plugin if inspect.ismodule(plugin) or isinstance(plugin, type) else type(plugin)
    try:
        text = inspect.getsource(target)
    except (OSError, TypeError):
        text = f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', getattr(target, '__name__', ''))}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def source_text(info: PluginInfo) -> str:
    """The Python text of a plugin that may not even import: to guess what it would have registered."""
    if not isinstance(info.source, EntryPoint):
        return ""
    files = _package_files(module_of(info.source))
    return "\n".join(path.read_text("utf-8", "replace") for name, path in sorted(files.items()) if name.endswith(".py"))


def _package_files(package: str) -> dict[str, Path]:
    try:
        spec = getattr(sys.modules.get(package), "__spec__", None) or importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return {}
    if spec is None:
        return {}
    if not spec.submodule_search_locations:
        return {f"{package}.py": Path(spec.origin)} if spec.origin and Path(spec.origin).is_file() else {}
    found = {}
    for root in map(Path, spec.submodule_search_locations):
        for path in root.rglob("*"):
            relative = PurePosixPath(package, path.relative_to(root).as_posix())
            if _counts(relative) and path.is_file():
                found[str(relative)] = path
    return found


def _counts(file: PurePosixPath) -> bool:
    return "__pycache__" not in file.parts and file.suffix != ".pyc"


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in sorted(files):
        if path.is_file():
            total.update(f"{name}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
