"""Users forgotten without a trace: what they did, were shown, and were foretold; and which versions had learned it."""

from typing import NamedTuple

import sqlalchemy as sa

from ..data.nearest import did_you_mean
from ..errors import QueryError
from .tables import (
    ab_assignments,
    events,
    model_versions,
    recommendation_quality,
    slates,
    training_runs,
    users,
)


class Forgotten(NamedTuple):
    """versions: those that had learned from the user, oldest first; foreign: rows of another program's tables."""

    events: int
    slates: int
    versions: tuple[int, ...]
    foreign: int = 0


def forget(conn: sa.Connection, user: str, elsewhere: int = 0) -> Forgotten:
    """Remove the user, every event of theirs, what was predicted of them, and every slate they were shown.

    elsewhere: rows of theirs that were removed from other tables already, so that they are not unknown
    """
    theirs_too = recommendation_quality.c.user_row.in_(sa.select(users.c.row).where(users.c.id == user))
    conn.execute(sa.delete(recommendation_quality).where(theirs_too))
    dealt = conn.execute(sa.delete(ab_assignments).where(ab_assignments.c.user == user)).rowcount
    shown = conn.execute(sa.delete(slates).where(slates.c.user == user)).rowcount
    known = conn.execute(sa.select(users.c.row, users.c.synthetic).where(users.c.id == user)).one_or_none()
    if known is None:
        if shown or dealt or elsewhere:
            return Forgotten(0, shown, (), elsewhere)
        near = did_you_mean(user, conn.scalars(sa.select(users.c.id)))
        raise QueryError(f"No user has the id {user!r}{near or '.'} Nothing was changed.")
    theirs = events.c.user_row == known.row
    since = conn.scalar(sa.select(sa.func.min(events.c.received_at)).where(theirs))
    learned = () if since is None else _learned_since(conn, since, known.synthetic)
    deleted = conn.execute(sa.delete(events).where(theirs)).rowcount
    conn.execute(sa.delete(users).where(users.c.row == known.row))
    return Forgotten(deleted, shown, learned, elsewhere)


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
