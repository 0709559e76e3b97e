"""What was shown to whom, kept so that quality can be measured afterwards."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from ..data.query import Query, Slate
from ..errors import QueryError
from .tables import slates


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
    arm, items, query."""
    s = slates.c
    chosen = sa.select(s.id, s.at, s.user, s.version, s.level, s.arm, s["items"], s.query)
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
