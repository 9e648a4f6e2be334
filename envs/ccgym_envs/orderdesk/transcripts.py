"""Prints talks as plain text: `python -m ccgym_envs.orderdesk.transcripts [HOW_MANY] [--shortcuts]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice

import ccgym
from ccgym_envs import ORDERDESK


def transcripts(*, shortcuts: bool = False) -> Iterator[str]:
    """The reference, or each shortcut, of one drawn task a template, again and again with other seeds."""
    domain = ccgym.load_domain(ORDERDESK)
    seed = 0
    while True:
        for template in domain.templates:
            task = domain.draw(template, "train", seed)
            talks = task.meta.get("shortcuts", []) if shortcuts else [task.expect.actions]
            for actions in talks:
                episode = ccgym.enact(domain, task, actions)
                lines = [f"[{message['role']}] {message['content']}" for message in episode.messages()]
                yield "\n".join([f"== {task.id}: correctness {episode.rewards['correctness']}", *lines])
        seed += 1


if __name__ == "__main__":
    wanted = next((int(word) for word in sys.argv[1:] if word.isdigit()), 20)
    for text in islice(transcripts(shortcuts="--shortcuts" in sys.argv), wanted):
        print(text, end="\n\n")
