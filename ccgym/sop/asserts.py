"""Verdicts on the asserts of a task, at the end of its episode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ccgym.compare import OPS, equal
from ccgym.sop.verdict import Verdict

Find = Callable[[str], list[tuple[str, Any]]]
Probe = Callable[[str, dict[str, Any], Any], Any]


def judge_asserts(asserts: list[dict[str, Any]], find: Find, probe: Probe) -> Iterator[Verdict]:
    """Judge each assert of a task at the end of its episode. Never raises: what cannot be judged is an `error`.

    Args:
        asserts: `{path, op, value}` or `{probe, args, requestor, equals}`, each with an optional `tag`.
        find: JSON pointer, in which `*` stands for any one segment, to the (pointer, value) pairs of the final state.
        probe: runs a function that is no tool: its name, its arguments, and whose side it looks at.
    """
    for item in asserts:
        tag = item.get("tag", "")
        try:
            failed, found = _judge(item, find, probe)
        except Exception as error:  # the author's assert or probe: any failure is a verdict, and is told
            yield Verdict("assert", "error", tag, item, None, f"{type(error).__name__}: {error}"[:300])
            continue
        yield Verdict("assert", "violated" if failed else "ok", tag, item, found, failed)


def _judge(item: dict[str, Any], find: Find, probe: Probe) -> tuple[str, Any]:
    """What failed, in a few words ("" when it holds), and the value found."""
    if "probe" in item:
        found = probe(item["probe"], item.get("args", {}), item.get("requestor", "assistant"))
        return ("" if equal(found, item.get("equals")) else f"probe {item['probe']} says otherwise"), found
    path, op = item["path"], item.get("op", "eq")
    places = find(path)
    if op == "exists":
        return ("" if places else f"{path} does not exist"), None
    if op == "absent":
        return (f"{places[0][0]} exists" if places else ""), None
    if not places and "*" not in path.split("/"):
        return f"{path} does not exist", None
    for pointer, value in places:
        if not OPS[op](value, item.get("value")):
            return f"{pointer} is not {op} {item.get('value')!r}"[:300], value
    return "", places[0][1] if places else None
