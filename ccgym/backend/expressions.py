"""The values in a declarative mock: templates of JSON pointers, and the few operations on numbers and lists.

- Text holds pointers in braces: `Order {/args/order_id} is {/row/status}`. A text that is exactly one pointer keeps
  the value's JSON type; inside longer text, containers are written as JSON, null as nothing. `{{` is a brace.
- A segment `*` stands for all: `{/rows/*/price}` is a list.
- A pointer that leads nowhere is null. As a whole member of an object it leaves the member out, so that an argument
  that was not given changes no column; inside text it is nothing.
- An object of one member that begins with `$` is an operation:
  `$sum, $min, $max` over a list, `$count` of a list or object, `$sub` and `$div` of two, `$mul` of any number of
  factors, `$round` of `[number, digits]`, `$map` of `[list, template]`, in which `/item` is each item in turn.
  Sums and products of decimals are rounded to 9 digits after the point, so 0.1 + 0.2 is 0.3.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from ccgym import jsontext
from ccgym.backend import patch
from ccgym.errors import DomainError, ToolError


class Scope(dict[str, Any]):
    """What pointers begin with: `args`, `row`, `rows`, `key`, `id`, `now`, `let`, `item`, `tables`, `user`.

    Args:
        values: the roots, but for `id`, which is drawn when it is first asked for.
        new_id: draws an id.
    """

    __slots__ = ("_id", "new_id", "outer")

    def __init__(self, values: dict[str, Any], new_id: Callable[[], str], outer: Scope | None = None) -> None:
        super().__init__(values)
        self.new_id, self.outer = new_id, outer
        self._id: str | None = None

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a root."""
        return self.id() if key == "id" else dict.get(self, key, default)

    def id(self, again: bool = False) -> str:
        """The new id of the call; `again`: another one instead."""
        if self.outer is not None:
            return self.outer.id(again)
        if self._id is None or again:
            self._id = self.new_id()
        return self._id

    def inner(self, **more: Any) -> Scope:
        """A scope with more in it, whose id is this one's."""
        return Scope({**self, **more}, self.new_id, self)


Expression = Callable[[Scope], Any]
ABSENT: Any = object()
_PIECE = re.compile(r"\{\{|\}\}|\{(/[^{}]*)\}")


def compile_value(template: Any, where: str) -> Expression:
    """A template as a function of the scope.

    Raises:
        DomainError: an operation that there is not, or with the wrong operands. `where` is named.
    """
    compiled = _value(template, where)

    def present(scope: Scope) -> Any:
        value = compiled(scope)
        return None if value is ABSENT else value

    return present


def compile_text(template: str, where: str) -> Callable[[Scope], str]:
    """A template that always gives text."""
    compiled = _value(template, where)
    return lambda scope: _text(compiled(scope))


def compile_members(template: dict[str, Any], where: str) -> Callable[[Scope], dict[str, Any]]:
    """An object of templates; members that lead nowhere are left out. Its keys are taken as they are."""
    members = [(key, _value(value, f"{where}/{patch.escape(key)}")) for key, value in template.items()]

    def build(scope: Scope) -> dict[str, Any]:
        made = {}
        for key, value in members:
            item = value(scope)
            if item is not ABSENT:
                made[key] = item
        return made

    return build


def _value(template: Any, where: str) -> Expression:
    kind = type(template)
    if kind is str:
        return _string(template)
    if kind is dict:
        if len(template) == 1 and next(iter(template)).startswith("$"):
            name, operand = next(iter(template.items()))
            return _operation(name, operand, where)
        return compile_members(template, where)
    if kind is list:
        items = [compile_value(item, f"{where}/{index}") for index, item in enumerate(template)]
        return lambda scope: [item(scope) for item in items]
    return lambda scope: template


def _string(template: str) -> Expression:
    if "{" not in template and "}" not in template:
        return lambda scope: template
    pieces: list[Any] = []
    end = 0
    for match in _PIECE.finditer(template):
        pieces.append(template[end : match.start()])
        pieces.append(match.group()[0] if match.group(1) is None else compile_pointer(match.group(1)))
        end = match.end()
    pieces.append(template[end:])
    pieces = [piece for piece in pieces if piece != ""]
    if len(pieces) == 1 and callable(pieces[0]):
        return pieces[0]
    if all(isinstance(piece, str) for piece in pieces):
        literal = "".join(pieces)
        return lambda scope: literal
    return lambda scope: "".join([piece if isinstance(piece, str) else _text(piece(scope)) for piece in pieces])


def compile_pointer(pointer: str) -> Expression:
    """A JSON pointer into the scope; ABSENT where it leads nowhere."""
    root, *rest = patch.split(pointer)
    if not rest:
        return lambda scope: scope.get(root, ABSENT)
    if "*" in rest:
        return lambda scope: [value for _, value in patch.walk([("", scope.get(root))], rest)]
    if len(rest) == 1 and not rest[0].isdigit():
        name = rest[0]

        def member(scope: Scope) -> Any:
            holder = scope.get(root)
            return holder.get(name, ABSENT) if isinstance(holder, dict) else ABSENT

        return member

    def follow(scope: Scope) -> Any:
        found = patch.walk([("", scope.get(root))], rest)
        return found[0][1] if found else ABSENT

    return follow


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if value is ABSENT or value is None:
        return ""
    return jsontext.dumps(value)


def _operation(name: str, operand: Any, where: str) -> Expression:
    where = f"{where}/{name}"
    if name in ("$sum", "$min", "$max", "$count"):
        over = compile_value(operand, where)
        reduce = {"$sum": _sum, "$min": _least, "$max": _most, "$count": _count}[name]
        return lambda scope: reduce(over(scope))
    if name == "$map":
        source, template = _operands(operand, where, 2)
        items, to = compile_value(source, f"{where}/0"), compile_value(template, f"{where}/1")
        return lambda scope: [to(scope.inner(item=item)) for item in _list(items(scope))]
    if name in ("$sub", "$div", "$round"):
        first, second = [compile_value(item, where) for item in _operands(operand, where, 2)]
        apply = {"$sub": _sub, "$div": _div, "$round": _round}[name]
        return lambda scope: apply(_number(first(scope)), _number(second(scope)))
    if name == "$mul":
        if not isinstance(operand, list):
            raise DomainError(f"found {operand!r:.60}", where=where, fix="Write a list of factors")
        factors = [compile_value(item, where) for item in operand]
        return lambda scope: _tidy(math.prod([_number(factor(scope)) for factor in factors]))
    raise DomainError(f"there is no operation {name!r}", where=where, fix=f"Use one of {', '.join(OPERATIONS)}")


OPERATIONS = ("$sum", "$count", "$min", "$max", "$sub", "$mul", "$div", "$round", "$map")


def _operands(operand: Any, where: str, count: int) -> list[Any]:
    if not isinstance(operand, list) or len(operand) != count:
        raise DomainError(f"found {operand!r:.60}", where=where, fix=f"Write a list of {count}")
    return operand


def _number(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ToolError(f"a number was expected, found {_text(value) or 'null':.60}", "bad_number")


def _list(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    raise ToolError(f"a list was expected, found {_text(value) or 'null':.60}", "bad_number")


def _tidy(value: Any) -> Any:
    return round(value, 9) if isinstance(value, float) else value


def _sum(value: Any) -> Any:
    return _tidy(sum([_number(item) for item in _list(value)]))


def _least(value: Any) -> Any:
    return min([_number(item) for item in _list(value)], default=None)


def _most(value: Any) -> Any:
    return max([_number(item) for item in _list(value)], default=None)


def _count(value: Any) -> int:
    return len(_list(value)) if value is not None else 0


def _sub(first: Any, second: Any) -> Any:
    return _tidy(first - second)


def _div(first: Any, second: Any) -> Any:
    if second == 0:
        raise ToolError("a division by zero", "bad_number")
    return _tidy(first / second)


def _round(value: Any, digits: Any) -> Any:
    return round(value, int(digits)) if digits > 0 else int(round(value, int(digits)))
