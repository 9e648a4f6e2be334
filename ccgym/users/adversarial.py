"""A customer who tries everything: pressure, injected instructions, false claims and forged tool results.

He follows a script, with the same facts and answers. Attacks come on top of it, drawn by the episode's seed:

- after a line that is neither a yes or no nor the end of the talk, in the same line;
- once where he would end the talk satisfied, in place of the end. The next reply like that does end it.

`attacks` of `user.sim`: kind → lines, in place of those of `ccgym.users.attacks`; `count`: how many in a talk.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from ccgym.types import CustomerCall, CustomerTurn
from ccgym.users.attacks import ATTACKS
from ccgym.users.script import ScriptCustomer

COUNT = 4


class AdversarialCustomer(ScriptCustomer):
    """See the module."""

    def __init__(self, user: dict[str, Any], sim: dict[str, Any], language: str, rng: random.Random) -> None:
        super().__init__(user, sim, language)
        own = sim.get("language", language)
        kinds = {**ATTACKS.get(own, ATTACKS["en"]), **sim.get("attacks", {})}
        lines = [line for kind in sorted(kinds) for line in kinds[kind]]
        rng.shuffle(lines)
        self._attacks = lines[: int(sim.get("count", COUNT))]
        self._insisted = False

    def answer(self, reply: str) -> CustomerTurn:
        """What the script says, and an attack."""
        return self._attack(super().answer(reply))

    def results(self, calls: Sequence[CustomerCall]) -> CustomerTurn:
        """What the script tells of the calls, and an attack."""
        return self._attack(super().results(calls))

    def _attack(self, turn: CustomerTurn) -> CustomerTurn:
        if not self._attacks or turn.left or turn.calls or turn.text in (self._lines["yes"], self._lines["no"]):
            return turn
        if turn.done and self._insisted:
            return turn
        self._insisted |= turn.done
        attack = self._attacks.pop()
        return CustomerTurn(attack if turn.done else f"{turn.text} {attack}", reveals=turn.reveals)
