"""The same thing under several ids: found by what it is called and who made it, and tied to one of them.

Names are compared without case, punctuation and spaces. A number within a tolerance (a length, a year) keeps apart what
only has the same name: sorted by it, a new thing begins where it jumps by more than the tolerance.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..errors import DataError
from .arrays import Bool, Int64
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


def ties_of(catalog: Catalog, by: Sequence[str] = (), number: str = "", tolerance: float = 0.0) -> Ties:
    """Items of one title, of one name in each category of `by`, and within `tolerance` in `number`.

    The first of them stands for all. Nothing is tied where a name is missing; a missing number is near any. DataError
    when there is no such column.
    """
    columns = [_column(catalog.categories, name, "categories") for name in by]
    names = [normal(title) for title in catalog.titles]
    keys = list(zip(names, *([normal(name) for name in column] for column in columns), strict=True))
    whole = np.array([all(key) for key in keys], bool)
    ids: dict[tuple[str, ...], int] = {}
    group = np.array([ids.setdefault(key, len(ids)) for key in keys], np.int64)
    values = np.asarray(_column(catalog.numbers, number, "numbers"), np.float64) if number else np.zeros(len(keys))
    order = np.lexsort((values, group))  # NaN stands last
    jumps = np.diff(values[order], prepend=np.nan) > tolerance  # False beside NaN: a missing number is near any
    begins = (np.diff(group[order], prepend=-1) != 0) | jumps | ~whole[order]
    thing = np.cumsum(begins) - 1
    first = np.full(len(keys), len(keys), np.int64)
    np.minimum.at(first, thing, order)
    one = np.empty(len(keys), np.int64)
    one[order] = first[thing]
    return Ties(one)


def tied(catalog: Catalog, columns: TieColumns) -> Ties:
    """As a recipe says; without that, and where a column is absent altogether, every item stands for itself."""
    known = all(name in catalog.categories for name in columns.by) and columns.number in ("", *catalog.numbers)
    if not columns.by or not known:
        return Ties(np.arange(len(catalog)))
    return ties_of(catalog, columns.by, columns.number, columns.within)


def normal(name: str) -> str:
    """Letters and digits in lower case, without accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def _column(columns: Mapping[str, Column], name: str, what: str) -> Column:
    if name not in columns:
        known = ", ".join(columns) or "none"
        raise DataError(f"The catalog has no {name!r} among its {what}. There are: {known}.")
    return columns[name]
