"""Policies that do nothing of use, and what they earn: a task that one of them solves teaches nothing."""

from __future__ import annotations

from ccgym.checking.playing import Played, bounded
from ccgym.domain.findings import Findings
from ccgym.env import CcgymEnv, enact
from ccgym.rollouts import make_policy
from ccgym.types import Episode, Policy, Request

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
    for name, does in POLICIES.items():
        policy = make_policy(name)
        won = [one for one in sample if _right(_play(env, policy, one))]
        if won:
            more = f" and on {len(won) - 1} more of {len(sample)} tasks" if len(won) > 1 else ""
            findings.add("trivial-policy", won[0].place,
                         f"the policy `{name}`, which {does}, earns correctness 1 here{more}",
                         f"Expect something else: see `ccgym rollout … --policy {name}`")  # fmt: skip


def _play(env: CcgymEnv, policy: Policy, one: Played) -> Episode:
    """An episode of a policy's. Not by the runner, whose observers need not hear of a check."""
    observation, _ = env.reset(options={"task": bounded(env.domain, one.task), "seed": 0})
    over = False
    while not over:
        turn = policy.act([Request(0, env, observation, env.episode.steps)])[0]
        observation, _, terminated, truncated, _ = env.step(turn)
        over = terminated or truncated
    return env.episode


def _right(episode: Episode) -> bool:
    return episode.rewards.get("correctness") == 1.0
