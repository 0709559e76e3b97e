"""Spelling help for error messages: the known name closest to a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, choices: Iterable[str]) -> str | None:
    """The choice spelt most like `name`, case ignored; None when nothing is close."""
    by_folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """An ending for an error message: "; did you mean 'x'?", or "" when nothing is close."""
    found = nearest(name, choices)
    return "" if found is None else f"; did you mean {found!r}?"
