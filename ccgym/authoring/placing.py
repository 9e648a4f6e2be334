"""Putting a new folder in its place: written aside, moved when whole, and never over anything that exists."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccgym.errors import ConfigError


def free(folder: Path) -> Path:
    """The folder, if nothing stands there but an empty one. Raises ConfigError otherwise."""
    if folder.is_symlink() or folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        what = "is a file" if folder.is_file() else "exists already"
        raise ConfigError(what, where=str(folder), fix="Choose another --out: nothing is overwritten")
    return folder


@contextmanager
def placed(folder: Path) -> Iterator[Path]:
    """Yield a path to make the folder at; it is moved to its place at the end, and gone after an error.

    Raises:
        ConfigError: something stands there, or nothing can be written there.
    """
    free(folder)
    parent = next(path for path in [folder.parent, *folder.parent.parents] if path.is_dir())
    try:
        aside = Path(tempfile.mkdtemp(prefix=".ccgym-new-", dir=parent))
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror}", where=str(parent), fix="Choose another --out"
        ) from None
    try:
        yield aside / "new"
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            folder.rmdir()  # it was empty
        os.rename(aside / "new", folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
