"""For pytest: `--ccgym-plugin DIST` adds the laws of a plugin as tests; three fixtures are for tests of one's own.

Everything of ccgym's is imported when it is used: pytest loads this file in every project beside which ccgym stands.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ccgym.domain import Domain
    from ccgym.kit.law import Trial
    from ccgym.types import Episode


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option `--ccgym-plugin`."""
    parser.getgroup("ccgym").addoption(
        "--ccgym-plugin", metavar="DIST", default=None,
        help="Add every law for this installed distribution, or plugin, of ccgym as a test.",
    )  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:  # fmt: skip
    """Add the laws, before anything is selected by name or mark."""
    name = config.getoption("--ccgym-plugin")
    if name is not None:
        from ccgym.errors import PluginError

        try:
            items += LawsOf.from_parent(session, name=name, nodeid=name).collect()
        except PluginError as error:
            raise pytest.UsageError(f"--ccgym-plugin: {error}") from None


class LawsOf(pytest.Collector):
    """The laws for one plugin."""

    def collect(self) -> list[pytest.Item]:
        """One item a law and thing."""
        from ccgym.kit import find_subject, trials

        found, failed = trials(find_subject(self.name)), set[str]()
        return [LawItem.from_parent(self, name=trial.title, trial=trial, failed=failed) for trial in found]


class LawItem(pytest.Item):
    """One law, held to one thing."""

    def __init__(self, *, trial: Trial, failed: set[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.trial, self.failed = trial, failed

    def runtest(self) -> None:
        """Fail with every error that is found; warn of the rest."""
        from ccgym.kit import run_trial

        if lost := self.failed.intersection(self.trial.needs):
            pytest.skip(f"failed before: {min(lost)}")
        found = run_trial(self.trial)
        errors = [finding for finding in found if finding.severity == "error"]
        for finding in found:
            if finding not in errors:
                warnings.warn(pytest.PytestWarning(f"{finding} [{finding.code}]"), stacklevel=1)
        if errors:
            self.failed.add(self.trial.title)
            raise LawBroken("\n".join(f"{finding} [{finding.code}]" for finding in errors))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The findings alone: no traceback of ours helps anybody."""
        if isinstance(excinfo.value, LawBroken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, int | None, str]:
        """What the report calls it."""
        return str(self.parent.name if self.parent else ""), None, self.name


class LawBroken(Exception):
    """A law is broken; the text says how, where, and what would be right."""


@pytest.fixture(scope="session")
def _ccgym_gallery(ccgym_domain: Domain) -> Any:
    from ccgym.kit.episodes import gallery

    return gallery(ccgym_domain)


@pytest.fixture(scope="session")
def ccgym_domain(pytestconfig: pytest.Config) -> Domain:
    """The Domain of the plugin that `--ccgym-plugin` names, where it brings one; else OrderDesk."""
    from ccgym.env import find_domain
    from ccgym.kit.subject import HOME, find_subject

    name = pytestconfig.getoption("--ccgym-plugin")
    return find_domain(HOME) if name is None else find_subject(name).domain()


@pytest.fixture
def ccgym_episode(_ccgym_gallery: Any) -> Episode:
    """A finished, scored Episode, in which the reference of a task was played: this test's own copy."""
    from ccgym.kit.episodes import fresh

    return fresh(_ccgym_gallery.reference)


@pytest.fixture
def ccgym_group(_ccgym_gallery: Any) -> list[Episode]:
    """Eight finished, scored Episodes of one task: right, wordy, wrong and silent. This test's own copies."""
    from ccgym.kit.episodes import fresh

    return [fresh(episode) for episode in _ccgym_gallery.group]
