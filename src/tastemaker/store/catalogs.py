"""The catalog in the database: items are added, changed or delisted, and never removed, so that rows stay true."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import sqlalchemy as sa

from ..data.catalog import Catalog
from ..data.nearest import did_you_mean
from ..data.vocab import Vocab
from ..errors import QueryError
from .meta import get_meta, get_metas, put_meta
from .tables.base import add_new, alone, chunks, next_row, rows_by_id
from .tables.items import items
from .tables.json import plain_json

GROUPS = ("text", "tags", "categories", "numbers")
KEPT = 2  # catalogs held in memory by `kept_catalog`
_kept: dict[tuple[str, str, int], Catalog] = {}  # database, mark of the change that made it, items -> catalog


class Change(NamedTuple):
    added: int
    changed: int
    unchanged: int


def put_catalog(conn: sa.Connection, catalog: Catalog, delist_missing: bool = False) -> Change:
    """Add and update items by id; the same catalog again changes nothing.

    An item that was delisted stays so. delist_missing: the catalog is the whole truth: what it does not hold is
    delisted, what it holds is listed as it says.
    """
    alone(conn, items)
    known = rows_by_id(conn, items, catalog.items.ids, items.c.digest, items.c.available)
    new, changed = [], []
    for entry in _entries(catalog):
        old = known.get(entry["id"])
        if old is None:
            new.append(entry)
            continue
        entry["available"] = entry["available"] and (old.available or delist_missing)
        if (old.digest, old.available) != (entry["digest"], entry["available"]):
            changed.append(entry)
    first = next_row(conn, items.c.row)
    add_new(conn, items, ({"row": row, **entry} for row, entry in enumerate(new, first)))
    _update(conn, changed)
    delisted = _delist_others(conn, catalog) if delist_missing else 0
    return Change(len(new), len(changed) + delisted, len(catalog) - len(new) - len(changed))


def read_catalog(conn: sa.Connection) -> Catalog:
    """Every item, in row order; what an item says nothing of is missing in that column."""
    said = sa.cast(items.c["columns"], sa.Text)
    found = conn.execute(sa.select(items.c.id, items.c.title, said, items.c.available).order_by(items.c.row)).all()
    ids, titles, texts, available = zip(*found, strict=True) if found else ((), (), (), ())
    columns = json.loads(f"[{','.join(texts)}]")  # all at once: one by one it takes six times as long
    text, tags, categories, numbers = (_columns(columns, group) for group in GROUPS)
    return Catalog(
        Vocab(tuple(ids)),
        tuple(id_ if id_ == title else title for id_, title in zip(ids, titles, strict=True)),  # one text, not two
        text={name: tuple(value or "" for value in values) for name, values in text.items()},
        tags={name: tuple(tuple(value or ()) for value in values) for name, values in tags.items()},
        categories={name: tuple(value or "" for value in values) for name, values in categories.items()},
        numbers={name: np.array(values, np.float32) for name, values in numbers.items()},  # None -> NaN
        available=np.array(available, bool),
    )


def kept_catalog(conn: sa.Connection) -> Catalog:
    """`read_catalog`, read once a change of it: for who asks often, outside of a transaction that changes it."""
    mark = get_meta(conn, "catalog")
    if mark is None:
        return read_catalog(conn)
    n = conn.scalar(sa.select(sa.func.count()).select_from(items)) or 0
    key = str(conn.engine.url), str(mark), n  # a copy of a project bears its mark, and goes its own way
    if key not in _kept:
        if len(_kept) >= KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = read_catalog(conn)
    return _kept[key]


def delist(conn: sa.Connection, ids: Sequence[str]) -> int:
    """These items are recommended to nobody from now on; how many of them were before."""
    return _set_available(conn, ids, False)


def relist(conn: sa.Connection, ids: Sequence[str]) -> int:
    """These items may be recommended again; how many of them could not be before."""
    return _set_available(conn, ids, True)


def tell_listed(conn: sa.Connection) -> None:
    """Say that items were delisted or listed again, and that nothing else of the catalog is new."""
    of, new = content_mark(get_metas(conn, "catalog", "listed")), uuid4().hex
    put_meta(conn, catalog=new, listed={"mark": new, "of": of})


def content_mark(metas: Mapping[str, Any]) -> str | None:
    """What changes with all of the catalog but its availability. metas: catalog and listed"""
    mark, listed = metas["catalog"], metas["listed"]
    found: str | None = listed["of"] if listed is not None and listed["mark"] == mark else mark
    return found


def delisted(conn: sa.Connection) -> list[int]:
    """Rows of the items that may not be recommended."""
    return list(conn.scalars(sa.select(items.c.row).where(sa.not_(items.c.available))))


def _set_available(conn: sa.Connection, ids: Sequence[str], available: bool) -> int:
    known = rows_by_id(conn, items, ids, items.c.available)
    for id_ in ids:
        if id_ not in known:
            raise QueryError(f"No item has the id {id_!r}{_nearest_id(conn, id_) or '.'} Nothing was changed.")
    rows = [{"b_row": row.row} for row in known.values() if row.available != available]
    if rows:
        conn.execute(sa.update(items).where(items.c.row == sa.bindparam("b_row")).values(available=available), rows)
    return len(rows)


def _nearest_id(conn: sa.Connection, id_: str) -> str:
    return did_you_mean(id_, conn.scalars(sa.select(items.c.id)))


def _entries(catalog: Catalog) -> Iterator[dict[str, Any]]:
    groups: dict[str, Mapping[str, Any]] = {group: getattr(catalog, group) for group in GROUPS}
    groups["numbers"] = {name: column.tolist() for name, column in catalog.numbers.items()}
    for row, (id_, title) in enumerate(zip(catalog.items.ids, catalog.titles, strict=True)):
        columns = {group: {name: column[row] for name, column in named.items()} for group, named in groups.items()}
        digest = sha256(plain_json([title, columns]).encode()).hexdigest()
        listed = bool(catalog.available[row])
        yield {"id": id_, "title": title, "columns": columns, "available": listed, "digest": digest}


def _update(conn: sa.Connection, entries: list[dict[str, Any]]) -> None:
    values: dict[str, Any] = {name: sa.bindparam(f"b_{name}") for name in ("title", "columns", "available", "digest")}
    statement = sa.update(items).where(items.c.id == sa.bindparam("b_id")).values(values)
    for chunk in chunks(entries):
        conn.execute(statement, [{f"b_{name}": value for name, value in entry.items()} for entry in chunk])


def _delist_others(conn: sa.Connection, catalog: Catalog) -> int:
    listed = conn.scalars(sa.select(items.c.id).where(items.c.available))
    return delist(conn, [id_ for id_ in listed if id_ not in catalog.items])


def _columns(columns: Sequence[Mapping[str, Any]], group: str) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for entry in columns for name in entry[group])
    return {name: [entry[group].get(name) for entry in columns] for name in names}
