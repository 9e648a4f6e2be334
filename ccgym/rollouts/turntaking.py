"""How a policy is asked for turns: in one call, or as they come. Its failures become turns with an error.

Every policy has `act(requests) -> turns`. One that also has `submit(requests)` and `collect() -> [(key, turn), …]`, as
local models do, is given new requests while others are still in the middle of a turn.
"""

from __future__ import annotations

import logging
from typing import Any

from ccgym.errors import CcgymError
from ccgym.types import Policy, Request, Turn

_log = logging.getLogger("ccgym")


class Turns:
    """A policy's turns, as they come, whatever it does: its failures become turns with an error."""

    def __init__(self, policy: Any) -> None:
        self.policy = policy
        self.asked: dict[int, Request] = {}
        """Requests that are not answered yet."""
        self._failures: list[tuple[int, Turn]] = []
        self._streams = hasattr(policy, "submit") and hasattr(policy, "collect")

    def submit(self, requests: list[Request]) -> None:
        """Ask for a turn of each."""
        self.asked.update((request.key, request) for request in requests)
        if self._streams:
            self._failures = self._guarded(lambda: self.policy.submit(requests)) or []

    def collect(self) -> list[tuple[int, Turn]]:
        """The turns that are there: all of them, or of a policy that streams at least one."""
        if not self.asked:
            return []
        if self._streams:
            turns = self._failures or self._guarded(self._collected)
            self._failures = []
        else:
            requests = list(self.asked.values())
            turns = [(r.key, turn) for r, turn in zip(requests, _act(self.policy, requests), strict=True)]
        return [(key, turn) for key, turn in turns if self.asked.pop(key, None) is not None]

    def close(self, key: int) -> None:
        """The episode has ended."""
        self.asked.pop(key, None)
        try:
            self.policy.close(key)
        except Exception:  # the episode has ended well: a policy's clean-up cannot undo it
            _log.exception("policy %s failed to close an episode", self.policy.name)

    def _collected(self) -> list[tuple[int, Turn]]:
        turns: list[tuple[int, Turn]] = self.policy.collect()
        if not turns:
            raise CcgymError(f"policy {self.policy.name} left {len(self.asked)} requests without a turn")
        return turns

    def _guarded(self, work: Any) -> Any:
        try:
            return work()
        except Exception as error:  # a stranger's code: its failure ends episodes, not the rollout
            _log.warning("policy %s failed", self.policy.name, exc_info=error)
            return [(key, _error_turn(error)) for key in self.asked]


def _act(policy: Policy, requests: list[Request]) -> list[Turn]:
    """The policy's turns; where it raises, each request is tried alone, so that only the guilty ones fail."""
    try:
        turns = policy.act(requests)
        if len(turns) != len(requests):
            raise CcgymError(f"policy {policy.name} gave {len(turns)} turns for {len(requests)} requests")
    except Exception as error:  # as above
        if len(requests) > 1:
            return [turn for request in requests for turn in _act(policy, [request])]
        _log.warning("policy %s failed", policy.name, exc_info=error)
        return [_error_turn(error)]
    return turns


def _error_turn(error: Exception) -> Turn:
    return Turn("", error=f"{type(error).__name__}: {error}")
