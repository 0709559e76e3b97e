"""Dot products of user and item vectors, where the user's vector comes from what the query says: what BPR learns here.

score(u, i) = b_i + p_u · v_i + α (t_u - mean) · x_i,   p_u = [t_u - mean, 1] A

t_u are the user's inferred tastes (TastePrior), v_i a free vector shrunk towards its projection from content, and x_i
the item's membership - center. Linear in t_u, so every observation's part of the score is exact.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Float32, Int32
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Part, Scorer
from .taste import TastePrior


@dataclass(frozen=True)
class TasteFactors(Scorer):
    """
    prior:   how tastes are inferred
    items:   float32 (n_items, d);  bias: float32 (n_items,)
    user:    float32 (p + 1, d), the map A; its last row is everybody's vector
    alpha:   weight of the direct match
    content: float32 (f + 1, d + 1), features and a 1 -> item vector and bias, for items nobody has seen
    blocks:  feature blocks that `content` reads
    """

    prior: TastePrior
    items: Float32
    bias: Float32
    user: Float32
    alpha: float
    content: Float32
    blocks: tuple[str, ...]

    def hears_tastes(self) -> bool:
        return True

    @property
    def n_items(self) -> int:
        return len(self.items)

    def score_all(self, batch: Batch) -> Float32:
        tastes = self._tastes(batch)
        return np.asarray(self._left(tastes) @ self._sides().T + self.bias, np.float32)  # (q, n_items)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        left = self._left(self._tastes(batch))
        found = np.einsum("qd,qnd->qn", left, self._sides(rows), optimize=True) + self.bias[rows]
        return np.asarray(found, np.float32)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """Exact: the prior's score is the base, each observation adds its share of the tastes times the item."""
        found = []
        for q in range(len(batch)):
            names, shares = self.prior.shares(batch, q)
            right = self._sides(items[q])  # (n, d + p)
            base = right[:, : self.user.shape[1]] @ self.user[-1] + self.bias[items[q]]
            moved = right @ np.hstack([shares @ self.user[:-1], self.alpha * shares]).T  # (n, k)
            parts = (Part("base"), *(Part(kind, key) for kind, key in names))
            found.append(Contributions(parts, np.hstack([base[:, None], moved]).astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        new = features.matrix(self.blocks)[self.n_items :]
        both = np.hstack([new, np.ones((len(new), 1), np.float32)]) @ self.content  # (new, d + 1)
        return replace(
            self,
            prior=self.prior.with_items(features),
            items=np.vstack([self.items, both[:, :-1]]).astype(np.float32),
            bias=np.concatenate([self.bias, both[:, -1]]).astype(np.float32),
        )

    def _tastes(self, batch: Batch) -> Float32:
        return self.prior.infer_batch(batch)[0] - self.prior.mean  # (q, p)

    def _left(self, tastes: Float32) -> Float32:
        """The user's side, float32 (q, d + p)."""
        ones = np.ones((len(tastes), 1), np.float32)
        return np.hstack([np.hstack([tastes, ones]) @ self.user, self.alpha * tastes]).astype(np.float32)

    def _sides(self, rows: Int32 | slice = slice(None)) -> Float32:
        """The items' side, float32 (…, d + p)."""
        looks = self.prior.membership[rows] - self.prior.center
        return np.concatenate([self.items[rows], looks], axis=-1)
