"""Python objects as Markdown: their signatures, and their docstrings with arguments, results and errors as lists.

griffe reads the source, so that a field's own docstring counts too, which Python itself throws away.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import griffe

ROOT = Path(__file__).parents[1]
WIDTH = 100
"""Columns of a signature; a longer one has a line for each parameter."""
LISTED = {"parameters": "Arguments", "raises": "Raises"}
"""Sections of a docstring that become a list."""


@cache
def package() -> griffe.Module:
    """The package ccgym, as its source says."""
    loaded = griffe.load("ccgym", search_paths=[ROOT])
    assert isinstance(loaded, griffe.Module)
    return loaded


def find(path: str) -> Any:
    """The object of a path such as `types.Tool`, where it is defined."""
    found = package()[path]
    return found.final_target if found.is_alias else found


def signature(function: Any, name: str | None = None, keyword: str = "def") -> str:
    """`def name(…) -> …` as a block of Python. `self` is left out."""
    parameters = list(_parameters(function))
    result = f" -> {plain(function.returns)}" if function.returns is not None and keyword == "def" else ""
    head = f"{keyword} {name or function.name}"
    one = f"{head}({', '.join(parameters)}){result}"
    if len(one) > WIDTH:
        inner = "".join(f"    {parameter},\n" for parameter in parameters)
        one = f"{head}(\n{inner}){result}"
    return f"```py\n{one}\n```"


def brief(function: Any) -> str:
    """`name(…) -> …` in one line."""
    result = f" -> {plain(function.returns)}" if function.returns is not None else ""
    return f"{function.name}({', '.join(_parameters(function))}){result}"


def _parameters(function: Any) -> Iterator[str]:
    starred = False
    for parameter in function.parameters:
        kind = parameter.kind
        if parameter.name in ("self", "cls"):
            continue
        if kind is griffe.ParameterKind.var_positional:
            starred = True
        elif kind is griffe.ParameterKind.keyword_only and not starred:
            starred = True
            yield "*"
        stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}.get(kind, "")
        text = f"{stars}{parameter.name}"
        if parameter.annotation is not None:
            text += f": {plain(parameter.annotation)}"
        if parameter.default is not None and not stars:
            text += (" = " if parameter.annotation is not None else "=") + value(parameter.default)
        yield text


def plain(annotation: Any) -> str:
    """A type as a reader needs it: without how values are checked, and no aliases but those of ccgym.types."""
    text = str(annotation)
    for name in annotation.iterate(flat=True) if isinstance(annotation, griffe.Expr) else ():
        path = name.canonical_path if isinstance(name, griffe.ExprName) else ""
        if path.startswith("ccgym.") and not path.startswith("ccgym.types."):
            target = find(path.removeprefix("ccgym."))
            if target.is_attribute and not str(target.value).startswith("TypeVar"):
                text = re.sub(rf"\b{name.name}\b", lambda _, to=target: plain(to.value), text)
    while "Annotated[" in text:
        text = _bare(text)
    return value(text)


def named(thing: Any) -> set[str]:
    """Paths of what the annotations of a function or an attribute name in ccgym."""
    if thing.is_function:
        annotations = [thing.returns, *(parameter.annotation for parameter in thing.parameters)]
    else:
        annotations = [thing.value if thing.parent.is_module else thing.annotation] if thing.is_attribute else []
    names = [
        name.canonical_path
        for annotation in annotations
        if isinstance(annotation, griffe.Expr)
        for name in annotation.iterate(flat=True)
        if isinstance(name, griffe.ExprName) and name.canonical_path.startswith("ccgym.")
    ]
    return {find(name.removeprefix("ccgym.")).path for name in names}


def _bare(text: str) -> str:
    """The first innermost `Annotated[X, …]` of a text as `X`."""
    start = text.rindex("Annotated[")
    depth, comma = 0, 0
    for place in range(start + len("Annotated"), len(text)):
        depth += (text[place] in "[(") - (text[place] in "])")
        if text[place] == "," and depth == 1 and not comma:
            comma = place
        if depth == 0:
            return text[:start] + text[start + len("Annotated[") : comma] + text[place + 1 :]
    raise ValueError(f"{text} does not close its brackets")


def value(default: Any) -> str:
    """A default as source, with double quotes; what pydantic's `Field(default=…)` gives, for such a field."""
    text = re.sub(r"^Field\(default=(.*)\)$", r"\1", str(default))
    return re.sub(r"'([^'\"]*)'", r'"\1"', text)


def prose(thing: Any) -> str:
    """A docstring as Markdown. "" where there is none."""
    if thing.docstring is None:
        return ""
    parts = []
    for kind, text, items in _sections(thing.docstring):
        if kind == "text":
            parts.append(text)
        elif kind == "returns":
            parts.append(f"Returns: {text}")
        else:
            parts.append(f"{LISTED[kind]}:\n\n" + "\n".join(f"- `{name}`: {said}" for name, said in items))
    return "\n\n".join(parts)


def points(thing: Any) -> tuple[str, list[str]]:
    """A docstring as the line of a list, and what stands below that line: arguments, result, errors."""
    first, below = [], []
    for kind, text, items in _sections(thing.docstring) if thing.docstring else ():
        if kind == "text":
            first.append(flat(text))
        elif kind == "returns":
            below.append(f"returns {text[0].lower() + text[1:]}")
        else:
            below += [f"{'raises ' if kind == 'raises' else ''}`{name}`: {said}" for name, said in items]
    return " ".join(first), below


def _sections(docstring: griffe.Docstring) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Kind, text, and pairs of name and text, for each section."""
    for section in docstring.parse("google", warnings=False, returns_named_value=False, returns_multiple_items=False):
        kind = section.kind.value
        if kind == "text":
            yield kind, flowing(section.value), []
        elif kind == "returns":
            yield kind, " ".join(flat(item.description) for item in section.value), []
        elif kind in LISTED:
            names = [item.name if kind == "parameters" else str(item.annotation).strip("()") for item in section.value]
            yield kind, "", [(name, flat(item.description)) for name, item in zip(names, section.value, strict=True)]
        else:
            raise ValueError(f"{docstring.parent.path}: a section of the kind {kind!r}")


def flowing(text: str) -> str:
    """Text with each paragraph in one line; lists stay as they are."""
    parts = re.split(r"\n\s*\n", textwrap.dedent(text).strip())
    return "\n\n".join(part if re.match(r"\s*[-*] ", part) else flat(part) for part in parts)


def flat(text: str) -> str:
    """Text in one line."""
    return " ".join(text.split())
