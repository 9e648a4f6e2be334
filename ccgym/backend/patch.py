"""JSON Pointer (RFC 6901), JSON Patch (RFC 6902) that tells what it replaced, JSON Merge Patch (RFC 7396)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import is_
from typing import Any

from ccgym import jsontext
from ccgym.backend.nodes import thaw
from ccgym.errors import CcgymError

Op = dict[str, Any]
"""`{"op": "add" | "remove" | "replace", "path", "value"?, "old"?}`."""


_ABSENT: Any = object()
_PLAIN = frozenset((str, int, bool, type(None)))


class PatchError(CcgymError):
    """A patch does not fit the document."""


def pointer(*segments: str | int) -> str:
    """The JSON pointer of a place."""
    return "".join([f"/{escape(segment)}" for segment in segments])


def escape(segment: str | int) -> str:
    """A segment as it stands in a pointer."""
    text = str(segment)
    return text.replace("~", "~0").replace("/", "~1") if "~" in text or "/" in text else text


def split(path: str) -> list[str]:
    """The segments of a JSON pointer.

    Raises:
        PatchError: it is no JSON pointer.
    """
    if not path:
        return []
    if not path.startswith("/"):
        raise PatchError(f"{path[:100]!r} is no JSON pointer", fix="Begin with '/', such as /tables/orders/W1/status")
    segments = path[1:].split("/")
    return [part.replace("~1", "/").replace("~0", "~") for part in segments] if "~" in path else segments


def is_index(segment: str, length: int) -> bool:
    """Whether a segment names an item of a list of that length."""
    return segment.isascii() and segment.isdigit() and (segment == "0" or segment[0] != "0") and int(segment) < length


def find(document: Any, path: str) -> list[tuple[str, Any]]:
    """The (pointer, value) pairs that a JSON pointer names; a segment `*` stands for any one."""
    return walk([("", document)], split(path))


def walk(places: list[tuple[str, Any]], segments: Iterable[str]) -> list[tuple[str, Any]]:
    """Follow segments from each place. Values are those of the document, not copies."""
    for segment in segments:
        found: list[tuple[str, Any]] = []
        for at, value in places:
            if isinstance(value, dict):
                if segment == "*":
                    found += [(f"{at}/{escape(key)}", item) for key, item in value.items()]
                elif segment in value:
                    found.append((f"{at}/{escape(segment)}", value[segment]))
            elif isinstance(value, list):
                if segment == "*":
                    found += [(f"{at}/{index}", item) for index, item in enumerate(value)]
                elif is_index(segment, len(value)):
                    found.append((f"{at}/{segment}", value[int(segment)]))
        places = found
    return places


def same(a: Any, b: Any) -> bool:
    """Whether two JSON values have the same canonical form: 1, 1.0 and true are three things here."""
    if a is b:
        return True
    if a != b:
        return False
    kind = type(a)
    if kind is type(b) and kind in _PLAIN:
        return True
    return jsontext.canonical(a) == jsontext.canonical(b)


def diff(old: Any, new: Any, path: str = "") -> list[Op]:
    """The operations that lead from one JSON value to another, as fine as is cheap to find."""
    ops: list[Op] = []
    extend(ops, old, new, path)
    return ops


def extend(ops: list[Op], old: Any, new: Any, path: str) -> None:
    """As `diff`, adding to a list of operations."""
    if old is new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        added = 0
        for key, value in new.items():
            before = old.get(key, _ABSENT)
            if before is value:
                continue
            at = f"{path}/{key}" if "/" not in key and "~" not in key else f"{path}/{escape(key)}"
            if type(value) is str and type(before) is str:
                if value != before:
                    ops.append({"op": "replace", "path": at, "value": value, "old": before})
            elif before is _ABSENT:
                added += 1
                ops.append({"op": "add", "path": at, "value": thaw(value)})
            else:
                extend(ops, before, value, at)
        if len(new) - added < len(old):
            for key, value in old.items():
                if key not in new:
                    ops.append({"op": "remove", "path": f"{path}/{escape(key)}", "old": thaw(value)})
    elif isinstance(old, list) and isinstance(new, list):
        _extend_lists(ops, old, new, path)
    elif not same(old, new):
        ops.append({"op": "replace", "path": path, "value": thaw(new), "old": thaw(old)})


def _extend_lists(ops: list[Op], old: list[Any], new: list[Any], path: str) -> None:
    shorter = min(len(old), len(new))
    if len(old) == len(new):
        for index in range(shorter):
            if old[index] is not new[index]:
                extend(ops, old[index], new[index], f"{path}/{index}")
    elif all(map(is_, old, new)) or same(old[:shorter], new[:shorter]):
        for index in range(shorter, len(new)):
            ops.append({"op": "add", "path": f"{path}/{index}", "value": thaw(new[index])})
        for index in range(len(old) - 1, shorter - 1, -1):
            ops.append({"op": "remove", "path": f"{path}/{index}", "old": thaw(old[index])})
    else:
        ops.append({"op": "replace", "path": path, "value": thaw(new), "old": thaw(old)})


def apply(document: Any, ops: Iterable[Mapping[str, Any]]) -> Any:
    """A new document with the operations applied in order; the given one is not changed.

    Raises:
        PatchError: an operation that does not fit, by its number.
    """
    return apply_to(thaw(document), ops)


def revert(document: Any, ops: Iterable[Mapping[str, Any]]) -> Any:
    """A new document with the operations undone, last first. They must carry `old` where they replaced something."""
    return apply_to(thaw(document), map(inverse, reversed(list(ops))))


def inverse(op: Mapping[str, Any]) -> Op:
    """The operation that undoes one.

    Raises:
        PatchError: the operation does not say what it replaced.
    """
    kind, path = op["op"], op["path"]
    if kind == "add" and "old" not in op:
        return {"op": "remove", "path": path, "old": op["value"]}
    if "old" not in op or kind not in ("add", "remove", "replace"):
        raise PatchError(f"cannot undo '{kind}' of {path}: it does not say what was there", where=path)
    if kind == "remove":
        return {"op": "add", "path": path, "value": op["old"]}
    return {"op": "replace", "path": path, "value": op["old"], "old": op["value"]}


def apply_to(document: Any, ops: Iterable[Mapping[str, Any]]) -> Any:
    """As `apply`, changing the given document in place; returns it, or what replaced it as a whole."""
    for number, op in enumerate(ops):
        kind, path = op.get("op"), op.get("path", "")
        try:
            segments = split(path)
            if kind == "remove":
                document = _remove(document, segments)
            elif kind in ("add", "replace"):
                document = _put(document, segments, thaw(op.get("value")), kind == "add")
            else:
                raise PatchError(f"found op {kind!r}", fix="Use add, replace or remove")
        except PatchError as error:
            raise PatchError(error.message, where=f"operation {number} ({kind} {path})", fix=error.fix) from None
    return document


def _parent(document: Any, segments: list[str]) -> Any:
    places = walk([("", document)], segments[:-1])
    if len(places) != 1 or not isinstance(places[0][1], dict | list) or "*" in segments[:-1]:
        raise PatchError(f"nothing stands at {pointer(*segments[:-1])}")
    return places[0][1]


def _remove(document: Any, segments: list[str]) -> Any:
    if not segments:
        return None
    parent, last = _parent(document, segments), segments[-1]
    if isinstance(parent, dict) and last in parent:
        del parent[last]
    elif isinstance(parent, list) and is_index(last, len(parent)):
        del parent[int(last)]
    else:
        raise PatchError(f"nothing stands at {pointer(*segments)}")
    return document


def _put(document: Any, segments: list[str], value: Any, add: bool) -> Any:
    if not segments:
        return value
    parent, last = _parent(document, segments), segments[-1]
    if isinstance(parent, dict):
        if not add and last not in parent:
            raise PatchError(f"nothing stands at {pointer(*segments)}")
        parent[last] = value
    elif add and (last == "-" or last == str(len(parent))):
        parent.append(value)
    elif is_index(last, len(parent)):
        if add:
            parent.insert(int(last), value)
        else:
            parent[int(last)] = value
    else:
        raise PatchError(f"no place {pointer(*segments)} in a list of {len(parent)}")
    return document


def merge_patch(document: Any, merge: Any) -> Any:
    """A new document with a JSON Merge Patch applied: null removes, objects merge, anything else replaces."""
    return merge_into(thaw(document), merge)


def merge_into(document: Any, merge: Any) -> Any:
    """As `merge_patch`, changing the given document in place; returns it, or what replaced it as a whole."""
    if not isinstance(merge, dict):
        return thaw(merge)
    target = document if isinstance(document, dict) else {}
    for key, value in merge.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            before = target.get(key)
            after = merge_into(before, value)
            if after is not before:
                target[key] = after
        else:
            target[key] = thaw(value)
    return target
