"""Files into the project: one transaction each, and the same file twice adds nothing."""

from dataclasses import dataclass, replace
from functools import partial
from time import time as clock
from uuid import uuid4

import numpy as np
from sqlalchemy import Connection

from .. import store as database
from ..algorithms.content import content_scorer
from ..data.catalog import Catalog
from ..data.dataset import Dataset
from ..data.duplicates import tied
from ..data.features import TASTES
from ..data.formats import File, Published
from ..data.holdout import has_time
from ..data.load_catalog import refuse_bad_rows
from ..data.load_events import event_keys, load_events
from ..data.load_tags import carried, load_tags
from ..data.table import BadRow, Table
from ..data.vocab import Vocab
from ..errors import DataError
from ..features.build import QUICK, build_features
from ..recipe import Recipe
from ..recipe.context import choice_model
from ..store import Import, NewVersion, Store
from ..store.loading import load_features, save_features
from ..watch import Watch
from .candidates import CODE_VERSION, as_artifact
from .check import check_catalog
from .texts import first_text_models

REMEMBERED = 1000  # refused rows of a file whose lines are kept


@dataclass(frozen=True)
class ImportedSet:
    """items: how many the catalog lacked; files: in the order catalog, events, test."""

    items: int
    files: tuple["Imported", ...]


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
    store: Store, recipe: Recipe, table: Table, skip_bad_rows: bool = False, delist_missing: bool = False,
    watch: Watch | None = None,
) -> Imported:  # fmt: skip
    """Items new or changed; the first import also publishes version 0, which needs no training."""
    read = check_catalog(table, recipe, skip_bad_rows)
    record = _record(table, "catalog", read.loaded, read.merged, len(read.refused))
    with store.begin() as conn, (watch or Watch()).step("catalog"):
        again = database.find_import(conn, table.digest, "catalog") is not None
        tagged = carried(read.catalog, database.read_catalog(conn), recipe.catalog.tagged)
        change = database.put_catalog(conn, tagged, delist_missing)
        catalog = database.read_catalog(conn)
        database.put_ties(conn, catalog, tied(catalog, recipe.catalog.tied))
        database.put_import(conn, record)
        keep_refusals(conn, table.source, read.refused)
        database.put_meta(conn, unused=list(read.unused))
        catalog_changed(store, recipe, catalog, conn, change.added + change.changed)
    return Imported(record, "catalog", change.added, change.changed, read.refused, again)


def import_events(
    store: Store, recipe: Recipe, table: Table, skip_bad_rows: bool = False, watch: Watch | None = None
) -> Imported:
    watch = watch or Watch()
    with store.read() as conn:
        catalog = database.read_catalog(conn)
    if not len(catalog):
        raise DataError("The project has no catalog yet. Run: tastemaker import --catalog FILE")
    _refuse_tags(table, recipe)
    with watch.step("check rows"):
        read = load_events(table, recipe.events, catalog, recipe.tastes.names)
    if not skip_bad_rows:
        refuse_bad_rows(table, read.refused)
    record = _record(table, read.kind, len(read.dataset), 0, len(read.refused))
    with store.begin() as conn:
        again = database.find_import(conn, table.digest, read.kind) is not None
        found = database.read_ties(conn, catalog).events(read.dataset)
        added = database.put_events(conn, found, read.keys, watch.on("write"))
        database.put_import(conn, record)
        keep_refusals(conn, table.source, read.refused)
    return Imported(record, read.kind, added, 0, read.refused, again)


def _refuse_tags(table: Table, recipe: Recipe) -> None:
    """Other people's tags would pass for likes: they say user and item, and no grade."""
    tagged, graded = recipe.catalog.tagged, [scale.column for scale in recipe.events.scales.values()]
    if tagged.into and tagged.tag in table.columns and graded and not any(c in table.columns for c in graded):
        raise DataError(
            f"{table.source} has a column {tagged.tag!r} and none of {', '.join(graded)}: it holds tags of items, not "
            "events. Nothing was imported. Run: tastemaker import --tags FILE"
        )


def import_tags(store: Store, recipe: Recipe, table: Table, skip_bad_rows: bool = False) -> Imported:
    """Other people's tags, one a row, into the column of the catalog that the recipe names; changed: items."""
    with store.begin() as conn:
        catalog = database.read_catalog(conn)
        if not len(catalog):
            raise DataError("The project has no catalog yet. Run: tastemaker import --catalog FILE")
        read = load_tags(table, recipe.catalog, catalog)
        if not skip_bad_rows:
            refuse_bad_rows(table, read.refused)
        again = database.find_import(conn, table.digest, "tags") is not None
        change = database.put_catalog(conn, read.catalog)
        record = _record(table, "tags", read.loaded, 0, len(read.refused))
        database.put_import(conn, record)
        keep_refusals(conn, table.source, read.refused)
        catalog_changed(store, recipe, database.read_catalog(conn), conn, change.changed)
    return Imported(record, "tags", 0, read.changed, read.refused, again)


def import_published(store: Store, recipe: Recipe, found: Published, watch: Watch | None = None) -> ImportedSet:
    """The items that the catalog lacks, and all events, those of the test part too; what is known stays as it is."""
    _check_scales(recipe, found)
    with store.begin() as conn:
        known = database.read_catalog(conn).items
        added = _add_items(store, recipe, found.catalog, known, conn)
        parts = [found.events, *([] if found.test is None else [found.test])]
        writing = (watch or Watch()).on("write")
        written = [_add_events(conn, part, found.keys, writing) for part in parts]
        counts = [added] * (len(found.files) - len(parts)) + written
        files = tuple(map(partial(_imported, conn), found.files, counts))
    return ImportedSet(added, files)


def _add_events(conn: Connection, data: Dataset, keys: tuple[str, ...], watch: Watch) -> int:
    written = data.events.value.astype(np.float64)
    return database.put_events(conn, data, keys or event_keys(data, written, has_time(data)), watch)


def _check_scales(recipe: Recipe, found: Published) -> None:
    """DataError when the recipe reads the grades otherwise than they were given."""
    for kind, column in found.columns.scales.items():
        mine = recipe.scales.get(kind)
        if mine is None or (mine.worst, mine.best) != (column.worst, column.best):
            says = "no such grade" if mine is None else f"{kind}s from {mine.worst:g} to {mine.best:g}"
            raise DataError(
                f"{found.source} has {kind}s from {column.worst:g} (worst) to {column.best:g} (best), and recipe.toml "
                f"has {says}. Under [events.scales] write: {kind} = "
                f'{{ column = "{column.column}", worst = {column.worst:g}, best = {column.best:g} }}'
            )


def _add_items(store: Store, recipe: Recipe, catalog: Catalog, known: Vocab, conn: Connection) -> int:
    new = known.rows(catalog.items.ids) < 0
    if not new.any():
        return 0
    added = database.put_catalog(conn, catalog.where(new)).added
    catalog_changed(store, recipe, database.read_catalog(conn), conn, added)
    return added


def _imported(conn: Connection, file: File, added: int) -> Imported:
    again = database.find_import(conn, file.digest, file.what) is not None
    n, now = file.loaded + file.merged + len(file.refused), int(clock())
    name, refused = file.name, len(file.refused)
    record = Import(file.digest, file.what, name, now, n, file.loaded, file.merged, refused, file.repaired)
    database.put_import(conn, record)
    keep_refusals(conn, name, file.refused)
    return Imported(record, file.what, added, 0, file.refused, again)


def catalog_changed(
    store: Store, recipe: Recipe, catalog: Catalog, conn: Connection, n: int, now: int | None = None
) -> None:
    """n: how many items are new or say other things; the first ones publish version 0. now: UTC seconds of that."""
    database.put_meta(conn, catalog=uuid4().hex)  # an open project reads its catalog again
    if n:
        database.put_meta(conn, features=refreshed_features(store, recipe, catalog))
    if not database.list_versions(conn):
        _publish_first(store, recipe, catalog, conn, int(clock()) if now is None else now)


def _record(table: Table, what: str, loaded: int, merged: int, refused: int) -> Import:
    found, now = table.n_found, int(clock())
    return Import(table.digest, what, table.source, now, found, loaded, merged, refused, table.repaired)


def keep_refusals(conn: Connection, source: str, refused: tuple[BadRow, ...]) -> None:
    """Remember which rows of a file were refused and why, for `check`."""
    known = database.get_meta(conn, "refusals") or {}
    shown = {source: [[bad.line, bad.reason] for bad in refused[:REMEMBERED]]} if refused else {}
    others = {other: bad for other, bad in known.items() if other != source}
    if known or shown:
        database.put_meta(conn, refusals={**others, **shown})


def refreshed_features(store: Store, recipe: Recipe, catalog: Catalog) -> str:
    """Features of the whole catalog without learning anything.

    A new item is scored by its tastes, numbers and quick text features until the next pretrain.
    """
    quick = tuple(name for name in (*recipe.features.blocks, QUICK) if name != "text")
    settings = replace(recipe.features, blocks=quick)
    found = build_features(catalog, settings, recipe.tastes, 0, Watch(), store.cache)
    return save_features(store.artifacts, found)


def _publish_first(store: Store, recipe: Recipe, catalog: Catalog, conn: Connection, now: int) -> None:
    """Version 0: stated tastes by the mapping, likes by quick text features."""
    features = load_features(store.artifacts, database.get_meta(conn, "features"), catalog)
    model = choice_model(recipe.models, recipe.context)
    scorer = content_scorer(features, near=(QUICK, "numbers", TASTES)) if model is None else model.untrained(features)
    first_text_models(store, recipe, conn)
    artifact = as_artifact(store, scorer, catalog, recipe, None)
    first = NewVersion(
        recipe=recipe.name, algorithm="content" if model is None else "mapping", artifact=artifact,
        code_version=CODE_VERSION, seed=0, features_digest=features.digest, created_at=now,
    )  # fmt: skip
    (id_,) = database.add_versions(conn, [first])
    database.activate(conn, id_, "first import: answers before any training", now)
