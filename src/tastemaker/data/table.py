"""What every source becomes: named columns of raw text cells, with each row's line and each refused row's reason."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import NamedTuple

from tastemaker.data.decode import decode
from tastemaker.data.nearest import did_you_mean
from tastemaker.errors import DataError

Column = list[str | None]


class BadRow(NamedTuple):
    line: int
    reason: str


class Rows(NamedTuple):
    """What a format's reader found, before it is a Table."""

    columns: dict[str, Column]
    lines: list[int]
    refused: list[BadRow]


@dataclass(frozen=True)
class Table:
    """Cells as text; None is missing (SQL NULL, JSON null, no such key), an empty CSV cell is ""."""

    source: str  # for messages: a file's name, or a URL without its password
    columns: dict[str, Column] = field(repr=False)
    lines: list[int] = field(repr=False)  # where each row starts, from 1: a line of a text file, else a row number
    refused: tuple[BadRow, ...]
    encoding: str
    repaired: int  # characters that the encoding's fall-back read
    lost: int  # characters that nobody can read, shown as U+FFFD
    digest: str  # sha256 of the unpacked file, or of the rows where there is no file
    unit: str = "line"  # what `lines` counts: "line" or "row"

    @property
    def n_rows(self) -> int:
        return len(self.lines)

    @property
    def n_found(self) -> int:
        """Rows kept and refused together: all that the source holds."""
        return self.n_rows + len(self.refused)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def place(self, row: int) -> str:
        """Where the row at index `row` stands, for messages: "catalog.csv, line 812"."""
        return f"{self.source}, {self.unit} {self.lines[row]}"


def pick_column(table: Table, name: str, wanted_for: str) -> Column:
    """The column called `name`, else the one column that differs only by case, spaces, underscores or hyphens.

    "one | other": the first of these that is there.
    """
    if name in table.columns:
        return table.columns[name]
    for other in names_of(name)[:-1]:
        try:
            return pick_column(table, other, wanted_for)
        except DataError:
            continue
    name = names_of(name)[-1]
    alike = [column for column in table.names if plain_name(column) == plain_name(name)]
    if len(alike) == 1:
        return table.columns[alike[0]]
    about = f"{table.source} has no column {name!r} (wanted for {wanted_for})"
    if alike:
        raise DataError(f"{about}, but {' and '.join(map(repr, alike))}; name the one you mean.")
    raise DataError(f"{about}{did_you_mean(name, table.names) or '.'} It has: {', '.join(table.names)}")


def coalesced(table: Table, name: str, wanted_for: str) -> Column:
    """As `pick_column`, row by row: of "one | other" the first of the columns that says something there."""
    found = []
    for one in names_of(name):
        try:
            found.append(pick_column(table, one, wanted_for))
        except DataError:
            continue
    column = found[0] if found else pick_column(table, name, wanted_for)
    for other in found[1:]:
        if not all(column):
            column = [cell if cell and cell.strip() else more for cell, more in zip(column, other, strict=True)]
    return column


def names_of(name: str) -> list[str]:
    """What a column may be called, "one | other", the first choice first."""
    return [part.strip() for part in name.split("|")]


def unique_names(names: Iterable[str], source: str) -> list[str]:
    """Stripped column names; a nameless one is called by its position, a repeated one is refused."""
    stripped = [name.strip() or f"column {position}" for position, name in enumerate(names, 1)]
    repeated = sorted({name for name in stripped if stripped.count(name) > 1})
    if repeated:
        raise DataError(
            f"{source} has more than one column named {', '.join(map(repr, repeated))}. Rename all but one."
        )
    return stripped


def checked(rows: Rows, source: str, unit: str = "line") -> Rows:
    """`rows`, unless there is none to work with."""
    if rows.lines:
        return rows
    if rows.refused:
        line, reason = rows.refused[0]
        raise DataError(
            f"{source}: none of its {len(rows.refused)} rows can be read; the first, {unit} {line}: {reason}. "
            "Is the file what its name says?"
        )
    raise DataError(f"{source} has columns ({', '.join(rows.columns)}) but no rows. Add rows, or name another source.")


def numbered_table(source: str, columns: dict[str, Column], repaired: int = 0, lost: int = 0) -> Table:
    """A table of rows that have numbers, not lines: SQL, Parquet, data frames. Its digest is of the rows."""
    n = len(next(iter(columns.values()), []))
    rows = checked(Rows(columns, list(range(1, n + 1)), []), source, "row")
    return Table(source, columns, rows.lines, (), "UTF-8", repaired, lost, _digest(columns), unit="row")


def as_text(value: object) -> str | None:
    """A value of any type as a cell: 5 → "5", 0.5 → "0.5", True → "true", ["a", "b"] → "a, b", None and NaN → None."""
    known = _BY_TYPE.get(type(value))
    return known(value) if known is not None else _as_text_by_kind(value)


def _as_text_by_kind(value: object) -> str | None:
    if callable(plain := getattr(value, "tolist", None)):  # NumPy's scalars and arrays
        return as_text(plain())
    match value:
        case list() | tuple() | set() | frozenset():
            return ", ".join(text for text in map(as_text, value) if text is not None)
        case dict():
            return json.dumps(value, ensure_ascii=False, default=str)
        case bytes() | bytearray() | memoryview():
            return decode(bytes(value)).text
        case date() | time():
            return value.isoformat()
    return None if isinstance(value, Decimal) and value.is_nan() else str(value)


def _bool_text(value: object) -> str:
    return "true" if value else "false"


def _nothing(value: object) -> None:
    return None


def _float_text(value: object) -> str | None:
    return None if (text := repr(value)) == "nan" else text


_BY_TYPE: dict[type, Callable[[object], str | None]] = {
    str: str,
    int: str,
    float: _float_text,
    bool: _bool_text,
    type(None): _nothing,
}


def plain_name(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


def _digest(columns: dict[str, Column]) -> str:
    digest = hashlib.sha256()
    for name, cells in columns.items():
        digest.update(json.dumps([name, cells]).encode())
    return digest.hexdigest()
