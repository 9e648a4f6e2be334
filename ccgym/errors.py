"""Errors that name the place, what was found and the fix, and carry them as data."""

from __future__ import annotations

from typing import Any


class CcgymError(Exception):
    """Base of every error that ccgym raises on purpose.

    `str(error)` is one plain sentence: `where: message. fix`. Each argument is an attribute too.

    Args:
        message: what was found.
        where: the place: a file with its line, a path, a name.
        fix: what would be right.
        data: whatever a program would want to read.
    """

    def __init__(self, message: str, *, where: str | None = None, fix: str | None = None, **data: Any) -> None:
        self.message, self.where, self.fix, self.data = message, where, fix, data
        text = f"{where}: {message}" if where else message
        super().__init__(f"{text}. {fix}" if fix else text)


class DomainError(CcgymError):
    """A domain folder, task or tool schema is wrong. `findings` lists every problem, not only the first."""

    def __init__(self, message: str, *, findings: list[CcgymError] | None = None, **kw: Any) -> None:
        super().__init__(message, **kw)
        self.findings: list[CcgymError] = findings or [self]
        """Every problem, each an error with `where`, `message` and `fix`."""


class PluginError(CcgymError):
    """A plugin could not be loaded, or two plugins claim one name."""


class ConfigError(CcgymError):
    """A run's config or an option of a command is wrong."""


class EpisodeError(CcgymError):
    """An episode log is broken, or a replay cannot go on."""


class RewardError(CcgymError):
    """A reward broke its contract: raised, hung, returned NaN or left its range."""


class MissingExtra(CcgymError):
    """Something needs an optional dependency. The message names the extra to install."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed", fix=f"Run: pip install 'ccgym[{extra}]'")
        self.extra = extra
        """Name of the extra to install."""


class ToolError(Exception):
    """Raise it in a tool to answer the agent with an error. The state stays as it was before the call.

    Args:
        message: what went wrong, for the agent to read.
        code: a short stable word, such as `not_found`.
    """

    def __init__(self, message: str, code: str = "tool_error") -> None:
        super().__init__(message)
        self.message, self.code = message, code
