"""Events as a service hears of them: many senders, small batches, each event once, and a receipt for every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from ..data.context import columns_of
from .events import Profile
from .tables import events, items, slates, users
from .tables.base import add_new, alone, next_row, rows_by_id
from .tables.json import plain_json
from .ties import kept_ties

Fate = Literal["accepted", "duplicate", "unknown item", "invented user"]


@dataclass(frozen=True, slots=True)
class Told:
    """One event, checked. kind: its place in data.events.KINDS; key: what makes it the same event; times: UTC seconds.

    request: the answer that it follows, "" = none is named
    """

    user: str
    item: str
    kind: int
    value: float
    time: int
    received_at: int
    key: str
    context: Profile | None = None
    request: str = ""


def ingest(conn: sa.Connection, told: Sequence[Told]) -> list[Fate]:
    """What became of each, in order; of those with one key the first counts."""
    known_items = _items(conn, {one.item for one in told})
    people = _people(conn, {one.user for one in told if one.item in known_items})
    taken = _taken(conn, [one.key for one in told])
    around = _around(conn, {one.request for one in told if one.request and not one.context})
    fates: list[Fate] = []
    rows = []
    for one in told:
        fates.append(_fate(one, known_items, people, taken))
        if fates[-1] == "accepted":
            taken.add(one.key)
            context = one.context or around.get((one.request, one.user))
            rows.append(_row(one, people[one.user].row, known_items[one.item].row, context))
    add_new(conn, events, rows)
    return fates


def _items(conn: sa.Connection, ids: set[str]) -> dict[str, sa.Row[Any]]:
    """id -> (row, id, available); of a spare one the row of the item that stands for it."""
    found = rows_by_id(conn, items, list(ids), items.c.available)
    if all(row.available for row in found.values()):  # a spare item is not
        return found
    standing = {id_: one for id_, one in kept_ties(conn).items() if id_ in found}
    rows = rows_by_id(conn, items, list(standing.values()), items.c.available)
    return found | {id_: rows[one] for id_, one in standing.items()}


def _fate(one: Told, known_items: Mapping[str, Any], people: Mapping[str, Any], taken: set[str]) -> Fate:
    if one.item not in known_items:
        return "unknown item"
    if people[one.user].synthetic:
        return "invented user"
    return "duplicate" if one.key in taken else "accepted"


def _around(conn: sa.Connection, requests: set[str]) -> dict[tuple[str, str], Profile]:
    """(request, user) -> what surrounded that answer, as columns of an event."""
    said = slates.c.query["context"].label("said")
    chosen = sa.select(slates.c.request, slates.c.user, said).where(slates.c.request.in_(requests))
    found = conn.execute(chosen).all() if requests else ()
    return {(row.request, row.user): columns for row in found if (columns := columns_of(row.said or {}))}


def _row(one: Told, user_row: int, item_row: int, context: Profile | None) -> dict[str, Any]:
    return {
        "user_row": user_row, "item_row": item_row, "kind": one.kind, "value": one.value, "time": one.time,
        "received_at": one.received_at, "synthetic": False, "grp": -1, "context": context, "key": one.key,
        "request": one.request or None,
    }  # fmt: skip


def _people(conn: sa.Connection, ids: set[str]) -> dict[str, sa.Row[Any]]:
    """id -> (row, id, synthetic); who is new is added first."""
    found = rows_by_id(conn, users, list(ids), users.c.synthetic)
    if len(found) == len(ids):
        return found
    alone(conn, users)
    found = rows_by_id(conn, users, list(ids), users.c.synthetic)  # another writer may have been quicker
    first = next_row(conn, users.c.row)
    new = [id_ for id_ in ids if id_ not in found]
    add_new(conn, users, [{"row": first + k, "id": id_, "synthetic": False, "profile": None}
                          for k, id_ in enumerate(new)])  # fmt: skip
    return rows_by_id(conn, users, list(ids), users.c.synthetic)


def _taken(conn: sa.Connection, keys: Sequence[str]) -> set[str]:
    text = sa.literal(plain_json(list(keys)), sa.Text)
    on_postgres = conn.dialect.name == "postgresql"
    each = sa.func.json_array_elements_text(sa.cast(text, sa.JSON)) if on_postgres else sa.func.json_each(text)
    return set(
        conn.scalars(sa.select(events.c.key).where(events.c.key.in_(sa.select(each.table_valued("value").c.value))))
    )


def read_recent(conn: sa.Connection, ids: Sequence[str]) -> tuple[dict[str, Any], list[sa.Row[Any]]]:
    """What is known of these users: id -> (row, id, profile); and (user_row, item_row, kind, value, time) of all that
    they did, in the order it came."""
    people = rows_by_id(conn, users, ids, users.c.profile)
    e = events.c
    mine = e.user_row.in_([person.row for person in people.values()])
    chosen = sa.select(e.user_row, e.item_row, e.kind, e.value, e.time).where(mine).order_by(e.id)
    return people, list(conn.execute(chosen)) if people else []
