"""What two items have in common, as a person can check it: rare tags first, then categories, then numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Float32
from ..data.catalog import Catalog

MOST = 3  # tags worth naming
RARE = 0.05  # numbers are worth a word where at most this share of the catalog is as near


@dataclass(frozen=True)
class Likeness:
    """
    tags: that both have; same: names of categories in which both are the same
    numbers: names of those in which both are equal; near: of those in which they nearly are
    had:  what somebody who has both is called ("users", "playlists"); "" = nobody has, or nobody looked
    """

    tags: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    had: str = ""


@dataclass(frozen=True)
class Alike:
    catalog: Catalog

    def of(self, a: int, b: int) -> Likeness:
        """Rows a and b of the catalog; tags as the first one shows them."""
        same = [name for name, column in self.catalog.categories.items() if column[a] and _same(column, a, b)]
        numbers = self._numbers(a, b)
        equal = {name: bool(self.catalog.numbers[name][a] == self.catalog.numbers[name][b]) for name in numbers}
        exact, near = (tuple(_plain(name) for name in numbers if equal[name] is said) for said in (True, False))
        return Likeness(self._tags(a, b), tuple(map(_plain, same)), exact, near)

    def _tags(self, a: int, b: int) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for column in self.catalog.tags.values():
            theirs = {tag.casefold() for tag in column[b]}
            found |= {tag.casefold(): tag for tag in column[a] if tag.casefold() in theirs}
        rarest = sorted(found, key=lambda tag: self.catalog.tagged[tag])  # stable: ties stay in the owner's order
        return tuple(found[tag] for tag in rarest[:MOST])

    def _numbers(self, a: int, b: int) -> tuple[str, ...]:
        """Those in which so near is rare, the rarest first."""
        ordered = self.catalog.ordered
        rare = {name: _as_near(ordered[name], column[a], column[b]) for name, column in self.catalog.numbers.items()}
        found = sorted((share, name) for name, share in rare.items() if share <= RARE)
        return tuple(name for _, name in found[:MOST])


def _same(column: Sequence[str], a: int, b: int) -> bool:
    return column[a].casefold() == column[b].casefold()


def _as_near(ordered: Float32, a: np.float32, b: np.float32) -> float:
    """The share of the catalog that is as near to a as b is; 1 where a number is missing. ordered: ascending."""
    if np.isnan(a) or np.isnan(b):
        return 1.0
    ends = min(b, a + (a - b)), max(b, a + (a - b))
    near = np.searchsorted(ordered, ends[1], "right") - np.searchsorted(ordered, ends[0], "left")
    return float(near / len(ordered))


def _plain(name: str) -> str:
    return name.replace("_", " ")
