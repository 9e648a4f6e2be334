"""Whom to ask, and how: from the environment. The key is `OPENAI_API_KEY`, and is never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccgym.chatserver import server_url
from ccgym.errors import ConfigError
from ccgym_judge.rubric import OWN

MOST_SECONDS = 100.0
"""Less than the time limit of the rewards that ask: a judge that takes too long is unscored, not a failed reward."""


@dataclass(frozen=True)
class Settings:
    """What the variables `CCGYM_JUDGE_…` say."""

    model: str
    url: str
    rubric: Path = OWN
    cache: Path = Path()
    seconds: float = 60.0
    """For one episode, with all attempts."""
    attempts: int = 4
    max_tokens: int = 1000
    prices: tuple[float, float] | None = None
    """Of a million tokens read and written."""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings | None:
    """The settings, or None where `CCGYM_JUDGE_MODEL` names no model.

    Raises:
        ConfigError: a number that is none, or is out of range.
    """
    model = environ.get("CCGYM_JUDGE_MODEL")
    if not model:
        return None
    home = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    prices = environ.get("CCGYM_JUDGE_PRICES")
    return Settings(
        model,
        server_url(environ.get("CCGYM_JUDGE_URL")),
        Path(environ.get("CCGYM_JUDGE_RUBRIC") or OWN),
        Path(environ.get("CCGYM_JUDGE_CACHE") or home / "ccgym-judge"),
        _number(environ, "CCGYM_JUDGE_SECONDS", 60.0, MOST_SECONDS),
        int(_number(environ, "CCGYM_JUDGE_ATTEMPTS", 4, 20)),
        int(_number(environ, "CCGYM_JUDGE_MAX_TOKENS", 1000, 100_000)),
        _prices(prices) if prices else None,
    )


def _number(environ: Mapping[str, str], name: str, default: float, most: float) -> float:
    text = environ.get(name)
    try:
        value = float(text) if text else default
    except ValueError:
        value = -1.0
    if not 0 < value <= most:
        raise ConfigError(f"{name}={text} is out of range", fix=f"Give a number above 0, at most {most:g}")
    return value


def _prices(text: str) -> tuple[float, float]:
    try:
        read, written = (float(part) for part in text.split(","))
    except ValueError:
        read = -1.0
    if not (0 <= read < float("inf") and 0 <= written < float("inf")):
        raise ConfigError(
            f"CCGYM_JUDGE_PRICES={text} is no pair of prices",
            fix="Give the prices of a million tokens read and written, such as 0.15,0.60",
        )
    return read, written
