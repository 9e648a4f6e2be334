"""A backend that a plugin brings, held to what the environment relies on."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

from ccgym import jsontext
from ccgym.backend import patch
from ccgym.backend.failures import told
from ccgym.errors import CcgymError, DomainError, PluginError, ToolError
from ccgym.types import Backend, Requestor

METHODS = ("call", "probe", "state", "digest", "snapshot", "restore")
"""What `types.Backend` asks for."""


class GuestBackend:
    """A plugin's backend: results are JSON, and whatever it raises is a ToolError.

    That each call is atomic is the backend's own duty. It may have three things more than `types.Backend` asks for:
    `changes`, the JSON Patch of the last call, and `net_patch()`, that of the episode (without them an episode's log
    holds hashes only, and correctness compares these); and `row(table, key)`, so that rules need not ask for the whole
    state.
    """

    seeded = False

    def __init__(self, own: Backend) -> None:
        """Raises PluginError: `own` lacks some of the methods."""
        lacks = [name for name in METHODS if not callable(getattr(own, name, None))]
        if lacks:
            problem = f"what make_backend returned, {type(own).__name__}, has no method {', '.join(lacks)}"
            raise PluginError(problem, fix="Write the methods of ccgym.types.Backend, or return None")
        self.own = own

    def call(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """Run a tool. Raises ToolError for whatever goes wrong."""
        return self._clean(self.own.call, name, arguments, requestor)

    def probe(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """Run a function that is no tool. Raises ToolError for whatever goes wrong."""
        return self._clean(self.own.probe, name, arguments, requestor)

    def prepare(self, name: str, arguments: dict[str, Any], requestor: Requestor = "assistant") -> Any:
        """The call, to be run in a thread."""
        return lambda: self.call(name, arguments, requestor)

    def finish(self, value: Any, error: BaseException | None = None) -> Any:
        """What the prepared call came to."""
        if error is not None:
            raise error if isinstance(error, ToolError) else ToolError(*told(error))
        return value

    def _clean(self, run: Any, name: str, arguments: dict[str, Any], requestor: Requestor) -> Any:
        try:
            return jsontext.clean(run(name, jsontext.clean(arguments), requestor))
        except ToolError:
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a tool's failure is an observation, an exit too
            raise ToolError(*told(error)) from None

    @property
    def changes(self) -> list[dict[str, Any]] | None:
        """JSON Patch of the last call, where the backend tells it."""
        changes = getattr(self.own, "changes", None)
        return None if changes is None else list(changes)  # the backend may fill the same list again

    def net_patch(self) -> list[dict[str, Any]] | None:
        """JSON Patch of the episode, where the backend tells it."""
        tell = getattr(self.own, "net_patch", None)
        return tell() if tell is not None else None

    def state(self) -> dict[str, Any]:
        """The whole state document."""
        return self.own.state()

    def digest(self) -> str:
        """Hash of the state. Raises PluginError where it is no text."""
        found = self.own.digest()
        if type(found) is not str or not found:
            problem = f"{type(self.own).__name__}.digest() returned {found!r:.40}, and not the state's hash as a text"
            raise PluginError(problem, fix="Return 64 hex digits, such as those of hashlib.sha256")
        return found

    def row(self, table: str, key: str) -> Any:
        """One row as it stands, from the backend's own `row(table, key)` where it has one. Raises KeyError."""
        own = getattr(self.own, "row", None)
        return own(table, key) if own is not None else self.own.state()["tables"][table][key]

    def find(self, pointer: str) -> list[tuple[str, Any]]:
        """The (pointer, value) pairs that a JSON pointer names; `*` stands for any one segment."""
        return patch.find(self.own.state(), pointer)

    def snapshot(self) -> Any:
        """A point to come back to."""
        return self.own.snapshot()

    def restore(self, snapshot: Any) -> None:
        """Go back to a point."""
        self.own.restore(snapshot)

    def merged_hash(self, merge: Any) -> str:
        """Raises CcgymError: a backend of one's own tells no hash of a state it is not in."""
        raise CcgymError("expect.state of mode `literal` needs the domain's own backend", fix="Use mode replay or hash")

    def call_init(self, calls: Iterable[Mapping[str, Any]], probes: Container[str], task: str) -> None:
        """Run a task's `init.calls`, of tools or probes. The state that the backend was given has the rest of `init`.

        Raises:
            DomainError: a call failed.
        """
        for number, call in enumerate(calls):
            run = self.probe if call["name"] in probes else self.call
            try:
                run(call["name"], call.get("args") or {}, call.get("requestor") or "assistant")
            except ToolError as error:
                where = f"task {task} init/calls/{number}"
                raise DomainError(f"{error.code}: {error.message}", where=where, fix="Correct the task") from None
