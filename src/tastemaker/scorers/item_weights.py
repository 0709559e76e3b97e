"""Item to item weights, sparse: what EASE and item-kNN learn."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_array

from ..data.arrays import Bool, Csr, Float32, Int32, Int64, csr, csr_of
from ..data.query import Batch
from .collaborative import Linear, unsaid

LENT = 500


@dataclass(frozen=True)
class ItemWeights(Linear):
    """score(u, i) = sum_j s_uj W_ji, with W as csr: row j holds what a like of j adds to other items.

    starts: int64 (n_items + 1,);  columns: int32 (nnz,);  weights: float32 (nnz,)
    """

    starts: Int64
    columns: Int32
    weights: Float32

    @classmethod
    def of(cls, matrix: Csr, near: tuple[str, ...]) -> Self:
        """matrix: csr (n_items, n_items)"""
        return cls(near, matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data)

    @property
    def n_items(self) -> int:
        return len(self.starts) - 1

    @property
    def matrix(self) -> Csr:
        return csr_of(self.starts, self.columns, self.weights, self.n_items)

    def score_all(self, batch: Batch) -> Float32:
        from ..kernels.spread import spread

        return unsaid(spread(batch.evidence(), (self.matrix,)))

    def effects(self, history: Int32, items: Int32) -> Float32:
        return np.asarray(self.matrix[history][:, items].toarray(), np.float32)

    def known(self) -> Bool:
        has = np.diff(self.starts) > 0
        has[self.columns] = True
        return has

    def lent(self, shares: Csr) -> Self:
        """Of what is borrowed the LENT largest weights are kept each way, and none between two borrowers.

        All of it would be dense: ten neighbors lend all that they have, to and from every item that joins.
        """
        known = self.known()
        own = np.zeros(shares.shape[0], bool)
        own[: self.n_items] = known
        borrowed = shares.copy()
        borrowed.data = borrowed.data * np.repeat(~own, np.diff(shares.indptr))
        borrowed.eliminate_zeros()
        n = shares.shape[0]
        mine = csr_array((self.weights, self.columns, self._wide(n)), shape=(n, n))
        rows = largest(borrowed @ self.matrix, LENT)  # (n, n_items)
        columns = largest(borrowed @ self.matrix.T.tocsr(), LENT).T.tocsr()  # (n_items, n)
        both = mine
        for part in (rows, columns):
            part.resize((n, n))
            both = both + part
        return self.of(both.sorted_indices().astype(np.float32), self.near)

    def _wide(self, n: int) -> Int64:
        """The starts of as many rows, the last ones empty."""
        return np.concatenate([self.starts, np.full(n - self.n_items, self.starts[-1])])


def largest(matrix: Csr, most: int) -> Csr:
    """The matrix with the `most` largest entries by size of each row, (n, m)."""
    matrix = matrix.tocsr()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((-np.abs(matrix.data), row))
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - matrix.indptr[row]
    kept = place < most
    return csr(row[kept], matrix.indices[kept], matrix.data[kept].astype(np.float32), matrix.shape)
