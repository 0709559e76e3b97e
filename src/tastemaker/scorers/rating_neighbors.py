"""Item neighbors of grades: what the user made of items that are graded alike, around their biases.

    score(u, i) = mean + b_i + a_u + sum_j w_ij (s_uj - mean - b_j - a_u) / (firm + sum_j w_ij)

over the query's items j that are neighbors of i. Koren 2010, "Factor in the Neighbors", eq. 3, with a user's bias from
the query and a damped denominator. Linear in the grades given whose they are: each one's part of a score is exact.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from ..data.arrays import Csr, Float32, Int32, Int64, csr_of
from ..data.features import Features
from ..data.query import Batch
from .base import Contributions, Scorer
from .bayes_factors import BayesFactors


@dataclass(frozen=True)
class RatingNeighbors(Scorer):
    """
    biases: of one factor, the user's bias
    starts, neighbors, weights: csr (n_items, n_items), row i: the neighbors of item i, weights above 0
    firm: weight of a neighbor that says nothing
    """

    biases: BayesFactors
    starts: Int64
    neighbors: Int32
    weights: Float32
    firm: float

    @property
    def n_items(self) -> int:
        return self.biases.n_items

    def score_all(self, batch: Batch) -> Float32:
        return self._moved(batch, self.biases.score_all(batch), None)

    def score_rows(self, batch: Batch, rows: Int32) -> Float32:
        return self._moved(batch, self.biases.score_rows(batch, rows), rows)

    def contributions(self, batch: Batch, items: Int32) -> list[Contributions]:
        found, evidence = [], batch.evidence()
        for q, plain in enumerate(self.biases.contributions(batch, items)):
            mine = slice(evidence.indptr[q], evidence.indptr[q + 1])
            rated, s = evidence.indices[mine], evidence.data[mine]
            near = self._matrix[items[q]][:, rated].toarray()  # (n, h)
            near /= self.firm + near.sum(axis=1, keepdims=True)
            left = 1.0 - near.sum(axis=1, keepdims=True)  # what is left of the user's bias
            values = plain.values.copy()
            column = {part.key: c for c, part in enumerate(plain.parts) if part.kind == "item"}
            values[:, 1:] *= left
            values[:, [column[int(i)] for i in rated]] += near * (s - self.biases.mean - self.biases.bias[rated])
            found.append(Contributions(plain.parts, values.astype(np.float32)))
        return found

    def with_items(self, features: Features) -> Self:
        n = len(features) - self.n_items
        starts = np.concatenate([self.starts, np.full(n, self.starts[-1])])
        return replace(self, biases=self.biases.with_items(features), starts=starts)

    @cached_property
    def _matrix(self) -> Csr:
        return csr_of(self.starts, self.neighbors, self.weights, self.n_items)

    def _moved(self, batch: Batch, scores: Float32, rows: Int32 | None) -> Float32:
        """scores (q, n) of the biases, in place: plus what neighbors say."""
        from ..kernels.neighbors import add_neighbors

        evidence = batch.evidence()
        owner = np.repeat(np.arange(len(batch)), np.diff(evidence.indptr))
        bias = self.biases.vectors(batch)[owner, 0]
        rest = evidence.data - self.biases.mean - self.biases.bias[evidence.indices] - bias
        asked = np.arange(self.n_items, dtype=np.int32)[None] if rows is None else rows
        table = (self.starts, self.neighbors, self.weights)
        add_neighbors(evidence.indptr, evidence.indices, rest.astype(np.float32), asked, *table, self.firm, scores)
        return scores
