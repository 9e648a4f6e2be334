"""Which verbs there are, without importing any of them: the core's table, and the plugins' entry points."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

VERBS: dict[str, tuple[str, str]] = {
    "train": ("Run", "Train an agent: SFT warm start, then GRPO, then evaluation."),
    "rollout": ("Run", "Play episodes with a policy, score them and log them."),
    "eval": ("Run", "Measure a policy: success, pass^k, by tag and by component."),
    "play": ("Run", "Be the agent yourself, in this terminal."),
    "new": ("Write", "Make a package of your own: `new reward|tool|env|domain NAME`."),
    "check": ("Look", "Find what is wrong with a domain or a plugin."),
    "audit": ("Look", "Find what can be earned without doing the job."),
    "replay": ("Look", "Print a recorded episode, or prove that it happens again."),
    "fork": ("Look", "Go back to a step of an episode, change one thing, and go on."),
    "blame": ("Look", "Find the step that took success out of an episode's reach."),
    "diff": ("Look", "Show where two episodes part: action, state, rewards."),
    "group": ("Look", "Show the members of a group side by side, and where they part."),
    "runs": ("Look", "Compare two runs by task: `runs diff RUN RUN`."),
    "view": ("Look", "Browse a run in the browser, also while it trains."),
    "rescore": ("Look", "Score recorded episodes anew and show what changes."),
    "doctor": ("Look", "Say what on this machine would stop a run, and the fix."),
    "schema": ("Look", "Print the JSON Schema of a file format."),
    "plugins": ("List", "List plugins, or show one."),
    "envs": ("List", "List environments, or show one."),
    "tools": ("List", "List toolsets and their tools, or show one."),
    "rewards": ("List", "List rewards, show one, or compare those of recorded episodes."),
}
"""Verb to the section of the help it stands in and its summary; the verb's module in `ccgym.cli` has its name."""

MODULES = {"eval": "evaluate"}
"""Verbs whose module is named otherwise."""


def plugin_verbs() -> dict[str, list[EntryPoint]]:
    """The verbs of the entry-point group `ccgym.commands`, with all that claim each one. Imports nobody."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group="ccgym.commands"), key=lambda e: (e.name, owner(e))):
        found.setdefault(entry.name, []).append(entry)
    return found


def owner(entry: EntryPoint) -> str:
    """The name of the distribution that an entry point belongs to."""
    return entry.dist.name if entry.dist is not None else entry.module
