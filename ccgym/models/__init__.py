"""Models that come with the project. `builtin:NAME` in a config means `path(NAME)`."""

from __future__ import annotations

from pathlib import Path

from ccgym.errors import ConfigError

_HERE = Path(__file__).parent


def names() -> list[str]:
    """The names of the shipped models."""
    return sorted(folder.parent.name for folder in _HERE.glob("*/config.json"))


def path(name: str = "tiny") -> Path:
    """The folder of a shipped model: config, safetensors, tokenizer, chat template and card.

    Raises:
        ConfigError: no model of that name is shipped.
    """
    if name not in names():
        raise ConfigError(f"no built-in model {name!r}", fix=f"Built in: {', '.join(names())}.")
    return _HERE / name
