"""Users forgotten without a trace: what they did, were shown, and were foretold; and which versions had learned it."""

from hashlib import sha256
from time import time
from typing import NamedTuple
from uuid import uuid4

import sqlalchemy as sa

from ..data.nearest import did_you_mean
from ..errors import QueryError
from .meta import get_metas, put_meta
from .tables import (
    ab_assignments,
    events,
    forgotten_users,
    model_versions,
    recommendation_quality,
    slates,
    training_runs,
    users,
)
from .tables.base import alone, unchanged

KNOWN = 86_400  # seconds that it is known who was forgotten, or for as long as events wait on disk
MARK, SALT = "forgotten", "forgotten_salt"


class Forgotten(NamedTuple):
    """versions: those that had learned from the user, oldest first; foreign: rows of another program's tables."""

    events: int
    slates: int
    versions: tuple[int, ...]
    foreign: int = 0


def forget(conn: sa.Connection, user: str, elsewhere: int = 0) -> Forgotten:
    """Remove the user, every event of theirs, what was predicted of them, and every slate they were shown; and publish
    it: a service that remembers them hears of it.

    elsewhere: rows of theirs that were removed from other tables already, so that they are not unknown
    """
    alone(conn, forgotten_users)  # before anything is deleted: who logs meanwhile either ends first or knows
    theirs_too = recommendation_quality.c.user_row.in_(sa.select(users.c.row).where(users.c.id == user))
    conn.execute(sa.delete(recommendation_quality).where(theirs_too))
    dealt = conn.execute(sa.delete(ab_assignments).where(ab_assignments.c.user == user)).rowcount
    shown = conn.execute(sa.delete(slates).where(slates.c.user == user)).rowcount
    known = conn.execute(sa.select(users.c.row, users.c.synthetic).where(users.c.id == user)).one_or_none()
    if known is None:
        if shown or dealt or elsewhere:
            _publish(conn, user)
            return Forgotten(0, shown, (), elsewhere)
        near = did_you_mean(user, conn.scalars(sa.select(users.c.id)))
        raise QueryError(f"No user has the id {user!r}{near or '.'} Nothing was changed.")
    theirs = events.c.user_row == known.row
    since = conn.scalar(sa.select(sa.func.min(events.c.received_at)).where(theirs))
    learned = () if since is None else _learned_since(conn, since, known.synthetic)
    deleted = conn.execute(sa.delete(events).where(theirs)).rowcount
    conn.execute(sa.delete(users).where(users.c.row == known.row))
    _publish(conn, user)
    return Forgotten(deleted, shown, learned, elsewhere)


class Lately:
    """Who was forgotten lately, and when: for who still holds in memory what they were shown before."""

    def __init__(self) -> None:
        self._mark: str | None = None
        self._salt = ""
        self._at: dict[str, float] = {}

    def read(self, conn: sa.Connection) -> None:
        """In a writer's transaction: until it ends nobody else is forgotten."""
        unchanged(conn, forgotten_users)
        said = get_metas(conn, MARK, SALT)
        if said[MARK] != self._mark:
            found = conn.execute(sa.select(forgotten_users.c.digest, forgotten_users.c.at))
            self._at = {row.digest: row.at for row in found}
            self._mark, self._salt = said[MARK], said[SALT] or ""

    def has(self, user: str | None, at: float) -> bool:
        """Was the user forgotten after that moment, UTC seconds?"""
        return user is not None and bool(self._at) and at <= self._at.get(_digest(self._salt, user), -1.0)


def drop_forgotten(conn: sa.Connection, before: float) -> None:
    """Not even a digest remains of who was forgotten before that moment, UTC seconds."""
    conn.execute(sa.delete(forgotten_users).where(forgotten_users.c.at < before))


def _publish(conn: sa.Connection, user: str) -> None:
    now = time()
    salt = get_metas(conn, SALT)[SALT] or uuid4().hex
    digest = _digest(salt, user)
    conn.execute(sa.delete(forgotten_users).where(forgotten_users.c.digest == digest))
    conn.execute(sa.insert(forgotten_users).values(digest=digest, at=now))
    put_meta(conn, **{MARK: uuid4().hex, SALT: salt})


def _digest(salt: str, user: str) -> str:
    return sha256(f"{salt}\0{user}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _learned_since(conn: sa.Connection, since: int, synthetic: bool) -> tuple[int, ...]:
    """Versions trained on such events at `since` or later, and all that were fine-tuned from one of them."""
    count = training_runs.c.events_synthetic if synthetic else training_runs.c.events_real
    trained = sa.exists().where((training_runs.c.version == model_versions.c.id) & (count > 0))
    late = model_versions.c.created_at >= since
    query = sa.select(model_versions.c.id, model_versions.c.parent, (trained & late).label("learned"))
    learned: set[int] = set()
    for version in conn.execute(query.order_by(model_versions.c.id)):  # a parent comes before its children
        if version.learned or version.parent in learned:
            learned.add(version.id)
    return tuple(sorted(learned))
