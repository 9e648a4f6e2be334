"""Checkpoints that a killed process cannot spoil: written aside, synced, renamed, then listed in an index.

A folder counts as a checkpoint only when the index lists it and every file in it still has the size and digest that
the index says. Nothing else is ever loaded.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ccgym.log import fsync

INDEX = "index.json"
_ASIDE = ".tmp-"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One complete checkpoint."""

    step: int
    path: Path
    facts: dict[str, Any]
    """What was said of it when it was saved, such as why the stage ended there."""


class Checkpoints:
    """The checkpoints of one stage, in a folder of their own.

    Args:
        folder: made at the first save.
        keep: how many of the newest stay.
    """

    def __init__(self, folder: str | Path, keep: int = 2) -> None:
        self.folder, self.keep = Path(folder), keep

    def save(self, step: int, write: Callable[[Path], None], **facts: Any) -> Checkpoint:
        """Save one: `write(folder)` fills an empty folder, which becomes `step-N` only when all of it is on disk."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{step:06d}"
        files = write_folder(path, write)
        entries = [entry for entry in self._entries() if entry["step"] < step]
        entries.append({"step": step, "folder": path.name, "files": files, "facts": facts})
        entries, old = entries[-self.keep :], entries[: -self.keep]
        write_json(self.folder / INDEX, {"checkpoints": entries})
        for entry in old:
            shutil.rmtree(self.folder / entry["folder"], ignore_errors=True)
        return Checkpoint(step, path, facts)

    def latest(self) -> Checkpoint | None:
        """The newest complete checkpoint, or None."""
        for entry in reversed(self._entries()):
            path = self.folder / entry["folder"]
            if _intact(path, entry["files"]):
                return Checkpoint(entry["step"], path, entry["facts"])
        return None

    def clear(self) -> None:
        """Remove all of them, and whatever a killed process left aside."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what is not listed: torn folders of a killed process, and steps after the newest complete one."""
        if not self.folder.is_dir():
            return
        newest = self.latest()
        kept = [entry for entry in self._entries() if newest is not None and entry["step"] <= newest.step]
        names = {entry["folder"] for entry in kept}
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in names:
                shutil.rmtree(path)
        write_json(self.folder / INDEX, {"checkpoints": kept})

    def _entries(self) -> list[dict[str, Any]]:
        try:
            entries: list[dict[str, Any]] = json.loads((self.folder / INDEX).read_bytes())["checkpoints"]
        except FileNotFoundError:
            return []
        return entries


def write_folder(path: Path, write: Callable[[Path], None]) -> dict[str, list[Any]]:
    """Replace a folder at once: filled beside it, synced, renamed.

    Returns:
        Each file's path within the folder, with its size and digest.
    """
    aside = path.parent / f"{_ASIDE}{path.name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    write(aside)
    files = {}
    for folder, _, names in os.walk(aside):
        for name in sorted(names):
            file = Path(folder) / name
            fsync(file)
            files[str(file.relative_to(aside))] = [file.stat().st_size, _digest(file)]
        fsync(folder)
    # A folder cannot be renamed over one that holds files. The moment without it is safe: no index lists it then.
    shutil.rmtree(path, ignore_errors=True)
    os.rename(aside, path)
    fsync(path.parent)
    return files


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file at once."""
    write_bytes(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n")


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file at once: a reader sees the old content or the new, whatever moment the process dies at."""
    aside = path.parent / f"{_ASIDE}{path.name}"
    with open(aside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    fsync(path.parent)


def weights_digest(folder: str | Path) -> str:
    """BLAKE2b-128 over the safetensors files of a model's folder: equal for equal weights."""
    digest = blake2b(digest_size=16)
    for file in sorted(Path(folder).rglob("*.safetensors")):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _digest(file: Path) -> str:
    with open(file, "rb") as data:
        digest = blake2b(digest_size=16)
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _intact(path: Path, files: dict[str, list[Any]]) -> bool:
    for name, (size, digest) in files.items():
        file = path / name
        if not file.is_file() or file.stat().st_size != size or _digest(file) != digest:
            return False
    return True
