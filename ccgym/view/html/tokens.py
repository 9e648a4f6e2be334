"""The tokens of a turn as HTML: what was sampled coloured by its log-probability, what was context left grey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ccgym.view.html.markup import inline, number
from ccgym.view.steps import TokensView

SHADES = (-0.01, -0.1, -0.5, -1.0, -2.0, -4.0)
"""Log-probabilities at which the colour changes, from sure to surprising."""
CONTEXT = 60
"""Context tokens of a turn that are shown: its last ones."""


@dataclass(slots=True)
class Purse:
    """So many of something that a page may still show."""

    left: int

    def take(self, wanted: int) -> int:
        """How many of those wanted may be shown."""
        given = min(wanted, self.left)
        self.left -= given
        return given


def tokens_told(tokens: TokensView | None, purse: Purse, decode: Callable[[int], str] | None) -> str:
    """The tokens of a turn, folded; "" where none were recorded."""
    if tokens is None or not tokens.ids:
        return ""
    sampled = [value for value in tokens.logprobs if value is not None]
    known = f" · log-probability {number(sum(sampled), 2)} in all, least {number(min(sampled), 2)}" if sampled else ""
    version = f" · weights {inline(tokens.version)}" if tokens.version else ""
    first = next((place for place, mine in enumerate(tokens.mask) if mine), len(tokens.ids))
    start = max(first - CONTEXT, 0)
    wanted = len(tokens.ids) - start
    shown = purse.take(wanted)
    before = f'<span class="soft">{start:,} more of context … </span>' if start else ""
    after = f'<span class="soft"> … {wanted - shown:,} more</span>' if shown < wanted else ""
    spans = "".join(
        _token(tokens.ids[place], tokens.mask[place] if place < len(tokens.mask) else 0, tokens.logprobs[place], decode)
        for place in range(start, start + shown)
    )
    return (
        f'<details class="tokens"><summary>{len(tokens.ids):,} tokens, {tokens.sampled:,} sampled{known}{version}'
        f'</summary><div class="text code" dir="ltr">{before}{spans}{after}</div></details>'
    )


def _token(token: int, mine: int, logprob: float | None, decode: Callable[[int], str] | None) -> str:
    text = str(token) if decode is None else decode(token)
    if not mine:
        return f'<s title="{token}, context">{inline(text)}</s>'
    if logprob is None:
        return f'<u title="{token}">{inline(text)}</u>'
    shade = sum(logprob < bound for bound in SHADES)
    return f'<u class="p{shade}" title="{token}, {number(logprob)}">{inline(text)}</u>'


def vocabulary_of(file: Path) -> Callable[[int], str] | None:
    """Token id to its text, by the tokenizer of the run that an episode's file lies in; None where there is none."""
    folder = next((parent for parent in file.absolute().parents if (parent / "run.json").is_file()), None)
    found = [path for name in ("grpo", "sft") if folder and (path := folder / name / "tokenizer.json").is_file()]
    if not found:
        return None
    try:
        from tokenizers import Tokenizer
    except ImportError:  # an extra
        return None
    tokenizer = Tokenizer.from_file(str(found[0]))

    def decode(token: int) -> str:
        text = tokenizer.decode([token], skip_special_tokens=False)
        return text or tokenizer.id_to_token(token) or str(token)

    return decode
