"""A live customer for tests: nobody can say what he will say, so a talk has to be told to him."""

from __future__ import annotations

import ccgym
from ccgym.types import CustomerTurn


class Twin:
    """Says "Alive." to the first reply that he hears, and is done at the second."""

    def __init__(self, heard):
        self.heard, self.lines = heard, iter(["Alive.", "Done now."])

    def first(self):
        return CustomerTurn("Hello.")

    def resume(self, talk):
        self.heard.append(talk)

    def answer(self, reply):
        line = next(self.lines)
        return CustomerTurn(line, done=line == "Done now.")


class TwinPlugin:
    """Registers the kind `twin`; `heard` has the talks that were taken up."""

    def __init__(self):
        self.heard = []

    @ccgym.hookimpl
    def register_users(self, register):
        def twin(user, sim, rng):
            return Twin(self.heard)

        twin.live = True
        register("twin", twin)
