"""Settings of a run so small that it takes seconds, and a console that remembers."""

from __future__ import annotations

from ccgym.train.console import Plain

MICRO = {
    "sft": {"demonstrations": {"n": 24, "break_share": 0.3}, "steps": 3, "batch": 4, "lr": 1e-3},
    "grpo": {"iterations": 2, "tasks_per_iteration": 2, "group": 4, "micro_batch": 4, "max_new_tokens": 12,
             "max_tokens": 1400},
    "eval": {"tasks": 3, "samples": 2, "max_new_tokens": 12, "max_tokens": 1400},
}  # fmt: skip


class Said(Plain):
    """A console that remembers."""

    def __init__(self, lines):
        self.lines = lines

    def line(self, text="", style=None):
        self.lines.append(text)
