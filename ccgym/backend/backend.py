"""The mocked world of one episode: tools run against its state, each call atomic."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Iterable, Mapping
from typing import Any

from ccgym import jsontext
from ccgym.backend import patch
from ccgym.backend.base import Base
from ccgym.backend.context import ToolContext
from ccgym.backend.failures import text_of, told
from ccgym.backend.guest import GuestBackend
from ccgym.backend.nodes import refusals
from ccgym.backend.patch import Op
from ccgym.backend.plan import Plan
from ccgym.backend.program import Program, Ready, program
from ccgym.backend.state import Snapshot, State
from ccgym.errors import DomainError, ToolError
from ccgym.types import Requestor, ToolFunction


class Pending:
    """A call that is ready to run, in any thread: `pending()` runs the tool on its own view of the state.

    Nothing is changed until `DomainBackend.finish(pending)`; one that is never finished leaves no trace.
    """

    __slots__ = ("_arguments", "_context", "_error", "_ready", "_result", "_view")

    def __init__(self, ready: Ready, view: Any, arguments: dict[str, Any], context: ToolContext | None) -> None:
        self._ready, self._view, self._arguments, self._context = ready, view, arguments, context
        self._result: Any = None
        self._error: tuple[str, str] | None = ("the tool has not run", "not_run")

    def __call__(self) -> Pending:
        """Run the tool; what it returns or raises is kept for `finish`. Returns itself."""
        self._result, self._error = _run(self._ready, self._view, self._arguments, self._context)
        return self


def _run(
    ready: Ready, view: Any, arguments: dict[str, Any], context: ToolContext | None
) -> tuple[Any, tuple[str, str] | None]:
    """Run a tool: its result as JSON of its own, or why there is none."""
    try:
        result = ready.run(view, arguments, context)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a tool's failure is an observation, SystemExit and RecursionError too
        return None, told(error)
    try:
        return jsontext.clean(result), None
    except (TypeError, RecursionError) as error:
        if isinstance(result, Coroutine | Generator):
            result.close()  # unfinished: a coroutine that is never awaited warns when it dies
        return None, (f"the tool returned something that is not JSON: {text_of(error)}", "bad_result")


def in_step(sync: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A domain's `sync` as a change of the whole document, which fails as a tool fails: ToolError."""

    def change(document: dict[str, Any]) -> dict[str, Any]:
        try:
            sync(document)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            message, code = told(error)
            raise ToolError(f"sync: {message}", code) from None
        return document

    return change


class DomainBackend:
    """The tools of a domain over one episode's state. Implements `ccgym.types.Backend`.

    Args:
        domain: what to play; its seed state is shared with every other episode.
        seed: the episode's seed, which ids and random numbers of tools derive from.
        task: the task that is played; its `init` is applied by `apply_init`.
        functions, probes: tool and probe functions in place of the domain's.
    """

    __slots__ = ("_counts", "_program", "_seed", "changes", "seeded", "state_", "task")

    def __init__(
        self, domain: Any, seed: int, task: Any = None, functions: Mapping[str, ToolFunction] | None = None,
        probes: Mapping[str, ToolFunction] | None = None,
    ) -> None:  # fmt: skip
        own = functions is None and probes is None
        self._program = program(domain) if own else Program(domain, functions, probes)
        self.task = task
        self.state_ = State(self._program.base)
        self._seed = seed
        self._counts: dict[bytes, int] = {}
        self.changes: list[Op] = []
        """What the last call changed, as JSON Patch with replaced values as `old`."""
        self.seeded = False
        """Whether a tool has asked for an id or a random number: then the state depends on the seed."""

    # --- calls ------------------------------------------------------------------------------------------------------

    def call(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """Run a tool and return its result as JSON.

        Raises:
            ToolError: the tool failed, or did what it may not; the state is as it was. Codes beside the tool's own:
                `unknown_tool, tool_raised, bad_result, bad_state, read_tool_wrote, undeclared_table`.
        """
        self.changes = []
        ready = self._ready(name, requestor)
        context = self._context(ready, arguments) if ready.wants_context else None
        if ready.frozen:
            refused, tables = refusals(), self.state_.reading(requestor)
            result, error = _run(ready, tables, arguments, context)
            self.state_.read(tables)
            if refusals() == refused:
                return self._told(context, result, error)
            # It tried to write. What that comes to, a view tells: it may have been no change.
            context = self._context(ready, arguments) if ready.wants_context else None
        view = self.state_.view(requestor)
        result, error = _run(ready, view, arguments, context)
        return self._settle(ready, view, context, result, error)

    def prepare(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Pending:
        """The first half of `call`, to run the tool in a thread. Arguments are not changed.

        Raises:
            ToolError: `unknown_tool`.
        """
        self.changes = []
        return self._prepare(self._ready(name, requestor), arguments, requestor)

    def _ready(self, name: str, requestor: Requestor) -> Ready:
        ready = self._program.tools.get(name)
        if ready is None or ready.requestor != requestor:
            raise ToolError(f"there is no tool {name!r:.80}", "unknown_tool")
        return ready

    def _context(self, ready: Ready, arguments: dict[str, Any]) -> ToolContext:
        return ToolContext(self._program.clock, self._seed, ready.name, arguments, self._counts)

    def _prepare(self, ready: Ready, arguments: dict[str, Any], requestor: Requestor) -> Pending:
        context = self._context(ready, arguments) if ready.wants_context else None
        return Pending(ready, self.state_.view(requestor, lasting=True), arguments, context)

    def finish(self, pending: Pending | None, error: BaseException | None = None) -> Any:
        """The second half of `call`: make the changes real and return the result.

        Args:
            pending: what running the prepared call gave.
            error: why it gave nothing, such as TimeoutError; then the call has failed.

        Raises:
            ToolError: as `call`; `timeout` for a TimeoutError.
        """
        self.changes = []
        if error is not None or pending is None:
            if isinstance(error, TimeoutError):
                raise ToolError(str(error) or "the tool took too long", "timeout")
            raise ToolError(*(told(error) if error else ("the tool has not run", "not_run")))
        return self._settle(pending._ready, pending._view, pending._context, pending._result, pending._error)

    def _settle(
        self, ready: Ready, view: Any, context: ToolContext | None, result: Any, error: tuple[str, str] | None
    ) -> Any:
        """Commit what a tool did to its view, if it may."""
        applied = False
        try:
            if error is not None:
                raise ToolError(*error)
            plan = self.state_.plan(view)
            if plan is not None:
                self._check(ready, plan)
                if ready.writes:
                    if self._program.sync is not None:
                        plan = self.state_.plan_with(view, in_step(self._program.sync))
                    self.state_.apply(plan)
                    self.changes, applied = plan.ops, True
        finally:
            self.state_.release(view, applied)
        return self._told(context, result, None)

    def _told(self, context: ToolContext | None, result: Any, error: tuple[str, str] | None) -> Any:
        if error is not None:
            raise ToolError(*error)
        if context is not None:
            self._count(context)
        return result

    def _count(self, context: ToolContext) -> None:
        if context.used:
            self.seeded = True
            context.succeeded()

    def _check(self, ready: Ready, plan: Plan) -> None:
        if not plan.ops:
            return
        if not ready.writes:
            raise ToolError(
                f"{ready.name} is declared to read only, and it changed {plan.ops[0]['path']}", "read_tool_wrote"
            )
        if ready.touches is not None:
            for table in plan.touched():
                if table not in ready.touches:
                    message = f"{ready.name} changed the table {table!r}, which its `touches` leaves out"
                    raise ToolError(message, "undeclared_table")

    def probe(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """Run a function that is no tool, for asserts. What it writes is dropped.

        Raises:
            ToolError: it failed, or there is none of that name (`unknown_probe`).
        """
        return self._probe(name, arguments, requestor)._result

    def _probe(self, name: str, arguments: dict[str, Any], requestor: Requestor) -> Pending:
        ready = self._program.probes.get(name)
        if ready is None:
            raise ToolError(f"there is no probe {name!r:.80}", "unknown_probe")
        pending = self._prepare(ready, arguments, requestor)()
        if pending._error is not None:
            raise ToolError(*pending._error)
        return pending

    # --- the state --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """The whole state document, `{"tables": …, "user": …}`, as fresh plain JSON."""
        return self.state_.document()

    def digest(self) -> str:
        """Hash of the state: 64 hex digits."""
        return self.state_.hash

    def row(self, table: str, key: str) -> Any:
        """One row as it stands: to be read, never to be changed. Raises KeyError where there is none."""
        return self.state_.row(table, key)

    def find(self, pointer: str) -> list[tuple[str, Any]]:
        """The (pointer, value) pairs that a JSON pointer names; `*` stands for any one segment."""
        return self.state_.find(pointer)

    def snapshot(self) -> tuple[Snapshot, dict[bytes, int], bool]:
        """A point to come back to."""
        return self.state_.snapshot(), dict(self._counts), self.seeded

    def restore(self, snapshot: tuple[Snapshot, dict[bytes, int], bool]) -> None:
        """Go back to a point."""
        state, counts, self.seeded = snapshot
        self.state_.restore(state)
        self._counts = dict(counts)
        self.changes = []

    def net_patch(self) -> list[Op]:
        """What the episode has changed of the domain's seed state, as JSON Patch."""
        return self.state_.net_patch()

    def merged_hash(self, merge: Any) -> str:
        """Hash of the state as it would be with a JSON Merge Patch applied. Nothing is changed."""
        other = State(self._program.base)
        other.restore(self.state_.snapshot())
        other.edit(lambda document: patch.merge_into(document, merge))
        return other.hash

    def edit(self, ops: Iterable[Mapping[str, Any]]) -> list[Op]:
        """Apply a JSON Patch to the state, and bring it in step; returns all that changed.

        Raises:
            PatchError: an operation does not fit; nothing has changed. ToolError: the state would be none.
        """

        def change(document: dict[str, Any]) -> dict[str, Any]:
            document = patch.apply_to(document, ops)
            return document if self._program.sync is None else in_step(self._program.sync)(document)

        self.changes = self.state_.edit(change)
        return self.changes

    def apply_init(self, init: Mapping[str, Any], task: str = "") -> None:
        """Bring the state to where a task begins.

        Args:
            init: `state`, a JSON Merge Patch over the document; `patch`, a JSON Patch; then `calls` of tools or probes,
                `{name, args, requestor}`, run as the agent's own are.
            task: the task's id, for the error.

        Raises:
            DomainError: something in it does not fit, or a call failed.
        """
        place = "init"
        try:
            if init.get("state") is not None:
                place = "init/state"
                self.state_.edit(lambda document: patch.merge_into(document, init["state"]))
            if init.get("patch"):
                place = "init/patch"
                self.state_.edit(lambda document: patch.apply_to(document, init["patch"]))
            for number, call in enumerate(init.get("calls", ())):
                place = f"init/calls/{number}"
                self._init_call(call["name"], call.get("args") or {}, call.get("requestor") or "assistant")
            if self._program.sync is not None:
                place = "init (sync)"
                self.state_.edit(in_step(self._program.sync))
        except ToolError as error:
            problem = f"{error.code}: {error.message}"
        except patch.PatchError as error:
            problem = str(error)
        else:
            self.changes = []
            return
        raise DomainError(problem, where=f"task {task} {place}", fix="Correct the task")

    def _init_call(self, name: str, arguments: dict[str, Any], requestor: Requestor) -> None:
        if name not in self._program.probes:
            self.call(name, arguments, requestor)
            return
        pending = self._probe(name, arguments, requestor)
        self.state_.commit(pending._view)
        if pending._context is not None:
            self._count(pending._context)


def make_backend(domain: Any, task: Any, seed: int, registry: Any = None) -> Any:
    """The backend of one episode, after the task's `init`: a plugin's, or else a DomainBackend.

    Raises:
        DomainError: the task's `init` does not fit.
    """
    init = task.as_json().get("init", {})
    own = DomainBackend(domain, seed, task)
    if registry is not None and registry.hook.make_backend.get_hookimpls():
        own.apply_init({key: init[key] for key in ("state", "patch") if key in init}, task.id)
        private = {"tables": own.state_.view(lasting=True), "user": own.state_.view("user")}
        backend = registry.hook.make_backend(domain=domain, state=private, task=task)
        if backend is not None:
            guest = GuestBackend(backend)
            guest.call_init(init.get("calls", ()), domain.probes, task.id)
            return guest
        own = DomainBackend(domain, seed, task)
    if init.keys() - {"messages"}:
        started = own._program.started
        point = started.get(task.digest)
        if point is not None:
            own.restore(point)
            return own
        own.apply_init(init, task.id)
        if not own.seeded and len(started) < 10_000:
            started[task.digest] = own.snapshot()
    return own


def make_base(domain: Any) -> Base:
    """The domain's seed state, frozen: one for all its episodes."""
    return program(domain).base


def make_state(domain: Any) -> State:
    """A fresh State over the domain's seed."""
    return State(program(domain).base)
