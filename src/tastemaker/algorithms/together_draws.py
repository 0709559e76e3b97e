"""What an epoch of Together looks at: pairs drawn by weight, and items that are drawn against them."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..data.arrays import Float32, Float64, Int64
from ..data.dataset import Dataset
from ..data.pairs import Pairs
from ..errors import TrainingError


class Drawn(NamedTuple):
    """a, b: int64 (n,), the two ends of a pair, either first; against: int64 (n, k), items drawn against a."""

    a: Int64
    b: Int64
    against: Int64


@dataclass(frozen=True)
class Draws:
    """n: pairs an epoch; category: int64 (n_items,), -1 = none. Only items of some pair are ever drawn."""

    pairs: Pairs
    n: int
    category: Int64

    def epoch(self, rng: np.random.Generator, others: int, hard: int) -> Drawn:
        """`others` items at random and `hard` of the category of a against each pair, k = others + hard."""
        row = np.searchsorted(self._reach, rng.random(self.n) * self._reach[-1], side="right")
        row = np.minimum(row, len(self.pairs) - 1)
        turned = rng.random(self.n) < 0.5
        a, b = (side[row].astype(np.int64) for side in (self.pairs.a, self.pairs.b))
        a, b = np.where(turned, b, a), np.where(turned, a, b)
        random = self._pool[rng.integers(0, len(self._pool), (self.n, others))]
        first, size = self._range(a)
        alike = self._by_category[first[:, None] + (rng.random((self.n, hard)) * size[:, None]).astype(np.int64)]
        return Drawn(a, b, np.hstack([random, alike]))

    def log_chance(self) -> Float32:
        """Log of the chance that b is this item, float32 (n_items,); what is never drawn counts as the rarest."""
        chance = self.pairs.marginal()
        return np.asarray(np.log(np.maximum(chance, chance[chance > 0].min())), np.float32)

    def log_hard(self, a: Int64) -> Float32:
        """Log of the chance of each hard item against a, float32 (n,)."""
        return np.asarray(-np.log(self._range(a)[1]), np.float32)

    @cached_property
    def _reach(self) -> Float64:
        return np.cumsum(self.pairs.weight, dtype=np.float64)

    @cached_property
    def _pool(self) -> Int64:
        return np.union1d(self.pairs.a, self.pairs.b).astype(np.int64)

    @cached_property
    def _by_category(self) -> Int64:
        return self._pool[np.argsort(self.category[self._pool], kind="stable")]

    def _range(self, a: Int64) -> tuple[Int64, Int64]:
        """Where the items of a's category begin, and how many there are; of an item without one: all."""
        codes, mine = self.category[self._by_category], self.category[a]
        first, last = (np.searchsorted(codes, mine, side=side) for side in ("left", "right"))
        return np.where(mine < 0, 0, first), np.where(mine < 0, len(codes), last - first)


def category_codes(data: Dataset, category: str) -> Int64:
    """Each item's name in this category, or its first of these tags, as a number, -1 where it has none; TrainingError
    when there is no such column."""
    if not category:
        return np.full(len(data.catalog), -1)
    categories, tags = data.catalog.categories, data.catalog.tags
    names = categories.get(category) or tuple(next(iter(each), "") for each in tags.get(category, ()))
    if not names:
        known = ", ".join((*categories, *tags)) or "none"
        raise TrainingError(f"Hard negatives are to share their {category!r}; the catalog has these columns: {known}.")
    _, code = np.unique(np.array(names), return_inverse=True)
    return np.where(np.array(names) == "", -1, code).astype(np.int64)
