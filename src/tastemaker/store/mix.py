"""What real events of a time were made of: their items, grades and users, counted by the database."""

import json
from collections.abc import Iterable, Sequence
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


def read_mixes(conn: sa.Connection, spans: Sequence[tuple[int, int]]) -> list[Mix]:
    """Real events of each span, (since, until) in UTC seconds, both included.

    Two passes over the table, whatever there are of spans: rows in the order of an index cost ten times a scan's.
    """
    made = _made(conn, spans)
    people = _people(conn, spans)
    return [Mix(sum(items.values()), *who, items, grades) for who, (items, grades) in zip(people, made, strict=True)]


Counts = tuple[dict[int, int], dict[tuple[int, float], int]]


def _made(conn: sa.Connection, spans: Sequence[tuple[int, int]]) -> list[Counts]:
    """Per span: item row -> events, and (kind, value) -> events."""
    flags = [_within(span).label(f"in{k}") for k, span in enumerate(spans)]
    mine = ~e.synthetic & sa.or_(*(_within(span) == 1 for span in spans))
    each = sa.select(_scanned(e.item_row).label("item"), e.kind, e.value, *flags).where(mine).subquery().c
    found: list[Counts] = [({}, {}) for _ in spans]
    for item, kind, value, *within, n in conn.execute(sa.select(*each, sa.func.count()).group_by(*each)):
        for (of_item, of_grade), inside in zip(found, within, strict=True):
            if inside:
                of_item[item] = of_item.get(item, 0) + n
                of_grade[kind, value] = of_grade.get((kind, value), 0) + n
    return found


def _people(conn: sa.Connection, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Per span: users, and how many of them had done nothing before it."""
    flags = [sa.func.max(_within(span)).label(f"in{k}") for k, span in enumerate(spans)]
    who = _scanned(e.user_row)
    user = sa.select(sa.func.min(e.time).label("first"), *flags).where(~e.synthetic).group_by(who).subquery().c
    new = [sa.case((user.first >= since, user[f"in{k}"]), else_=0) for k, (since, _) in enumerate(spans)]
    sums = [sa.func.sum(value) for k in range(len(spans)) for value in (user[f"in{k}"], new[k])]
    row = [int(value or 0) for value in conn.execute(sa.select(*sums)).one()]
    return list(zip(row[::2], row[1::2], strict=True))


def _within(span: tuple[int, int]) -> sa.Case[int]:
    return sa.case((_scanned(e.time).between(*span), 1), else_=0)


def _scanned(column: sa.Column[int]) -> sa.ColumnElement[int]:
    """The column in a form that no index is of."""
    return column + 0


def count_between(conn: sa.Connection, since: int, until: int) -> int:
    """Real events from `since` to `until`, both included."""
    mine = ~e.synthetic & _scanned(e.time).between(since, until)
    return int(conn.scalar(sa.select(sa.func.count()).select_from(events).where(mine)) or 0)


def anything_before(conn: sa.Connection, time: int) -> bool:
    """Had any real user done anything before `time`?"""
    return bool(conn.scalar(sa.select(sa.exists().where(~e.synthetic, e.time < time))))


def read_labels(conn: sa.Connection, rows: Iterable[int]) -> dict[int, tuple[str, ...]]:
    """Item row -> its tags, or where no item has any, its categories, as "column: word"."""
    wanted, texts = set(rows), sa.select(items.c.row, sa.cast(items.c["columns"], sa.Text))
    found = [(row, json.loads(text)) for row, text in conn.execute(texts) if row in wanted]
    for group in ("tags", "categories"):
        labels = {row: _words(columns.get(group) or {}) for row, columns in found}
        if any(labels.values()):
            return labels
    return {}


def _words(columns: dict[str, list[str] | str | None]) -> tuple[str, ...]:
    pairs = [(name, [said] if isinstance(said, str) else said or []) for name, said in columns.items()]
    return tuple(dict.fromkeys(f"{name}: {word}" for name, words in pairs for word in words))
