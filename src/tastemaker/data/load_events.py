"""A table of rankings, ratings or likes becomes events; every row is loaded or refused with its line and the reason.

Column by column: what a cell says is worked out once for each distinct cell, so a million rows take seconds.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import time as clock
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import DataError, QueryError
from .arrays import Bool, Float64, Int64
from .catalog import Catalog
from .columns import EventColumns, ScaleColumn
from .dataset import Dataset
from .events import AHEAD, KINDS, Events
from .nearest import did_you_mean
from .parse import to_number, to_time
from .repeats import Repeats
from .table import BadRow, Column, Table, coalesced, names_of, plain_name
from .vocab import Vocab

MIXED = "mixed"  # what a table of several kinds holds
TIMES = {
    "time", "timestamp", "datetime", "eventtime", "eventtimestamp", "createdat", "playedat", "watchedat", "ratedat",
    "ts", "unixtime", "unixtimestamp",
}  # fmt: skip
UNDATED = int(np.iinfo(np.int64).min)  # a row that has no time


@dataclass(frozen=True)
class EventsRead:
    """keys: one an event, what makes it the same event when the file comes again."""

    dataset: Dataset
    keys: tuple[str, ...]
    kind: str
    refused: tuple[BadRow, ...]


class _Parsed(NamedTuple):
    """values: one a row; reasons: cell -> what is wrong with it."""

    cells: Column
    values: npt.NDArray[Any]
    reasons: dict[str | None, str]


def load_events(
    table: Table, columns: EventColumns, catalog: Catalog, tastes: tuple[str, ...] = (), now: int | None = None,
    counted: Repeats | None = None,
) -> EventsRead:  # fmt: skip
    """A row without a time happened, as far as anybody knows, when we heard of it.

    now: UTC seconds, the same for all parts of a table; counted: what the parts before this one said (`event_keys`)
    """
    now = int(clock()) if now is None else now
    cells = _cells(table, columns)
    kind = next((kind for kind in columns.scales if kind in cells), "like")
    parsed = _parsed(cells, columns, kind, catalog, now)
    bad = _bad_rows(parsed.values())
    good = np.setdiff1d(np.arange(table.n_rows), list(bad))
    value, time, item, what = (parsed[name].values[good] for name in ("value", "time", "item", "kind"))
    names = [(cells["user"][row] or "").strip() for row in good.tolist()]
    groups = [(cells["group"][row] or "").strip() for row in good.tolist()] if "group" in cells else None
    users, dated = Vocab(tuple(dict.fromkeys(names))), time != UNDATED
    events = Events(
        user=users.rows(names),
        item=item.astype(np.int32),
        value=value.astype(np.float32),
        time=np.where(dated, time, now),
        received_at=np.full(len(good), now, np.int64),
        kind=what.astype(np.int8),
        synthetic=np.zeros(len(good), bool),
        group=_group_numbers(names, groups),
    )
    scales = {name: column.scale() for name, column in columns.scales.items()}
    dataset = Dataset(events, catalog, users, tastes, scales=scales)
    refused = (*table.refused, *(BadRow(table.lines[row], bad[row]) for row in sorted(bad)))
    said = {KINDS[int(code)] for code in np.unique(events.kind)} or {kind}
    named = next(iter(said)) if len(said) == 1 else MIXED
    return EventsRead(dataset, event_keys(dataset, value, dated, groups, counted), named, refused)


def _cells(table: Table, columns: EventColumns) -> dict[str, Column]:
    """user, item, and whichever of group, time, kind and the grades are there."""
    try:
        found = {name: coalesced(table, getattr(columns, name), name) for name in ("user", "item")}
    except DataError as error:
        said = str(error).rstrip(".")
        raise DataError(f"{said}. Or name your column under [events] in recipe.toml.") from None
    optional = {"group": columns.group, "time": columns.time} | {k: s.column for k, s in columns.scales.items()}
    optional |= {"kind": columns.kind} if columns.kinds else {}
    for name, source in optional.items():
        try:
            found[name] = coalesced(table, source, name)
        except DataError:
            continue
    if columns.time and "time" not in found:
        _no_time(table, columns.time)
    graded = [source.column for source in columns.scales.values()]
    if graded and not set(columns.scales) & set(found):
        _no_grade(table, graded)
    return found


def _no_time(table: Table, named: str) -> None:
    """A table without times is of now, unless a column says otherwise: dates would be lost without a word."""
    for name in table.names:
        if plain_name(name) in TIMES:
            raise DataError(
                f"{table.source} has no column {' or '.join(map(repr, names_of(named)))}, but one {name!r}. Under "
                f'[events] of recipe.toml write time = "{name}" if that is when it happened, or time = "" if it is '
                "something else."
            )


def _no_grade(table: Table, graded: list[str]) -> None:
    """A table without a grade is a table of likes, unless a column looks like a misspelt grade."""
    for name in table.names:
        hint = did_you_mean(name, graded)
        if hint:
            raise DataError(f"{table.source} has no column {' or '.join(map(repr, graded))}, but one {name!r}{hint}")


def _parsed(
    cells: dict[str, Column], columns: EventColumns, kind: str, catalog: Catalog, now: int
) -> dict[str, _Parsed]:
    """What each column says; in the order in which a row's first reason counts. kind: where no column says it."""
    nothing: Column = [None] * len(cells["user"])
    scale, grades, plain = columns.scales.get(kind), cells.get(kind), KINDS.index(kind)
    happened = nothing if scale is not None else cells.get("kind", nothing)
    kinds = {said.casefold(): KINDS.index(known) for said, known in columns.kinds.items()}
    return {
        "kind": _parse(happened, lambda cell: plain if happened is nothing else _kind(cell, kinds), np.int64),
        "user": _parse(cells["user"], lambda cell: len(_name(cell, "user")), np.int64),
        "value": _parse(grades or nothing, lambda cell: 1.0 if scale is None else _grade(cell, scale), np.float64),
        "time": _parse(cells.get("time", nothing), lambda cell: _moment(cell, now), np.int64),
        "item": _parse(cells["item"], lambda cell: catalog.find(_name(cell, "item")), np.int64),
    }


def _parse(cells: Column, parse: Callable[[str | None], float], dtype: type) -> _Parsed:
    values: dict[str | None, float] = {}
    reasons: dict[str | None, str] = {}
    for cell in dict.fromkeys(cells):
        try:
            values[cell] = parse(cell)
        except (ValueError, QueryError) as error:
            values[cell], reasons[cell] = 0, str(error).removesuffix(".")
    return _Parsed(cells, np.fromiter(map(values.__getitem__, cells), dtype, len(cells)), reasons)


def _bad_rows(parsed: Iterable[_Parsed]) -> dict[int, str]:
    """Row -> what is wrong with it first."""
    bad: dict[int, str] = {}
    for found in parsed:
        for row, cell in enumerate(found.cells if found.reasons else ()):
            if cell in found.reasons:
                bad.setdefault(row, found.reasons[cell])
    return bad


def _kind(cell: str | None, kinds: Mapping[str, int]) -> int:
    said = (cell or "").strip()
    if said.casefold() not in kinds:
        known = ", ".join(kinds)
        raise ValueError(f"the kind {said!r} is none of {known}: add it to [events.kinds] of recipe.toml")
    return kinds[said.casefold()]


def _name(cell: str | None, what: str) -> str:
    name = (cell or "").strip()
    if not name:
        raise ValueError(f"the {what} is empty")
    return name


def _grade(cell: str | None, scale: ScaleColumn) -> float:
    value = to_number(cell)
    if not scale.scale().contains(value):  # NaN is nowhere
        ends = sorted((scale.worst, scale.best))
        shown = "missing" if np.isnan(value) else f"{value:g}"
        raise ValueError(f"{scale.column} {shown} is outside {ends[0]:g}–{ends[1]:g}")
    return value


def _moment(cell: str | None, now: int) -> int:
    said = (cell or "").strip()
    time = to_time(said) if said else UNDATED
    if time > now + AHEAD:
        raise ValueError(f"the time {said!r} is in the future")
    return time


def _group_numbers(names: list[str], groups: list[str] | None) -> Int64:
    if groups is None:
        return np.full(len(names), -1, np.int64)
    known = {pair: group_number(*pair) for pair in dict.fromkeys(zip(names, groups, strict=True))}
    return np.fromiter(map(known.__getitem__, zip(names, groups, strict=True)), np.int64, len(names))


def group_number(user: str, group: str) -> int:
    """A group's name as 62 bits, -1 for none; the same name of another user is another group."""
    if not group:
        return -1
    return int.from_bytes(hashlib.sha256(f"{user}\0{group}".encode()).digest()[:8], "big") >> 2


def event_keys(
    data: Dataset, value: Float64, dated: Bool, groups: Sequence[str] | None = None, counted: Repeats | None = None
) -> tuple[str, ...]:
    """What an event says, and the how-manieth time: rows that repeat in a file stay apart, a file read again adds none.

    value: as it was written; dated: False where we made the moment up, so that it is no part of it
    counted: of a table that is read part by part, what came before: those without a time are numbered on, while rows
    that say the very same, their moment too, are one, since to remember them all would take as much as the table
    """
    if not len(data):
        return ()
    e, users, items = data.events, data.users.ids, data.catalog.items.ids
    when = np.where(dated, e.time, UNDATED)
    words = groups or [""] * len(e)
    if counted is None:
        seen = _occurrence(e.user, e.item, e.group, when, value, e.kind)
    else:
        seen = np.zeros(len(e), np.int64)
        rows_ = np.flatnonzero(~dated).tolist()
        said = (f"{e.kind[r]}\0{users[e.user[r]]}\0{items[e.item[r]]}\0{words[r]}\0{value[r]}" for r in rows_)
        seen[rows_] = counted.before(np.fromiter(map(hash, said), np.int64, len(rows_)))
    kinds = (KINDS[code] for code in e.kind.tolist())
    columns = (c.tolist() for c in (e.user, e.item, when, value, seen))
    rows = zip(kinds, words, *columns, strict=True)
    return tuple(
        hashlib.sha256(
            f"{kind}\0{users[u]}\0{items[i]}\0{group}\0{'' if t == UNDATED else t}\0{v}\0{n}".encode()
        ).hexdigest()[:32]
        for kind, group, u, i, t, v, n in rows
    )


def _occurrence(*columns: npt.NDArray[Any]) -> Int64:
    """How many rows before this one say the same, int64 (n,)."""
    order = np.lexsort(columns)  # stable: rows that say the same stay in their order
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[order][1:] != column[order][:-1] for column in columns], axis=0)
    place = np.arange(len(order))
    seen = np.empty(len(order), np.int64)
    seen[order] = place - np.maximum.accumulate(np.where(new, place, 0))
    return seen
