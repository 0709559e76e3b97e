"""Content similarity: how near an item is to what the query says of items."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer


@dataclass(frozen=True)
class Embeddings(Scorer):
    """score(u, i) = Σ_j w_j cos(e_j, e_i) / Σ_j |w_j| over the query's items j; NaN for a query without any.

    vectors: float32 (n_items, d), unit rows; a row of zeros = nothing is known of the item, which scores NaN
    """

    vectors: Float32
    block: str

    @property
    def n_items(self) -> int:
        return len(self.vectors)

    def score_all(self, batch: Batch) -> Float32:
        return self._known(self._wanted(batch) @ self.vectors.T, self.vectors)  # (q, n_items)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        found = self.vectors[rows]  # (q, n, d)
        return self._known(np.einsum("qd,qnd->qn", self._wanted(batch), found, optimize=True), found)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        found, evidence = [], batch.evidence()
        for q in range(len(batch)):
            row = evidence[[q]]
            weights = row.data / max(float(np.abs(row.data).sum()), 1e-12)
            near = self.vectors[items[q]] @ (self.vectors[row.indices] * weights[:, None]).T  # (n, k)
            known = self.vectors[items[q]].any(axis=1) & bool(row.data.any())
            base = np.where(known, 0.0, np.nan)[:, None]
            parts = (Part("base"), *(Part("item", int(i)) for i in row.indices))
            found.append(Contributions(parts, np.hstack([base, near]).astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        return replace(self, vectors=unit_rows(features.said(self.block)))

    def _wanted(self, batch: Batch) -> Float32:
        """The direction asked for, float32 (q, d); NaN for a query that names no item."""
        evidence = batch.evidence()
        total = np.asarray(abs(evidence).sum(axis=1)).reshape(-1, 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((evidence @ self.vectors) / total, np.float32)

    @staticmethod
    def _known(scores: Float32, vectors: Float32) -> Float32:
        """NaN where the item has no vector; a cosine that rounding took beyond 1 is 1."""
        known = np.where(vectors.any(axis=-1), np.clip(scores, -1.0, 1.0), np.float32(np.nan))
        return known.astype(np.float32)


def unit_rows(matrix: Float32) -> Float32:
    """Each row at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0), np.float32)
