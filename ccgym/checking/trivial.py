"""Policies that do nothing of use, and what they earn: a task that one of them solves teaches nothing."""

from __future__ import annotations

from ccgym.checking.playing import Played, bounded
from ccgym.domain.findings import Findings
from ccgym.env import CcgymEnv, enact
from ccgym.rollouts import rollout
from ccgym.types import Episode

POLICIES = {
    "null": "says nothing",
    "refuse": "refuses whatever is asked",
    "echo": "repeats the customer's words",
    "spam": "calls every tool",
}
"""The built-in policies that are tried, and what each does."""
SAMPLE = 60
"""How many tasks each plays."""


def play_trivial(env: CcgymEnv, played: list[Played], findings: Findings) -> None:
    """Let a reply of `OK.` play every task whose reference is right, and the trivial policies a sample of the rest."""
    rest = []
    for one in played:
        if not one.right:
            continue
        if _right(enact(env.domain, bounded(env.domain, one.task), env=env)):
            findings.add("nothing-needed", one.place, "an agent that only says 'OK.' earns correctness 1",
                         "Ask for words with expect.say, or for a deed")  # fmt: skip
        else:
            rest.append(one)
    sample = rest[:: max(1, len(rest) // SAMPLE)][:SAMPLE]
    for policy, does in POLICIES.items():
        episodes = rollout(env, policy, [bounded(env.domain, one.task) for one in sample])
        won = [one for one, episode in zip(sample, episodes, strict=True) if _right(episode)]
        if won:
            more = f" and on {len(won) - 1} more of {len(sample)} tasks" if len(won) > 1 else ""
            findings.add("trivial-policy", won[0].place,
                         f"the policy `{policy}`, which {does}, earns correctness 1 here{more}",
                         f"Expect something else: see `ccgym rollout … --policy {policy}`")  # fmt: skip


def _right(episode: Episode) -> bool:
    return episode.rewards.get("correctness") == 1.0
