"""What a tree still lacks, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from ccgym import jsontext
from ccgym.domain.rules import All, AnyOf, Called, Confirmed, Holds, Not, Said, Sequence, Told, Tree

Earliest = Callable[[Tree, float], float]


def missing(tree: Tree, earliest: Earliest, arguments: dict[str, Any], after: float = -1) -> str:
    """The first part of a tree that is not complete, as the end of "cancel_order before …".

    Args:
        tree: a tree that never was complete.
        earliest: the moment of a part after another moment; `inf` for never.
        arguments: of the call that is judged.
        after: the moment after which it was to be complete.
    """
    if isinstance(tree, AnyOf):
        return " or ".join(missing(part, earliest, arguments, after) for part in tree.parts)[:300]
    if isinstance(tree, All):
        at = after
        for part in tree.parts:
            moment = earliest(part, at)
            if moment == inf:
                again = isinstance(tree, Sequence) and part is not tree.parts[0] and earliest(part, -1) < inf
                what = missing(part, earliest, arguments, at)
                return f"{what}, after what must come first" if again else what
            if isinstance(tree, Sequence) and moment == moment:  # NaN: a condition in it erred
                at = moment
    return describe(tree, arguments)


def describe(tree: Tree, arguments: dict[str, Any]) -> str:
    """What a part asks for."""
    if isinstance(tree, Called):
        told = {theirs: arguments.get(mine) for mine, theirs in tree.same} | dict(tree.args)
        inside = ", ".join(f"{name}={_short(value)}" for name, value in told.items())
        with_result = f" with {' '.join(tree.result.text.split())[:120]}" if tree.result is not None else ""
        return f"{' or '.join(tree.calls)}{f'({inside})' if inside else ''}{with_result}"
    if isinstance(tree, Not):
        return f"it was sure that there is no {describe(tree.part, arguments)}"
    if isinstance(tree, Holds):
        return f"this held: {' '.join(tree.condition.text.split())[:160]}"
    if isinstance(tree, Said):
        return f"saying {', '.join(map(repr, tree.texts))}"[:200]
    if isinstance(tree, Told):
        return f"the customer told {', '.join(f'{name} {_short(arguments.get(name))}' for name in tree.args)}"
    if isinstance(tree, Confirmed):
        terms = [term if isinstance(term, str) else term.text for term in tree.terms] + [repr(t) for t in tree.say]
        heard = f", having heard {', '.join(terms)}" if terms else ""
        return f"the customer agreed to a question{heard}"[:300]
    joint = " and " if type(tree) is All else " or " if isinstance(tree, AnyOf) else ", then "
    return joint.join(describe(part, arguments) for part in tree.parts)[:300]


def _short(value: Any) -> str:
    try:
        text = jsontext.dumps(value)
    except TypeError:
        text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
