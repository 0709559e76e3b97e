"""The event matrix itself as a model: from the query's items to the users who had them, and on to what those had.

The product of the two matrices is never built: of 800,000 events it would have 40 million entries.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..data.arrays import Bool, Csr, Float32, Int32, Int64, csr_of
from ..data.query import Batch
from .collaborative import Linear, unsaid


@dataclass(frozen=True)
class EventGraph(Linear):
    """score(u, .) = s_u A B, with A (n_items, n_users) and B (n_users, n_items) as csr.

    to_starts, to_users, to_weights:    A, from an item to its users
    back_starts, back_items, back_weights: B, from a user to their items
    """

    to_starts: Int64
    to_users: Int32
    to_weights: Float32
    back_starts: Int64
    back_items: Int32
    back_weights: Float32

    @classmethod
    def of(cls, there: Csr, back: Csr, near: tuple[str, ...]) -> Self:
        """there: csr (n_items, n_users);  back: csr (n_users, n_items)"""
        return cls(near, *_arrays(there), *_arrays(back))

    @property
    def n_items(self) -> int:
        return len(self.to_starts) - 1

    @property
    def there(self) -> Csr:
        return csr_of(self.to_starts, self.to_users, self.to_weights, len(self.back_starts) - 1)

    @property
    def back(self) -> Csr:
        return csr_of(self.back_starts, self.back_items, self.back_weights, self.n_items)

    def score_all(self, batch: Batch) -> Float32:
        from ..kernels.spread import spread

        return unsaid(spread(batch.evidence(), (self.there, self.back)))

    def effects(self, history: Int32, items: Int32) -> Float32:
        return np.asarray((self.there[history] @ self.back[:, items]).toarray(), np.float32)

    def known(self) -> Bool:
        return np.asarray(np.diff(self.to_starts) > 0)

    def lent(self, shares: Csr) -> Self:
        return replace(self.of((shares @ self.there).tocsr(), (self.back @ shares.T).tocsr(), self.near))


def _arrays(matrix: Csr) -> tuple[Int64, Int32, Float32]:
    matrix.sort_indices()
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32)
