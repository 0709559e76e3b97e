"""The same thing under several ids: found by what it is called and who made it, and tied to one of them.

Names are compared without case, punctuation and spaces. A number (a length, a year) keeps apart what only has the same
name: sorted by it, a new thing begins where it jumps by more than a share of itself, so that its unit does not matter.
Where it is not known other names have to agree, too.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..errors import DataError
from .arrays import Bool, Float64, Int64
from .catalog import Catalog
from .columns import TieColumns
from .dataset import Dataset

Column = TypeVar("Column")


@dataclass(frozen=True)
class Ties:
    """one: int64 (n_items,), the row that stands for each item, itself where it is the only one."""

    one: Int64

    @property
    def spare(self) -> Bool:
        """bool (n_items,): which items another one stands for."""
        return np.asarray(self.one != np.arange(len(self.one)))

    @property
    def n_groups(self) -> int:
        """How many things have several ids."""
        return len(np.unique(self.one[self.spare]))

    def events(self, data: Dataset) -> Dataset:
        """The same events, each of the item that stands for its own."""
        return replace(data, events=replace(data.events, item=self.one[data.events.item].astype(np.int32)))

    def catalog(self, catalog: Catalog) -> Catalog:
        """The same catalog, in which what another item stands for is not available."""
        return replace(catalog, available=catalog.available & ~self.spare)


def ties_of(
    catalog: Catalog, by: Sequence[str] = (), number: str = "", tolerance: float = 0.0, otherwise: Sequence[str] = ()
) -> Ties:
    """Items of one title, of one name in each category of `by`, and apart by at most a share `tolerance` in `number`.

    otherwise: the categories that have to agree where the number is not known; none = such an item is tied to nothing
    The first of them stands for all. Nothing is tied where a name is missing. DataError when there is no such column.
    """
    names = [normal(title) for title in catalog.titles]
    group = _alike(names, *(_normal(catalog, name) for name in by))
    values = np.asarray(_column(catalog.numbers, number, "numbers"), np.float64) if number else np.zeros(len(names))
    order = np.lexsort((values, group))  # NaN stands last
    sorted_ = values[order]
    near = np.abs(np.diff(sorted_, prepend=np.nan)) <= tolerance * np.abs(sorted_)  # False beside NaN
    begins = (np.diff(group[order], prepend=-1) != 0) | ~near | (group[order] < 0)
    thing = np.empty(len(names), np.int64)
    thing[order] = np.cumsum(begins) - 1
    if otherwise and np.isnan(values).any():
        _join(thing, values, _alike(group.astype(str).tolist(), *(_normal(catalog, name) for name in otherwise)), group)
    first = np.full(len(names), len(names), np.int64)
    np.minimum.at(first, thing, np.arange(len(names)))
    return Ties(first[thing])


def _alike(*columns: list[str]) -> Int64:
    """A number for each combination of names, int64 (n,); -1 where one of them is empty."""
    ids: dict[tuple[str, ...], int] = {}
    keys = zip(*columns, strict=True)
    return np.array([ids.setdefault(key, len(ids)) if all(key) else -1 for key in keys], np.int64)


def _join(thing: Int64, values: Float64, closer: Int64, group: Int64) -> None:
    """Who has no number becomes one with the first of the same `closer` names: of those with a number, if any."""
    unknown = np.isnan(values)
    ones: dict[int, int] = {}
    for row in np.concatenate([np.flatnonzero(~unknown), np.flatnonzero(unknown)]).tolist():
        if closer[row] >= 0 and group[row] >= 0:
            one = ones.setdefault(int(closer[row]), int(thing[row]))
            if unknown[row]:
                thing[row] = one


def tied(catalog: Catalog, columns: TieColumns) -> Ties:
    """As a recipe says; without that, and where a column is absent altogether, every item stands for itself."""
    names = (*columns.by, *columns.otherwise)
    known = all(name in catalog.categories for name in names) and columns.number in ("", *catalog.numbers)
    if not columns.by or not known:
        return Ties(np.arange(len(catalog)))
    return ties_of(catalog, columns.by, columns.number, columns.within, columns.otherwise)


def normal(name: str) -> str:
    """Letters and digits in lower case, without spaces, punctuation, and the accents of Latin letters; in other scripts
    a mark makes another letter."""
    found: list[str] = []
    for sign in unicodedata.normalize("NFKD", name.casefold()):
        mark = unicodedata.category(sign).startswith("M")
        if sign.isalnum() or (mark and found and not unicodedata.name(found[-1], "").startswith("LATIN")):
            found.append(sign)
    return "".join(found)


def _normal(catalog: Catalog, category: str) -> list[str]:
    return [normal(name) for name in _column(catalog.categories, category, "categories")]


def _column(columns: Mapping[str, Column], name: str, what: str) -> Column:
    if name not in columns:
        known = ", ".join(columns) or "none"
        raise DataError(f"The catalog has no {name!r} among its {what}. There are: {known}.")
    return columns[name]
