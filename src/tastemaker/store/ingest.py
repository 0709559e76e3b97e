"""Events as a service hears of them: many senders, small batches, each event once, and a receipt for every row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from ..data.context import columns_of
from .events import Profile
from .forgetting import Lately
from .tables import events, ingest_batches, items, slates, users
from .tables.base import add_new, alone, next_row, rows_by_id
from .tables.json import plain_json
from .ties import kept_ties

Fate = Literal["accepted", "duplicate", "unknown item", "invented user", "another body", "forgotten"]


@dataclass(frozen=True, slots=True)
class Told:
    """One event, checked. kind: its place in data.events.KINDS; key: what makes it the same event; times: UTC seconds.

    request: the answer that it follows, "" = none is named
    batch: the request that told it, "" = one that says of itself not which it is;  body: the digest of what that said
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
    batch: str = ""
    body: str = ""


def ingest(conn: sa.Connection, told: Sequence[Told], late: bool = False) -> list[Fate]:
    """What became of each, in order; of those with one key the first counts.

    late: they were acknowledged before, so that nothing of a batch is refused for what another one said; but who was
    forgotten since does not come back
    """
    gone = _gone(conn, told) if late else [False] * len(told)
    bodies = _bodies(conn, told)
    others = [no or (not late and bodies.get(one.batch, one.body) != one.body)
              for one, no in zip(told, gone, strict=True)]  # fmt: skip
    known_items = _items(conn, {one.item for one in told})
    people = _people(conn, {one.user for one, other in zip(told, others, strict=True)
                            if one.item in known_items and not other})  # fmt: skip
    taken = _taken(conn, [one.key for one in told])
    around = _around(conn, {one.request for one in told if one.request and not one.context})
    fates: list[Fate] = []
    rows = []
    for one, other, no in zip(told, others, gone, strict=True):
        fates.append("forgotten" if no else "another body" if other else _fate(one, known_items, people, taken))
        if fates[-1] == "accepted":
            taken.add(one.key)
            context = one.context or around.get((one.request, one.user))
            rows.append(_row(one, people[one.user].row, known_items[one.item].row, context))
    add_new(conn, events, rows)
    return fates


def _gone(conn: sa.Connection, told: Sequence[Told]) -> list[bool]:
    """Was the user forgotten after we had heard of the event?"""
    lately = Lately()
    lately.read(conn)
    return [lately.has(one.user, one.received_at) for one in told]


def _bodies(conn: sa.Connection, told: Sequence[Told]) -> dict[str, str]:
    """batch -> the body that came first under its name. Who sends the same at the same time waits here."""
    first: dict[str, Told] = {}
    for one in told:
        if one.batch:
            first.setdefault(one.batch, one)
    if not first:
        return {}
    rows = [{"id": id_, "body": one.body, "at": one.received_at} for id_, one in sorted(first.items())]
    add_new(conn, ingest_batches, rows)
    b = ingest_batches.c
    found = conn.execute(sa.select(b.id, b.body).where(b.id.in_(_each(conn, list(first)))))
    return {row.id: row.body for row in found}


def drop_batches(conn: sa.Connection, before: int, most: int) -> int:
    """The oldest of before that moment, UTC seconds; how many. Waits for nobody who drops them as well."""
    b = ingest_batches.c
    old = sa.select(b.id).where(b.at < before).order_by(b.at).limit(most).with_for_update(skip_locked=True)
    return conn.execute(sa.delete(ingest_batches).where(b.id.in_(old))).rowcount


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
    return set(conn.scalars(sa.select(events.c.key).where(events.c.key.in_(_each(conn, keys)))))


def _each(conn: sa.Connection, texts: Sequence[str]) -> sa.Select[Any]:
    """One parameter, however many there are."""
    text = sa.literal(plain_json(list(texts)), sa.Text)
    on_postgres = conn.dialect.name == "postgresql"
    each = sa.func.json_array_elements_text(sa.cast(text, sa.JSON)) if on_postgres else sa.func.json_each(text)
    return sa.select(each.table_valued("value").c.value)


def read_recent(conn: sa.Connection, ids: Sequence[str]) -> tuple[dict[str, Any], list[sa.Row[Any]]]:
    """What is known of these users: id -> (row, id, profile); and (user_row, item_row, kind, value, time, id) of all
    that they did, in the order it came."""
    people = rows_by_id(conn, users, ids, users.c.profile)
    e = events.c
    mine = e.user_row.in_([person.row for person in people.values()])
    wanted = sa.select(e.user_row, e.item_row, e.kind, e.value, e.time, e.id).where(mine).order_by(e.id)
    return people, list(conn.execute(wanted)) if people else []


def read_contexts(conn: sa.Connection, ids: Sequence[int]) -> dict[int, Profile]:
    """What surrounded these events, by their number; without those of which nothing is said."""
    said = sa.select(events.c.id, events.c.context).where(events.c.id.in_(ids))
    return {row.id: row.context for row in conn.execute(said) if row.context} if ids else {}
