"""A plugin that cannot be imported."""

import no_such_package_anywhere  # noqa: F401

import ccgym


@ccgym.reward()
class Sparkle:
    """Would have been a reward."""

    def score_episode(self, episode):
        return None


@ccgym.hookimpl
def register_rewards(register):
    register(Sparkle)
