"""A model, and what was stated taken at its word: who asks for one family gets that family."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32
from ..data.features import TASTES, Features
from ..data.query import Batch
from .base import BLOCK, Contributions, Part, Prediction, Scorer, Voice, merged

INDIFFERENT = 0.5  # a taste that neither draws nor repels


@dataclass(frozen=True)
class Stated(Scorer):
    """score = inner + weight · unit · Σ_f (t_f - 1/2) (m_f - center_f) over the stated tastes f.

    A model learned from archetypes infers what was not said: spicy is loved by those who love woods, so spicy alone
    would bring woods; one learned from events knows nothing of tastes. This term only knows what was said.

    membership: float32 (n_items, p), as `counted` says; center: float32 (p,)
    whole:      does an item count whole for the families that it belongs to most?
    among:      how many first items, those that were there at learning, give the unit: the query's best inner score
                minus its mean, for models whose scores have no scale of their own; 0 = the unit is 1
    """

    inner: Scorer
    membership: Float32
    center: Float32
    weight: float
    whole: bool = False
    among: int = 0

    @classmethod
    def around(cls, inner: Scorer, features: Features, weight: float, whole: bool, relative: bool = False) -> Self:
        membership = counted(features.block(TASTES), whole)
        return cls(inner, membership, membership.mean(axis=0), weight, whole, len(membership) * relative)

    def hears_tastes(self) -> bool:
        return True

    @property
    def n_items(self) -> int:
        return self.inner.n_items

    def score_all(self, batch: Batch) -> Float32:
        found = self.inner.score_all(batch)
        if not _states(batch).any():
            return found
        wanted = self._wanted(batch) * (_unit(found[:, : self.among])[:, None] if self.among else np.float32(1.0))
        said = wanted @ self.membership.T - (wanted @ self.center)[:, None]  # (q, n_items)
        return np.asarray(found + said, np.float32)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        found = self.inner.score_rows(batch, rows)
        if not _states(batch).any():
            return found
        wanted = self._wanted(batch) * self._units(batch)[:, None]
        said = np.einsum("qp,qnp->qn", wanted, self.membership[rows] - self.center, optimize=True)
        return np.asarray(found + said, np.float32)

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        ranks = super().top if _states(batch).any() else self.inner.top
        return ranks(batch, n, exclude, allowed)

    def predict(self, batch: Batch, items: Int32 | None = None) -> Prediction:
        """A statement says what is wanted, not what will be thought of it."""
        return self.inner.predict(batch, items)

    def spoke(self, batch: Batch) -> list[Voice]:
        return self.inner.spoke(batch)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """The inner parts, with what was stated added to the part of its taste; exact."""
        found, units = [], self._units(batch)
        for q, inner in enumerate(self.inner.contributions(batch, items)):
            stated = np.flatnonzero(~np.isnan(batch.profile[q]))
            wanted = self._wanted(batch.take(slice(q, q + 1)))[0, stated] * units[q]
            more = (self.membership[items[q]][:, stated] - self.center[stated]) * wanted  # (n, k)
            parts = (*inner.parts, *(Part("taste", int(f)) for f in stated))
            found.append(merged(parts, np.hstack([inner.values, more]).astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        membership = counted(features.block(TASTES), self.whole)
        return replace(self, inner=self.inner.with_items(features), membership=membership)

    def _wanted(self, batch: Batch) -> Float32:
        """weight · (t - 1/2), float32 (q, p); 0 where nothing was stated."""
        wanted = (batch.profile - np.float32(INDIFFERENT)) * np.float32(self.weight)
        return np.asarray(np.nan_to_num(wanted), np.float32)

    def _units(self, batch: Batch) -> Float32:
        """float32 (q,); of who states nothing it does not matter, and is not looked for."""
        units = np.ones(len(batch), np.float32)
        asked = np.flatnonzero(_states(batch)) if self.among else np.zeros(0, np.int64)
        step = max(1, BLOCK // max(1, self.n_items))
        for start in range(0, len(asked), step):
            rows = asked[start : start + step]
            units[rows] = _unit(self.inner.score_all(batch.take(rows))[:, : self.among])
        return units


def counted(membership: Float32, whole: bool) -> Float32:
    """How much an item counts for each family, float32 (n_items, p): its share, or its share of the largest one.

    By shares, who asks for a family gets what is nothing else; many are famous for being several things at once.
    """
    if not whole:
        return membership
    most = membership.max(axis=1, keepdims=True, initial=0.0)
    return np.asarray(membership / np.where(most > 0, most, 1.0), np.float32)


def _states(batch: Batch) -> Bool:
    """bool (q,): who states any taste?"""
    return np.asarray((~np.isnan(batch.profile)).any(axis=1))


def _unit(scores: Float32) -> Float32:
    """The best score minus the mean of those that are there, float32 (q,); 0 = none is."""
    said = ~np.isnan(scores)
    best = np.max(scores, axis=1, initial=-np.inf, where=said)
    mean = np.sum(scores, axis=1, where=said) / np.maximum(said.sum(axis=1), 1)
    return np.where(said.any(axis=1), best - mean, 0.0).astype(np.float32)
