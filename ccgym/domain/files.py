"""Reading the files of a domain folder: none can lead out of it, and none is read without a bound."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from ccgym import jsontext
from ccgym.domain.findings import Findings

MAX_BYTES = 64 * 1024 * 1024


def stamps(root: Path, names: Iterable[str]) -> tuple[Any, ...]:
    """Size and time of each file of a folder, to see whether one has changed. Absolute names stand for themselves."""
    found: list[Any] = []
    for name in sorted(names):
        try:
            status = (root / name).stat()
        except (OSError, ValueError):
            found.append(name)
        else:
            found.append((name, status.st_size, status.st_mtime_ns, status.st_ino))
    return tuple(found)


class Folder:
    """A domain folder. Every problem becomes a finding, and the reader goes on."""

    def __init__(self, path: Path, findings: Findings) -> None:
        self.path, self._findings = path.resolve(), findings
        self.asked: set[str] = set()
        """Names of all files that were asked for, whether they exist or not."""

    def locate(self, name: str) -> Path | None:
        """The file of that name inside the folder, or None (with a finding) if the name leads out of it."""
        pure = PurePosixPath(name)
        if not name or pure.is_absolute() or ".." in pure.parts or "\\" in name or "\0" in name or ":" in name:
            self._findings.add("path-escape", "domain.yaml", f"'{name[:100]}' is no plain path inside the folder",
                               "Name a file of the domain folder, such as sop.md")  # fmt: skip
            return None
        self.asked.add(name)
        path = self.path / pure
        try:
            inside = path.resolve().is_relative_to(self.path)
        except (OSError, RuntimeError):  # whichever a Python raises for it
            self._findings.add("unreadable-file", name, "a link that leads to itself", "Replace it by a file")
            return None
        if not inside:
            self._findings.add("path-escape", name, "a link that leads out of the domain folder",
                               "Copy the file into the folder")  # fmt: skip
            return None
        return path

    def text(self, name: str, *, required: str | None = None) -> str | None:
        """The text of a file, without a byte order mark. None (with a finding) where it cannot be had.

        Args:
            name: path inside the folder.
            required: the fix to give when the file does not exist; without one, an absent file is no finding.
        """
        path = self.locate(name)
        if path is None:
            return None
        if not path.is_file():
            if required is not None:
                self._findings.add("missing-file", name, "no such file", required)
            return None
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            self._findings.add("unreadable-file", name, f"cannot be read: {error.strerror}")
            return None
        if len(data) > MAX_BYTES:
            self._findings.add("file-too-large", name, f"larger than {MAX_BYTES // 2**20} MB")
            return None
        try:
            return data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            self._findings.add("not-utf8", f"{name}:{line}", f"byte {data[error.start]:#04x} is not UTF-8",
                               "Save the file as UTF-8")  # fmt: skip
            return None

    def json(self, name: str, *, required: str | None = None) -> Any:
        """The JSON value of a file; None (with a finding) where it cannot be had."""
        text = self.text(name, required=required)
        if text is None:
            return None
        try:
            return jsontext.parse(text, max_bytes=MAX_BYTES)
        except jsontext.JsonError as error:
            self._findings.add("bad-json", name, f"bad JSON: {error}")
            return None
