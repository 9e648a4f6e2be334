"""Plain conditions, judged in Python.

Entering CEL costs more than all the conditions of a call together, and most conditions of an SOP are plain: they
compare, look into a short list, add, ask for the size or the beginning of a text, reckon with times, and join all that
by `&&`, `||`, `!` and `?:`. What is decided here is what CEL decides: a property test holds one against the other. What
is no plain case (a value is missing, two types do not compare, a number is past 64 bits) raises Unclear: CEL decides.
"""

from __future__ import annotations

from collections.abc import Mapping

from ccgym.domain.rules.conditions import Condition
from ccgym.domain.rules.reads import Lookup, Token, literal, tokens
from ccgym.sop import plainly
from ccgym.sop.plainly import Test, Unclear

_METHODS = ("size", "startsWith", "endsWith", "contains", "matches", "all", "exists", "filter")
_FUNCTIONS = ("size", "int", "double", "string", "timestamp", "duration")
_WORDS = {"true": True, "false": False, "null": None}


def plain_test(condition: Condition, names: Mapping[Lookup, str], clock: str) -> Test | None:
    """A condition as a function of the values of its look-ups, by variable; None where it is not plain."""
    stream: list[Token | Lookup] = []
    for part in condition.parts:
        if isinstance(part, Lookup):
            stream.append(part)
        else:
            text = f"timestamp('{clock}')" if part is None else part
            stream += [token for token in tokens(text) if token.kind != "space"]
    reader = _Reader(stream, names)
    try:
        test = reader.choice()
    except (Unclear, RecursionError):
        return None
    return test if reader.at == len(stream) else None


class _Reader:
    """Reads an expression from left to right, by the precedence of CEL. Raises Unclear where it is not plain."""

    def __init__(self, stream: list[Token | Lookup], names: Mapping[Lookup, str]) -> None:
        self.stream, self.names, self.at = stream, names, 0
        self.scope: set[str] = set()

    def _peek(self, ahead: int = 0) -> str:
        at = self.at + ahead
        token = self.stream[at] if at < len(self.stream) else None
        return token.text if isinstance(token, Token) and token.kind in ("mark", "name") else ""

    def _take(self, *texts: str) -> str:
        """The next token if it is one of these, else nothing."""
        found = self._peek()
        if found and found in texts:
            self.at += 1
            return found
        return ""

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise Unclear

    def _name(self) -> str:
        token = self.stream[self.at] if self.at < len(self.stream) else None
        if not isinstance(token, Token) or token.kind != "name":
            raise Unclear
        self.at += 1
        return token.text

    def choice(self) -> Test:
        """A whole expression."""
        test = self._either()
        if not self._take("?"):
            return test
        yes = self._either()
        self._need(":")
        return plainly.choice(test, yes, self.choice())

    def _either(self) -> Test:
        left = self._both()
        while self._take("||"):
            left = plainly.either(left, self._both())
        return left

    def _both(self) -> Test:
        left = self._relation()
        while self._take("&&"):
            left = plainly.both(left, self._relation())
        return left

    def _relation(self) -> Test:
        left = self._sum()
        sign = self._take("==", "!=", "<", "<=", ">", ">=", "in")
        if not sign:
            return left
        return plainly.among(left, self._members()) if sign == "in" else plainly.compared(sign, left, self._sum())

    def _members(self) -> list[Test]:
        self._need("[")
        found = [self.choice()]
        while self._take(","):
            found.append(self.choice())
        self._need("]")
        return found

    def _sum(self) -> Test:
        left = self._product()
        while sign := self._take("+", "-"):
            left = plainly.computed(sign, left, self._product())
        return left

    def _product(self) -> Test:
        left = self._unary()
        while sign := self._take("*", "/", "%"):
            left = plainly.computed(sign, left, self._unary())
        return left

    def _unary(self) -> Test:
        return plainly.negated(self._unary()) if self._take("!") else self._member()

    def _member(self) -> Test:
        value = self._primary()
        while sign := self._take(".", "["):
            if sign == "[":
                index = self._constant()
                value = plainly.field(value, index) if isinstance(index, str) else plainly.item(value, index)
                self._need("]")
                continue
            name = self._name()
            if self._peek() != "(":
                value = plainly.field(value, name)
                continue
            self._need("(")
            if name in plainly.PARTS:
                value = plainly.part_of_time(name, value)
            elif name not in _METHODS:
                raise Unclear
            elif name == "size":
                value = plainly.size(value)
            elif name == "matches":
                value = plainly.matches(value, self._constant())
            elif name in ("all", "exists", "filter"):
                value = self._each(name, value)
            else:
                value = plainly.worded(name, value, self.choice())
            self._need(")")
        return value

    def _each(self, name: str, value: Test) -> Test:
        variable = self._name()
        self._need(",")
        self.scope.add(variable)
        body = self.choice()
        self.scope.discard(variable)
        return plainly.each(name, value, variable, body)

    def _primary(self) -> Test:
        found = self.stream[self.at] if self.at < len(self.stream) else None
        if isinstance(found, Lookup):
            if found not in self.names:
                raise Unclear
            self.at += 1
            return plainly.variable(self.names[found])
        if self._take("("):
            return self._closed(self.choice())
        word, call = self._peek(), self._peek(1) == "("
        if word in self.scope and not call:
            self.at += 1
            return plainly.variable(word)
        if call and word == "has":
            self.at += 2
            return self._closed(self._asked())
        if call and word in _FUNCTIONS:
            self.at += 2
            return self._closed(plainly.FUNCTIONS[word](self.choice()))
        return plainly.constant(self._constant())

    def _closed(self, inner: Test) -> Test:
        self._need(")")
        return inner

    def _asked(self) -> Test:
        """What stands in `has(…)`: a field of an argument's path, of a row, or of a variable of `all`."""
        found = self.stream[self.at] if self.at < len(self.stream) else None
        if isinstance(found, Lookup) and found in self.names:
            value = plainly.variable(self.names[found])
        elif self._peek() in ("args", *self.scope):
            value = plainly.variable(self._peek())
        else:
            raise Unclear
        self.at += 1
        self._need(".")
        name = self._name()
        while self._take("."):
            value, name = plainly.field(value, name), self._name()
        return plainly.has(value, name)

    def _constant(self) -> object:
        if word := self._take(*_WORDS):
            return _WORDS[word]
        negative = bool(self._take("-"))
        token = self.stream[self.at] if self.at < len(self.stream) else None
        if not isinstance(token, Token):
            raise Unclear
        self.at += 1
        if token.kind == "number":
            number = plainly.number(token.text)
            return -number if negative else number
        if token.kind == "string" and not negative and (text := literal(token.text)) is not None:
            return text
        raise Unclear
