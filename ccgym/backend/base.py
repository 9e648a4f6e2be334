"""The seed state that all episodes of a domain share: frozen once, hashed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count
from typing import Any

import orjson

from ccgym import jsontext
from ccgym.backend import patch, views
from ccgym.backend.freezing import BadValue, culprit, freeze_table
from ccgym.backend.lent import Lent
from ccgym.backend.nodes import Node, Sheet, thaw
from ccgym.backend.reading import Page
from ccgym.errors import DomainError

USER = "$user"
"""The section that holds the customer's document; the others are the tables, by name."""
MODULUS = (1 << 256) - 1
LENT = 8
"""Views of one table that are kept for the next calls."""
PAGES, PAGED_ROWS = 64, 100_000
"""Pages of one table that are kept: one for each episode of a batch, unless they would have more rows than this."""
_from_bytes = int.from_bytes
_SORTED = orjson.OPT_SORT_KEYS


def pointer(section: str, *rest: str | int) -> str:
    """JSON pointer of a section of the state, or of a place in it."""
    path = "/user" if section == USER else f"/tables/{patch.escape(section)}"
    for segment in rest:
        path = f"{path}/{patch.escape(segment)}"
    return path


class Hasher:
    """The state hash: the sum modulo 2²⁵⁶ of SHA-256 over canonical `[table, key, row]`.

    Entries of the user's document count under the table `$user`; a table that is no object, as `[table, null, value]`.

    Args:
        exclude: JSON pointers of what is left out of the hash; a segment `*` stands for any one.
    """

    __slots__ = ("_exclude",)

    def __init__(self, exclude: Sequence[str] = ()) -> None:
        self._exclude: list[tuple[str, list[str]]] = []
        for path in exclude:
            segments = patch.split(path)
            if segments[:1] == ["user"]:
                self._exclude.append((USER, segments[1:]))
            elif segments[:1] == ["tables"] and len(segments) > 1:
                self._exclude.append((segments[1], segments[2:]))
            else:
                raise DomainError(
                    f"{path!r} excludes nothing", where="state.exclude",
                    fix="Begin with /tables/NAME or /user, such as /tables/orders/*/updated_at",
                )  # fmt: skip

    def __call__(self, section: str, key: str | None, value: Any) -> int:
        """What one row adds to the sum.

        Raises:
            BadValue: JSON cannot hold the row. Its path begins inside the row.
        """
        if type(key) is not str and key is not None:
            raise BadValue(f"keys must be strings, found {key!r:.40}", ())
        try:
            data = orjson.dumps([section, key, value], None, _SORTED)
            if b"null" in data:
                data = jsontext.canonical([section, key, value])  # which tells NaN from null
        except TypeError:
            raise culprit(value) from None
        if self._exclude:
            rest = self._rest(section, key)
            if rest:
                value = thaw(value)
                for segments in rest:
                    if not segments:
                        return 0
                    _strip(value, segments)
                data = jsontext.canonical([section, key, value])
        return _from_bytes(sha256(data).digest())

    def _rest(self, section: str, key: str | None) -> list[list[str]]:
        found = []
        for table, segments in self._exclude:
            if table == section or (table == "*" and section != USER):
                if not segments or key is None:
                    if not segments:
                        found.append(segments)
                elif segments[0] in ("*", key):
                    found.append(segments[1:])
        return found


def _strip(value: Any, segments: list[str]) -> None:
    """Remove what the segments lead to, where it exists."""
    head, rest = segments[0], segments[1:]
    if isinstance(value, dict):
        keys: list[Any] = list(value) if head == "*" else [head] if head in value else []
    elif isinstance(value, list):
        keys = list(range(len(value))) if head == "*" else [int(head)] if patch.is_index(head, len(value)) else []
    else:
        return
    for key in reversed(keys):
        if rest:
            _strip(value[key], rest)
        else:
            del value[key]


class Base:
    """An immutable seed state. Make one for a domain, and any number of `State`s over it.

    Args:
        document: `{"tables": {name: {key: row}}, "user": {…}}`. It is copied.
        exclude: JSON pointers left out of the hash.

    Raises:
        DomainError: the document has another shape, or something in it is not JSON.
    """

    __slots__ = (
        "_tokens", "digests", "hash", "hasher", "large", "pages", "plain", "root", "sections", "tables",
        "total", "views",
    )  # fmt: skip

    def __init__(self, document: Mapping[str, Any], exclude: Sequence[str] = ()) -> None:
        if not isinstance(document, dict) or document.keys() - {"tables", "user"}:
            raise DomainError("a state document has the keys `tables` and `user` only", where="state")
        tables = document.get("tables", {})
        if not isinstance(tables, dict) or USER in tables:
            raise DomainError("`tables` must be an object of tables, none of them named $user", where="state /tables")
        self.hasher = Hasher(exclude)
        self.sections: dict[str, Any] = {}
        """Section name to frozen table; the user's document is the section `$user`."""
        self.digests: dict[str, dict[str, int]] = {}
        """What each row adds to the hash, by section and key."""
        self.total = 0
        for name, table in {**tables, USER: document.get("user", {})}.items():
            self._add(name, table)
        self.tables: dict[str, Any] = {name: table for name, table in self.sections.items() if name != USER}
        self.root = Node(self.tables)
        """The dict of tables, for whoever only reads."""
        self.hash = f"{self.total:064x}"
        self._tokens = count(1)
        self.large = {n for n, s in self.sections.items() if type(s) is Sheet and len(s) >= views.WORTH_LENDING}
        """Tables of which views are worth lending from call to call: they have too many rows to be copied each time."""
        self.large.discard(USER)
        self.plain = {name for name, table in self.tables.items() if type(table) is Sheet}
        """Tables that are objects, as they should be."""
        self.views: Lent[views.Table] = Lent(lambda name: LENT)
        """Views of large tables, to be lent to one call after the other."""
        self.pages: Lent[Page] = Lent(self._pages)
        """Tables as episodes have changed them, for whoever only reads."""

    def _add(self, name: str, table: Any) -> None:
        path: tuple[str | int, ...] = ()
        try:
            frozen = freeze_table(table)
            if type(frozen) is Sheet:
                digests = self.digests[name] = {}
                for key, row in frozen.items():
                    path = (key,)
                    digests[key] = self.hasher(name, key, row)
                self.total += sum(digests.values())
            else:
                self.total += self.hasher(name, None, frozen)
        except BadValue as error:
            where = f"state {pointer(name, *path, *error.path)}"
            raise DomainError(error.what, where=where, fix="Write JSON only") from None
        self.sections[name] = frozen
        self.total &= MODULUS

    def _pages(self, name: str) -> int:
        return max(LENT, min(PAGES, PAGED_ROWS // (len(self.sections[name]) + 1)))

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Base is not pickled: load the domain where it is needed")

    def token(self) -> int:
        """A number for a state, by which its tables are kept."""
        return next(self._tokens)
