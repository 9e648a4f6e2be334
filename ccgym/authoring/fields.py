"""The arguments of a tool as its schema tells them, and what an argument names: a row, or a fact about one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ccgym.authoring.lexicon import (
    CONTROL,
    FREE_SEARCH,
    FREE_TEXT,
    ID_ALONE,
    ID_LAST,
    IDENTITY,
    NO_ENTITY,
    QUALIFIERS,
    SYLLABLES,
)
from ccgym.authoring.words import identifier, singular, split, spoken

MAX_DEPTH = 12


@dataclass(frozen=True)
class Argument:
    """One argument of a tool, or one member of its result."""

    name: str
    schema: dict[str, Any]
    """With references resolved at its top."""
    root: dict[str, Any]
    """The schema that references resolve in."""
    required: bool

    @property
    def words(self) -> list[str]:
        """The words of its name, plain."""
        return identifier(self.name).split("_")

    @property
    def pairs(self) -> set[str]:
        """Its words, and each two that follow one another: Vietnamese words often are two."""
        return {*self.words, *(f"{a}_{b}" for a, b in pairwise(self.words))}

    @property
    def types(self) -> set[str]:
        """The JSON types that it may have; empty: any."""
        return types_of(self.schema, self.root)

    @property
    def scalar(self) -> bool:
        """Whether it is one text or number."""
        return not self.types or bool(self.types & {"string", "integer", "number"})

    @property
    def column(self) -> str:
        """The column that it is written to: without `new_` and the like."""
        return column_of(self.name)

    @property
    def free(self) -> bool:
        """Whether it is text that everybody would put in other words."""
        if self.schema.get("enum") or "const" in self.schema or not self.scalar or self.types - {"string", "null"}:
            return False
        return bool(self.pairs & FREE_TEXT) and not ({"id", "code", "ma"} & set(self.words))

    @property
    def control(self) -> bool:
        """Whether it says how to answer."""
        return bool(self.pairs & CONTROL) or "_".join(self.words) in FREE_SEARCH

    @property
    def identity(self) -> bool:
        """Whether it shows who somebody is."""
        return self.scalar and bool(self.pairs & IDENTITY) and noun_of(self.name) is None

    @property
    def keyed(self) -> bool:
        """Whether its description, and not its name, says that it names a row: `customer`, "The ID of the customer"."""
        told = re.match(r"(?:the )?(?:unique )?(?:\w+ ){0,2}?(?:id|identifier)\b", self.described.lower())
        return bool(told) and self.types <= {"string", "integer", "null"} and not (self.identity or self.control)

    @property
    def label(self) -> str:
        """What a customer would call it: its title, else its name."""
        title = self.schema.get("title")
        if isinstance(title, str) and 0 < len(title) <= 40:
            return title.strip()
        return spoken(self.name)

    @property
    def described(self) -> str:
        """Its description, on one line."""
        text = self.schema.get("description")
        return " ".join(text.split()) if isinstance(text, str) else ""


def column_of(name: str) -> str:
    """A name without the words that only tell new from old."""
    words = split(name)
    kept = [word for word in words if word not in ("new", "updated", "moi")]
    return name if kept == words or not kept else "_".join(kept)


def resolve(schema: Any, root: dict[str, Any]) -> dict[str, Any]:
    """A schema with `$ref` and `allOf` at its top put together; {} where nothing is known."""
    for _ in range(MAX_DEPTH):
        if not isinstance(schema, dict):
            return {}
        if "$ref" in schema:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**_follow(schema["$ref"], root), **rest}
        elif schema.get("allOf"):
            schema = _merged(schema, root)
        else:
            return schema
    return {}


def _follow(reference: Any, root: dict[str, Any]) -> dict[str, Any]:
    place: Any = root
    if not isinstance(reference, str) or not reference.startswith("#"):
        return {}
    for part in reference[1:].split("/")[1:]:
        place = place.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(place, dict) else None
    return place if isinstance(place, dict) else {}


def _merged(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in schema.items() if key != "allOf"}
    closed: list[set[str]] = []
    for part in schema["allOf"]:
        part = resolve(part, root) if isinstance(part, dict) and "allOf" not in part else part
        if not isinstance(part, dict):
            continue
        if part.get("additionalProperties") is False:
            closed.append(set(part.get("properties") or ()))
        properties = {**(made.get("properties") or {}), **(part.get("properties") or {})}
        required = [*(made.get("required") or ()), *(part.get("required") or ())]
        made = {**part, **made}
        if properties:
            made |= {"properties": properties, "required": required}
    if closed:  # a part that is closed knows no properties of the others
        made["properties"] = {
            name: v for name, v in made.get("properties", {}).items() if all(name in names for names in closed)
        }
    return made


def members(schema: Any, root: dict[str, Any]) -> list[Argument]:
    """The members of an object's schema; of its first form where it has several."""
    schema = resolve(schema, root)
    for key in ("anyOf", "oneOf"):
        forms = [resolve(form, root) for form in schema.get(key) or ()]
        if not schema.get("properties") and forms:
            schema = next((form for form in forms if form.get("properties")), schema)
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return []
    required = schema.get("required")
    wanted = required if isinstance(required, list) else []
    return [Argument(name, resolve(part, root), root, name in wanted) for name, part in properties.items()]


def types_of(schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> set[str]:
    """The JSON types that a schema allows, as far as it says."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return {kind}
    if isinstance(kind, list):
        return {item for item in kind if isinstance(item, str)}
    if "const" in schema or schema.get("enum"):
        options = schema["enum"] if schema.get("enum") else [schema["const"]]
        return {_TYPES.get(type(option), "string") for option in options}
    forms = [*(schema.get("anyOf") or ()), *(schema.get("oneOf") or ())]
    if forms and depth < MAX_DEPTH:
        return {kind for form in forms for kind in types_of(resolve(form, root), root, depth + 1)}
    if "properties" in schema:
        return {"object"}
    return {"array"} if "items" in schema else set()


_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array",
          type(None): "null"}  # fmt: skip


def noun_of(name: str) -> tuple[str, ...] | None:
    """What an argument names a row of (`orderId`: order; `ma_don`: don); () for a bare `id`; None for none."""
    words = [word for word in identifier(name).split("_") if word not in QUALIFIERS]
    if not words:
        return None
    if len(words) == 1:
        if words[0] in ("id", "ids", "uuid", "guid", "ma"):
            return ()
        return (ID_ALONE[words[0]],) if words[0] in ID_ALONE else None
    nouns = _english(words)
    if nouns and not _no_row(nouns):
        return nouns
    nouns = _vietnamese(words)
    return nouns if nouns and not _no_row_vi(words[0], nouns) else None


def _english(words: list[str]) -> tuple[str, ...] | None:
    last = words[-1]
    if last not in ID_LAST and not (last.endswith("id") and re.fullmatch(r"[a-z]{3,}id", last)):
        return (ID_ALONE[last],) if last in ID_ALONE else None
    if words[0] in ("ma", "so", "id") and len(words) > 1 and last != "id":
        return None
    stem = words[:-1]
    if last not in ID_LAST:
        return None
    while stem and stem[-1] in ("id", "reference", "number", "code"):
        stem = stem[:-1]
    if not stem or (last in ("number", "no", "num", "code", "key") and stem[-1] in NO_ENTITY):
        return None
    return (*stem[:-1], singular(stem[-1]))


def _vietnamese(words: list[str]) -> tuple[str, ...] | None:
    if words[0] not in ("ma", "so", "id"):
        return None
    stem = words[2:] if len(words) > 2 and words[1] in ("so", "ma") else words[1:]
    while len(stem) > 2 and stem[-1] in ("nguon", "dich", "gui", "nhan", "cu", "moi"):
        stem = stem[:-1]  # from one account to another
    return tuple(stem) or None


def _no_row_vi(head: str, nouns: tuple[str, ...]) -> bool:
    """`ma` names a row but for a few things; behind `so`, which also counts, a first syllable may tell: `so_tien_tra`.

    Syllables at the end tell nothing: `hop_dong`, a contract, is no money.
    """
    starts = {"_".join(nouns), "_".join(nouns[:2])}
    return bool(starts & NO_ENTITY) or (nouns[0] in NO_ENTITY and (head != "ma" or nouns[0] not in SYLLABLES))


def _no_row(nouns: tuple[str, ...]) -> bool:
    return "_".join(nouns) in NO_ENTITY or nouns[0] in NO_ENTITY or nouns[-1] in NO_ENTITY
