"""What was decided about models, when and why: the log that no decision escapes."""

from time import time
from typing import Any

import sqlalchemy as sa

from .tables import decisions

Json = dict[str, Any]


def moment(now: int | None) -> int:
    """UTC seconds: by the clock of whoever handed one over (a replay), else this machine's at this very moment.

    Who takes long hands on None, so that what it makes is dated by when it is made, not by when it was begun.
    """
    return int(time()) if now is None else now


def record_decision(
    conn: sa.Connection, what: str, reason: str, now: int | None, version: int | None = None, detail: Json | None = None
) -> None:
    """what: alarm, retrained, rejected, failed, proposed, experiment, activated, rolled back, skipped …"""
    row = {"at": moment(now), "what": what, "version": version, "reason": reason, "detail": detail}
    conn.execute(sa.insert(decisions).values(row))


def list_decisions(conn: sa.Connection, most: int = 1000) -> list[Json]:
    """The newest `most`, oldest first."""
    chosen = sa.select(decisions).order_by(decisions.c.id.desc()).limit(most)
    return [dict(row._mapping) for row in conn.execute(chosen)][::-1]
