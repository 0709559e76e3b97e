"""Item-kNN: an item's k most similar items by who liked them.

Sarwar et al. 2001, "Item-based Collaborative Filtering Recommendation Algorithms"; similarity is the cosine of item
columns after a reweighting of the event matrix: none, TF-IDF, or BM25 (Robertson & Zaragoza 2009, eq. 3.15). Time: as
many multiplications as there are pairs of likes of one user; memory: n_items x k weights, and a block of similarities.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..data.arrays import Csr, csr
from ..data.dataset import Dataset
from ..data.features import Features
from ..kernels.spread import spread
from ..kernels.topk import top_of_scores
from ..scorers import ItemWeights, Scorer
from ..scorers.base import BLOCK
from ..scorers.collaborative import NEAR
from ..watch import Watch
from .base import Algorithm
from .liked import liked


@dataclass(frozen=True)
class ItemKNN(Algorithm):
    k: int = 200
    weighting: Literal["cosine", "tfidf", "bm25"] = "cosine"
    shrink: float = 10.0  # added to the product of the lengths: similarities of rare items are pulled to 0
    k1: float = 1.2  # of BM25
    b: float = 0.75
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
        matrix = self._weighted(liked(train, counts=self.weighting != "cosine"))
        return ItemWeights.of(self._nearest(matrix, watch), self.near).with_items(features)

    def _weighted(self, matrix: Csr) -> Csr:
        if self.weighting == "tfidf":
            return tfidf(matrix)
        return matrix if self.weighting == "cosine" else bm25(matrix, self.k1, self.b)

    def _nearest(self, matrix: Csr, watch: Watch) -> Csr:
        """csr (n_items, n_items): each column holds its k most similar items."""
        by_item, n = matrix.T.tocsr(), matrix.shape[1]
        lengths = np.sqrt(by_item.multiply(by_item).sum(axis=1)).astype(np.float32)
        rows, columns, weights = [], [], []
        step = max(1, BLOCK // max(1, n))
        for first in range(0, n, step):
            block = by_item[first : first + step]
            alike = spread(block, (matrix,))
            alike /= np.outer(lengths[first : first + step], lengths) + np.float32(self.shrink + 1e-9)
            alike[np.arange(len(alike)), np.arange(first, first + len(alike))] = np.nan  # an item is not its neighbor
            alike[alike == 0] = np.nan
            best, values = top_of_scores(alike, min(self.k, n))
            at, place = np.nonzero(best >= 0)
            rows.append(best[at, place])
            columns.append(at + first)
            weights.append(values[at, place])
            watch.progress(min(first + step, n), n)
        return csr(np.concatenate(rows), np.concatenate(columns), np.concatenate(weights), (n, n))


def tfidf(matrix: Csr) -> Csr:
    """sqrt(count) (1 + log((n_items + 1) / (n_u + 1))): a like of somebody who likes few things says more."""
    return _scaled(matrix, np.sqrt(matrix.data), _idf(matrix))


def bm25(matrix: Csr, k1: float, b: float) -> Csr:
    """count (k1 + 1) / (count + k1 (1 - b + b n_i / mean n)) times the idf of the user."""
    popularity = np.bincount(matrix.indices, weights=matrix.data, minlength=matrix.shape[1])
    norm = k1 * (1.0 - b + b * popularity / popularity.mean())
    return _scaled(matrix, matrix.data * (k1 + 1.0) / (matrix.data + norm[matrix.indices]), _idf(matrix))


def _idf(matrix: Csr) -> np.ndarray:
    return np.asarray(1.0 + np.log((matrix.shape[1] + 1.0) / (np.diff(matrix.indptr) + 1.0)))


def _scaled(matrix: Csr, values: np.ndarray, by_user: np.ndarray) -> Csr:
    data = values * np.repeat(by_user, np.diff(matrix.indptr))
    return type(matrix)((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
