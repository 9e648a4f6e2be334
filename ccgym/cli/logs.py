"""What the libraries log, as plain lines on stderr: each thing once, tracebacks only with --debug."""

from __future__ import annotations

import logging

from ccgym.cli.output import Output


class OnceHandler(logging.Handler):
    """Notes a record, and passes over those that say the same: a mistake in a tool makes one line, not a thousand."""

    def __init__(self, out: Output) -> None:
        super().__init__(logging.WARNING)
        self._out, self._said = out, set[str]()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's message, and the exception behind it."""
        text = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        about = f"{record.msg} {type(error).__name__}: {error}" if error is not None else text
        if about in self._said:
            return
        self._said.add(about)
        reason = f" ({type(error).__name__}: {error})" if error is not None else ""
        self._out.note(f"{record.levelname.capitalize()}: {text}{reason}")
        if self._out.debug and error is not None:
            self._out.note(logging.Formatter().formatException(record.exc_info))  # type: ignore[arg-type]


def show_logs(out: Output) -> None:
    """Let what `ccgym` and its plugins log reach this command's stderr."""
    logger = logging.getLogger("ccgym")
    logger.handlers = [OnceHandler(out)]
    logger.propagate = False
