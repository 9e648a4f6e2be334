"""What a model answered, on disk: a file a question, which may be copied, committed and deleted."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from ccgym import jsontext


class Cache:
    """Answers by key: 64 hex digits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, key: str) -> dict[str, Any] | None:
        """What was put there, or None where there is nothing, or nothing that can be read."""
        try:
            value = jsontext.parse(self._path(key).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return value if isinstance(value, dict) and value.keys() >= {"content", "tokens"} else None

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Written aside and renamed. A disk that cannot be written to costs the next run a call, and nothing else."""
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(jsontext.dumps(value))
            Path(name).replace(path)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"
