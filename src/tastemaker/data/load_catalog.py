"""A table becomes a Catalog; every row is loaded, merged into another, or refused with its line and the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan

import numpy as np

from ..errors import DataError
from .catalog import Catalog
from .columns import CatalogColumns
from .parse import distinct_tags, split_tags, to_number
from .table import BadRow, Table, names_of, pick_column, plain_name
from .vocab import Vocab


@dataclass(frozen=True)
class CatalogRead:
    """gaps: our name -> how many items have nothing there. loaded + merged + len(refused) = rows found.

    unused: columns of the table that nothing names
    """

    catalog: Catalog
    loaded: int
    merged: int
    refused: tuple[BadRow, ...]
    gaps: Mapping[str, int]
    unused: tuple[str, ...] = ()


def load_catalog(table: Table, columns: CatalogColumns) -> CatalogRead:
    unused = _unused(table, columns)
    table = with_extracted(table, columns)
    found = _columns(table, columns)
    ids = _ids(table, columns, found)
    items: dict[str, dict[str, object]] = {}
    lines: dict[str, int] = {}
    refused, merged = list(table.refused), 0
    for row, id_ in enumerate(ids):
        try:
            entry = _entry(columns, found, row, id_)
        except ValueError as error:
            refused.append(BadRow(table.lines[row], str(error)))
            continue
        if id_ not in items:
            items[id_], lines[id_] = entry, table.lines[row]
        elif columns.duplicates == "refuse":
            raise DataError(
                f"{table.source}: rows {lines[id_]} and {table.lines[row]} have one id, {id_!r}. "
                'Make the ids differ, or set duplicates = "merge" in the recipe.'
            )
        else:
            items[id_] = _merge(items[id_], entry)
            merged += 1
    if not items:
        raise DataError(f"{table.source}: no row could be loaded; the first problem is {_first(refused)}")
    catalog = _catalog(columns, items)
    return CatalogRead(catalog, len(items), merged, tuple(refused), _gaps(catalog, columns), unused)


def _unused(table: Table, columns: CatalogColumns) -> tuple[str, ...]:
    groups = (columns.text, columns.tags, columns.categories, columns.numbers, columns.show)
    named = [columns.title, *columns.id, *(source for group in groups for source in group.values())]
    named += [how.of for how in columns.extract.values()]
    known = {plain_name(name) for source in named for name in names_of(source)}
    return tuple(name for name in table.names if plain_name(name) not in known)


def with_extracted(table: Table, columns: CatalogColumns) -> Table:
    """The table with the columns that the recipe makes from others; what it has itself stays, by the recipe's names.

    A column that may be absent is not made where what it would be made from is absent.
    """
    groups = (columns.text, columns.tags, columns.categories, columns.numbers, columns.show)
    named = {source: name for group in groups for name, source in group.items()}
    found = dict(table.columns)
    for name, how in columns.extract.items():
        if name in table.columns:
            continue
        try:
            found[name] = how.cells(pick_column(table, how.of, f"extract.{name}"))
        except DataError:
            if named.get(name) not in columns.optional:
                raise
    for name, called in columns.names.items():
        if name in found:
            found[name] = [called.get((cell or "").strip(), cell) for cell in found[name]]
    return replace(table, columns=found)


def _columns(table: Table, columns: CatalogColumns) -> dict[str, list[str | None]]:
    """our name (or "id/0" …) -> cells."""
    wanted = {"title": columns.title} | {f"id/{i}": name for i, name in enumerate(columns.id)}
    for group in (columns.text, columns.tags, columns.categories, columns.numbers, columns.show):
        wanted |= dict(group)
    optional = {wanted.get(name) for name in columns.optional}  # a part of the id may be such a column
    found = {}
    for name, source in wanted.items():
        try:
            found[name] = pick_column(table, source, name.partition("/")[0])
        except DataError:
            if source not in optional:
                raise
            found[name] = [None] * table.n_rows
    return found


def _ids(table: Table, columns: CatalogColumns, found: dict[str, list[str | None]]) -> list[str]:
    names = [f"id/{i}" for i in range(len(columns.id))] or ["title"]
    parts = [[(cell or "").strip() for cell in found[name]] for name in names]
    return [" / ".join(part for part in row if part) for row in zip(*parts, strict=True)]


def _entry(columns: CatalogColumns, found: dict[str, list[str | None]], row: int, id_: str) -> dict[str, object]:
    """One item, our name -> value; ValueError says why the row cannot be loaded."""
    title = (found["title"][row] or "").strip()
    if not title:
        raise ValueError(f"the title ({columns.title}) is empty")
    if not id_:
        raise ValueError(f"the id ({', '.join(columns.id)}) is empty")
    entry: dict[str, object] = {"title": title}
    for name in (*columns.text, *columns.categories, *columns.show):
        entry[name] = (found[name][row] or "").strip()
    nothing = {tag.casefold() for tag in columns.missing_tags}
    for name in columns.tags:
        tags = split_tags(found[name][row], columns.separator)
        entry[name] = tuple(tag for tag in tags if tag.casefold() not in nothing)
    for name, source in columns.numbers.items():
        try:
            value = to_number(found[name][row])
            entry[name] = nan if value == columns.missing_numbers.get(name) else value
        except ValueError as error:
            raise ValueError(f"{source}: {error}") from None
    return entry


def _merge(first: dict[str, object], second: dict[str, object]) -> dict[str, object]:
    """The first row wins; its gaps are filled and its tags united."""
    merged = dict(first)
    for name, value in second.items():
        mine = merged[name]
        if isinstance(mine, tuple) and isinstance(value, tuple):
            merged[name] = distinct_tags((*mine, *value))
        elif mine == "" or (isinstance(mine, float) and np.isnan(mine)):
            merged[name] = value
    return merged


def _catalog(columns: CatalogColumns, items: Mapping[str, Mapping[str, object]]) -> Catalog:
    def column(name: str) -> tuple[object, ...]:
        default = columns.missing.get(name, "")
        return tuple(default if item[name] == "" else item[name] for item in items.values())

    texts = {name: column(name) for name in (*columns.text, *columns.show)}
    return Catalog(
        items=Vocab(tuple(items)),
        titles=tuple(str(item["title"]) for item in items.values()),
        text={name: tuple(map(str, values)) for name, values in texts.items()},
        tags={name: tuple(item[name] for item in items.values()) for name in columns.tags},  # type: ignore[misc]
        categories={name: tuple(map(str, column(name))) for name in columns.categories},
        numbers={name: np.array([item[name] for item in items.values()], np.float32) for name in columns.numbers},
    )


def _gaps(catalog: Catalog, columns: CatalogColumns) -> dict[str, int]:
    empty: dict[str, int] = {}
    for name in (*columns.text, *columns.show):
        empty[name] = sum(value in ("", columns.missing.get(name)) for value in catalog.text[name])
    for name in columns.tags:
        empty[name] = sum(not value for value in catalog.tags[name])
    for name in columns.categories:
        empty[name] = sum(value in ("", columns.missing.get(name)) for value in catalog.categories[name])
    for name in columns.numbers:
        empty[name] = int(np.isnan(catalog.numbers[name]).sum())
    return empty


def _first(refused: list[BadRow]) -> str:
    return f"line {refused[0].line}: {refused[0].reason}." if refused else "that it has no rows."


def refuse_bad_rows(table: Table, refused: tuple[BadRow, ...]) -> None:
    """DataError that shows the first bad rows; for callers that were not told to skip them."""
    if refused:
        shown = "; ".join(f"line {bad.line}: {bad.reason}" for bad in refused[:3])
        more = f" (and {len(refused) - 3} more)" if len(refused) > 3 else ""
        raise DataError(f"{table.source}, {shown}{more}. Fix the rows or pass --skip-bad-rows. Nothing was imported.")
