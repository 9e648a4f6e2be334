"""A reward of your own: a class that scores a step, an episode or a group."""

from pathlib import Path

import ccgym


@ccgym.reward(range=(0.0, 1.0))
class Brief:
    """1 for replies of 120 characters on average, less for longer ones."""

    def score_episode(self, episode):
        lengths = [len(text) for _, text in episode.replies]
        if not lengths:
            return None  # the agent never spoke: the reward does not apply
        mean = sum(lengths) / len(lengths)
        return ccgym.RewardResult(min(1.0, 120 / max(mean, 1.0)), f"{mean:.0f} characters a reply")


class BriefPlugin:
    """In a package of your own this is a module, named by an entry point of the group `ccgym`."""

    @ccgym.hookimpl
    def register_rewards(self, register):
        register(Brief)


def main():
    ccgym.register(BriefPlugin())
    env = ccgym.make(Path(__file__).parent / "own_env", weights={"correctness": 1.0, "brief": 0.5})
    env.reset(options={"task": "due"})
    env.step('<tool_call>{"name": "get_loan", "arguments": {"loan_id": "L0010"}}</tool_call>')
    *_, info = env.step("It is due on 2026-01-11.")
    print(f"{info['termination']}: {info['rewards']}")


if __name__ == "__main__":
    main()
