"""A plain table of events, in a file or wherever `read_table` looks, without a project that says what is what.

The items that occur are the catalog, and a grade runs from the lowest one to the highest one that occur.
"""

import hashlib
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from ...errors import DataError
from ..catalog import Catalog
from ..columns import EventColumns, ScaleColumn
from ..decode import decode
from ..delimited import read_delimited
from ..load_events import load_events
from ..parse import to_number
from ..read import _bytes, _read_parquet, _unpack, read_table
from ..table import Table, checked, pick_column
from ..vocab import Vocab
from .published import File, Published

USER, ITEM = ("user", "user id"), ("item", "item id")
TIME = ("time", "timestamp", "date", "datetime")


class _Grade(NamedTuple):
    kind: str
    columns: tuple[str, ...]
    low_is_best: bool


GRADES = (_Grade("ranking", ("rank",), True), _Grade("rating", ("rating", "stars"), False))


def read_csv_events(source: str) -> Published:
    return events_of_table(read_as("csv", source))


def read_parquet_events(source: str) -> Published:
    return events_of_table(read_as("parquet", source))


def read_named_events(source: str) -> Published:
    """Of the kind that the file's name, or the URL, says."""
    return events_of_table(read_table(source))


def read_as(kind: str, source: str) -> Table:
    """The table in a file: "csv" or "parquet", whatever the file's name says."""
    path = Path(source).expanduser()
    data = _unpack(_bytes(path), path.name, packed=path.suffix.lower() == ".gz")
    if not data.strip():
        raise DataError(f"{path.name} is empty. It needs column names and rows.")
    if kind == "parquet":
        return _read_parquet(data, path.name)
    text, found, repaired, lost = decode(data)
    columns, lines, refused = checked(read_delimited(text, path.name), path.name)
    return Table(path.name, columns, lines, tuple(refused), found, repaired, lost, hashlib.sha256(data).hexdigest())


def events_of_table(table: Table) -> Published:
    columns, note = _columns(table)
    cells = pick_column(table, columns.item, "item")
    ids = tuple(dict.fromkeys(name for cell in cells if (name := (cell or "").strip())))
    read = load_events(table, columns, Catalog(Vocab(ids), ids))
    file = File(table.source, read.kind, table.digest, len(read.dataset), read.refused, table.repaired)
    return Published(table.source, read.dataset, None, (file,), columns, note=note, keys=read.keys)


def _columns(table: Table) -> tuple[EventColumns, str]:
    """What the columns are called, and what was assumed of their grades."""
    user, item, time = _called(table, USER), _called(table, ITEM), _called(table, TIME)
    if user is None or item is None:
        raise DataError(
            f"{table.source} has no column {USER[0] if user is None else ITEM[0]!r}. Call the columns user and item, "
            f"and time, rating or rank where there are any. It has: {', '.join(table.names)}"
        )
    scales, notes = {}, []
    for grade in GRADES:
        column = _called(table, grade.columns)
        if column is not None and (scale := _scale(table, column, grade.low_is_best)) is not None:
            scales[grade.kind] = scale
            notes.append(f"{column} runs from {scale.worst:g} (worst) to {scale.best:g} (best), the ends that occur")
    return EventColumns(user, item, time=time or TIME[0], scales=scales), "; ".join(notes)


def _called(table: Table, names: Sequence[str]) -> str | None:
    """The first of these names that a column has."""
    for name in names:
        try:
            pick_column(table, name, name)
        except DataError:
            continue
        return name
    return None


def _scale(table: Table, column: str, low_is_best: bool) -> ScaleColumn | None:
    """None where all grades are one: that tells nothing."""
    ends = sorted({value for cell in set(pick_column(table, column, column)) if isfinite(value := _number(cell))})
    if not ends:
        raise DataError(f"{table.source}: the column {column!r} holds no number. Correct it, or leave it out.")
    if ends[0] == ends[-1]:
        return None
    return ScaleColumn(column, *((ends[-1], ends[0]) if low_is_best else (ends[0], ends[-1])))


def _number(cell: str | None) -> float:
    try:
        return to_number(cell)
    except ValueError:
        return float("nan")
