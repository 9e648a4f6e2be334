"""What the judge is asked: instructions, and criteria that are questions to be answered with yes or no."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ccgym import jsontext
from ccgym.errors import ConfigError

OWN = Path(__file__).with_name("rubric.md")
"""The rubric that counts where no other is named."""
_HEADING = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Rubric:
    """Instructions, the criteria (name to question) in order, and their weights."""

    instructions: str
    criteria: dict[str, str]
    weights: dict[str, float]

    @property
    def digest(self) -> str:
        """SHA-256, as 64 hex digits."""
        return jsontext.digest([self.instructions, list(self.criteria.items()), list(self.weights.items())])


def read_rubric(path: Path) -> Rubric:
    """A rubric from a file: YAML (`instructions`, `criteria`), or Markdown (prose, then a `## name` a criterion).

    Raises:
        ConfigError: it cannot be read, or has no criteria.
    """
    try:
        text = path.read_text("utf-8")
        found = _of_yaml(text) if path.suffix in (".yaml", ".yml") else _of_markdown(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, ValueError, KeyError, AttributeError) as error:
        problem = " ".join(str(error).split())
        fix = "Give YAML with `instructions` and `criteria: [{name, question, weight}]`, or Markdown with `## name`"
        raise ConfigError(f"no rubric ({type(error).__name__}: {problem})", where=str(path), fix=fix) from None
    if not found.criteria or not all(found.criteria.values()):
        raise ConfigError("the rubric has no criteria, or one without a question", where=str(path))
    if any(not weight > 0 for weight in found.weights.values()):
        raise ConfigError("the weight of a criterion must be above 0", where=str(path))
    return found


def _of_yaml(text: str) -> Rubric:
    data: dict[str, Any] = yaml.safe_load(text)
    rows = [(str(row["name"]), str(row["question"]).strip(), float(row.get("weight", 1))) for row in data["criteria"]]
    return _rubric(str(data.get("instructions", "")), rows)


def _of_markdown(text: str) -> Rubric:
    instructions, *parts = _HEADING.split(text)
    names, questions = parts[::2], parts[1::2]
    return _rubric(instructions, [(n, q.strip(), 1.0) for n, q in zip(names, questions, strict=True)])


def _rubric(instructions: str, rows: list[tuple[str, str, float]]) -> Rubric:
    names = [name for name, _, _ in rows]
    if len(set(names)) < len(names):
        raise ValueError("two criteria have one name")
    return Rubric(instructions.strip(), {n: q for n, q, _ in rows}, {n: w for n, _, w in rows})
