"""The tokens of a turn: context and what the policy sampled, coloured by how likely it was."""

from __future__ import annotations

import math

from textual.content import Content

from ccgym.view.steps import StepView, TokensView
from ccgym.view.timeline import Timeline
from ccgym.view.tui.blocks import Block, Row, shown

LIKELY = ((0.9, "$success"), (0.5, "$warning"), (0.0, "$error"))
"""From this probability on, this colour."""
TOGETHER, SHOWN, RAREST = 120, 6000, 8
"""Tokens in a block, tokens that are shown at all, and how many of the least likely are listed."""


def tokens(timeline: Timeline, step: StepView) -> list[tuple[Block, int | None]]:
    """Figures, the least likely tokens, then all of them."""
    found = step.tokens
    if found is None:
        told = "No tokens are recorded at this step."
        return [(Block([Row(Content.styled(told, "$foreground-muted"), beside=False)]), None)]
    blocks = [_figures(found), *_rarest(found)]
    ids = list(zip(found.ids, found.mask, found.logprobs, strict=False))
    for at in range(0, min(len(ids), SHOWN), TOGETHER):
        parts = [(f"{token} ", _style(mask, logprob)) for token, mask, logprob in ids[at : at + TOGETHER]]
        blocks.append(Block([Row(Content.assemble(*parts), f"{at}")], 7, apart=False))
    if len(ids) > SHOWN:
        blocks.append(
            Block([Row(Content.styled(f"… {len(ids) - SHOWN:,} more tokens", "$foreground-muted"), beside=False)])
        )
    return [(block, None) for block in blocks]


def _style(mask: int, logprob: float | None) -> str:
    if not mask:
        return "$foreground-disabled"
    if logprob is None:
        return "$primary"
    return next(style for least, style in LIKELY if math.exp(min(logprob, 0.0)) >= least)


def _figures(found: TokensView) -> Block:
    known = [logprob for logprob in found.logprobs if logprob is not None]
    rows = [
        Row(
            Content.assemble(
                (f"{found.sampled:,} sampled", "bold"),
                (f" after {len(found.ids) - found.sampled:,} of context", "$foreground-muted"),
            ),
            beside=False,
        )
    ]
    if found.version:
        rows.append(Row(shown(found.version), "policy"))
    if known:
        mean = sum(known) / len(known)
        rows.append(Row(Content(f"sum {sum(known):.3f}, mean {mean:.4f}, least {min(known):.3f}"), "log p"))
        legend = Content.assemble(
            ("context ", "$foreground-disabled"), ("p ≥ 0.9 ", "$success"), ("≥ 0.5 ", "$warning"), ("below", "$error")
        )
        rows.append(Row(legend, "colours"))
    else:
        rows.append(Row(Content.assemble(("context ", "$foreground-disabled"), ("sampled", "$primary")), "colours"))
    return Block(rows)


def _rarest(found: TokensView) -> list[Block]:
    """The sampled tokens that the policy thought least of."""
    known = [
        (logprob, at) for at, logprob in enumerate(found.logprobs) if logprob is not None and logprob < math.log(0.9)
    ]
    rows = [Row(Content.styled("least likely", "bold"), beside=False)] if known else []
    for logprob, at in sorted(known)[:RAREST]:
        text = f"token {found.ids[at]:<7} p {math.exp(logprob):.3f}  log p {logprob:.3f}"
        rows.append(Row(Content.styled(text, _style(1, logprob)), f"{at}"))
    return [Block(rows, 7)] if rows else []
