"""The same score for everybody: the baseline that every model must beat, and the last resort."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer


@dataclass(frozen=True)
class Popularity(Scorer):
    """values: float32 (n_items,); an item that joined later gets the lowest value of those known."""

    values: Float32

    @property
    def n_items(self) -> int:
        return len(self.values)

    def score_all(self, batch: Batch) -> Float32:
        return np.tile(self.values, (len(batch), 1))

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self.values[rows]

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        return [Contributions((Part("base"),), self.values[items[q]][:, None]) for q in range(len(batch))]

    def with_items(self, features: Features) -> Self:
        lowest = self.values.min() if self.n_items else 0.0
        new = np.full(len(features) - self.n_items, lowest, np.float32)
        return replace(self, values=np.concatenate([self.values, new]))
