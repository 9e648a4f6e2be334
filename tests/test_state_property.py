"""The overlay against a plain dict: whatever a tool does, it reads, answers and leaves behind the same.

1. A program run on a view gives the results that it gives on a plain deep copy of the document.
2. After a commit the document is the same, order included; after a rollback it is what it was.
3. The hash kept row by row is the hash from scratch.
4. The patch leads from the document before to the document after, and back.
5. The base never changes, and two interleaved episodes never see each other's writes.
6. A program run on the frozen state gives the same results, or something has refused to be changed.
"""

from __future__ import annotations

import copy
import heapq
import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ccgym import jsontext
from ccgym.backend import Base, State, patch, views
from ccgym.backend.nodes import refusals

QUICK = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
}
KEYS = ["a", "b", "c", "x/y~", "é"]
SCALARS: list[Any] = [0, 1, True, False, None, 1.0, 0.0, -0.0, 2.5, "", "a", "text", "ngữ"]


def scalars() -> st.SearchStrategy[Any]:
    return st.sampled_from(SCALARS)


def json_values(leaves: int = 6) -> st.SearchStrategy[Any]:
    return st.recursive(
        scalars(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
        max_leaves=leaves,
    )


ROWS = st.dictionaries(st.sampled_from(KEYS), json_values(), max_size=4)
TABLES = st.dictionaries(st.sampled_from(KEYS), ROWS | json_values(3), max_size=5)
DOCUMENTS = st.builds(
    lambda tables, user: {"tables": tables, "user": user},
    st.dictionaries(st.sampled_from(["orders", "users", "n/t"]), TABLES | json_values(3), min_size=1, max_size=3),
    ROWS,
)
ACTIONS = st.tuples(
    st.one_of(st.integers(0, 38), st.sampled_from([0, 4, 6, 20, 24, 27, 28])),  # what to do
    st.lists(st.integers(0, 6), max_size=4),  # where: which child, again and again
    st.integers(0, 3),  # how to get there
    st.sampled_from(KEYS),
    json_values(4),
    st.integers(-3, 3),
)
PAST_METHODS = (18, 20, 26)
"""Actions that change a list without asking it, which no frozen one can refuse."""
CALLS = st.tuples(
    st.booleans(), st.sampled_from(["commit", "commit", "commit", "raise"]), st.lists(ACTIONS, max_size=12)
)


SIDES = {"tables": "assistant", "user": "user"}


def remade(value: Any) -> Any:
    """A copy whose objects and lists are made by their own types, as `dataclasses.asdict` makes them."""
    if isinstance(value, dict):
        return type(value)((key, remade(item)) for key, item in value.items())
    return type(value)(map(remade, value)) if isinstance(value, list) else value


class Machine:
    """Runs actions on a root, which is a view or a plain dict, and writes down what it reads."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.kept: list[Any] = []
        self.log: list[str] = []

    def tell(self, value: Any) -> None:
        self.log.append(json.dumps(value))

    def reach(self, path: list[int], how: int) -> Any:
        here = self.root
        if path and path[0] == 6 and self.kept:
            here, path = self.kept[path[-1] % len(self.kept)], path[1:]
        for step in path:
            if isinstance(here, dict):
                keys = [key for key in dict.keys(here) if isinstance(dict.get(here, key), dict | list)]  # wraps nothing
                if not keys:
                    return here
                key = keys[step % len(keys)]
                if how == 0:
                    here = here[key]
                elif how == 1:
                    here = here.get(key)
                elif how == 2:
                    here = next(value for name, value in here.items() if name == key)
                else:
                    here = list(here.values())[list(here).index(key)]
            else:
                inner = [item for item in here if isinstance(item, dict | list)]
                if not inner:
                    return here
                here = inner[step % len(inner)]
        return here

    def run(self, action: tuple[Any, ...]) -> None:
        what, path, how, key, value, number = action
        here = self.reach(path, how)
        value = copy.deepcopy(value)
        if isinstance(value, dict | list) and number > 0:
            self.kept.append(value)
        if number == -3:
            self.kept.append(here)
        try:
            self.tell([len(here), bool(here), here == value, value == here])
            if number > 0:
                self.read(here, what, key, value)
            if isinstance(here, dict):
                self.write_dict(here, what, key, value, number)
            else:
                self.write_list(here, what, value, number)
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            self.log.append(f"{type(error).__name__}: {error}")

    def read(self, here: Any, what: int, key: str, value: Any) -> None:
        if what % 4 == 0:
            self.tell(here)
        elif what % 4 == 1:
            self.log.append(orjson.dumps(here).decode())
            self.log.append(json.dumps(here, indent=1, sort_keys=True))
        elif what % 4 == 2:
            self.log.append(repr(here) + str(here))
        else:
            twin = copy.deepcopy(here)
            self.log.append(f"{twin == here} {here == twin} {here != twin} {type(twin).__name__}")
            self.tell(twin)
            self.kept += [twin, remade(here)]
            self.tell(self.kept[-1])
        if isinstance(here, dict):
            self.tell(
                [key in here, here.get(key), here.get(key, 7), list(here), list(here.keys()), list(reversed(here))]
            )
            self.tell([list(here.values()), [list(pair) for pair in here.items()], dict(here), {**here}])
            self.tell([list(pair) for pair in sorted(here.items(), key=lambda pair: pair[0])])
            self.log.append(f"{here.keys()!r} {here.items()!r} {here.values()!r}")
            if key in here:
                self.log.append(f"{here[key] is here[key]} {here[key] is here.get(key)}")
                self.log.append(f"{(key, here[key]) in here.items()} {here[key] in here.values()}")
        else:
            self.tell([here[:2], here[::-1], [*here, 1], here + here[:1], list(reversed(here)), value in here])

    def poke(self, value: Any, number: int) -> None:
        """Write into what is shared with a copy, as a tool that keeps one would."""
        self.kept.append(value)
        for name in value:
            if isinstance(value[name], dict):
                value[name]["poked"] = number
            elif isinstance(value[name], list):
                value[name].append(number)
        self.tell(value)

    def may_hold(self, here: Any, value: Any) -> bool:
        """Whether putting a value somewhere makes no circle."""
        if value is here:
            return False
        if isinstance(value, dict):
            return all(self.may_hold(here, item) for item in dict.values(value))
        return not isinstance(value, list) or all(self.may_hold(here, item) for item in value)

    def write_dict(self, here: dict[str, Any], what: int, key: str, value: Any, number: int) -> None:
        if what in (0, 1, 2, 3):
            here[key] = value
        elif what in (4, 5):
            del here[key]
        elif what == 6:
            gone = here.pop(key)
            self.tell(gone)
            self.kept.append(gone) if isinstance(gone, dict | list) else None
        elif what == 7:
            self.tell(here.pop(key, value))
        elif what == 8:
            self.tell(here.popitem())
        elif what in (9, 10):
            got = here.setdefault(key, value)
            self.tell(got)
            if isinstance(got, dict) and here is not got:
                got["a"] = number
        elif what == 11:
            here.update({key: value, "b": number})
        elif what == 12:
            here.update([(key, value)], c=number)
        elif what == 13:
            here |= {key: value}
        elif what == 14:
            here |= [("a", number)]
        elif what == 15:
            merged = here | {key: value}
            self.log.append(type(merged).__name__)
            self.poke(merged, number)
        elif what == 16:
            merged = {key: value, "zz": 1} | here
            self.poke(merged, number)
        elif what == 17:
            shallow = here.copy()
            self.log.append(type(shallow).__name__)
            self.poke(shallow, number)
        elif what == 18:
            self.poke(copy.copy(here), number)
        elif what == 19 and number == 0:
            here.clear()
        elif what in (20, 21, 22) and self.kept:
            other = self.kept[number % len(self.kept)]
            if self.may_hold(here, other):
                here[key] = other
        elif what == 23:
            for name in list(here):
                here[name] = here[name]
        elif what == 24:
            for name, item in here.items():
                if isinstance(item, dict):
                    item["a"] = number
                elif isinstance(item, list):
                    item.append(number)
                self.log.append(name)
        elif what == 25:
            for item in here.values():
                if isinstance(item, dict) and key in item:
                    del item[key]
        elif what == 26:
            for name in here:
                if name == key:
                    here["grown"] = 1
        elif what == 27:
            item = here.pop(key, None)
            here[key] = item
        elif what == 28:
            names = reversed(here) if number < 0 else here
            kept = {name: here[name] for name in names if name != key}
            if here is not self.root:
                for name in list(self.root):
                    if self.root[name] is here:
                        self.root[name] = kept
        elif what == 29:
            self.tell(dict.fromkeys(here, 1))
            self.tell(here.fromkeys("ab", 2))
        elif what == 30 and self.kept:
            other = self.kept[number % len(self.kept)]
            if isinstance(other, dict) and all(self.may_hold(here, other[name]) for name in other):
                here.update(other)
        elif what == 31:
            match here:
                case {"a": found, **rest}:
                    self.tell([found, rest])
                case _:
                    self.log.append("no match")
        elif what in (32, 33):
            for name in list(here)[:1]:
                here[name] = here.pop(name)
        elif what == 34:
            self.poke(dict(here), number)
        elif what == 35:
            self.poke({**here}, number)
        elif what == 36:
            self.poke(dict(here.items()), number)
        elif what == 37:
            (fresh := {}).update(here)
            self.poke(fresh, number)
        elif what == 38:
            first = next(iter(here.values()), None)
            self.log.append(f"{first in list(here.values())}")

    def write_list(self, here: list[Any], what: int, value: Any, number: int) -> None:
        if what in (0, 1, 2, 3):
            here.append(value)
        elif what == 4:
            here.extend([value, number])
        elif what == 5:
            here.insert(number, value)
        elif what == 6:
            gone = here.pop()
            self.tell(gone)
            self.kept.append(gone) if isinstance(gone, dict | list) else None
        elif what == 7:
            here.pop(number)
        elif what == 8:
            here.remove(value)
        elif what == 9:
            here.sort(key=repr, reverse=number > 0)
        elif what == 10:
            here.reverse()
        elif what == 11:
            here[number] = value
        elif what == 12:
            here[0:1] = [value, number]
        elif what == 13:
            del here[number]
        elif what == 14:
            del here[::2]
        elif what == 15:
            here += [value]
        elif what == 16 and len(here) < 6:
            here *= 2
        elif what == 17:
            here.clear()
        elif what == 18:
            list.append(here, value)
        elif what == 19:
            heapq.heapify(numbers := [item for item in here if isinstance(item, int | float)])
            self.tell(numbers)
        elif what == 20 and all(isinstance(item, int | float) for item in here):
            heapq.heappush(here, number)
        elif what == 21:
            self.kept.append(here.copy())
        elif what == 22:
            self.kept.append(copy.copy(here))
        elif what in (23, 24) and self.kept:
            other = self.kept[number % len(self.kept)]
            if self.may_hold(here, other):
                here.append(other)
        elif what == 25:
            for item in here:
                if isinstance(item, dict):
                    item["b"] = number
        elif what == 26 and here:
            list.__setitem__(here, 0, True if here[0] == 1 and isinstance(here[0], int | float) else value)


class Episode:
    """A State, and beside it the plain document that it must agree with."""

    def __init__(self, base: Base, document: dict[str, Any]) -> None:
        self.state = State(base)
        self.start = document
        self.plain = copy.deepcopy(document)

    def play(self, call: tuple[bool, str, list[Any]]) -> None:
        customer, ending, actions = call
        self.look("user" if customer else "tables", actions)
        before = copy.deepcopy(self.plain)
        scratch = copy.deepcopy(self.plain)
        view = self.state.view("user" if customer else "assistant")
        mine, theirs = Machine(view), Machine(scratch["user" if customer else "tables"])
        for action in actions:
            mine.run(action)
            theirs.run(action)
            assert mine.log == theirs.log, action
        hash_before = self.state.hash
        if ending == "commit":
            ops = self.state.commit(view)
            self.plain = json.loads(json.dumps(scratch))
            assert jsontext.canonical(patch.apply(before, ops)) == jsontext.canonical(self.plain)
            assert jsontext.canonical(patch.revert(self.plain, ops)) == jsontext.canonical(before)
            assert bool(ops) == (jsontext.canonical(before) != jsontext.canonical(self.plain))
        else:
            assert self.state.hash == hash_before
        del mine
        self.state.release(view)
        self.check()

    def look(self, side: str, actions: list[Any]) -> None:
        for action in actions:
            if action[0] in PAST_METHODS:
                continue
            root, scratch, refused = self.state.reading(SIDES[side]), copy.deepcopy(self.plain), refusals()
            mine, theirs = Machine(root), Machine(scratch[side])
            mine.run(action)
            theirs.run(action)
            if refusals() == refused:
                assert mine.log == theirs.log, action
                assert json.dumps(scratch) == json.dumps(self.plain), action
            del mine
            self.state.read(root)
        self.check()

    def check(self) -> None:
        assert json.dumps(self.state.document()) == json.dumps(self.plain)
        root = self.state.reading()
        assert json.dumps(root) == json.dumps(self.plain["tables"])
        self.state.read(root)
        assert self.state.hash == Base(self.plain).hash
        net = self.state.net_patch()
        assert jsontext.canonical(patch.apply(self.start, net)) == jsontext.canonical(self.plain)
        assert jsontext.canonical(patch.revert(self.plain, net)) == jsontext.canonical(self.start)
        for place in ("/tables/*/*", "/user/*", "/tables/orders/a/b"):
            assert jsontext.canonical(self.state.find(place)) == jsontext.canonical(patch.find(self.plain, place))


@pytest.fixture(autouse=True, params=["views reused", "views fresh"])
def _views(request: Any, monkeypatch: Any) -> None:
    """The tables here are small: views of such are reused only if told so."""
    if request.param == "views reused":
        monkeypatch.setattr(views, "WORTH_LENDING", 0)
        monkeypatch.setattr(views, "WORTH_CLEANING", 1)


@settings(max_examples=150, **QUICK)
@given(
    document=DOCUMENTS, calls=st.lists(st.tuples(st.integers(0, 1), CALLS), min_size=1, max_size=6), tiny=st.booleans()
)
def test_a_view_behaves_as_a_plain_dict_does(document: Any, calls: list[Any], tiny: bool) -> None:
    base = Base(document)
    if tiny:
        base.views.room = base.pages.room = lambda name: 1
    seed = json.dumps(document)
    hash_of_seed = base.hash
    episodes = [Episode(base, document), Episode(base, document)]
    for which, call in calls:
        episodes[which].play(call)
        episodes[1 - which].check()
    assert json.dumps(State(base).document()) == json.dumps(document) == seed
    assert Base(State(base).document()).hash == base.hash == hash_of_seed


@settings(max_examples=40, **QUICK)
@given(document=DOCUMENTS, calls=st.lists(CALLS, min_size=2, max_size=5), at=st.integers(0, 4))
def test_a_state_goes_back_to_where_it_was(document: Any, calls: list[Any], at: int) -> None:
    episode = Episode(Base(document), document)
    points = [(episode.state.snapshot(), episode.state.hash, json.dumps(episode.plain))]
    for call in calls:
        episode.play(call)
        points.append((episode.state.snapshot(), episode.state.hash, json.dumps(episode.plain)))
    snapshot, expected, text = points[at % len(points)]
    since = episode.state.net_patch(snapshot)
    assert jsontext.canonical(patch.apply(json.loads(text), since)) == jsontext.canonical(episode.plain)
    episode.state.restore(snapshot)
    assert episode.state.hash == expected
    assert json.dumps(episode.state.document()) == text
    episode.plain = json.loads(text)
    episode.play(calls[0])


@settings(max_examples=100, **QUICK)
@given(old=json_values(8), new=json_values(8))
def test_a_diff_leads_there_and_back(old: Any, new: Any) -> None:
    ops = patch.diff(old, new)
    assert jsontext.canonical(patch.apply(old, ops)) == jsontext.canonical(new)
    assert jsontext.canonical(patch.revert(new, ops)) == jsontext.canonical(old)
    assert bool(ops) == (jsontext.canonical(old) != jsontext.canonical(new))
