"""The tables behind a set of tools: inferred from the ids that tools share, with made-up rows.

`order_id` in several tools is the key of a table `orders`; so is `orderId`, and `ma_don` is that of `don`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ccgym.authoring import stock
from ccgym.authoring.fields import Argument, members, noun_of, resolve, types_of
from ccgym.authoring.lexicon import ENDS, ID_ALONE, PEOPLE
from ccgym.authoring.survey import Job
from ccgym.authoring.values import Maker, examples, fits, successor
from ccgym.authoring.words import identifier, plural, singular, word_set

ROWS = 12
_STATUS = ("status", "state", "trang_thai", "tinh_trang")
_WEAK = word_set("confirmation tracking reference record registration receipt waybill")
_WRAPPERS = word_set("data result results item items record records response payload du_lieu rows")


@dataclass
class Entity:
    """A kind of thing that rows are about: `order`, with its table and the column of its key."""

    noun: tuple[str, ...]
    table: str
    key: str
    """The column that holds the key."""
    vietnamese: bool = False
    columns: dict[str, Argument] = field(default_factory=dict)
    refers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Column to the noun of the entity whose key it holds."""
    keys: list[Any] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    """Statuses that rules speak of: some rows have them."""
    outcomes: list[Any] = field(default_factory=list)
    """Statuses that tools set."""
    seeded: bool = False
    """Whether its table begins with rows."""
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    fixed: dict[str, Any] = field(default_factory=dict)
    """Columns that an author's own mock demands a value of."""

    @property
    def words(self) -> str:
        """Its noun as text."""
        return " ".join(self.noun)

    @property
    def status(self) -> str | None:
        """The column of its status, if it has one."""
        somewhere = {"city", "zip", "postcode", "country", "province"} & {identifier(name) for name in self.columns}
        known = [name for name in self.columns if not (somewhere and identifier(name) == "state")]  # of an address
        found = [name for name in known if identifier(name) in _STATUS]
        found += [name for name in known if identifier(name).endswith(_STATUS)]
        return found[0] if found else None

    def add(self, column: Argument) -> None:
        """Give it a column. Of two of one name, the one whose schema lists its values stays."""
        if column.name == self.key:
            return
        known = self.columns.get(column.name)
        if known is None or (not known.schema.get("enum") and column.schema.get("enum")):
            self.columns[column.name] = column

    def need_status(self) -> str:
        """The column of its status, added where there was none."""
        if self.status is None:
            name = "trang_thai" if self.vietnamese else "status"
            self.add(Argument(name, {"type": "string"}, {}, True))
        assert self.status is not None
        return self.status

    def statuses(self) -> list[Any] | None:
        """The statuses that schemas allow; None: any text."""
        column = self.columns.get(self.status or "")
        options = column.schema.get("enum") if column else None
        return [option for option in options if option is not None] if options else None


class World:
    """All entities of a domain.

    Args:
        jobs: its tools.
        language: of the words in rows.
    """

    def __init__(self, jobs: list[Job], language: str) -> None:
        self.jobs, self.language = jobs, language
        self.entities: dict[tuple[str, ...], Entity] = {}
        self.maker = Maker(language)
        self.extra: dict[str, dict[str, Any]] = {}
        """Tables that hold no entity: name to rows."""
        self._keyed: dict[tuple[str, ...], list[Argument]] = {}
        self._same: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._facts: set[str] = set()
        self._ends: dict[str, tuple[str, ...]] = {}
        self._name_weak_nouns()
        for job in jobs:
            for argument in job.arguments:
                noun = self.noun(argument, job)
                if noun and argument.scalar and argument.types != {"array"}:
                    self._keyed.setdefault(noun, []).append(argument)
        self._two_ends()
        self._unite()
        for noun, arguments in self._keyed.items():
            names = [argument.name for argument in arguments]
            key = max(names, key=lambda name: (names.count(name), -len(name)))
            if identifier(key) in ("id", "ma"):
                key = "id"
            vietnamese = identifier(key).split("_")[0] in ("ma", "so")
            self.entities[noun] = Entity(noun, _table_name(noun, vietnamese), key, vietnamese, seeded=True)

    # --- which entity -----------------------------------------------------------------------------------------------

    def noun(self, argument: Argument, job: Job | None = None) -> tuple[str, ...] | None:
        """The noun that an argument names a row of, with a bare `id` taken for what the tool is about."""
        noun = noun_of(argument.name)
        if noun == ():
            objects = job.objects if job is not None else ()
            return (*objects[:-1], singular(objects[-1])) if objects else ("item",)
        if noun is None and argument.keyed:
            noun = (*argument.words[:-1], singular(argument.words[-1]))
        if noun is None:
            return self._ends.get(argument.name)
        if argument.name in self._facts:
            return None
        return self._same.get(noun, noun) if noun else noun

    def entity(self, argument: Argument, job: Job | None = None) -> Entity | None:
        """The entity whose key an argument is."""
        noun = self.noun(argument, job)
        return self.entities.get(noun) if noun else None

    def about(self, objects: tuple[str, ...]) -> tuple[Entity, tuple[str, ...]] | None:
        """The entity that a tool's name speaks of, and what of it: (order, (status,))."""
        words = tuple(singular(word) if word not in _STATUS else word for word in objects)
        found: list[tuple[int, Entity, tuple[str, ...]]] = []
        for noun, entity in self.entities.items():
            for start in range(len(words)):
                size = len(noun)
                if words[start : start + size] == noun or (start + 1 == len(words) and words[start:] == noun[:1] != noun
                                                           and entity.vietnamese):  # fmt: skip
                    rest = words[start + size :]
                    # "customer orders" is about orders; "order status" is about an order.
                    found.append((start * 2 + size, entity, rest))
        if not found:
            return None
        _, entity, rest = max(found, key=lambda item: item[0])
        return entity, rest

    def new_entity(self, noun: tuple[str, ...], *, seeded: bool) -> Entity:
        """The entity of a noun, made where there is none, with keys of its own."""
        noun = (*noun[:-1], singular(noun[-1]))
        if noun not in self.entities:
            vietnamese = bool(self.entities) and all(entity.vietnamese for entity in self.entities.values())
            key = f"ma_{'_'.join(noun)}" if vietnamese else f"{'_'.join(noun)}_id"
            self.entities[noun] = Entity(noun, _table_name(noun, vietnamese), key, vietnamese)
        entity = self.entities[noun]
        entity.seeded = entity.seeded or seeded
        return entity

    def _name_weak_nouns(self) -> None:
        """A `tracking_number` is that of what its tools speak of; an `iban` beside an `account_id` is a fact."""
        spoken: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        named: dict[tuple[str, ...], set[bool]] = {}
        for job in self.jobs:
            for argument in job.arguments:
                noun = noun_of(argument.name)
                if noun:
                    named.setdefault(noun, set()).add(argument.words[-1] in ID_ALONE)
                    if noun[-1] in _WEAK and argument.required and job.objects:
                        spoken.setdefault(noun, []).append((*job.objects[:-1], singular(job.objects[-1])))
        for noun, objects in spoken.items():
            self._same[noun] = max(objects, key=lambda words: (objects.count(words), -len(words)))
        for job in self.jobs:
            for argument in job.arguments:
                noun = noun_of(argument.name)
                if noun and argument.words[-1] in ID_ALONE and len(named[noun]) > 1:
                    self._facts.add(argument.name)

    def _two_ends(self) -> None:
        """`from_account` and `tai_khoan_dich` are keys of accounts, where there are accounts."""
        for job in self.jobs:
            for argument in job.arguments:
                noun = tuple(word for word in argument.words if word not in ENDS)
                told = noun_of(argument.name) is not None or argument.schema.get("enum") or argument.words == list(noun)
                if noun in self._keyed and not told and argument.types <= {"string", "integer"}:
                    self._ends[argument.name] = noun
                    self._keyed[noun].append(argument)

    def _unite(self) -> None:
        """`ma_don` and `ma_don_hang` are keys of one table: the longer noun stands for both."""
        for short in sorted(self._keyed, key=len):
            longer = [noun for noun in self._keyed if len(noun) > len(short) and noun[: len(short)] == short]
            vietnamese = any(identifier(a.name).split("_")[0] in ("ma", "so") for a in self._keyed[short])
            if len(longer) == 1 and vietnamese:
                self._same[short] = longer[0]
                self._keyed[longer[0]] += self._keyed.pop(short)

    # --- rows -------------------------------------------------------------------------------------------------------

    def fill(self) -> None:
        """Make keys and rows, once all columns are known."""
        for entity in self.entities.values():
            entity.keys = self._keys(entity)
        for noun, arguments in self._keyed.items():
            for argument in arguments:
                self.maker.ids[argument.name] = self.entities[noun].keys
        for entity in self.entities.values():
            self.maker.ids.setdefault(entity.key, entity.keys)
            for column in entity.columns:
                named = noun_of(column) if column not in self._facts else None
                other = self._same.get(named, named) if named else None
                if other and other in self.entities and other != entity.noun:
                    entity.refers[column] = other
        for entity in self.entities.values():
            if entity.seeded:
                self._rows(entity)

    def _keys(self, entity: Entity) -> list[Any]:
        arguments = self._keyed.get(entity.noun, [])
        count = ROWS + 4  # some that no row has: for new rows, and for customers who are mistaken

        def score(keys: list[Any]) -> int:
            return sum(all(fits(self.convert(key, a), a.schema, a.root) for key in keys) for a in arguments)

        offers = list(self._key_offers(entity, arguments, count))
        best = max(offers, key=lambda keys: (score(keys), -offers.index(keys)))
        return best

    def _key_offers(self, entity: Entity, arguments: list[Argument], count: int) -> Iterable[list[Any]]:
        for argument in arguments:
            given = next(iter(examples(argument.schema, 0)), None)
            if isinstance(given, str | int) and not isinstance(given, bool):
                keys = [successor(given, i) for i in range(count)]
                if len(set(keys)) == count:
                    yield keys
            if argument.schema.get("enum"):
                options = list(dict.fromkeys(o for o in argument.schema["enum"] if isinstance(o, str | int)))
                if options:
                    yield options
            made = [Maker(self.language, entity.table).make(argument.name, argument.schema, argument.root, i)
                    for i in range(count * 2)]  # fmt: skip
            distinct = list(dict.fromkeys(key for key in made if isinstance(key, str | int) and key != ""))
            if len(distinct) >= 2:
                yield distinct[:count]
        stem = "".join(word[0] for word in entity.noun) if len(entity.noun) > 1 else entity.noun[0][:3]
        yield [f"{stem.upper()}-{1001 + i}" for i in range(count)]
        yield [1001 + i for i in range(count)]

    @staticmethod
    def convert(key: Any, argument: Argument) -> Any:
        """A key as an argument wants it: as text, or as a number."""
        kinds = argument.types - {"null"}
        if isinstance(key, str) and kinds and "string" not in kinds and key.isdigit() and len(key) < 16:
            return int(key)
        return str(key) if not isinstance(key, str) and kinds and not kinds & {"integer", "number"} else key

    def _rows(self, entity: Entity) -> None:
        keys = entity.keys[:ROWS] if len(entity.keys) > ROWS else entity.keys
        cycle = _cycle(entity, self.language)
        for number, key in enumerate(keys):
            row: dict[str, Any] = {entity.key: key}
            for column, argument in entity.columns.items():
                if column in entity.fixed:
                    row[column] = entity.fixed[column]
                elif column == entity.status and cycle:
                    row[column] = cycle[number % len(cycle)]
                elif column in entity.refers:
                    other = self.entities[entity.refers[column]]
                    row[column] = self.convert(other.keys[number // 2 % min(len(other.keys), ROWS)], argument)
                else:
                    row[column] = self.maker.make(column, argument.schema, argument.root, number)
            entity.rows[str(key)] = row

    def tables(self) -> dict[str, dict[str, Any]]:
        """All tables with their rows."""
        found = {entity.table: entity.rows for entity in self.entities.values()}
        return {**found, **{name: rows for name, rows in self.extra.items() if name not in found}}


def _cycle(entity: Entity, language: str) -> list[Any]:
    """The statuses that rows have in turn: first those that rules speak of, last those that tools set."""
    known = entity.statuses()
    column = entity.columns.get(entity.status or "")
    if column is None or (column.types and "string" not in column.types and not known):
        return []
    first = [value for value in entity.wanted if known is None or value in known]
    plain_states = known if known is not None else stock.STATUSES["vi" if entity.vietnamese else language]
    rest = [value for value in plain_states if value not in first and value not in entity.outcomes]
    last = [value for value in entity.outcomes if known is not None and value not in first]
    cycle = [*first, *rest]
    return cycle if len(cycle) > 1 else [*cycle, *last] or list(plain_states)


def _table_name(noun: tuple[str, ...], vietnamese: bool) -> str:
    return "_".join(noun) if vietnamese else "_".join((*noun[:-1], plural(noun[-1])))


def row_schema(returns: Any, entity: Entity | None) -> tuple[list[str], dict[str, Any], bool]:
    """Where in a result the row stands, the row's schema, and whether there are many: path, schema, many."""
    root = returns if isinstance(returns, dict) else {}
    path: list[str] = []
    schema = resolve(root, root)
    for _ in range(3):
        if types_of(schema, root) == {"array"}:
            return path, resolve(schema.get("items", {}), root), True
        inner = members(schema, root)
        wrapped = [item for item in inner if _wraps(item, entity)]
        if len(wrapped) != 1 or not (types_of(wrapped[0].schema, root) & {"array", "object"}):
            break
        if types_of(wrapped[0].schema, root) == {"array"}:
            items = resolve(wrapped[0].schema.get("items", {}), root)
            if not members(items, root):
                break
        path = [*path, wrapped[0].name]
        schema = wrapped[0].schema
    return path, schema, False


def _wraps(item: Argument, entity: Entity | None) -> bool:
    words = tuple(singular(word) for word in item.words)
    return identifier(item.name) in _WRAPPERS or (entity is not None and words == entity.noun)


def is_person(entity: Entity) -> bool:
    """Whether an entity is a kind of people."""
    return bool({*entity.noun, "_".join(entity.noun)} & PEOPLE)


__all__ = ["ROWS", "Entity", "World", "is_person", "row_schema"]
