"""What may be called, and where the answers are kept: from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ccgym.errors import ConfigError
from ccgym_tools_http.requesting import origin_of


@dataclass(frozen=True)
class Settings:
    """What the variables `CCGYM_HTTP_…` say."""

    mode: Literal["replay", "record"]
    folder: Path | None
    allowed: Mapping[str, str] = field(repr=False)
    """Origin (`https://rates.example`) to the value of its header `Authorization`; empty: none is sent."""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings.

    Raises:
        ConfigError: a mode that does not exist, an origin that is none, a variable that is named and not set, or
            nowhere to record to.
    """
    mode = environ.get("CCGYM_HTTP_MODE", "replay")
    folder = environ.get("CCGYM_HTTP_RECORDINGS")
    if mode not in ("replay", "record"):
        raise ConfigError(f"CCGYM_HTTP_MODE={mode} is no mode", fix="Set it to replay or record")
    if mode == "record" and not folder:
        raise ConfigError("there is nowhere to record to", fix="Set CCGYM_HTTP_RECORDINGS to a folder")
    allowed = {}
    for entry in filter(None, (part.strip() for part in environ.get("CCGYM_HTTP_ALLOW", "").split(","))):
        origin, _, variable = entry.partition("=")
        if origin_of(origin) != origin:
            raise ConfigError(f"CCGYM_HTTP_ALLOW: {origin} is no origin", fix="Write it such as https://rates.example")
        if variable and mode == "record" and not environ.get(variable):
            raise ConfigError(
                f"{variable} is not set", where=f"CCGYM_HTTP_ALLOW: {entry}", fix="Set it, or leave it out"
            )
        allowed[origin] = environ.get(variable, "") if variable else ""
    return Settings(mode, Path(folder) if folder else None, allowed)  # type: ignore[arg-type]
