"""Events of a table too large to hold: read, checked and added a part at a time, in one transaction."""

import hashlib
from collections.abc import Callable, Iterator
from itertools import chain
from time import time as clock

from .. import store as database
from ..data.load_catalog import refuse_bad_rows
from ..data.load_events import MIXED, load_events
from ..data.repeats import Repeats
from ..data.table import BadRow, Table
from ..errors import DataError
from ..recipe import Recipe
from ..store import Import, Store
from ..watch import Watch
from .imports import REMEMBERED, Imported, import_events, keep_refusals


def import_stream(
    store: Store, recipe: Recipe, tables: Callable[[], Iterator[Table]], skip_bad_rows: bool = False,
    watch: Watch | None = None,
) -> Imported:  # fmt: skip
    """What is held does not grow with the table, but for what tells rows without a time apart (data/repeats.py); those
    with one that say the very same are one event. A bad row that nobody asked to skip undoes all of it. A table of one
    part is read like a file."""
    parts, watch = tables(), (watch or Watch()).on("import")
    first, second = next(parts), next(parts, None)
    if second is None:
        return import_events(store, recipe, first, skip_bad_rows, watch)
    with store.read() as conn:
        catalog = database.read_catalog(conn)
        ties = database.read_ties(conn, catalog)
    if not len(catalog):
        raise DataError("The project has no catalog yet. Run: tastemaker import --catalog FILE")
    found, loaded, refused, added, repaired = 0, 0, 0, 0, 0
    kinds: set[str] = set()
    bad: list[BadRow] = []
    digest, source, now, counted = hashlib.sha256(), "", int(clock()), Repeats()
    with store.begin() as conn, database.room_for_indexes(conn):
        for table in chain([first, second], parts):
            read = load_events(table, recipe.events, catalog, recipe.tastes.names, now, counted)
            if not skip_bad_rows:
                refuse_bad_rows(table, read.refused)
            added += database.put_events(conn, ties.events(read.dataset), read.keys)
            digest.update(table.digest.encode())
            found, loaded, refused = found + table.n_found, loaded + len(read.dataset), refused + len(read.refused)
            bad += read.refused[: REMEMBERED - len(bad)]
            kinds.add(read.kind)
            source, repaired = table.source, repaired + table.repaired
            watch.progress(found, 0)  # of how many, nobody knows
        watch.progress(found, found)
        kind = next(iter(kinds)) if len(kinds) == 1 else MIXED
        again = database.find_import(conn, digest.hexdigest(), kind) is not None
        record = Import(digest.hexdigest(), kind, source, now, found, loaded, 0, refused, repaired)
        database.put_import(conn, record)
        keep_refusals(conn, source, tuple(bad))
    return Imported(record, kind, added, 0, tuple(bad), again)
