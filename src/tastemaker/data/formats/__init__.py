"""Public data sets as they are published, and plain tables of events: read without a project that knows their columns.

A format is one file here and one line in FORMATS.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from ...errors import DataError
from ..nearest import did_you_mean
from .lightgcn import read_lightgcn
from .movielens import read_movielens
from .published import File, Published
from .tables import read_as, read_csv_events, read_named_events, read_parquet_events

FORMATS: Mapping[str, Callable[[str], Published]] = {
    "csv": read_csv_events,
    "lightgcn": read_lightgcn,
    "movielens": read_movielens,
    "parquet": read_parquet_events,
}
TABLES = ("csv", "parquet")  # one table, whose columns a recipe may name; the others are folders with a catalog

__all__ = ["FORMATS", "TABLES", "File", "Published", "check_format", "read_as", "read_published"]


def read_published(source: str, format: str | None = None, skip_bad_rows: bool = False) -> Published:
    """A data set in one of FORMATS; None = the table that the file's name says it is.

    DataError names the first bad rows, unless they are to be skipped.
    """
    if format is None and Path(source).expanduser().is_dir():
        raise DataError(f"{source} is a folder. Say what it holds: --format {' or --format '.join(_folders())}")
    found = read_named_events(source) if format is None else FORMATS[check_format(format)](source)
    if not skip_bad_rows:
        found.refuse_bad_rows()
    return found


def check_format(format: str) -> str:
    if format not in FORMATS:
        hint = did_you_mean(format, FORMATS) or "."
        raise DataError(f"{format!r} is no format{hint} There are: {', '.join(FORMATS)}.")
    return format


def _folders() -> list[str]:
    return [name for name in FORMATS if name not in TABLES]
