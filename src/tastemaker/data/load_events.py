"""A table of rankings, ratings or likes becomes events; every row is loaded or refused with its line and the reason."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from time import time as clock

import numpy as np

from ..errors import DataError, QueryError
from .catalog import Catalog
from .columns import EventColumns
from .dataset import Dataset
from .events import KINDS, Events
from .nearest import did_you_mean
from .parse import to_number, to_time
from .table import BadRow, Table, pick_column
from .vocab import Vocab

AHEAD = 86_400  # seconds that a clock may be ahead before an event is refused


@dataclass(frozen=True)
class EventsRead:
    """keys: one an event, what makes it the same event when the file comes again."""

    dataset: Dataset
    keys: tuple[str, ...]
    kind: str
    refused: tuple[BadRow, ...]


@dataclass(frozen=True)
class _Row:
    user: str
    item: int
    value: float
    time: int
    group: str
    dated: bool


def load_events(table: Table, columns: EventColumns, catalog: Catalog, tastes: tuple[str, ...] = ()) -> EventsRead:
    now = int(clock())
    cells = _cells(table, columns)
    kind = next((kind for kind in columns.scales if kind in cells), "like")
    rows, refused = [], list(table.refused)
    for i in range(table.n_rows):
        try:
            rows.append(_row(i, cells, kind, columns, catalog, now))
        except (ValueError, QueryError) as error:
            refused.append(BadRow(table.lines[i], str(error).removesuffix(".")))
    scales = {name: column.scale() for name, column in columns.scales.items()}
    users = Vocab(tuple(dict.fromkeys(row.user for row in rows)))
    dataset = Dataset(_events(rows, users, kind, now), catalog, users, tastes, scales=scales)
    return EventsRead(dataset, tuple(_keys(rows, catalog, kind)), kind, tuple(refused))


def _cells(table: Table, columns: EventColumns) -> dict[str, list[str | None]]:
    """user, item, and whichever of group, time and the grades are there."""
    try:
        found = {name: pick_column(table, getattr(columns, name), name) for name in ("user", "item")}
    except DataError as error:
        raise DataError(f"{error} Or name your column under [events] in recipe.toml.") from None
    optional = {"group": columns.group, "time": columns.time} | {k: s.column for k, s in columns.scales.items()}
    for name, source in optional.items():
        try:
            found[name] = pick_column(table, source, name)
        except DataError:
            continue
    graded = [source.column for source in columns.scales.values()]
    if graded and not set(columns.scales) & set(found):
        _no_grade(table, graded)
    return found


def _no_grade(table: Table, graded: list[str]) -> None:
    """A table without a grade is a table of likes, unless a column looks like a misspelt grade."""
    for name in table.names:
        hint = did_you_mean(name, graded)
        if hint:
            raise DataError(f"{table.source} has no column {' or '.join(map(repr, graded))}, but one {name!r}{hint}")


def _row(
    i: int, cells: dict[str, list[str | None]], kind: str, columns: EventColumns, catalog: Catalog, now: int
) -> _Row:
    user, item = ((cells[name][i] or "").strip() for name in ("user", "item"))
    if not user or not item:
        raise ValueError(f"the {'item' if user else 'user'} is empty")
    value = 1.0
    if kind in columns.scales:
        column = columns.scales[kind]
        value = to_number(cells[kind][i])
        if not column.scale().contains(value):  # NaN is nowhere
            ends = sorted((column.worst, column.best))
            shown = "missing" if np.isnan(value) else f"{value:g}"
            raise ValueError(f"{column.column} {shown} is outside {ends[0]:g}–{ends[1]:g}")
    said = (cells["time"][i] or "").strip() if "time" in cells else ""
    time = to_time(said) if said else None
    if time is not None and time > now + AHEAD:
        raise ValueError(f"the time {said!r} is in the future")
    group = (cells["group"][i] or "").strip() if "group" in cells else ""
    return _Row(user, catalog.find(item), value, now if time is None else time, group, time is not None)


def _events(rows: list[_Row], users: Vocab, kind: str, now: int) -> Events:
    n = len(rows)
    return Events(
        user=users.rows(row.user for row in rows),
        item=np.array([row.item for row in rows], np.int32),
        value=np.array([row.value for row in rows], np.float32),
        time=np.array([row.time for row in rows], np.int64),
        received_at=np.full(n, now, np.int64),
        kind=np.full(n, KINDS.index(kind), np.int8),
        synthetic=np.zeros(n, bool),
        group=np.array([group_number(row.user, row.group) for row in rows], np.int64),
    )


def group_number(user: str, group: str) -> int:
    """A group's name as 62 bits, -1 for none; the same name of another user is another group."""
    if not group:
        return -1
    return int.from_bytes(hashlib.sha256(f"{user}\0{group}".encode()).digest()[:8], "big") >> 2


def _keys(rows: list[_Row], catalog: Catalog, kind: str) -> list[str]:
    """What a row says, and the how-manieth time: rows that repeat in a file stay apart, a file read again adds none.

    A moment that we made up, because the file has none, is no part of it.
    """
    seen: Counter[str] = Counter()
    keys = []
    for row in rows:
        when = row.time if row.dated else ""
        said = "\0".join(map(str, (kind, row.user, catalog.items.ids[row.item], row.group, when, row.value)))
        keys.append(hashlib.sha256(f"{said}\0{seen[said]}".encode()).hexdigest()[:32])
        seen[said] += 1
    return keys
