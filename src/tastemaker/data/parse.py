"""From the text of one cell to a number, a time or tags; a ValueError holds a short reason, callers add the line."""

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Seconds reach the year 5138 at 1e11, which milliseconds passed in 1973; the same step bounds milliseconds.
FIRST_MILLISECONDS = 1e11
FIRST_TOO_LARGE = 1e14
# A cell that a program wrote as a list: ['a', "it's"], ["a"], [a, b] or []; "[live] a, [demo]" is none.
_QUOTED_LIST = re.compile(r"""\[\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*(?:,.*)?\]""", re.DOTALL)
_BARE_LIST = re.compile(r"\[[^\[\]]*\]")
_LIST_ENTRY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^,]+))\s*(?:,|$)""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def to_number(cell: str | None) -> float:
    """The finite number that a cell states; NaN where the cell is missing or blank."""
    if cell is None or not cell.strip():
        return math.nan
    value = _float(cell)
    if value is None:
        raise ValueError(f"{cell!r} is not a number{_comma_hint(cell)}")
    if not math.isfinite(value):
        raise ValueError(f"{cell!r} is not a finite number; leave the cell empty if it is unknown")
    return value


def to_time(cell: str | None) -> int:
    """UTC seconds of an ISO 8601 date or time (UTC where it names no zone) or of an epoch in seconds or milliseconds.

    Eight digits that make a calendar date (20240531) are that date, not an epoch in 1970.
    """
    text = (cell or "").strip()
    if not text:
        raise ValueError("the time is missing")
    # Numbers first: fromisoformat reads the milliseconds 1598010810000 as a day in 1598.
    number = _float(text)
    moment = _iso(text) if number is None or (len(text) == 8 and text.isdecimal()) else None
    if moment is not None:
        return (moment - EPOCH) // timedelta(seconds=1)
    if number is None or not math.isfinite(number):
        raise ValueError(f"{text!r} is not a time; write 2024-05-31, 2024-05-31T18:30:00+02:00 or epoch seconds")
    return _epoch_seconds(text, number)


def split_tags(cell: str | None, separator: str) -> tuple[str, ...]:
    """The parts of a cell, stripped, as written and in order; blanks and repeats (case ignored) are left out.

    A cell that a program wrote as a list, such as ['a', 'b'], loses its brackets and quotes; its commas separate.
    """
    text = (cell or "").strip()
    if text.startswith("[") and text.endswith("]"):
        if _QUOTED_LIST.fullmatch(text):
            return distinct_tags(_list_entries(text[1:-1]))
        if _BARE_LIST.fullmatch(text):
            text = text[1:-1]
    return distinct_tags(text.split(separator))


def distinct_tags(parts: Iterable[str]) -> tuple[str, ...]:
    """Parts stripped, in order, without blanks and repeats (case ignored)."""
    seen: dict[str, str] = {}
    for part in parts:
        tag = part.strip()
        if tag:
            seen.setdefault(tag.casefold(), tag)
    return tuple(seen.values())


def _list_entries(inside: str) -> Iterable[str]:
    for double, single, bare in _LIST_ENTRY.findall(inside):
        yield bare if bare else _ESCAPED.sub(r"\1", double or single)


def _float(text: str) -> float | None:
    # float() also takes 1_000, which no data file means as a number.
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _comma_hint(cell: str) -> str:
    return "; write a decimal point and no thousands separator" if _float(cell.replace(",", "")) is not None else ""


def _iso(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _epoch_seconds(text: str, number: float) -> int:
    if abs(number) >= FIRST_TOO_LARGE:
        raise ValueError(f"{text!r} is too large for an epoch in seconds or milliseconds")
    return math.floor(number / 1000 if abs(number) >= FIRST_MILLISECONDS else number)
