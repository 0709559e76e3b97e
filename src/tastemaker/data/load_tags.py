"""A table of tags that people gave to items, one a row, becomes a column of the catalog."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import DataError, QueryError
from .arrays import Float32
from .catalog import Catalog
from .columns import CatalogColumns, TagColumns
from .table import BadRow, Table, pick_column


@dataclass(frozen=True)
class TagsRead:
    """catalog: with tags and counts; loaded + len(refused) = rows found; tagged: how many items have a row;

    changed: how many have other tags than before, or were tagged by more or fewer people
    """

    catalog: Catalog
    loaded: int
    refused: tuple[BadRow, ...]
    tagged: int
    changed: int


def load_tags(table: Table, columns: CatalogColumns, catalog: Catalog) -> TagsRead:
    """The items that the table names get its tags, the most frequent first; the others keep what they have."""
    named = columns.tagged
    if not named.into:
        raise DataError(
            "This project's recipe does not say where tags go. Under [catalog.tagged] in recipe.toml name the table's "
            'columns and a tags column of [catalog]: item = "item", tag = "tag", into = "tags"'
        )
    found: dict[int, Counter[str]] = {}
    people: dict[int, set[str | int]] = {}
    nothing = {"", *(tag.casefold() for tag in columns.missing_tags)}
    rows, refused = _rows(table, named, catalog), list(table.refused)
    users: Sequence[str | int] = _cells(table, named.user) if named.user else range(table.n_rows)
    for at, (row, tag, user) in enumerate(zip(rows, _cells(table, named.tag), users, strict=True)):
        if isinstance(row, str):
            refused.append(BadRow(table.lines[at], row))
        elif tag.casefold() in nothing:
            refused.append(BadRow(table.lines[at], "the tag is empty"))
        else:
            found.setdefault(row, Counter())[tag.casefold()] += 1
            people.setdefault(row, set()).add(user)
    read = _with_tags(catalog, named, found, _written(table, named))
    before = catalog.tags.get(named.into, ((),) * len(catalog))
    changed = np.array([a != b for a, b in zip(before, read.tags[named.into], strict=True)], bool)
    if named.count:
        known = catalog.numbers.get(named.count)
        counts = _counted(known, people, len(catalog))
        read = replace(read, numbers={**catalog.numbers, named.count: counts})
        changed |= counts != (0.0 if known is None else np.nan_to_num(known))
    return TagsRead(read, sum(map(Counter.total, found.values())), tuple(refused), len(found), int(changed.sum()))


def carried(catalog: Catalog, known: Catalog, columns: TagColumns) -> Catalog:
    """`catalog`, where it says nothing of tags, with those that the project knows already."""
    if not columns.into or not len(known):
        return catalog
    rows = known.items.rows(catalog.items.ids)
    old = known.tags.get(columns.into, ((),) * len(known))
    mine = catalog.tags[columns.into]
    filled = tuple(tags or (old[row] if row >= 0 else ()) for tags, row in zip(mine, rows.tolist(), strict=True))
    numbers = dict(catalog.numbers)
    if columns.count in numbers and columns.count in known.numbers:
        before = np.where(rows >= 0, known.numbers[columns.count][rows], np.nan)
        numbers[columns.count] = np.where(np.isnan(numbers[columns.count]), before, numbers[columns.count])
    return replace(catalog, tags={**catalog.tags, columns.into: filled}, numbers=numbers)


def _cells(table: Table, column: str) -> list[str]:
    return [" ".join((cell or "").split()) for cell in pick_column(table, column, column)]


def _rows(table: Table, columns: TagColumns, catalog: Catalog) -> list[int | str]:
    """The item row that each row of the table speaks of, or why it is none."""
    known: dict[str, int | str] = {}
    cells = _cells(table, columns.item)
    for cell in dict.fromkeys(cells):
        try:
            known[cell] = catalog.find(cell) if cell else "the item is empty"
        except QueryError as error:
            known[cell] = str(error).removesuffix(".")
    return [known[cell] for cell in cells]


def _written(table: Table, columns: TagColumns) -> dict[str, str]:
    """tag in lower case -> as most people write it."""
    forms: dict[str, Counter[str]] = {}
    for tag in _cells(table, columns.tag):
        forms.setdefault(tag.casefold(), Counter())[tag] += 1
    return {tag: written.most_common(1)[0][0] for tag, written in forms.items()}


def _with_tags(
    catalog: Catalog, columns: TagColumns, found: Mapping[int, Counter[str]], written: Mapping[str, str]
) -> Catalog:
    items_with = Counter(tag for tags in found.values() for tag in tags)
    tags = list(catalog.tags.get(columns.into, ((),) * len(catalog)))
    for row, given in found.items():
        kept = [tag for tag, _ in given.most_common() if items_with[tag] >= columns.least]
        tags[row] = tuple(written[tag] for tag in kept[: columns.most])
    return replace(catalog, tags={**catalog.tags, columns.into: tuple(tags)})


def _counted(before: Float32 | None, people: Mapping[int, set[str | int]], n: int) -> Float32:
    """How many tagged each item; 0 where nobody did, since a table of tags speaks of the whole catalog."""
    counts = np.zeros(n, np.float32) if before is None else np.nan_to_num(before).astype(np.float32)
    for row, given in people.items():
        counts[row] = len(given)
    return counts
