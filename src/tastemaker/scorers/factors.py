"""Matrix factorisation that needs no user id: the user's vector is solved for from the query's own history.

x_u = argmin sum_j c_j (y_j - x . v_j)^2 + alpha0 sum_all (x . v)^2 + l2 (n_u + alpha0 n_items)^nu |x|^2
score(u, i) = mean + b_i + x_u . v_i

One half-step of alternating least squares (kernels.als), so a training user gets the vector that training gave them,
and a stranger the one that training would have. For grades (graded) y is what is left of a preference after mean and b,
and c is 1; else y is the sign of the preference and c its size. Linear in y: each history item's part is exact (Hu et
al. 2008, eq. 7).
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32, csr_beside
from ..data.query import Batch
from .base import Contributions, Part
from .collaborative import Collaborative
from .low_rank import dots_at
from .sought import Sought


@dataclass(frozen=True)
class Factors(Collaborative):
    """
    items:    float32 (n_items, d), turned so that their Gram matrix over the items learned from is diagonal
    spectrum: float32 (d,), alpha0 times that diagonal
    bias:     float32 (n_items,);  mean: of all grades; both 0 unless graded
    l2, alpha0, nu, n_seen: the regularization of a user with n_u items is l2 (n_u + alpha0 n_seen)^nu
    """

    items: Float32
    spectrum: Float32
    bias: Float32
    mean: float
    l2: float
    alpha0: float
    nu: float
    n_seen: int
    graded: bool

    @property
    def n_items(self) -> int:
        return len(self.items)

    def score_all(self, batch: Batch) -> Float32:
        left = self.vectors(batch)
        return self._said(left @ self.items.T + (self.mean + self.bias), left, self.known())

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        left = self.vectors(batch)
        found = dots_at(left, self.items, rows) + (self.mean + self.bias[rows])
        return self._said(found, left, self.known()[rows])

    def top(
        self, batch: Batch, n: int, exclude: Csr | None = None, allowed: Bool | None = None
    ) -> tuple[Int32, Float32]:
        if self.graded:
            return super().top(batch, n, exclude, allowed)
        return self._sought.top(self.vectors(batch), n, exclude, allowed)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        """Exact: by the inverse of the query's normal equations, y_j c_j v_j' A^-1 v_i from each history item j."""
        found, (history, confidence), scores = [], self._asked(batch), self.score_rows(batch, items)
        for q in range(len(batch)):
            row = slice(history.indptr[q], history.indptr[q + 1])
            mine, c, y = self.items[history.indices[row]], confidence[row], history.data[row]
            normal = (mine * c[:, None]).T @ mine + np.diag(self.spectrum + self._l2(np.array([len(mine)])))
            moved = (self.items[items[q]] @ np.linalg.solve(normal, (mine * (c * y)[:, None]).T)).astype(np.float32)
            base = np.where(np.isnan(scores[q]), np.float32(np.nan), self.mean + self.bias[items[q]])
            parts = (Part("base"), *(Part("item", int(i)) for i in history.indices[row]))
            found.append(Contributions(parts, np.hstack([base[:, None], moved]).astype(np.float32)))
        return found

    @cached_property
    def _known(self) -> Bool:  # once a model: it reads every vector, as long as a query takes
        own = self.items[:, :-1] if self.graded else self.items  # the last coordinate of grades is 1 for all
        return np.asarray(own.any(axis=1) | (self.bias != 0))

    @cached_property
    def _sought(self) -> Sought:
        return Sought(self.items, self._known)

    def vectors(self, batch: Batch) -> Float32:
        """The users' side, float32 (q, d); zeros for a query without history."""
        from ..kernels.als import Eigen, ridge_rows

        history, confidence = self._asked(batch)
        x = np.empty((len(batch), self.items.shape[1]), np.float32)
        turned = Eigen(self.items, self.spectrum, np.zeros((0, 0), np.float32))
        ridge_rows(history, turned, x, self._l2(np.diff(history.indptr)), 0, confidence)
        return x

    def known(self) -> Bool:
        return self._known

    def lent(self, shares: Csr) -> Self:
        items = np.asarray(shares @ self.items, np.float32)
        if self.graded:
            items[np.diff(shares.indptr) == 0, -1] = 1.0  # of whom nothing is known, the mean and the user's bias
        return replace(self, items=items, bias=np.asarray(shares @ self.bias, np.float32))

    def _asked(self, batch: Batch) -> tuple[Csr, Float32]:
        """Targets, csr (q, n_items), and confidences (nnz,); what the model does not know, or is neutral, is left
        out."""
        evidence = batch.evidence()
        kept = self.known()[evidence.indices] & (self.graded | (evidence.data != 0))
        if not kept.all():
            starts = np.concatenate([[0], np.cumsum(kept)])[evidence.indptr]
            parts = (evidence.data[kept], evidence.indices[kept], starts)
            evidence = type(evidence)(parts, shape=evidence.shape)
        columns, s = evidence.indices, evidence.data
        y = s - (self.mean + self.bias[columns]) if self.graded else np.sign(s)
        c = np.ones_like(s) if self.graded else np.abs(s)
        return csr_beside(evidence, y.astype(np.float32, copy=False)), c

    def _l2(self, n: np.ndarray) -> Float32:
        return np.asarray(self.l2 * (n + self.alpha0 * self.n_seen) ** self.nu, np.float32)

    def _said(self, scores: Float32, left: Float32, known: Bool) -> Float32:
        """NaN where there is no history, or nothing is known of the item; a grade always has a mean to fall back on."""
        if self.graded:
            return scores.astype(np.float32)
        return np.where(left.any(axis=1, keepdims=True) & known, scores, np.float32(np.nan)).astype(np.float32)
