"""Who has what: the users, or the lists that count as users, whose real events name an item."""

from collections.abc import Collection

import sqlalchemy as sa

from .tables import events


def users_with(conn: sa.Connection, items: Collection[int]) -> dict[int, set[int]]:
    """item row -> rows of users with a real event of it; an item that nobody has is missing."""
    e = events.c
    chosen = sa.select(e.item_row, e.user_row).where(e.item_row.in_(sorted(items)), ~e.synthetic).distinct()
    found: dict[int, set[int]] = {}
    for item, user in conn.execute(chosen):
        found.setdefault(item, set()).add(user)
    return found
