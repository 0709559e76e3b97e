"""What a file would do, before anything of it is imported: read by the recipe that the database keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

from ...data.catalog import Catalog
from ...data.columns import CatalogColumns, EventColumns, Extract, ScaleColumn, TagColumns, TieColumns
from ...data.load_catalog import load_catalog
from ...data.load_events import load_events
from ...data.read import read_table
from ...data.table import BadRow, Table
from ...errors import DataError
from ...store import Store, find_import
from ...store.tables import events
from .. import words
from .plot import Row

LINES = 200
AT_ONCE = 5000  # keys that one question asks for


@dataclass(frozen=True)
class Checked:
    """
    what:   catalog, or the kind of event; rows = loaded + merged + refused, where bad rows are skipped
    new:    items that nobody knew, or events that are not there yet
    before: when this very file was imported, UTC seconds; None = never
    sample: the first entries as they would be kept
    """

    what: str
    file: str
    rows: int
    loaded: int
    merged: int
    refused: Sequence[Row]
    n_refused: int
    new: int
    sample: Sequence[Row]
    gaps: Mapping[str, int]
    encoding: str
    repaired: int
    before: int | None


def check_file(name: str, data: bytes, what: str, catalog: Catalog, store: Store) -> Checked:
    """DataError where an import would refuse the whole file; nothing is written but a file that is gone afterwards."""
    with TemporaryDirectory(prefix="tastemaker-check-") as folder:
        file = Path(folder) / Path(name).name
        file.write_bytes(data)
        table = read_table(file)
    recipe = store.recipe()
    checked = _catalog(table, catalog, recipe) if what == "catalog" else _events(table, catalog, recipe, store)
    with store.read() as conn:
        before = find_import(conn, table.digest, checked.what)
    return checked if before is None else replace(checked, before=before.at)


def _catalog(table: Table, known: Catalog, recipe: Mapping[str, Any]) -> Checked:
    read = load_catalog(table, catalog_columns(recipe))
    found = read.catalog
    new = sum(id_ not in known.items for id_ in found.items.ids)
    sample = [_item(found, row) for row in range(min(5, len(found)))]
    return Checked(
        "catalog", table.source, table.n_found, read.loaded, read.merged, _lines(read.refused), len(read.refused), new,
        sample, read.gaps, table.encoding, table.repaired, None,
    )  # fmt: skip


def _item(found: Catalog, row: int) -> Row:
    said: dict[str, Any] = {"id": found.items.ids[row], "title": found.titles[row]}
    said |= {name: column[row] for name, column in found.categories.items()}
    said |= {name: ", ".join(column[row]) for name, column in found.tags.items()}
    return said | {name: float(column[row]) for name, column in found.numbers.items()}


def _events(table: Table, catalog: Catalog, recipe: Mapping[str, Any], store: Store) -> Checked:
    columns = event_columns(recipe)
    _refuse_tags(table, catalog_columns(recipe).tagged, [scale.column for scale in columns.scales.values()])
    read = load_events(table, columns, catalog, tuple(recipe["tastes"]["families"]))
    e, data = read.dataset.events, read.dataset
    sample = [
        {"user": data.users.ids[e.user[k]], "item": catalog.titles[e.item[k]], read.kind: float(e.value[k])}
        for k in range(min(5, len(e)))
    ]
    return Checked(
        read.kind, table.source, table.n_found, len(data), 0, _lines(read.refused), len(read.refused),
        _new(store, read.keys), sample, {}, table.encoding, table.repaired, None,
    )  # fmt: skip


def _refuse_tags(table: Table, tagged: TagColumns, graded: Sequence[str]) -> None:
    """As an import does: other people's tags would pass for likes."""
    if tagged.into and tagged.tag in table.columns and graded and not any(c in table.columns for c in graded):
        raise DataError(str(words.CHECK_TAGS).format(tag=tagged.tag, grades=", ".join(graded)))


def _new(store: Store, keys: Sequence[str]) -> int:
    """How many of these events are not there yet."""
    with store.read() as conn:
        chosen = sa.select(sa.func.count()).select_from(events)
        return len(set(keys)) - sum(
            conn.scalar(chosen.where(events.c.key.in_(keys[k : k + AT_ONCE]))) or 0
            for k in range(0, len(keys), AT_ONCE)
        )


def _lines(refused: Sequence[BadRow]) -> list[Row]:
    return [{words.COL_LINE: bad.line, words.COL_WHY: bad.reason} for bad in refused[:LINES]]


def catalog_columns(recipe: Mapping[str, Any]) -> CatalogColumns:
    """Those of a resolved recipe, as the database keeps it."""
    said = _known(CatalogColumns, recipe["catalog"])
    said["extract"] = {name: Extract(**_known(Extract, one)) for name, one in said.get("extract", {}).items()}
    said["tagged"] = TagColumns(**_known(TagColumns, said.get("tagged") or {}))
    tied = _known(TieColumns, said.get("tied") or {})
    said["tied"] = TieColumns(**{**tied, **{name: tuple(tied.get(name, ())) for name in ("by", "otherwise")}})
    lists = {name: tuple(value) for name, value in said.items() if isinstance(value, list)}
    return CatalogColumns(**{**said, **lists})


def event_columns(recipe: Mapping[str, Any]) -> EventColumns:
    said = _known(EventColumns, recipe["events"])
    said["scales"] = {kind: ScaleColumn(**_known(ScaleColumn, one)) for kind, one in said.get("scales", {}).items()}
    return EventColumns(**said)


def _known(kind: type[Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What the class has fields for: a recipe of another release may say more."""
    names = {f.name for f in fields(kind)}
    return {name: value for name, value in said.items() if name in names}
