"""Calling a stranger's reward: in time, and with nothing but a proper result coming back."""

from __future__ import annotations

import math
import signal
import threading
import time
from _signal import signal as set_handler  # signal.signal makes enums, for longer than a small reward takes
from collections.abc import Callable
from numbers import Real
from types import FrameType
from typing import Any

from ccgym.backend.failures import text_of
from ccgym.errors import RewardError
from ccgym.types import RewardResult

_MAIN = threading.main_thread().ident
_SLACK = 1e-9
"""A value this little outside its range is rounding, and is clipped."""
_SOON = 1e-4
"""Seconds: a timer that is set to nothing never rings."""
_INT = frozenset((int,))
_HAS_TIMER = hasattr(signal, "setitimer")


class _Overtime(BaseException):
    """Raised inside a reward by the timer. No `except Exception` of the reward's own swallows it."""


class Guard:
    """Runs rewards under their time limits. In the main thread a hanging one is interrupted; elsewhere it is measured.

    Entered once around several calls, because swapping the signal handler and setting the timer cost more than a small
    reward: a timer that rings too early for the call that then runs is set again for what that call has left. A timer
    that was running before goes on afterwards with what it had left.
    """

    __slots__ = ("_began", "_handler", "_rings", "_running", "_timed", "_timer", "_until")

    def __enter__(self) -> Guard:
        self._running = False
        self._rings = self._until = math.inf
        self._timed = _HAS_TIMER and threading.get_ident() == _MAIN
        if self._timed:
            self._began = time.monotonic()
            self._timer = signal.setitimer(signal.ITIMER_REAL, 0)
            self._handler = set_handler(signal.SIGALRM, self._ring)
        return self

    def __exit__(self, *_: object) -> None:
        if self._timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            set_handler(signal.SIGALRM, self._handler if self._handler is not None else signal.SIG_DFL)
            left, interval = self._timer
            if left:
                signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - self._began), 1e-3), interval)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        self._rings = math.inf
        if self._running:
            left = self._until - time.perf_counter()
            if left <= 0:
                raise _Overtime
            self._set(left)

    def _set(self, seconds: float) -> None:
        """Let the timer ring for the call that runs."""
        self._rings = self._until
        signal.setitimer(signal.ITIMER_REAL, max(seconds, _SOON))

    def call(self, method: Callable[..., Any], seconds: float, *arguments: Any, trusted: bool = False) -> Any:
        """What the method returns.

        Args:
            method: what to call.
            seconds: how long it may take.
            arguments: what it gets.
            trusted: it may rely on the timer of an earlier call, which a stranger's method could have stopped.

        Raises:
            RewardError: it raised, or took longer than it declared.
        """
        began = time.perf_counter()
        self._until = began + seconds
        try:
            if self._timed and (self._until < self._rings or not trusted):
                self._set(seconds)
            self._running = True
            result = method(*arguments)
            self._running = False
        except _Overtime:
            self._running = False
            raise RewardError(f"took longer than its {seconds:g} s and was interrupted", code="overtime") from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a stranger's code: any failure is data, SystemExit and RecursionError too
            self._running = False
            raise RewardError(f"raised {type(error).__name__}: {text_of(error)}", code="raised") from error
        if time.perf_counter() - began > seconds:
            raise RewardError(f"took longer than its {seconds:g} s", code="overtime")
        return result


def check_result(result: Any, bounds: tuple[float, float]) -> RewardResult | None:
    """The result as it is, or with its value made a float.

    Raises:
        RewardError: not a RewardResult or None; a value that is no number, not finite or out of range; evidence or
            parts of the wrong types.
    """
    if result is None:
        return None
    if type(result) is not RewardResult:
        fix = f" (write RewardResult({result}))" if isinstance(result, Real) else ""
        raise RewardError(f"returned {type(result).__name__}, not a RewardResult or None{fix}", code="result")
    value = result.value
    if value is not None:
        value = _number(value, "value")
        low, high = bounds
        if not low <= value <= high:
            if not low - _SLACK <= value <= high + _SLACK:
                raise RewardError(f"returned {value}, outside its range {low:g} to {high:g}", code="range")
            value = min(max(value, low), high)
    if type(result.explanation) is not str:
        raise RewardError(f"explanation is {type(result.explanation).__name__}, not text", code="result")
    evidence = result.evidence
    if not isinstance(evidence, list | tuple) or not _INT.issuperset(map(type, evidence)):
        raise RewardError("evidence is not a tuple of the numbers of events (event.n)", code="result")
    if not isinstance(result.parts, dict):
        raise RewardError(f"parts is {type(result.parts).__name__}, not a dict", code="result")
    parts = result.parts
    if parts:
        parts = {str(name): part if part is None else _number(part, str(name)) for name, part in parts.items()}
    return RewardResult(value, result.explanation, tuple(evidence), parts)


def _number(value: Any, what: str) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    if not isinstance(value, Real):
        raise RewardError(f"{what} is {type(value).__name__}, not a number", code="result")
    value = float(value)
    if not math.isfinite(value):
        raise RewardError(f"{what} is {value}, not a finite number", code="finite")
    return value
