"""What a misspelt name probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'?`, else the list of known names (at most ten), else "None is known"."""
    from difflib import get_close_matches

    names = sorted(set(known))
    by_fold = {each.casefold(): each for each in names}
    if close := get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6):
        return f"Did you mean {by_fold[close[0]]!r}?"
    if not names:
        return "None is known"
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"Known: {', '.join(names[:10])}{more}"
