"""A picture as data: what the app draws with Altair and the report with Matplotlib, and gives away as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Row = Mapping[str, Any]
Rows = Sequence[Row]


@dataclass(frozen=True)
class Plot:
    """
    name:      of the CSV file
    title:     what is seen; x_title, y_title: with units, as are the columns named x and y of the rows
    x_kind:    time (ISO dates), number or name
    series:    the column that tells lines or colors apart, "" = none
    low, high: columns of both ends of an interval, "" = none
    marks:     moments worth a line: {"at": x, "label": text}
    level:     a limit, drawn across; percent: y is a share; diagonal: a line where x equals y
    loose:     the one of the series whose points no line joins
    dash:      the column whose second value is drawn dashed and fainter, "" = none
    size:      the column that makes points large, "" = none
    """

    name: str
    title: str
    kind: Literal["line", "bar", "point", "step"]
    rows: Rows
    x: str
    y: str
    x_title: str
    y_title: str
    x_kind: Literal["time", "number", "name"] = "number"
    series: str = ""
    series_title: str = ""
    low: str = ""
    high: str = ""
    marks: Rows = ()
    level: float | None = None
    level_title: str = ""
    percent: bool = False
    diagonal: bool = False
    log_x: bool = False
    tips: Sequence[str] = ()
    loose: str = ""
    dash: str = ""
    size: str = ""

    @property
    def described(self) -> str:
        """For those who cannot see it."""
        span = f" from {self.rows[0][self.x]} to {self.rows[-1][self.x]}" if self.rows else ", empty"
        return f"{self.title}. {self.y_title} by {self.x_title.lower() or self.x}, {len(self.rows)} points{span}."


def as_csv(rows: Rows) -> str:
    """Every column of every row, the first row's first."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    made = csv.DictWriter(out, names, lineterminator="\n")
    made.writeheader()
    made.writerows(dict(row) for row in rows)
    return out.getvalue()


def day_of(seconds: int) -> str:
    """The UTC day, as charts take it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def moment(seconds: int) -> str:
    """The UTC moment, as charts take it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def moment_of(seconds: int | None) -> str:
    """For people; "" = never."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def thinned(rows: Rows, most: int = 400) -> list[Row]:
    """Evenly spread ones, the first and the last among them."""
    if len(rows) <= most:
        return list(rows)
    step = (len(rows) - 1) / (most - 1)
    return [rows[round(k * step)] for k in range(most)]
