"""A model, and what was stated taken at its word: who asks for one family gets that family."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import TASTES, Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer, merged

INDIFFERENT = 0.5  # a taste that neither draws nor repels


@dataclass(frozen=True)
class Stated(Scorer):
    """score = inner + weight · Σ_f (t_f - 1/2) (m_f - center_f) over the stated tastes f.

    A model learned from archetypes infers what was not said: spicy is loved by those who love woods, so spicy alone
    would bring woods. This term only knows what was said. membership: float32 (n_items, p); center: float32 (p,)
    """

    inner: Scorer
    membership: Float32
    center: Float32
    weight: float

    def hears_tastes(self) -> bool:
        return True

    @property
    def n_items(self) -> int:
        return self.inner.n_items

    def score_all(self, batch: Batch) -> Float32:
        wanted = self._wanted(batch)
        said = wanted @ self.membership.T - (wanted @ self.center)[:, None]  # (q, n_items)
        return np.asarray(self.inner.score_all(batch) + said, np.float32)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        wanted = self._wanted(batch)
        said = np.einsum("qp,qnp->qn", wanted, self.membership[rows] - self.center, optimize=True)
        return np.asarray(self.inner.score_rows(batch, rows) + said, np.float32)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """The inner parts, with what was stated added to the part of its taste; exact."""
        found = []
        for q, inner in enumerate(self.inner.contributions(batch, items)):
            stated = np.flatnonzero(~np.isnan(batch.profile[q]))
            wanted = self._wanted(batch.take(slice(q, q + 1)))[0, stated]
            more = (self.membership[items[q]][:, stated] - self.center[stated]) * wanted  # (n, k)
            parts = (*inner.parts, *(Part("taste", int(f)) for f in stated))
            found.append(merged(parts, np.hstack([inner.values, more]).astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        return replace(self, inner=self.inner.with_items(features), membership=features.block(TASTES))

    def _wanted(self, batch: Batch) -> Float32:
        """weight · (t - 1/2), float32 (q, p); 0 where nothing was stated."""
        wanted = (batch.profile - np.float32(INDIFFERENT)) * np.float32(self.weight)
        return np.asarray(np.nan_to_num(wanted), np.float32)
