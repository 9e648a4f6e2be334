"""A world that breaks: one backend around another, in which calls of the agent meet faults, and no effect is lost or
doubled that must not be.

Exactly once, in three layers:

1. A call is delivered with its id. A second delivery of the same id is answered as the first was, and nothing runs.
2. A tool that is declared `idempotent`, and any call that gives the argument `idempotency_key`, has a key: the tool and
   its canonical arguments, or the tool and that argument. The first success under a key is kept for the episode. An
   equal call later is answered with it, unless the function is idempotent by itself: run twice more it would change
   the state no further than run once more. Such a call (set the address back to what it was) runs, as it should.
3. Where the answer to such a call was lost, the next equal call is a retry: it gets the lost answer.

A write without a key that is repeated after its answer was lost is a second write, as it is in the world: the agent has
to look first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ccgym import jsontext
from ccgym.backend.faults import SLOWEST, draw
from ccgym.errors import ToolError
from ccgym.types import Requestor, Tool

KEY_ARGUMENT = "idempotency_key"
"""The argument that names a write, where a tool's schema has it."""
Key = tuple[str, bytes]


class _Held:
    """The first answer under a key, whether the agent has got it, and the state's hash after it."""

    __slots__ = ("after", "heard", "result")

    def __init__(self, result: Any, heard: bool, after: str) -> None:
        self.result, self.heard, self.after = result, heard, after


class _Delivery(NamedTuple):
    """One call on its way."""

    id: int
    tool: Tool
    key: Key | None
    strict: bool
    """An equal call is answered from the record, without trying whether it could run."""
    fault: str
    wait: float
    before: Any
    """The world before the call, where stale reads may want it."""
    digest: str


class FaultyBackend:
    """A backend (the domain's own or a plugin's) whose calls by the agent meet seeded faults, one at most a call.

    The customer's own tools meet none. Everything else is the world's: state, digest, rows, probes.

    Args:
        world: the backend that does the work.
        faults: kind to probability, as `read_faults` gives them.
        seed: of the episode.
        tools: the domain's, by name.
        where: tells the step, and the number of the call that comes.
    """

    __slots__ = (
        "_answered", "_before", "_delivery", "_faults", "_held", "_met", "_seed", "_tools", "_wait", "_where",
        "changes", "world",
    )  # fmt: skip

    def __init__(
        self, world: Any, faults: Mapping[str, float], seed: int, tools: Mapping[str, Tool],
        where: Callable[[], tuple[int, int]],
    ) -> None:  # fmt: skip
        self.world = world
        self.changes: list[dict[str, Any]] | None = []
        self._faults, self._seed, self._tools, self._where = faults, seed, tools, where
        self._held: dict[Key, _Held] = {}
        self._answered: dict[int, tuple[Any, ToolError | None]] = {}
        self._before: Any = None
        self._delivery: _Delivery | None = None
        self._met, self._wait = "", 0.0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "world":
            raise AttributeError(name)
        return getattr(self.world, name)

    @property
    def own(self) -> Any:
        """What stands behind it all: a plugin's backend, or the domain's own."""
        return getattr(self.world, "own", self.world)

    def take(self) -> tuple[str, float]:
        """The fault of the last call, as it is recorded, and the virtual seconds that it took; told once."""
        told = self._met, self._wait
        self._met, self._wait = "", 0.0
        return told

    def retries(self, name: str, arguments: dict[str, Any]) -> bool:
        """Whether a call would ask again for an answer that was lost."""
        held = self._held.get(_key(self._tools[name], arguments) or ("", b""))
        return held is not None and not held.heard

    # --- calls ------------------------------------------------------------------------------------------------------

    def call(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """Run a tool, unless a fault comes between. Raises ToolError: `timeout` and `unavailable` for faults."""
        delivery = self._deliver(name, arguments, requestor)
        return self._settle(delivery, lambda: self.world.call(name, arguments, requestor))

    def prepare(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Callable[[], Any]:
        """The first half of `call`, for a tool that runs in a thread."""
        delivery = self._delivery = self._deliver(name, arguments, requestor)
        if delivery.fault in ("timeout", "error") or delivery.key in self._held:
            return lambda: None
        work: Callable[[], Any] = self.world.prepare(name, arguments, requestor)
        return work

    def finish(self, value: Any, error: BaseException | None = None) -> Any:
        """The second half of `call`."""
        assert self._delivery is not None
        return self._settle(self._delivery, lambda: self.world.finish(value, error))

    def _deliver(self, name: str, arguments: dict[str, Any], requestor: Requestor) -> _Delivery:
        """What a call meets on its way."""
        self.changes = []
        step, number = self._where()
        tool = self._tools[name]
        fault, wait, key = "", 0.0, None
        if requestor == "assistant":
            met = draw(self._faults, self._seed, step, number, name)
            fault, key = met.kind, _key(tool, arguments)
            if fault == "timeout" and met.late < 0.5 and tool.effect == "write" and not tool.terminal:
                fault = "late"
            if fault == "stale" and (tool.effect == "write" or tool.blocking or self._before is None):
                fault = ""
            if fault == "slow":
                wait = round(1.0 + met.wait * (SLOWEST - 1.0), 1)
                if tool.blocking and wait > tool.seconds:
                    fault = "timeout"
            if fault in ("timeout", "late"):
                wait = tool.seconds
        before = self.world.snapshot() if "stale" in self._faults and tool.effect == "write" else None
        strict = tool.blocking or not tool.idempotent or KEY_ARGUMENT in arguments
        return _Delivery(number, tool, key, strict, fault, wait, before, self.world.digest())

    def _settle(self, delivery: _Delivery, run: Callable[[], Any]) -> Any:
        """Do the work of a call, once, and give the answer that reaches the agent."""
        fault = delivery.fault
        self._met, self._wait = fault, delivery.wait
        if fault == "error":
            raise ToolError(f"{delivery.tool.name} is not available at the moment; try again", "unavailable")
        if fault == "timeout":
            raise _timeout(delivery.tool)
        if fault == "stale":
            return self._stale(run)
        known = delivery.key in self._held
        result, error = self._once(delivery, run)
        if fault == "duplicate":
            result, error = self._once(delivery, run)
        if fault == "late":
            if error is not None or (known and self.world.digest() == delivery.digest):
                self._met = "timeout"  # nothing has happened, or nothing new
            if delivery.key in self._held:
                self._held[delivery.key].heard = False
            raise _timeout(delivery.tool)
        if error is not None:
            raise error
        return result

    def _once(self, delivery: _Delivery, run: Callable[[], Any]) -> tuple[Any, ToolError | None]:
        """The answer to a call id: a second delivery of it is told what the first was told."""
        known = self._answered.get(delivery.id)
        if known is not None:
            return known
        try:
            answer: tuple[Any, ToolError | None] = self._work(delivery, run), None
        except ToolError as error:
            answer = None, error
        if delivery.before is not None and self.world.digest() != delivery.digest:
            self._before = delivery.before
        self._answered = {delivery.id: answer}
        return answer

    def _work(self, delivery: _Delivery, run: Callable[[], Any]) -> Any:
        key = delivery.key
        held = self._held.get(key) if key is not None else None
        if held is not None:
            return self._again(delivery, held, run)
        result = run()
        self.changes = self.world.changes
        if key is not None:
            self._held[key] = _Held(result, True, self.world.digest())
        return result

    def _again(self, delivery: _Delivery, held: _Held, run: Callable[[], Any]) -> Any:
        """The answer to an equal call under a key. It runs only where a second run would change nothing more."""
        heard, held.heard = held.heard, True
        self._met = delivery.fault or ("" if heard else "retry")
        world = self.world
        if delivery.strict:
            self._met = self._met or "repeat"
            return jsontext.clean(held.result)
        start = world.snapshot()
        try:
            result = run()
        except ToolError:
            if heard:
                raise
            return jsontext.clean(held.result)
        once, changes = world.digest(), world.changes
        if once == delivery.digest:
            return result
        point = world.snapshot()
        # Where nothing else has happened since, a run that changes something does not do the same twice.
        if held.after != delivery.digest and self._changes_nothing(run, once):
            world.restore(point)
            self.changes, held.result, held.after = changes, result, once
            return result
        world.restore(start)
        self._met = self._met or "repeat"
        return jsontext.clean(held.result)

    def _changes_nothing(self, run: Callable[[], Any], digest: str) -> bool:
        """Whether running a call once more would leave the state as it is."""
        try:
            run()
        except ToolError:
            return False
        return bool(self.world.digest() == digest)

    def _stale(self, run: Callable[[], Any]) -> Any:
        """What a read tells of the state before the last write."""
        now = self.world.snapshot()
        self.world.restore(self._before)
        try:
            return run()
        finally:
            self.world.restore(now)

    # --- points to come back to ---------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        """A point to come back to, with what is known of the keys."""
        held = {key: (each.result, each.heard, each.after) for key, each in self._held.items()}
        return self.world.snapshot(), held, self._before

    def restore(self, snapshot: Any) -> None:
        """Go back to a point."""
        world, held, self._before = snapshot
        self.world.restore(world)
        self._held = {key: _Held(*each) for key, each in held.items()}
        self._answered, self.changes = {}, []


def _key(tool: Tool, arguments: dict[str, Any]) -> Key | None:
    """Under which a write is applied once; None where it has no key."""
    if tool.effect != "write":
        return None
    given = arguments.get(KEY_ARGUMENT)
    if given is not None:
        return tool.name, jsontext.canonical([given])
    return (tool.name, jsontext.canonical(arguments)) if tool.idempotent else None


def _timeout(tool: Tool) -> ToolError:
    return ToolError(f"no answer within {tool.seconds:g} s", "timeout")
