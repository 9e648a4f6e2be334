"""YAML for settings: plain data with the line of every value, and none of YAML's traps.

Only mappings, sequences and scalars: tags, anchors and aliases are refused, and so are duplicate keys. Scalars
follow YAML 1.2: `no` and `2026-01-05` are text, only `true` and `false` are booleans.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

MAX_CHARS = 200_000
MAX_DEPTH = 32
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_OPENING = (
    yaml.BlockSequenceStartToken, yaml.BlockMappingStartToken, yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken,
)  # fmt: skip
_CLOSING = (yaml.BlockEndToken, yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}


class YamlError(ValueError):
    """The text is not acceptable YAML. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class YamlText:
    """A parsed document: `.value`, and the line of each value in it."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARS:
            raise YamlError(f"longer than {MAX_CHARS} characters", 1)
        self._lines: dict[tuple[Any, ...], int] = {}
        try:
            depth = 0
            for token in yaml.scan(text, Loader=yaml.SafeLoader):
                # Counted here, because the time that the scanner takes grows with the square of the depth.
                depth += isinstance(token, _OPENING) - isinstance(token, _CLOSING)
                if depth > MAX_DEPTH:
                    raise YamlError(f"nested deeper than {MAX_DEPTH}", token.start_mark.line + 1)
                if isinstance(token, yaml.AliasToken | yaml.AnchorToken | yaml.TagToken):
                    kind = type(token).__name__.removesuffix("Token").lower()
                    raise YamlError(f"a YAML {kind} ({token.value!r}) is not allowed", token.start_mark.line + 1)
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise YamlError(error.problem or "not YAML", mark.line + 1 if mark else 1) from None
        except yaml.YAMLError as error:
            raise YamlError(str(error).splitlines()[0], 1) from None
        except RecursionError:
            raise YamlError(f"nested deeper than {MAX_DEPTH}", 1) from None
        self.value: Any = None if node is None else self._build(node, ())

    def line(self, path: Any) -> int:
        """The line where the value at a path starts, or its nearest parent."""
        key = tuple(path)
        while key not in self._lines and key:
            key = key[:-1]
        return self._lines.get(key, 1)

    def _build(self, node: yaml.Node, path: tuple[Any, ...]) -> Any:
        line = node.start_mark.line + 1
        self._lines.setdefault(path, line)
        if len(path) > MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH}", line)
        if isinstance(node, yaml.SequenceNode):
            return [self._build(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node, line)
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            at = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlError("a key must be text", at)
            if key_node.value in result:
                raise YamlError(f"duplicate key '{key_node.value[:60]}'", at)
            self._lines[(*path, key_node.value)] = at
            result[key_node.value] = self._build(value_node, (*path, key_node.value))
        return result


def _scalar(node: yaml.ScalarNode, line: int) -> Any:
    text = node.value
    if node.style is not None:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
            raise YamlError(f"an integer past 64 bits: {text[:24]}", line)
        return int(text)
    if _FLOAT.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise YamlError(f"a number out of range: {text[:24]}", line)
        return value
    return text
