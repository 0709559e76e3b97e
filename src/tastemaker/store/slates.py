"""What was shown to whom, kept so that quality can be measured afterwards."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from ..data.query import Query, Slate
from ..errors import QueryError
from .tables import slates
from .tables.base import add_new

ELSEWHERE = "elsewhere"  # level and version of what another program chose
TOGETHER = 50  # rows a statement: after each one, the driver waits for the interpreter that other threads want, too


def put_slate(conn: sa.Connection, query: Query, slate: Slate, at: int) -> int:
    """Keep an answer; its id."""
    answer = {name: getattr(slate, name) for name in ("items", "scores", "propensities", "version", "level")}
    more = {"level_reason": slate.level_reason, "arm": slate.arm, "user": query.user, "query": asdict(query)}
    added = sa.insert(slates).values(at=at, **answer, **more).returning(slates.c.id)
    return int(conn.execute(added).scalar_one())


def read_slates(conn: sa.Connection, user: str | None = None) -> list[dict[str, Any]]:
    """Rows of the table, oldest first; of one user, or of all."""
    chosen = sa.select(slates) if user is None else sa.select(slates).where(slates.c.user == user)
    return [dict(row._mapping) for row in conn.execute(chosen.order_by(slates.c.id))]


def read_shown(conn: sa.Connection, users: Collection[str], since: int, until: int) -> list[sa.Row[Any]]:
    """What was shown to these users from `since` on and before `until`, oldest first: id, at, user, version, level,
    arm, items, query, request."""
    s = slates.c
    chosen = sa.select(s.id, s.at, s.user, s.version, s.level, s.arm, s["items"], s.query, s.request)
    chosen = chosen.where(s.at >= since, s.at < until, s.user.in_(users))
    return list(conn.execute(chosen.order_by(s.at, s.id)))


def find_slate(conn: sa.Connection, id_: int) -> dict[str, Any]:
    """One row of the table; QueryError when there is none."""
    found = conn.execute(sa.select(slates).where(slates.c.id == id_)).one_or_none()
    if found is None:
        raise QueryError(f"No slate has the number {id_}. Only what the service answered is kept as a slate.")
    return dict(found._mapping)


def latest_slates(conn: sa.Connection, most: int) -> list[int]:
    """The numbers of the newest, newest first."""
    return list(conn.execute(sa.select(slates.c.id).order_by(slates.c.id.desc()).limit(most)).scalars())


def put_slates(
    conn: sa.Connection, rows: Sequence[Mapping[str, Any]], dumps: Callable[[Any], str] | None = None
) -> None:
    """Keep many answers at once; rows as the table has them, without their ids. dumps: a quicker way to write JSON."""
    if dumps is None or conn.dialect.name != "sqlite" or not rows:
        add_new(conn, slates, rows)
        return
    names = list(rows[0])  # straight to the driver, with the JSON written already: a third of the time
    texts = {name for name in names if isinstance(slates.c[name].type, sa.JSON)}
    columns, marks = ", ".join(f'"{name}"' for name in names), f"({', '.join('?' * len(names))})"
    for start in range(0, len(rows), TOGETHER):
        part = rows[start : start + TOGETHER]
        values = tuple(dumps(row[name]) if name in texts else row[name] for row in part for name in names)
        conn.exec_driver_sql(f"INSERT INTO slates ({columns}) VALUES {', '.join([marks] * len(part))}", values)


def slate_of_request(conn: sa.Connection, request: str) -> sa.Row[Any] | None:
    """The answer that the service gave under this request id; what was shown of it came later."""
    mine = sa.select(slates).where(slates.c.request == request, slates.c.level != ELSEWHERE)
    return conn.execute(mine.order_by(slates.c.id).limit(1)).one_or_none()
