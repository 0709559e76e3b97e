"""EASE: a linear autoencoder of histories in closed form.

Steck 2019, "Embarrassingly Shallow Autoencoders for Sparse Data", eq. 8: B = I - P diag(1 / diag P), P = (X'X + l2
I)^-1. Where there are fewer users than items we invert on their side (Woodbury): with K = (XX' + l2 I)^-1 and G = X'K
X it is B_ij = G_ij / (1 - G_jj), the very same weights, and G is made a block of columns at a time from sparse
products. Cost: m^3 flops and 4 m^2 bytes, m = min(users, items with events), and O(n_events (n_users + n_items)) for
the weights. Of each column the `keep` largest weights by size are kept: that is where we leave the paper.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..data.arrays import Csr, Float32, Int64, csr
from ..data.dataset import Dataset
from ..data.features import Features
from ..errors import TrainingError
from ..kernels.inverse import BLOCK, invert
from ..kernels.spread import dense_times_sparse, sparse_times_dense, spread
from ..scorers import ItemWeights, Scorer
from ..scorers.collaborative import NEAR
from ..watch import Watch
from .base import Algorithm
from .liked import liked

COLUMNS = 512  # of B made at once


@dataclass(frozen=True)
class EASE(Algorithm):
    """keep: weights of an item that are kept, 0 = all; memory_limit: GB that fitting may take."""

    l2: float = 200.0
    keep: int = 300
    memory_limit: float = 8.0
    near: tuple[str, ...] = NEAR

    def fit(
        self,
        train: Dataset,
        features: Features,
        rng: np.random.Generator,
        watch: Watch,
        valid: Dataset | None = None,
        start: Scorer | None = None,
    ) -> ItemWeights:
        if self.l2 <= 0:
            raise TrainingError(f"EASE needs an l2 above 0, or its matrix cannot be inverted; it is {self.l2:g}.")
        matrix, items = _with_events(liked(train))
        gigabytes = self.memory(*matrix.shape)
        if gigabytes > self.memory_limit:
            raise TrainingError(
                f"EASE needs {gigabytes:.1f} GB for {matrix.shape[0]} users and {matrix.shape[1]} items with events, "
                f"and memory_limit is {self.memory_limit:g} GB. Raise it, or use graph, itemknn or ials, which need no "
                "dense matrix."
            )
        columns = self._columns(matrix, watch, gigabytes)
        weights = self._kept(columns, matrix.shape[1])
        n = len(train.catalog)
        placed = csr(items[weights[0]], items[weights[1]], weights[2], (n, n))
        return ItemWeights.of(placed, self.near).with_items(features)

    def memory(self, n_users: int, n_items: int) -> float:
        """The most GB that fitting holds at once, beside the events."""
        m, kept = min(n_users, n_items), min(self.keep or n_items, n_items) * n_items
        inverting = 4.0 * m * m + 12.0 * BLOCK * m
        keeping = 4.0 * m * m + 8.0 * COLUMNS * (n_users + n_items) + 20.0 * kept
        return max(inverting, keeping, 56.0 * kept) / 1e9  # last, places as they are sorted into a sparse matrix

    def _columns(self, matrix: Csr, watch: Watch, gigabytes: float) -> Iterator[Float32]:
        """B' in blocks of rows, float32 (COLUMNS, n_items) each; its diagonal is 0."""
        dual = matrix.shape[0] < matrix.shape[1]
        side, other = (matrix, matrix.T.tocsr()) if dual else (matrix.T.tocsr(), matrix)
        gram = spread(side, (other,))
        gram[np.diag_indices(len(gram))] += np.float32(self.l2)
        total = -(-len(gram) // BLOCK) + 1
        watch.progress(1, total, gigabytes=gigabytes)  # said before the long part starts
        try:
            invert(gram, lambda done: watch.progress(done + 1, total, gigabytes=gigabytes))
        except np.linalg.LinAlgError:
            gram[0, 0] = np.nan
        if not (np.diagonal(gram) > 0).all():  # NaN is not
            raise TrainingError(f"EASE: the matrix cannot be inverted with l2 {self.l2:g}. Raise it, say to 100.")
        yield from _dual(gram, side, other) if dual else _primal(gram)

    def _kept(self, blocks: Iterator[Float32], n: int) -> tuple[Int64, Int64, Float32]:
        """Rows, columns and values of the largest weights of each column."""
        rows, columns, values, first = [], [], [], 0
        for block in blocks:  # (COLUMNS, n)
            for column in block if 0 < self.keep < n else ():
                column[np.argpartition(np.abs(column), n - self.keep)[: n - self.keep]] = 0.0
            at, item = np.nonzero(block)
            rows.append(item)
            columns.append(at + first)
            values.append(block[at, item])
            first += len(block)
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)


def _with_events(matrix: Csr) -> tuple[Csr, Int64]:
    """The matrix of the users and items that have events, and the rows of those items in the catalog."""
    items = np.unique(matrix.indices).astype(np.int64)
    users = np.flatnonzero(np.diff(matrix.indptr))
    return matrix[users][:, items].tocsr(), items


def _primal(inverse: Float32) -> Iterator[Float32]:
    """-P_ij / P_jj; P is symmetric, so that a column is read as a row."""
    pivots = np.diagonal(inverse).copy()
    for first in range(0, len(inverse), COLUMNS):
        block = inverse[first : first + COLUMNS] / -pivots[first : first + COLUMNS, None]
        yield _without_diagonal(block, first)


def _dual(inverse: Float32, by_user: Csr, by_item: Csr) -> Iterator[Float32]:
    """G_ij / (1 - G_jj), G = X'K X; a block of its columns is made as rows."""
    for first in range(0, by_item.shape[0], COLUMNS):
        block = dense_times_sparse(sparse_times_dense(by_item[first : first + COLUMNS], inverse), by_user)
        at = np.arange(len(block))
        block /= 1.0 - block[at, at + first][:, None]
        yield _without_diagonal(block, first)


def _without_diagonal(block: Float32, first: int) -> Float32:
    at = np.arange(len(block))
    block[at, at + first] = 0.0
    return block
