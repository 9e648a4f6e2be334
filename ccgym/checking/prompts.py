"""Lengths: the prompt and the longest reference against a model's context."""

from __future__ import annotations

import re

from ccgym.checking.playing import Played
from ccgym.domain import Domain
from ccgym.domain.findings import Findings

ASCII = 4.0
"""Characters of ASCII to a token, roughly, whatever the tokenizer."""
OTHER = 1.5
"""The same of all other characters."""
PER_MESSAGE = 8
"""Tokens that a chat template puts around a message."""
_OTHER = re.compile(r"[^\x00-\x7f]")


def tokens(text: str) -> int:
    """An estimate of how many tokens a text has: not of one model, but of most."""
    if text.isascii():
        return round(len(text) / ASCII)
    other = len(_OTHER.findall(text))
    return round((len(text) - other) / ASCII + other / OTHER)


def look_at_prompts(domain: Domain, played: list[Played], context: int, findings: Findings) -> None:
    """Warn where the prompt alone, or the longest reference with it, does not fit a context."""
    longest, most, first = None, 0, 0
    prompts: dict[str, int] = {}
    for one in played:
        total = 0
        for message in one.episode.messages():
            text = str(message["content"])
            size = prompts.get(text) if message["role"] == "system" else tokens(text)
            if size is None:
                size = prompts[text] = tokens(text)
            if message["role"] == "system":
                first = max(first, size)
            total += size + PER_MESSAGE
        if total > most:
            longest, most = one, total
    shorten = "Shorten the SOP, use prompt: {sop: digest, tools: names}, or give --context"
    if first > context:
        findings.add("prompt-too-long", next(iter(domain.sop_sources), "sop.md"),
                     f"SOP and tools take about {first:,} tokens, more than a context of {context:,}",
                     shorten)  # fmt: skip
    elif longest is not None and most > context:
        findings.add("episode-too-long", longest.place, f"the reference's talk takes about {most:,} tokens, more than "
                     f"a context of {context:,}; {first:,} of them are SOP and tools", shorten)  # fmt: skip
