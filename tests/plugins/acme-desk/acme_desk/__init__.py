"""All that a third party can register, in one small module."""

from pathlib import Path

import ccgym
from ccgym.plugins import Toolset

DESK = Path(__file__).parent / "desk"


@ccgym.tool
def lend_umbrella(state, name):
    """Lend the last umbrella to somebody."""
    row = state["umbrellas"]["U1"]
    if row["lent_to"]:
        raise ccgym.ToolError("It is lent already", "lent")
    row["lent_to"] = name
    return row


@ccgym.reward(range=(0, 1))
class Brevity:
    """1 where every reply has at most ten words."""

    def score_episode(self, episode):
        long = [n for n, text in episode.replies if len(text.split()) > 10]
        return ccgym.RewardResult(0.0 if long else 1.0, f"{len(long)} long replies", tuple(long))


def borrow(rng):
    name = rng.choice(["An", "Binh", "Chi", "Dung"]) + f" {rng.randrange(10_000)}"
    return {
        "user": {"first_message": f"May I borrow an umbrella? I am {name}."},
        "expect": {"actions": [{"name": "lend_umbrella", "args": {"name": name}}, {"say": "Here it is."}]},
    }


@ccgym.hookimpl
def register_tools(register):
    register(Toolset("AcmeDesk", [lend_umbrella]))


@ccgym.hookimpl
def register_rewards(register):
    register(Brevity)


@ccgym.hookimpl
def register_templates(register):
    register("AcmeDesk", "borrow", borrow)
