"""Spelling help for error messages: the known name closest to a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The shortest choice with all words of `name`, else the one spelt most like it (case ignored), or None."""
    by_folded = {choice.casefold(): choice for choice in choices}
    words = name.casefold().split()
    whole = [folded for folded in by_folded if words and all(word in folded for word in words)]
    if len(name) > 3 and whole:
        return by_folded[min(whole, key=len)]
    found = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """An ending for an error message: "; did you mean 'x'?", or "" when nothing is close."""
    found = nearest(name, choices)
    return "" if found is None else f"; did you mean {found!r}?"
