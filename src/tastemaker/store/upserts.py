"""Items and users as programs send them, a few at a time: what is not said of one stays as it is. And page by page."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from ..data.catalog import Catalog
from ..data.nearest import did_you_mean
from ..data.vocab import Vocab
from ..errors import QueryError
from .catalogs import GROUPS, Change, delist, put_catalog, relist
from .events import Profile
from .tables import events, items, users
from .tables.base import add_new, alone, next_row, rows_by_id

Json = dict[str, Any]
EMPTY: dict[str, Any] = {"text": "", "tags": (), "categories": "", "numbers": None}


class Upserted(NamedTuple):
    """gone, back: ids that were delisted, or listed again"""

    change: Change
    gone: tuple[str, ...]
    back: tuple[str, ...]


def put_items(conn: sa.Connection, told: Sequence[Mapping[str, Any]]) -> Upserted:
    """told: id, and whichever of title, text, tags, categories, numbers and available are to be changed.

    QueryError for a column that the catalog does not have.
    """
    alone(conn, items)
    told = list({one["id"]: one for one in told}.values())  # of one id the last word counts
    old = rows_by_id(conn, items, [one["id"] for one in told], items.c.title, items.c["columns"], items.c.available)
    known = catalog_columns(conn)
    change = put_catalog(conn, _catalog([_merged(one, old.get(one["id"]), known) for one in told], known))
    said = {one["id"]: one["available"] for one in told if one.get("available") is not None}
    was = {id_: row.available for id_, row in old.items()}
    gone = tuple(id_ for id_, available in said.items() if not available and was.get(id_, True))
    back = tuple(id_ for id_, available in said.items() if available and not was.get(id_, True))
    delist(conn, gone)
    relist(conn, back)
    return Upserted(change, gone, back)


def catalog_columns(conn: sa.Connection) -> dict[str, list[str]]:
    """group -> the catalog's columns."""
    some = conn.scalars(sa.select(items.c["columns"]).order_by(items.c.row.desc()).limit(100))
    first = conn.scalars(sa.select(items.c["columns"]).order_by(items.c.row).limit(100))
    found: dict[str, dict[str, None]] = {group: {} for group in GROUPS}
    for columns in [*first, *some]:
        for group in GROUPS:
            found[group] |= dict.fromkeys(columns[group])
    return {group: list(names) for group, names in found.items()}


def _merged(one: Mapping[str, Any], old: Any, known: Mapping[str, Sequence[str]]) -> Json:
    merged: Json = {"id": one["id"], "title": one.get("title") or (one["id"] if old is None else old.title)}
    if unknown := unknown_column(one, known):
        raise QueryError(unknown)
    for group in GROUPS:
        said = one.get(group) or {}
        before = {} if old is None else old.columns[group]
        merged[group] = {name: said.get(name, before.get(name, EMPTY[group])) for name in known[group]}
    return merged


def unknown_column(one: Mapping[str, Any], known: Mapping[str, Sequence[str]]) -> str:
    """Why an item cannot be stored, "" = it can. known: as `catalog_columns` has them"""
    for group in GROUPS:
        for name in one.get(group) or {}:
            if name not in known[group]:
                hint = did_you_mean(name, known[group]) or "."
                return f"The catalog has no {group} column {name!r}{hint} It has: {', '.join(known[group]) or 'none'}."
    return ""


def _catalog(entries: Sequence[Json], known: Mapping[str, Sequence[str]]) -> Catalog:
    def column(group: str, name: str) -> list[Any]:
        return [entry[group][name] for entry in entries]

    return Catalog(
        Vocab(tuple(entry["id"] for entry in entries)),
        tuple(entry["title"] for entry in entries),
        text={name: tuple(column("text", name)) for name in known["text"]},
        tags={name: tuple(map(tuple, column("tags", name))) for name in known["tags"]},
        categories={name: tuple(column("categories", name)) for name in known["categories"]},
        numbers={name: np.array(column("numbers", name), np.float32) for name in known["numbers"]},
    )


def put_users(conn: sa.Connection, told: Mapping[str, Profile]) -> Change:
    """id -> stated tastes, which are added to what is known."""
    alone(conn, users)
    old = rows_by_id(conn, users, list(told), users.c.synthetic, users.c.profile)
    for why in invented(conn, list(told)).values():
        raise QueryError(why)
    first = next_row(conn, users.c.row)
    new = [id_ for id_ in told if id_ not in old]
    rows = [{"row": first + k, "id": i, "synthetic": False, "profile": told[i] or None} for k, i in enumerate(new)]
    add_new(conn, users, rows)
    changed = [id_ for id_, p in told.items() if id_ in old and p.items() - (old[id_].profile or {}).items()]
    for id_ in changed:
        profile = (old[id_].profile or {}) | dict(told[id_])
        conn.execute(sa.update(users).where(users.c.row == old[id_].row).values(profile=profile))
    return Change(len(new), len(changed), len(told) - len(new) - len(changed))


def invented(conn: sa.Connection, ids: Sequence[str]) -> dict[str, str]:
    """id -> why nothing can be said of such a user, of those that are invented."""
    found = rows_by_id(conn, users, ids, users.c.synthetic)
    return {id_: f"User {id_!r} is an invented one. Give yours another id." for id_, row in found.items()
            if row.synthetic}  # fmt: skip


def page_items(conn: sa.Connection, after: int, n: int) -> list[sa.Row[Any]]:
    """n items from behind this row on: row, id, title, columns, available."""
    chosen = sa.select(items.c.row, items.c.id, items.c.title, items.c["columns"], items.c.available)
    return list(conn.execute(chosen.where(items.c.row > after).order_by(items.c.row).limit(n)))


def find_item(conn: sa.Connection, id_: str) -> sa.Row[Any] | None:
    chosen = sa.select(items.c.row, items.c.id, items.c.title, items.c["columns"], items.c.available)
    found: sa.Row[Any] | None
    found = conn.execute(chosen.where(items.c.id == id_)).one_or_none()  # type: ignore[assignment]
    return found


def page_users(conn: sa.Connection, after: int, n: int) -> list[sa.Row[Any]]:
    """n users from behind this row on: row, id, profile, synthetic."""
    chosen = sa.select(users.c.row, users.c.id, users.c.profile, users.c.synthetic)
    return list(conn.execute(chosen.where(users.c.row > after).order_by(users.c.row).limit(n)))


def find_person(conn: sa.Connection, id_: str) -> tuple[sa.Row[Any], int] | None:
    """The user, and how many events are theirs."""
    chosen = sa.select(users.c.row, users.c.id, users.c.profile, users.c.synthetic).where(users.c.id == id_)
    found: Any = conn.execute(chosen).one_or_none()
    if found is None:
        return None
    count = sa.select(sa.func.count()).select_from(events).where(events.c.user_row == found.row)
    return found, int(conn.scalar(count) or 0)


def page_events(conn: sa.Connection, after: int, n: int) -> list[sa.Row[Any]]:
    """n real events from behind this id on, with the ids of their users and items."""
    e = events.c
    chosen = sa.select(e.id, users.c.id.label("user"), items.c.id.label("item"), e.kind, e.value, e.time, e.received_at,
                       e.context, e.key, e.request)  # fmt: skip
    joined = chosen.join(users, users.c.row == e.user_row).join(items, items.c.row == e.item_row)
    return list(conn.execute(joined.where(e.id > after, ~e.synthetic).order_by(e.id).limit(n)))
