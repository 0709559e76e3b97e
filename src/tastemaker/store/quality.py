"""Predictions beside what became of them: written once an outcome, read column by column."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from ..data.arrays import Bool, Float64, Int64
from .events import count_events
from .tables import events, recommendation_quality, slates, users
from .tables.base import CHUNK, add_new

q = recommendation_quality.c
Rows = sa.ColumnElement[bool]
UNCLEAR = "unclear"  # the level of an outcome that nobody can be held to account for


class Pending(NamedTuple):
    """A real event that nobody has compared with a prediction yet."""

    event: int
    user_row: int
    item_row: int
    time: int
    received_at: int
    user: str
    request: str | None


@dataclass(frozen=True)
class Outcomes:
    """Columns of recommendation_quality, an entry an outcome, in time; -1, 0 or NaN where the table says nothing.

    user, item: rows in the database; predicted, actual: preference in [-1, 1]; chance: of a like; at: UTC seconds
    """

    event: Int64
    user: Int64
    item: Int64
    version: Int64
    test: Int64  # -1 = none
    treatment: Bool
    slate: Int64  # -1 = not shown by us
    rank_shown: Int64  # 0 = not shown by us
    level: np.ndarray  # of str
    at: Int64
    known: Int64
    predicted: Float64
    chance: Float64
    actual: Float64
    liked: Bool
    place: Float64

    def __len__(self) -> int:
        return len(self.event)

    def where(self, mask: Bool | Int64) -> "Outcomes":
        """The outcomes where mask (n,) is true, or at these positions."""
        return Outcomes(**{f.name: getattr(self, f.name)[mask] for f in fields(self)})

    @property
    def said(self) -> Bool:
        """bool (n,): was there a prediction?"""
        return ~np.isnan(self.chance)

    @property
    def correct(self) -> Bool:
        """bool (n,): was the predicted like the actual one? False without a prediction."""
        return np.asarray(self.said & ((self.chance >= 0.5) == self.liked))


def read_pending(conn: sa.Connection, since: int, items: int, after: tuple[int, int], most: int) -> list[Pending]:
    """The first `most` by (time, id) behind `after`, of the first `items` items; none that happened, or that we heard
    of, until `since`."""
    e = events.c
    chosen = sa.select(e.id, e.user_row, e.item_row, e.time, e.received_at, users.c.id, e.request)
    chosen = chosen.join(users, users.c.row == e.user_row).where(
        _untracked(), e.time > since, e.received_at > since, e.item_row < items, sa.tuple_(e.time, e.id) > after
    )
    return [Pending(*row) for row in conn.execute(chosen.order_by(e.time, e.id).limit(most))]


def count_unjudged(conn: sa.Connection, since: int | None) -> int:
    """Real events of until `since`, None = of any time, that no prediction can be held against."""
    late = sa.true() if since is None else (events.c.time <= since) | (events.c.received_at <= since)
    return int(conn.scalar(sa.select(sa.func.count()).select_from(events).where(_untracked(), late)) or 0)


def count_new(conn: sa.Connection, since: int, unjudged: bool = False) -> int:
    """Real events that we heard of after `since`; unjudged: those that also happened after it, and have no row here."""
    count = sa.select(sa.func.count()).select_from(events)
    late = ~events.c.synthetic & (events.c.received_at > since)
    if not unjudged:
        return int(conn.scalar(count.where(late)) or 0)
    late &= events.c.time + 0 > since  # + 0: a scan, since an index on time fetches row by row
    every = int(conn.scalar(count.where(late)) or 0)
    return every - int(conn.scalar(count.join(recommendation_quality, q.event == events.c.id).where(late)) or 0)


def count_after(conn: sa.Connection, last: int | None, since: int, known: int | None = None) -> int:
    """Real events numbered behind `last` (None = nobody knows), or heard of after `since`, and those that were numbered
    before it and committed later: of all the others there were `known`."""
    later = events.c.received_at + 0 > since  # + 0: a scan
    later = later if last is None else later | (events.c.id > last)
    n = sa.func.count()
    mine = sa.select(n, sa.func.sum(sa.case((later, 1), else_=0))).select_from(events).where(~events.c.synthetic)
    every, new = (int(value or 0) for value in conn.execute(mine).one())
    late = 0 if last is None or known is None else max(0, every - new - known)
    return new + late


def events_now(conn: sa.Connection) -> dict[str, int]:
    """For `count_after`. events: how many real ones there are;  last: the number of the newest, 0 = there is none"""
    last = int(conn.scalar(sa.select(sa.func.max(events.c.id))) or 0)
    return {"events": count_events(conn).real, "last": last}


def put_quality(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add these rows of the table; how many were new. What was forgotten meanwhile, and what is there, is left out."""
    held = sa.select(events.c.id).where(events.c.id.in_([row["event"] for row in rows]))
    there = set(conn.scalars(held.with_for_update(read=True, key_share=True)))
    shown = {row["slate"] for row in rows} - {None}
    kept = set(conn.scalars(sa.select(slates.c.id).where(slates.c.id.in_(shown))))
    return add_new(conn, recommendation_quality, [
        {**row, "slate": row["slate"] if row["slate"] in kept else None} for row in rows if row["event"] in there
    ])  # fmt: skip


def read_outcomes(
    conn: sa.Connection, since: int | None = None, until: int | None = None, version: int | None = None,
    only: Collection[str] = (),
) -> Outcomes:  # fmt: skip
    """Those that happened after `since` and not after `until`; of one version, or of all that somebody foretold.

    only: names of the columns that will be looked at, () = all; the others say nothing, which takes no time to read
    """
    read = {name: column for name, column in _COLUMNS.items() if not only or name in only}
    where = [q.level != UNCLEAR] if version is None else [q.level != UNCLEAR, q.version == version]
    where += [] if since is None else [q.at > since]
    where += [] if until is None else [q.at <= until]
    chosen = sa.select(*(column for column, _, _ in read.values())).where(*where).order_by(q.at, q.event)
    found: list[list[np.ndarray]] = [[np.zeros(0, type_)] for _, type_, _ in read.values()]
    for rows in conn.execute(chosen).partitions(CHUNK):
        for column, values, (_, type_, none) in zip(found, zip(*rows, strict=True), read.values(), strict=True):
            column.append(np.array([none if value is None else value for value in values], type_))
    said = {name: np.concatenate(parts) for name, parts in zip(read, found, strict=True)}
    n = len(next(iter(said.values())))
    unread = {name: np.full(n, none, type_) for name, (_, type_, none) in _COLUMNS.items() if name not in read}
    return Outcomes(**said, **unread)


def count_outcomes(conn: sa.Connection) -> dict[int, int]:
    """How many were compared with what each version had foretold; versions without any are left out."""
    chosen = sa.select(q.version, sa.func.count()).where(q.level != UNCLEAR).group_by(q.version).order_by(q.version)
    return {int(version): int(n) for version, n in conn.execute(chosen)}


def real_event_ids(conn: sa.Connection) -> Int64:
    """Of all real events in the order they came, as `read_dataset` gives them with synthetic=False."""
    return np.fromiter(conn.scalars(sa.select(events.c.id).where(~events.c.synthetic).order_by(events.c.id)), np.int64)


def last_outcome(conn: sa.Connection) -> int | None:
    """When the latest judged outcome happened, UTC seconds."""
    found: int | None = conn.scalar(sa.select(sa.func.max(q.at)))
    return found


def _untracked() -> Rows:
    return ~events.c.synthetic & ~sa.exists().where(q.event == events.c.id)


_COLUMNS: dict[str, tuple[sa.ColumnElement[Any], Any, Any]] = {
    "event": (q.event, np.int64, -1), "user": (q.user_row, np.int64, -1), "item": (q.item_row, np.int64, -1),
    "version": (q.version, np.int64, -1), "test": (q.test, np.int64, -1),
    "treatment": (sa.func.coalesce(q.arm, "") == "treatment", np.bool_, False), "slate": (q.slate, np.int64, -1),
    "rank_shown": (q.rank_shown, np.int64, 0), "level": (q.level, np.object_, ""), "at": (q.at, np.int64, 0),
    "known": (q.known, np.int64, 0), "predicted": (q.predicted, np.float64, np.nan),
    "chance": (q.chance, np.float64, np.nan), "actual": (q.actual, np.float64, np.nan),
    "liked": (q.liked, np.bool_, False), "place": (q.place, np.float64, np.nan),
}  # fmt: skip
