"""What real events of a time were made of: their items, grades and users, counted by the database."""

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from .tables import events, items

e = events.c


class Mix(NamedTuple):
    """n: events; users: who made them; new: how many of these first appeared then

    items: row -> events; grades: (kind, value) -> events
    """

    n: int
    users: int
    new: int
    items: dict[int, int]
    grades: dict[tuple[int, float], int]


def read_mix(conn: sa.Connection, since: int, until: int) -> Mix:
    """Real events from `since` to `until`, UTC seconds, both included."""
    mine = ~e.synthetic & (e.time >= since) & (e.time <= until)
    firsts = sa.select(e.user_row, sa.func.min(e.time).label("first")).where(~e.synthetic).group_by(e.user_row)
    first = firsts.subquery()
    late = (
        sa.select(sa.func.count(e.user_row.distinct())).select_from(events).join(first, first.c.user_row == e.user_row)
    )
    users = conn.scalar(sa.select(sa.func.count(e.user_row.distinct())).where(mine)) or 0
    new = conn.scalar(late.where(mine, first.c.first >= since)) or 0
    by_item = conn.execute(sa.select(e.item_row, sa.func.count()).where(mine).group_by(e.item_row))
    rows = {row: n for row, n in by_item}  # noqa: C416 - rows are no pairs to dict()
    graded = conn.execute(sa.select(e.kind, e.value, sa.func.count()).where(mine).group_by(e.kind, e.value))
    return Mix(sum(rows.values()), users, new, rows, {(kind, value): n for kind, value, n in graded})


def anything_before(conn: sa.Connection, time: int) -> bool:
    """Had any real user done anything before `time`?"""
    return bool(conn.scalar(sa.select(sa.exists().where(~e.synthetic, e.time < time))))


def read_labels(conn: sa.Connection, rows: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Item row -> its tags, or where no item has any, its categories, as "column: word"."""
    wanted = set(rows)
    found = [
        (row, columns) for row, columns in conn.execute(sa.select(items.c.row, items.c["columns"])) if row in wanted
    ]
    for group in ("tags", "categories"):
        labels = {row: _words(columns.get(group) or {}) for row, columns in found}
        if any(labels.values()):
            return labels
    return {}


def _words(columns: dict[str, list[str] | str | None]) -> tuple[str, ...]:
    pairs = [(name, [said] if isinstance(said, str) else said or []) for name, said in columns.items()]
    return tuple(dict.fromkeys(f"{name}: {word}" for name, words in pairs for word in words))
