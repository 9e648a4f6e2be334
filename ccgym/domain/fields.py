"""The kinds of value that the files of a domain are made of: text in Unicode normal form C, JSON, pointers."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ccgym import jsontext
from ccgym.turns import nfc


def nfc_json(value: Any) -> Any:
    """A fresh copy of a JSON value with all text, keys too, in normal form C.

    Raises:
        ValueError: something that JSON cannot hold, such as NaN or an integer past 64 bits; or keys that fall together.
    """
    if isinstance(value, str):
        return nfc(value)
    if value is None or isinstance(value, bool):
        return value
    try:
        text = jsontext.dumps(value)
    except TypeError as error:
        raise ValueError(f"not JSON: {error}") from None
    value = orjson.loads(text)
    # A part of a text in normal form is in normal form, so most values need no walk.
    return value if text.isascii() or unicodedata.is_normalized("NFC", text) else _normalised(value)


def _normalised(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else nfc(value)
    if kind is dict:
        result = {nfc(key): _normalised(item) for key, item in value.items()}
        if len(result) != len(value):
            raise ValueError("two keys of an object are the same text in Unicode normal form C")
        return result
    if kind is list:
        return [_normalised(item) for item in value]
    return value


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
