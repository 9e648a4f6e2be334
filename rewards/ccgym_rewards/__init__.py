"""First-party rewards, registered through the same hook as anybody's, and built on public ccgym alone."""

from __future__ import annotations

from collections.abc import Callable

from ccgym import hookimpl


@hookimpl
def register_rewards(register: Callable[[type], None]) -> None:
    """The six rewards that ccgym comes with."""
    from ccgym_rewards.correctness import Correctness
    from ccgym_rewards.diversity import Diversity
    from ccgym_rewards.efficiency import Efficiency
    from ccgym_rewards.format import Format
    from ccgym_rewards.sop import Sop
    from ccgym_rewards.style import Style

    for reward in (Format, Correctness, Sop, Efficiency, Style, Diversity):
        register(reward)
