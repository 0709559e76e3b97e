"""The plain mapping from stated tastes to items: no learning, the honest fallback."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import TASTES, Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer


@dataclass(frozen=True)
class Mapping(Scorer):
    """score(u, i) = Σ_f t_f m_if over the stated tastes f; NaN for a query that states none.

    membership: float32 (n_items, p), rows that sum to 1
    """

    membership: Float32

    def hears_tastes(self) -> bool:
        return True

    @property
    def n_items(self) -> int:
        return len(self.membership)

    def score_all(self, batch: Batch) -> Float32:
        return self._said(batch, np.nan_to_num(batch.profile) @ self.membership.T)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        profile = np.nan_to_num(batch.profile)
        return self._said(batch, np.einsum("qp,qnp->qn", profile, self.membership[rows], optimize=True))

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        found = []
        for q in range(len(batch)):
            stated = np.flatnonzero(~np.isnan(batch.profile[q]))
            values = self.membership[items[q]][:, stated] * batch.profile[q, stated]  # (n, k)
            base = np.full((len(values), 1), 0.0 if len(stated) else np.nan)
            parts = (Part("base"), *(Part("taste", int(f)) for f in stated))
            found.append(Contributions(parts, np.hstack([base, values]).astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        return replace(self, membership=features.block(TASTES))

    @staticmethod
    def _said(batch: Batch, scores: Float32) -> Float32:
        stated = np.asarray((~np.isnan(batch.profile)).any(axis=1))
        return np.where(stated[:, None], scores, np.float32(np.nan)).astype(np.float32)
