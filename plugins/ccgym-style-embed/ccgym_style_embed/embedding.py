"""Sentence embeddings from a model on this disk: unit vectors, each of one text alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ccgym.errors import ConfigError

_KEPT = 20_000
Vector = np.ndarray[Any, np.dtype[np.float32]]


def model_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The model of `CCGYM_STYLE_EMBED`, or None where it names none."""
    folder = environ.get("CCGYM_STYLE_EMBED")
    return Path(folder) if folder else None


class Embedder:
    """A model: safetensors only, nothing from a network, no code of the folder's own.

    Raises:
        ConfigError: there is no such model.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / "modules.json").is_file() or not list(folder.rglob("*.safetensors")):
            fix = "Set CCGYM_STYLE_EMBED to a folder that sentence-transformers saved, with safetensors"
            raise ConfigError("there is no sentence-transformers model with safe weights", where=str(folder), fix=fix)
        import sentence_transformers

        try:
            self._model = sentence_transformers.SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            ).eval()  # fmt: skip
        except (OSError, ValueError, KeyError, ImportError) as error:
            problem = " ".join(str(error).split())[:200]
            raise ConfigError(f"the model cannot be loaded ({problem})", where=str(folder)) from error
        self._known: dict[str, Vector] = {}
        self.digest = _digest(folder)

    def vector(self, text: str) -> Vector:
        """The text's unit vector."""
        found = self._known.get(text)
        if found is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            encoded = self._model.encode([text], normalize_embeddings=True, show_progress_bar=False)
            found = self._known[text] = np.asarray(encoded[0], dtype=np.float32)
        return found


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".safetensors", ".json", ".txt", ".model"):
            total.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
