"""What two items have in common, as a person can check it: rare tags first, then categories, then numbers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..data.arrays import Float32
from ..data.catalog import Catalog

MOST = 3  # tags worth naming
RARE = 0.05  # numbers count as the same where at most this share of the catalog is as near


@dataclass(frozen=True)
class Likeness:
    """
    tags: that both have; same: names of categories in which both are the same; numbers: in which they nearly are
    had:  what somebody who has both is called ("users", "playlists"); "" = nobody has, or nobody looked
    """

    tags: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    had: str = ""


@dataclass(frozen=True)
class Alike:
    catalog: Catalog

    def of(self, a: int, b: int) -> Likeness:
        """Rows a and b of the catalog; tags as the first one shows them."""
        same = [name for name, column in self.catalog.categories.items() if column[a] and _same(column, a, b)]
        return Likeness(self._tags(a, b), tuple(map(_plain, same)), self._numbers(a, b))

    def _tags(self, a: int, b: int) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for column in self.catalog.tags.values():
            theirs = {tag.casefold() for tag in column[b]}
            found |= {tag.casefold(): tag for tag in column[a] if tag.casefold() in theirs}
        rarest = sorted(found, key=lambda tag: self._frequency[tag])  # stable: ties stay in the owner's order
        return tuple(found[tag] for tag in rarest[:MOST])

    @cached_property
    def _frequency(self) -> Counter[str]:
        """tag in lower case -> items that have it."""
        columns = self.catalog.tags.values()
        return Counter(tag for column in columns for tags in column for tag in {t.casefold() for t in tags})

    def _numbers(self, a: int, b: int) -> tuple[str, ...]:
        """Those in which so near is rare, the rarest first."""
        rare = {name: _as_near(column, a, b) for name, column in self.catalog.numbers.items()}
        found = sorted((share, name) for name, share in rare.items() if share <= RARE)
        return tuple(_plain(name) for _, name in found[:MOST])


def _same(column: Sequence[str], a: int, b: int) -> bool:
    return column[a].casefold() == column[b].casefold()


def _as_near(column: Float32, a: int, b: int) -> float:
    """The share of the catalog that is as near to a as b is; 1 where a number is missing."""
    if np.isnan(column[a]) or np.isnan(column[b]):
        return 1.0
    distance = np.abs(column - column[a])
    known = ~np.isnan(distance)
    return float((distance[known] <= distance[b]).sum() / known.sum())


def _plain(name: str) -> str:
    return name.replace("_", " ")
