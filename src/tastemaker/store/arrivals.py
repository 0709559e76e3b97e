"""Whose events came since the last look, also those that were numbered before it and committed after it.

SQLite has one writer at a time. PostgreSQL numbers a row when it is inserted and shows it when its transaction ends, so
that a smaller number may appear after a larger one. What was the newest at some look is settled once every transaction
that wrote at the look after it has ended (by then whoever had taken a number had begun to write). A look goes back to
the newest number that is settled, and tells what it had not seen before: whenever more is settled, and while somebody
writes for long, once a second; else it reads only what is newer than the last one.
"""

from dataclasses import dataclass, replace
from math import ceil
from time import monotonic, sleep
from typing import Any, Self

import sqlalchemy as sa

from ..watch import Watch
from .events import Mark, mark_now
from .store import Store
from .tables import events, users

MANY = 5000  # new events from which on nobody is named
WIDE = 10_000  # events that are looked at again; while more are not settled, all is read anew once they are
PATIENCE, PAUSE, BACK = 30.0, 0.05, 1.0  # seconds; the last between two looks back
NOTICED = 1.0  # seconds of a wait that nobody has to hear of


@dataclass(frozen=True)
class _Look:
    """newest: number of an event; ends: the transaction before which all must have ended, None = not known yet

    wide: some before it were not looked at again
    """

    newest: int
    ends: int | None = None
    wide: bool = False


@dataclass(frozen=True)
class Arrivals:
    """newest: None = nobody has looked yet; floor: up to here all is settled; seen: what was there behind it

    back: when somebody looked back to the floor
    """

    newest: int | None = None
    floor: int = 0
    seen: frozenset[int] = frozenset()
    looks: tuple[_Look, ...] = ()
    back: float = 0.0

    def look(self, conn: sa.Connection) -> tuple[Self, list[str] | None]:
        """The next state, and users of whom events came since this one; None = read all anew. In a reader's
        transaction."""
        newest = int(conn.scalar(sa.select(sa.func.max(events.c.id))) or 0)
        first, last, on_postgres = self.newest is None, self.newest or 0, conn.dialect.name == "postgresql"
        # At first, who is writing already may be found as well.
        floor = max(newest - MANY, 0) if first else min(self.floor, newest)
        settled, looks = self._settled(conn, newest, floor) if on_postgres else (_Look(newest), ())
        anew = not first and (newest < last or newest - last > MANY or settled.wide)
        if newest - floor > WIDE:
            unsettled = (_Look(newest, None, wide=True),)
            return replace(self, newest=newest, floor=newest, seen=frozenset(), looks=unsettled), None
        now = monotonic()
        back = first or newest < last or settled.newest > floor or now - self.back >= BACK
        after = events.c.id > (floor if back else last)
        rows: Any = conn.execute(sa.select(events.c.id, events.c.user_row).where(after)).all()
        found: dict[int, int] = dict(rows)
        fresh = set() if first else {user for id_, user in found.items() if id_ not in self.seen}
        floor = max(floor, min(settled.newest, newest))
        seen = frozenset(id_ for id_ in found if id_ > floor) | (frozenset() if back else self.seen)
        told = None if anew or len(fresh) > MANY else _names(conn, fresh)
        state = replace(self, newest=newest, floor=floor, seen=seen, looks=looks, back=now if back else self.back)
        return state, told

    def _settled(self, conn: sa.Connection, newest: int, floor: int) -> tuple[_Look, tuple[_Look, ...]]:
        """The last look whose numbers are settled, wide where one before it was; and those that are not, with this
        where it knows of newer ones."""
        oldest, following = _writing(conn)
        looks = [replace(one, ends=following) if one.ends is None else one for one in self.looks]
        done = [one for one in looks if one.ends is not None and one.ends <= oldest]
        settled = replace(done[-1], wide=any(one.wide for one in done)) if done else _Look(0)
        left = looks[len(done) :]
        known = left[-1].newest if left else max(floor, settled.newest)
        return settled, (*left, *([_Look(newest)] if newest > known else []))


def settled_mark(store: Store, watch: Watch | None = None) -> Mark:
    """`mark_now`, and every event up to it is there to be read: who was about to add one has done so, or was waited
    for in vain for half a minute. watch: hears of a wait that can be noticed, and may end it"""
    with store.read() as conn:
        mark, on_postgres = mark_now(conn), conn.dialect.name == "postgresql"
    if not on_postgres:
        return mark
    sleep(PAUSE)
    with store.read() as conn:
        _, ends = _writing(conn)
    begun, told = monotonic(), (watch or Watch()).on("wait for who writes")
    while (waited := monotonic() - begun) < PATIENCE:
        with store.read() as conn:
            if _writing(conn)[0] >= ends:
                break
        if waited >= NOTICED:
            told.progress(int(waited), ceil(PATIENCE))
        sleep(PAUSE)
    if waited >= NOTICED:
        told.progress(ceil(PATIENCE), ceil(PATIENCE))
    return mark


def _writing(conn: sa.Connection) -> tuple[int, int]:
    """PostgreSQL's oldest transaction that writes, and the number that the next one gets."""
    # Not the end of the snapshot, which lies before whoever began to write after the last one that has ended.
    oldest = sa.func.txid_snapshot_xmin(sa.func.txid_current_snapshot())
    ahead = "age((txid_snapshot_xmin(txid_current_snapshot()) % 4294967296)::text::xid)"
    found = conn.execute(sa.select(oldest, oldest + sa.literal_column(ahead))).one()
    return int(found[0]), int(found[1])


def _names(conn: sa.Connection, rows: set[int]) -> list[str]:
    return list(conn.scalars(sa.select(users.c.id).where(users.c.row.in_(rows)))) if rows else []
