"""The kinds of value that the files of a domain are made of: text in Unicode normal form C, JSON, pointers."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ccgym.turns import nfc, nfc_json

Text = Annotated[str, AfterValidator(nfc)]
Json = Annotated[Any, BeforeValidator(nfc_json)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(nfc_json)]
Integer = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]
Names = tuple[Text, ...]


def _pointer(value: str) -> str:
    if value and not value.startswith("/"):
        raise ValueError(f"'{value[:60]}' is no JSON pointer: it starts with '/', such as /tables/orders/W1/status")
    if re.search(r"~(?![01])", value):
        raise ValueError(f"'{value[:60]}' is no JSON pointer: '~' is written '~0'")
    return value


Pointer = Annotated[Text, AfterValidator(_pointer)]


class Part(BaseModel):
    """Base of all models here: frozen, and nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def as_json(self) -> dict[str, Any]:
        """The same as plain JSON, without defaults."""
        return self.model_dump(mode="json", exclude_defaults=True)
