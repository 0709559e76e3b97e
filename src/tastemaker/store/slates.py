"""What was shown to whom, kept so that quality can be measured afterwards."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from ..data.query import Query, Slate
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
