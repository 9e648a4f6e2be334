"""A sequence-classification model on this disk: texts in, a probability a text out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from ccgym.errors import ConfigError

DIGITS = 4
"""Values are rounded: what a text is batched with moves its logits by less than this."""


@dataclass(frozen=True)
class Settings:
    """What the variables `CCGYM_REWARD_MODEL…` say."""

    folder: Path
    label: str = ""
    """Name or number of the class whose probability counts; "": the last."""
    device: str = "cpu"


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings | None:
    """The settings, or None where `CCGYM_REWARD_MODEL` names no model."""
    folder = environ.get("CCGYM_REWARD_MODEL")
    if not folder:
        return None
    label, device = environ.get("CCGYM_REWARD_MODEL_LABEL", ""), environ.get("CCGYM_REWARD_MODEL_DEVICE") or "cpu"
    return Settings(Path(folder), label, device)


class Scored(NamedTuple):
    """The probability of one text, and how many tokens of its beginning were left out."""

    value: float
    left_out: int


class Classifier:
    """A model and its tokenizer, from a folder: safetensors only, nothing from a network, no code of the folder's own.

    Raises:
        ConfigError: there is no such model, or no such label.
    """

    def __init__(self, settings: Settings) -> None:
        import torch
        from transformers import AutoModelForSequenceClassification, AutoTokenizer
        from transformers.utils import logging

        folder = settings.folder
        if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
            fix = "Set CCGYM_REWARD_MODEL to a folder with config.json, a tokenizer and *.safetensors"
            raise ConfigError("there is no model with safe weights", where=str(folder), fix=fix)
        logging.disable_progress_bar()  # a bar for each worker that scores would hide the run's own
        local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(str(folder), **local)
            model = AutoModelForSequenceClassification.from_pretrained(
                str(folder), use_safetensors=True, dtype=torch.float32, **local
            )
        except (OSError, ValueError, KeyError) as error:
            problem = " ".join(str(error).split())[:200]
            raise ConfigError(f"the model cannot be loaded ({problem})", where=str(folder)) from error
        self._tokenizer.truncation_side, self._tokenizer.padding_side = "left", "right"
        if self._tokenizer.pad_token_id is None:
            raise ConfigError("the tokenizer has no token to pad with", where=str(folder), fix="Give it a pad_token")
        model.config.pad_token_id = self._tokenizer.pad_token_id
        self._model: Any = model.to(settings.device).eval()
        self._device = settings.device
        self._label = _label(settings, model.config)
        self.max_tokens = _max_tokens(self._tokenizer, model.config)
        self.digest = _digest(folder, self._label)

    def score(self, texts: Sequence[str]) -> list[Scored]:
        """One batch, whatever the order of the texts: it is made of the different texts, sorted."""
        import torch

        if not texts:
            return []
        batch = sorted(set(texts))
        lengths = [len(ids) for ids in self._tokenizer(batch, verbose=False)["input_ids"]]
        encoded = self._tokenizer(
            batch, padding=True, truncation=True, max_length=self.max_tokens, return_tensors="pt"
        ).to(self._device)
        encoded.pop("token_type_ids", None)
        with torch.inference_mode():
            logits = self._model(**encoded).logits.double()
        if logits.shape[1] == 1:
            values = torch.sigmoid(logits[:, 0])
        else:
            values = torch.softmax(logits, dim=1)[:, self._label]
        found = {
            text: Scored(round(value, DIGITS), max(0, length - self.max_tokens))
            for text, value, length in zip(batch, values.tolist(), lengths, strict=True)
        }
        return [found[text] for text in texts]


def _label(settings: Settings, config: Any) -> int:
    """The number of the class that counts."""
    names = {str(name): number for number, name in config.id2label.items()}
    label = settings.label
    if not label:
        return config.num_labels - 1
    number = names.get(label, int(label) if label.isdecimal() else -1)
    if not 0 <= number < config.num_labels:
        raise ConfigError(
            f"{label!r} is no class of the model", where=str(settings.folder), fix=f"It has {list(names)}"
        )
    return number


def _max_tokens(tokenizer: Any, config: Any) -> int:
    """As many as both tokenizer and model take."""
    return min(int(tokenizer.model_max_length), getattr(config, "max_position_embeddings", None) or 4096, 2**15)


def _digest(folder: Path, label: int) -> str:
    total = hashlib.sha256(f"{label}\0".encode())
    for path in sorted(folder.iterdir()):
        if path.suffix in (".safetensors", ".json", ".txt", ".model"):
            total.update(f"{path.name}\0".encode())
            total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
