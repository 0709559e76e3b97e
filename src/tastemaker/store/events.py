"""Users and what they did, in the database: added once, read as a Dataset."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Bool, Float32, Int32, Int64
from ..data.catalog import Catalog
from ..data.dataset import Dataset, Scale
from ..data.events import Events
from ..data.vocab import Vocab
from ..errors import DataError
from ..watch import Watch
from .tables import events, items, users
from .tables.base import CHUNK, add_new, alone, next_row, rows_by_id

Profile = dict[str, float]
MANY = 50_000  # events at once for which SQLite gets a larger cache
INDEX_CACHE = 128 << 20  # bytes
COLUMNS = ("value", "time", "received_at", "kind", "synthetic")  # named alike in Events and in the table


class EventCount(NamedTuple):
    real: int
    synthetic: int


class Mark(NamedTuple):
    """How far real users had come: the last event's id and the last user's row; whoever comes later has larger ones."""

    event: int
    user: int


def put_events(conn: sa.Connection, dataset: Dataset, keys: Sequence[str], watch: Watch | None = None) -> int:
    """Add the events whose key is new, and the profiles their users state; how many events that were.

    keys: one an event, what makes it the same event; a key that is known, or comes twice, is skipped.
    """
    if len(keys) != len(dataset):
        raise DataError(f"{len(dataset)} events come with {len(keys)} keys. Give one key an event.")
    item_rows = _item_rows(conn, dataset)
    user_rows = _put_users(conn, dataset)
    with room_for_indexes(conn, len(dataset)):
        rows = _rows(dataset.events, user_rows, item_rows, keys)
        return add_new(conn, events, rows if watch is None else _told(rows, len(keys), watch))


def _told(rows: Iterator[dict[str, Any]], n: int, watch: Watch) -> Iterator[dict[str, Any]]:
    """The same rows; every thousands of them are reported."""
    for done, row in enumerate(rows):
        if done % CHUNK == 0:
            watch.progress(done, n)
        yield row
    watch.progress(n, n)


def read_dataset(
    conn: sa.Connection,
    catalog: Catalog,
    tastes: tuple[str, ...] = (),
    scales: Mapping[str, Scale] | None = None,
    *,
    synthetic: bool | None = None,
    until: Mark | None = None,
) -> Dataset:
    """Every user, and every event of an item of `catalog`, in the order they came.

    synthetic: True = only invented users, False = only real ones, None = both; until: only real ones, as they were then
    """
    who: sa.ColumnElement[bool] = sa.true()
    what: sa.ColumnElement[bool] = sa.true()
    if synthetic is not None:
        who, what = (table.c.synthetic == sa.literal(synthetic) for table in (users, events))
    if until is not None:  # invented ones are deleted and made again
        who, what = who & (users.c.row <= until.user), what & (events.c.id <= until.event)
    return _read(conn, catalog, tastes, scales or {}, who, what)


def read_user(
    conn: sa.Connection,
    user: str,
    catalog: Catalog,
    tastes: tuple[str, ...] = (),
    scales: Mapping[str, Scale] | None = None,
) -> Dataset | None:
    """What is known of one user, as a Dataset with that one user; None = a stranger."""
    who = users.c.id == user
    theirs = events.c.user_row.in_(sa.select(users.c.row).where(who))
    found = _read(conn, catalog, tastes, scales or {}, who, theirs)
    return found if len(found.users) else None


def read_histories(
    conn: sa.Connection, rows: Collection[int], catalog: Catalog, tastes: tuple[str, ...], scales: Mapping[str, Scale]
) -> tuple[Dataset, Int64]:
    """All that the users in these rows did with items of `catalog`, in the order it came, and the ids of the events."""
    theirs = events.c.user_row.in_(rows) & (events.c.item_row < len(catalog))
    found = _read(conn, catalog, tastes, scales, users.c.row.in_(rows), theirs)
    ids = conn.scalars(sa.select(events.c.id).where(theirs).order_by(events.c.id))
    return found, np.fromiter(ids, np.int64)


def mark_now(conn: sa.Connection) -> Mark:
    """Until which `read_dataset` reads now."""
    last = [
        conn.scalar(sa.select(sa.func.max(column)).where(~column.table.c.synthetic))
        for column in (events.c.id, users.c.row)
    ]
    return Mark(*(-1 if row is None else row for row in last))


def count_events(conn: sa.Connection) -> EventCount:
    counts = conn.execute(sa.select(events.c.synthetic, sa.func.count()).group_by(events.c.synthetic))
    by_source = {bool(synthetic): n for synthetic, n in counts}
    return EventCount(by_source.get(False, 0), by_source.get(True, 0))


def delete_synthetic(conn: sa.Connection) -> int:
    """Remove invented users and their events; how many events that were."""
    deleted = conn.execute(sa.delete(events).where(events.c.synthetic)).rowcount
    conn.execute(sa.delete(users).where(users.c.synthetic))
    return deleted


@contextmanager
def room_for_indexes(conn: sa.Connection, n: int = MANY) -> Iterator[None]:
    """Keys are random, so a new one may land on any page of their index: SQLite's cache of 2 MB would be read and
    written for each of a million events, which takes twice as long."""
    if conn.dialect.name != "sqlite" or n < MANY:
        yield
        return
    before = conn.exec_driver_sql("PRAGMA cache_size").scalar_one()
    conn.exec_driver_sql(f"PRAGMA cache_size = {-INDEX_CACHE // 1024}")
    try:
        yield
    finally:
        conn.exec_driver_sql(f"PRAGMA cache_size = {before}")


def _item_rows(conn: sa.Connection, dataset: Dataset) -> Int64:
    """Catalog row -> row in the database, int64 (n_items,); -1 where no event needs it."""
    needed = np.unique(dataset.events.item)
    ids = [dataset.catalog.items.ids[row] for row in needed]
    known = rows_by_id(conn, items, ids)
    for id_ in ids:
        if id_ not in known:
            raise DataError(f"An event speaks of the item {id_!r}, which the catalog does not hold. Import it first.")
    rows = np.full(len(dataset.catalog), -1, np.int64)
    rows[needed] = [known[id_].row for id_ in ids]
    return rows


def _put_users(conn: sa.Connection, dataset: Dataset) -> Int64:
    """Add who is new and update what they state; row in the database, int64 (n_users,), -1 = nothing said of them."""
    alone(conn, users)
    invented, profiles = _invented(dataset), _profiles(dataset)
    active = np.union1d(dataset.events.user, [row for row, profile in enumerate(profiles) if profile]).astype(np.int64)
    known = rows_by_id(conn, users, [dataset.users.ids[row] for row in active], users.c.synthetic, users.c.profile)
    rows = np.full(len(dataset.users), -1, np.int64)
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    following = next_row(conn, users.c.row)
    for position in active:
        id_, stated, synthetic = dataset.users.ids[position], profiles[position], bool(invented[position])
        old = known.get(id_)
        rows[position] = following + len(new) if old is None else old.row
        if old is None:
            new.append({"row": int(rows[position]), "id": id_, "synthetic": synthetic, "profile": stated or None})
        elif old.synthetic != synthetic:
            kinds = ("a real", "an invented")
            raise DataError(f"User {id_!r} is {kinds[old.synthetic]} user, not {kinds[synthetic]} one. Rename one.")
        elif stated and stated.items() - (old.profile or {}).items():
            changed.append({"b_row": old.row, "profile": (old.profile or {}) | stated})
    add_new(conn, users, new)
    if changed:
        conn.execute(sa.update(users).where(users.c.row == sa.bindparam("b_row")), changed)
    return rows


def _invented(dataset: Dataset) -> Bool:
    """bool (n_users,); a user without events is of the source of all the others."""
    e = dataset.events
    invented = np.full(len(dataset.users), len(e) > 0 and bool(e.synthetic.all()))
    invented[e.user[~e.synthetic]] = False
    invented[e.user[e.synthetic]] = True
    both = e.user[~e.synthetic & invented[e.user]]
    if len(both):
        raise DataError(f"User {dataset.users.ids[both[0]]!r} has real and invented events. Rename one of the two.")
    return invented


def _profiles(dataset: Dataset) -> list[Profile]:
    stated = np.isfinite(dataset.profiles)
    return [
        {name: value for name, value, known in zip(dataset.tastes, values, row, strict=True) if known}
        for values, row in zip(dataset.profiles.tolist(), stated.tolist(), strict=True)
    ]


def _rows(e: Events, user_rows: Int64, item_rows: Int64, keys: Sequence[str]) -> Iterator[dict[str, Any]]:
    names = ("user_row", "item_row", "grp", "key", "context", *COLUMNS)
    values = (getattr(e, name).tolist() for name in COLUMNS)
    rows = (user_rows[e.user].tolist(), item_rows[e.item].tolist(), e.group.tolist(), keys, _contexts(e), *values)
    return (dict(zip(names, row, strict=True)) for row in zip(*rows, strict=True))


def _contexts(e: Events) -> list[Profile | None]:
    columns = [column.tolist() for column in e.context.values()]
    if not columns:
        return [None] * len(e)
    return [dict(zip(e.context, values, strict=True)) for values in zip(*columns, strict=True)]


def _read(
    conn: sa.Connection, catalog: Catalog, tastes: tuple[str, ...], scales: Mapping[str, Scale],
    who: sa.ColumnElement[bool], theirs: sa.ColumnElement[bool],
) -> Dataset:  # fmt: skip
    """who: which users; theirs: which events, all of them of these users."""
    people = conn.execute(sa.select(users.c.row, users.c.id, users.c.profile).where(who).order_by(users.c.row)).all()
    columns = _columns(conn, theirs)
    context = columns.pop("context")
    made = Events(
        user=np.searchsorted([person.row for person in people], columns.pop("user_row")).astype(np.int32),
        item=_catalog_rows(conn, catalog, theirs, columns.pop("item_row")),
        group=columns.pop("grp"),
        context=_context_columns(context),
        **columns,
    )
    return Dataset(
        made.where(made.item >= 0), catalog, Vocab(tuple(person.id for person in people)), tastes,
        _profile_rows([person.profile for person in people], tastes), scales,
    )  # fmt: skip


def _columns(conn: sa.Connection, theirs: sa.ColumnElement[bool]) -> dict[str, Any]:
    """Events in the order they came, column by column and chunk by chunk, so that no row is kept as an object."""
    spoken = conn.scalar(sa.select(sa.exists().where(theirs, events.c.context.is_not(None))))
    names = [*_TYPES, *(["context"] if spoken else [])]
    found = conn.execute(sa.select(*(events.c[name] for name in names)).where(theirs).order_by(events.c.id))
    kept: dict[str, list[Any]] = {name: [] for name in [*_TYPES, "context"]}
    for rows in found.partitions(CHUNK):
        for name, column in zip(names, zip(*rows, strict=True), strict=True):
            kept[name].append(np.array(column, _TYPES[name]) if name in _TYPES else column)
    columns = {name: np.concatenate([np.zeros(0, type_), *kept[name]]) for name, type_ in _TYPES.items()}
    n = len(columns["kind"])
    return columns | {"context": [c for part in kept["context"] for c in part] or [None] * n}


def _catalog_rows(conn: sa.Connection, catalog: Catalog, theirs: sa.ColumnElement[bool], item_rows: Int64) -> Int32:
    """Rows in the database -> rows in the catalog, int32 (n,); -1 = not in it."""
    spoken_of = items.c.row.in_(sa.select(events.c.item_row).where(theirs))
    named = conn.execute(sa.select(items.c.row, items.c.id).where(spoken_of).order_by(items.c.row)).all()
    rows = catalog.items.rows(item.id for item in named)
    return rows[np.searchsorted([item.row for item in named], item_rows)]


_TYPES: dict[str, Any] = {
    "user_row": np.int64, "item_row": np.int64, "grp": np.int64,
    "value": np.float32, "time": np.int64, "received_at": np.int64, "kind": np.int8, "synthetic": np.bool_,
}  # fmt: skip


def _context_columns(contexts: Sequence[Profile | None]) -> dict[str, Float32]:
    names = dict.fromkeys(name for context in contexts if context for name in context)
    return {name: np.array([(c or {}).get(name) for c in contexts], np.float32) for name in names}  # None -> NaN


def _profile_rows(profiles: Sequence[Profile | None], tastes: tuple[str, ...]) -> Float32:
    rows = [[(profile or {}).get(taste) for taste in tastes] for profile in profiles]
    return np.array(rows, np.float32).reshape(len(profiles), len(tastes))  # None -> NaN
