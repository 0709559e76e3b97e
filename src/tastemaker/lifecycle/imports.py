"""Files into the project: one transaction each, and the same file twice adds nothing."""

from dataclasses import dataclass
from time import time as clock
from uuid import uuid4

from sqlalchemy import Connection

from .. import store as database
from ..algorithms.content import content_scorer
from ..data.catalog import Catalog
from ..data.features import TASTES
from ..data.load_catalog import refuse_bad_rows
from ..data.load_events import load_events
from ..data.table import BadRow, Table
from ..errors import DataError
from ..features.build import QUICK, FeatureSettings, build_features
from ..recipe import Recipe
from ..store import Import, NewVersion, Store
from ..store.answers import load_features, save_features
from ..watch import Watch
from .candidates import CODE_VERSION, as_artifact
from .check import check_catalog

REMEMBERED = 1000  # refused rows of a file whose lines are kept


@dataclass(frozen=True)
class Imported:
    """what: "catalog" or the kind of events; added: new items or events; again: this very file was imported before."""

    record: Import
    what: str
    added: int
    changed: int
    refused: tuple[BadRow, ...]
    again: bool = False


def import_catalog(
    store: Store, recipe: Recipe, table: Table, skip_bad_rows: bool = False, delist_missing: bool = False
) -> Imported:
    """Items new or changed; the first import also publishes version 0, which needs no training."""
    read = check_catalog(table, recipe, skip_bad_rows)
    record = _record(table, "catalog", read.loaded, read.merged, len(read.refused))
    with store.begin() as conn:
        again = database.find_import(conn, table.digest, "catalog") is not None
        change = database.put_catalog(conn, read.catalog, delist_missing)
        catalog = database.read_catalog(conn)
        database.put_import(conn, record)
        keep_refusals(conn, table, read.refused)
        database.put_meta(conn, catalog=uuid4().hex)  # an open project reads its catalog again
        if change.added or change.changed:
            database.put_meta(conn, features=_refreshed(store, recipe, catalog))
        if not database.list_versions(conn):
            _publish_first(store, recipe, catalog, conn)
    return Imported(record, "catalog", change.added, change.changed, read.refused, again)


def import_events(store: Store, recipe: Recipe, table: Table, skip_bad_rows: bool = False) -> Imported:
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    if not len(catalog):
        raise DataError("The project has no catalog yet. Run: tastemaker import --catalog FILE")
    read = load_events(table, recipe.events, catalog, recipe.tastes.names)
    if not skip_bad_rows:
        refuse_bad_rows(table, read.refused)
    record = _record(table, read.kind, len(read.dataset), 0, len(read.refused))
    with store.begin() as conn:
        again = database.find_import(conn, table.digest, read.kind) is not None
        added = database.put_events(conn, read.dataset, read.keys)
        database.put_import(conn, record)
        keep_refusals(conn, table, read.refused)
    return Imported(record, read.kind, added, 0, read.refused, again)


def _record(table: Table, what: str, loaded: int, merged: int, refused: int) -> Import:
    found, now = table.n_found, int(clock())
    return Import(table.digest, what, table.source, now, found, loaded, merged, refused, table.repaired)


def keep_refusals(conn: Connection, table: Table, refused: tuple[BadRow, ...]) -> None:
    """Remember which rows of a file were refused and why, for `check`."""
    known = database.get_meta(conn, "refusals") or {}
    shown = {table.source: [[bad.line, bad.reason] for bad in refused[:REMEMBERED]]} if refused else {}
    others = {source: bad for source, bad in known.items() if source != table.source}
    if known or shown:
        database.put_meta(conn, refusals={**others, **shown})


def _refreshed(store: Store, recipe: Recipe, catalog: Catalog) -> str:
    """Features of the whole catalog without learning anything.

    A new item is scored by its tastes, numbers and quick text features until the next pretrain.
    """
    quick = tuple(name for name in (*recipe.features.blocks, QUICK) if name != "text")
    found = build_features(
        catalog, FeatureSettings(quick, recipe.features.text), recipe.tastes, 0, Watch(), store.cache
    )
    return save_features(store.artifacts, found)


def _publish_first(store: Store, recipe: Recipe, catalog: Catalog, conn: Connection) -> None:
    """Version 0: stated tastes by the mapping, likes by quick text features."""
    features = load_features(store.artifacts, database.get_meta(conn, "features"), catalog)
    scorer = content_scorer(features, near=(QUICK, "numbers", TASTES))
    artifact = as_artifact(store, scorer, catalog, recipe, None)
    first = NewVersion(
        recipe=recipe.name, algorithm="content", artifact=artifact, code_version=CODE_VERSION, seed=0,
        features_digest=features.digest,
    )  # fmt: skip
    (id_,) = database.add_versions(conn, [first])
    database.activate(conn, id_, "first import: answers before any training")
