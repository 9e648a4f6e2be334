"""Tools without Python: `x-ccgym.mock` compiled, once a domain, into a function of the state.

| kind | does | members, beside those of all kinds: `let`, `require`, `return` |
|---|---|---|
| `lookup` | finds a row, or all | `table`, `key` or `match`, `all`, `missing`; returns the row, with `all` the rows |
| `insert` | adds a row | `table`, `row`, `key` (else a new id), `id`, `exists`; returns the row |
| `update` | changes columns | `table`, `key` or `match`, `set`, `unset`, `id`, `missing`; returns the new row |
| `delete` | removes a row | `table`, `key` or `match`, `missing`; returns the row |
| `compute`, `respond` | only answers | nothing more; `return` must be given |
| `recorded` | answers as it was recorded | only `missing`; the domain has put the answers beside it |

- `key` and all other values are templates (see `expressions`). `match` maps columns to values: the first row in which
  all are equal, in the order of the table; a column may be a pointer into the row, such as `/address/city`; one whose
  argument was not given is passed over. `all: true` finds all of them, as `/rows`.
- `let` looks up more rows by name, before the guards: `{"product": {"table": "products", "key": "{/args/product_id}",
  "missing": {…}}}` is `/let/product`; `{"value": template}` only names a value.
- `require` is a list of guards, tried in order: `{"path": "/row/status", "op": "eq", "value": "open", "error": {"code":
  …, "message": …}}`. The first that does not hold answers with its error, and nothing changes. With `*` in the path
  each place must hold. `matches` takes a fixed pattern, which runs in linear time.
- `missing` and `exists` are `{code, message}`, with templates in the message.
- `set` maps columns, or pointers into the row (`/history/-` appends), to values; all are worked out before any is
  set. `unset` lists columns to remove.
- `{/id}` is one new id a call; `id: {"prefix": "R", "digits": 6}` gives it another form.
- The roots of pointers: `args, row, rows, key, id, now, let, item`, and `tables`, or for a customer's tool `user`.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from functools import partial
from typing import Any

from ccgym.backend import patch
from ccgym.backend.expressions import ABSENT, Expression, Scope, compile_members, compile_text, compile_value
from ccgym.compare import OPS, call_key, equal, pattern
from ccgym.errors import DomainError, ToolError
from ccgym.types import Tool

Mock = Callable[[Any, dict[str, Any], Any], Any]
Step = Callable[[Any, Scope], None]
"""Looks at the state, and adds to the scope or raises ToolError."""


def compile_mock(tool: Tool, tables: Container[str] | None = None) -> Mock:
    """A tool's declarative mock as `fn(state, arguments, context) -> JSON`.

    Args:
        tool: its `mock` has any kind but `python`, and the shape that `ccgym schema tools` tells.
        tables: names of the tables that there are. None: tasks bring their own, and none is unknown.

    Raises:
        DomainError: naming tool and path: an unknown kind or table, a bad pattern or operation.
    """
    return _Compiler(tool, tables).compile()


class _Compiler:
    def __init__(self, tool: Tool, tables: Container[str] | None) -> None:
        self.mock, self.tables, self.tool = tool.mock, tables, tool
        self.where = f"tool {tool.name} /x-ccgym/mock"

    def compile(self) -> Mock:
        mock = self.mock
        kind = mock.get("kind")
        make = {
            "lookup": self._lookup, "insert": self._insert, "update": self._update, "delete": self._delete,
            "compute": self._answer, "respond": self._answer, "recorded": self._recorded,
        }.get(kind if isinstance(kind, str) else "")  # fmt: skip
        if make is None:
            raise DomainError(
                f"found kind {kind!r:.60}", where=f"{self.where}/kind",
                fix="Use lookup, insert, update, delete, compute, respond, recorded or python",
            )  # fmt: skip
        form = mock.get("id", {})
        prefix, digits = form.get("prefix", ""), form.get("digits", 8)
        act = make()
        root = "tables" if self.tool.requestor == "assistant" else "user"

        def run(state: Any, arguments: dict[str, Any], context: Any) -> Any:
            new_id = partial(context.new_id, prefix, digits)
            return act(state, Scope({"args": arguments, "now": context.now, root: state}, new_id))

        return run

    # --- the kinds --------------------------------------------------------------------------------------------------

    def _lookup(self) -> Callable[[Any, Scope], Any]:
        find, guard = self._find(self.mock, self.where), self._guards()
        answer = self._return("/rows" if self.mock.get("all") else "/row")

        def act(state: Any, scope: Scope) -> Any:
            find(state, scope)
            guard(state, scope)
            return answer(scope)

        return act

    def _insert(self) -> Callable[[Any, Scope], Any]:
        name, guard, answer = self._table(self.mock, self.where), self._guards(), self._return("/row")
        key_of = compile_text(self.mock["key"], f"{self.where}/key") if "key" in self.mock else None
        build = compile_members(self.mock["row"], f"{self.where}/row")
        default = {"code": "already_exists", "message": "There is already a row {/key} in " + name + "."}
        fail = self._error(self.mock.get("exists", default), f"{self.where}/exists")

        def act(state: Any, scope: Scope) -> Any:
            table = _table(state, name)
            if key_of is not None:
                key = scope["key"] = key_of(scope)
                if key in table:
                    raise fail(scope)
            else:
                key = scope.id()
                while key in table:
                    key = scope.id(again=True)
                scope["key"] = key
            guard(state, scope)
            table[key] = build(scope)
            scope["row"] = table[key]
            return answer(scope)

        return act

    def _update(self) -> Callable[[Any, Scope], Any]:
        find, guard, answer = self._find(self.mock, self.where), self._guards(), self._return("/row")
        build = compile_members(self.mock.get("set", {}), f"{self.where}/set")
        unset = tuple(self.mock.get("unset", ()))

        def act(state: Any, scope: Scope) -> Any:
            find(state, scope)
            guard(state, scope)
            row = scope["row"]
            for column, value in build(scope).items():
                if column.startswith("/"):
                    _put(row, column, value)
                else:
                    row[column] = value
            for column in unset:
                row.pop(column, None)
            return answer(scope)

        return act

    def _delete(self) -> Callable[[Any, Scope], Any]:
        find, guard, answer = self._find(self.mock, self.where), self._guards(), self._return("/row")
        name = self.mock["table"]

        def act(state: Any, scope: Scope) -> Any:
            find(state, scope)
            guard(state, scope)
            del state[name][scope["key"]]
            return answer(scope)

        return act

    def _answer(self) -> Callable[[Any, Scope], Any]:
        guard, answer = self._guards(), self._return("/row")

        def act(state: Any, scope: Scope) -> Any:
            guard(state, scope)
            return answer(scope)

        return act

    def _recorded(self) -> Callable[[Any, Scope], Any]:
        answers = {call_key(answer["arguments"]): answer for answer in self.mock.get("answers", ())}
        default = {"code": "not_recorded", "message": "No answer to this call was recorded."}
        fail = self._error(self.mock.get("missing", default), f"{self.where}/missing")

        def act(state: Any, scope: Scope) -> Any:
            answer = answers.get(call_key(scope["args"]))
            if answer is None:
                raise fail(scope)
            if "error" in answer:
                raise ToolError(answer["error"]["message"], answer["error"]["code"])
            return answer["result"]

        return act

    # --- their parts ------------------------------------------------------------------------------------------------

    def _table(self, spec: dict[str, Any], where: str) -> str:
        name = spec.get("table")
        if not isinstance(name, str) or (self.tables and name not in self.tables):
            raise DomainError(f"no table {name!r:.60}", where=f"{where}/table", fix="Name a table of the state")
        return name

    def _return(self, default: str) -> Expression:
        return compile_value(self.mock.get("return", f"{{{default}}}"), f"{self.where}/return")

    def _error(self, spec: dict[str, Any], where: str) -> Callable[[Scope], ToolError]:
        message = compile_text(spec.get("message", "This cannot be done."), f"{where}/message")
        code = spec.get("code", "refused")
        return lambda scope: ToolError(message(scope), code)

    def _find(self, spec: dict[str, Any], where: str) -> Step:
        """Finds `/key` and `/row`, or with `all` the `/rows`."""
        name = self._table(spec, where)
        default = {"code": "not_found", "message": f"Nothing of that kind was found in {name}."}
        fail = self._error(spec.get("missing", default), f"{where}/missing")
        if ("key" in spec) == ("match" in spec):
            raise DomainError("found both or neither of `key` and `match`", where=where, fix="Give one of them")
        if "key" in spec:
            key_of = compile_text(str(spec["key"]), f"{where}/key")

            def by_key(state: Any, scope: Scope) -> None:
                key = key_of(scope)
                row = _table(state, name).get(key, ABSENT)
                if row is ABSENT:
                    raise fail(scope)
                scope["key"], scope["row"] = key, row

            return by_key
        match = self._match(spec["match"], where)
        if spec.get("all"):
            strict = "missing" in spec

            def all_rows(state: Any, scope: Scope) -> None:
                table = _table(state, name)
                rows = [table[key] for key in match(table, scope, False)]
                if strict and not rows:
                    raise fail(scope)
                scope["rows"] = rows

            return all_rows

        def first(state: Any, scope: Scope) -> None:
            table = _table(state, name)
            for key in match(table, scope, True):
                scope["key"], scope["row"] = key, table[key]
                return
            raise fail(scope)

        return first

    def _match(self, spec: dict[str, Any], where: str) -> Callable[[Any, Scope, bool], list[str]]:
        wanted = compile_members(spec, f"{where}/match")
        paths = {column: patch.split(column) for column in spec if column.startswith("/")}

        def keys(table: dict[str, Any], scope: Scope, first: bool) -> list[str]:
            values = wanted(scope)
            found: list[str] = []
            if not values and spec:
                return found
            # The storage is read as it is: a view need not wrap a row that is only looked at.
            for key, row in dict.items(table):
                for column, value in values.items():
                    if column in paths:
                        places = patch.walk([("", row)], paths[column])
                        if not any(equal(place, value) for _, place in places):
                            break
                    elif not isinstance(row, dict) or not equal(dict.get(row, column, ABSENT), value):
                        break
                else:
                    found.append(key)
                    if first:
                        break
            return found

        return keys

    def _guards(self) -> Step:
        steps: list[Step] = []
        for name, spec in self.mock.get("let", {}).items():
            steps.append(self._let(name, spec, f"{self.where}/let/{patch.escape(name)}"))
        for index, spec in enumerate(self.mock.get("require", ())):
            steps.append(self._guard(spec, f"{self.where}/require/{index}"))

        def run(state: Any, scope: Scope) -> None:
            for step in steps:
                step(state, scope)

        return run

    def _let(self, name: str, spec: dict[str, Any], where: str) -> Step:
        if "value" in spec:
            value = compile_value(spec["value"], f"{where}/value")

            def bind(state: Any, scope: Scope) -> None:
                scope.setdefault("let", {})[name] = value(scope)

            return bind
        find, of = self._find(spec, where), "rows" if spec.get("all") else "row"

        def look_up(state: Any, scope: Scope) -> None:
            inner = scope.inner()
            find(state, inner)
            scope.setdefault("let", {})[name] = inner[of]

        return look_up

    def _guard(self, spec: dict[str, Any], where: str) -> Step:
        root, *rest = patch.split(spec["path"])
        op, fail = spec["op"], self._error(spec["error"], f"{where}/error")
        if op in ("exists", "absent"):
            wants = op == "exists"

            def place(state: Any, scope: Scope) -> None:
                value = scope.get(root, ABSENT)
                there = value is not ABSENT and bool(patch.walk([("", value)], rest))
                if there is not wants:
                    raise fail(scope)

            return place
        if op not in OPS:
            fix = f"Use one of {', '.join(OPS)}, exists, absent"
            raise DomainError(f"there is no op {op!r:.60}", where=f"{where}/op", fix=fix)
        test, value = OPS[op], compile_value(spec.get("value"), f"{where}/value")
        if op == "matches":
            try:
                pattern(spec.get("value", ""))
            except (ValueError, TypeError) as error:
                fix = "Write it without look-around and back-references"
                raise DomainError(str(error), where=f"{where}/value", fix=fix) from None
            fixed = spec["value"]
            value = lambda scope: fixed  # noqa: E731

        def compare(state: Any, scope: Scope) -> None:
            found = scope.get(root, ABSENT)
            places = [] if found is ABSENT else patch.walk([("", found)], rest)
            if not places and "*" not in rest:
                raise fail(scope)
            wanted = value(scope)
            if not all(test(item, wanted) for _, item in places):
                raise fail(scope)

        return compare


def _table(state: Any, name: str) -> dict[str, Any]:
    table = state.get(name)
    if not isinstance(table, dict):
        raise ToolError(f"there is no table {name}", "not_found")
    return table


def _put(row: Any, path: str, value: Any) -> None:
    try:
        patch.apply_to(row, [{"op": "add", "path": path, "value": value}])
    except patch.PatchError as error:
        raise ToolError(f"cannot set {path}: {error.message}", "bad_path") from None


__all__ = ["compile_mock"]
