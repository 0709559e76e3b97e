"""Which item stands for another: kept with the catalog, so that who writes or asks by a spare id means the shown."""

import numpy as np
import sqlalchemy as sa

from ..data.catalog import Catalog
from ..data.duplicates import Ties
from .catalogs import delist, relist
from .meta import get_meta, put_meta
from .tables import events, items
from .tables.base import rows_by_id


def put_ties(conn: sa.Connection, catalog: Catalog, ties: Ties) -> None:
    """Keep them. A spare item is not shown, and what happened to it happened to the other one; what is tied no more is
    shown again."""
    ids, spare = catalog.items.ids, np.flatnonzero(ties.spare).tolist()
    known = kept_ties(conn)
    found = {ids[row]: ids[ties.one[row]] for row in spare}
    delist(conn, [ids[row] for row in spare if catalog.available[row]])
    relist(conn, [id_ for id_ in known if id_ not in found and id_ in catalog.items])
    _move(conn, {id_: one for id_, one in found.items() if known.get(id_) != one})
    if found or known:
        put_meta(conn, ties=found)


def kept_ties(conn: sa.Connection) -> dict[str, str]:
    """id of a spare item -> id of the one that stands for it."""
    return get_meta(conn, "ties") or {}


def read_ties(conn: sa.Connection, catalog: Catalog) -> Ties:
    """The same as rows of the catalog."""
    known, one = kept_ties(conn), np.arange(len(catalog))
    one[catalog.items.rows(known)] = catalog.items.rows(known.values())
    return Ties(one)


def _move(conn: sa.Connection, moved: dict[str, str]) -> None:
    row_of = rows_by_id(conn, items, [*moved, *moved.values()])
    rows = {row_of[id_].row: row_of[one].row for id_, one in moved.items()}
    spoken_of = conn.scalars(sa.select(events.c.item_row).distinct()) if rows else ()
    changed = [{"b_row": row, "b_one": rows[row]} for row in spoken_of if row in rows]
    if changed:
        which = events.c.item_row == sa.bindparam("b_row")
        conn.execute(sa.update(events).where(which).values(item_row=sa.bindparam("b_one")), changed)
