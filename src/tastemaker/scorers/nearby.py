"""A model, and a little nearness in content to what the query likes: people see more in a like than its families."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer
from .embeddings import Embeddings


@dataclass(frozen=True)
class Nearby(Scorer):
    """score = inner + weight · near, where near is 0 for an item without a vector and a query without likes."""

    inner: Scorer
    near: Embeddings
    weight: float

    @property
    def n_items(self) -> int:
        return self.inner.n_items

    def score_all(self, batch: Batch) -> Float32:
        return self._sum(self.inner.score_all(batch), self.near.score_all(batch))

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self._sum(self.inner.score_rows(batch, rows), self.near.score_rows(batch, rows))

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """The inner parts, and one "near" part for each item of the history; exact."""
        pairs = zip(self.inner.contributions(batch, items), self.near.contributions(batch, items), strict=True)
        return [self._joined(inner, near) for inner, near in pairs]

    def with_items(self, features: Features) -> Self:
        return replace(self, inner=self.inner.with_items(features), near=self.near.with_items(features))

    def _sum(self, inner: Float32, near: Float32) -> Float32:
        return (inner + np.float32(self.weight) * np.nan_to_num(near)).astype(np.float32)

    def _joined(self, inner: Contributions, near: Contributions) -> Contributions:
        known = ~np.isnan(near.values).any(axis=1, keepdims=True)
        values = np.where(known, near.values * np.float32(self.weight), np.float32(0.0))
        kept = [i for i, part in enumerate(near.parts) if part.kind == "item"]
        parts = (*inner.parts, *(Part("near", near.parts[i].key) for i in kept))
        return Contributions(parts, np.hstack([inner.values, values[:, kept]]).astype(np.float32))
