"""Item to item weights, sparse: what EASE and item-kNN learn."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32, Int64, csr_of
from ..data.query import Batch
from .collaborative import Linear, unsaid


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
        wider = (shares @ self.matrix @ shares.T).tocsr().astype(np.float32)
        wider.sort_indices()
        return replace(self, starts=wider.indptr.astype(np.int64), columns=wider.indices, weights=wider.data)
