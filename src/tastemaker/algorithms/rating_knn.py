"""Item-kNN on grades: an item's k neighbors by how alike people's grades of both stray from their biases.

    w_ij = max(0, sum_u r_ui r_uj / (sqrt(sum_u r_ui^2 sum_u r_uj^2) + shrink mean r^2))

Koren 2010, "Factor in the Neighbors", eq. 2, with lengths over all grades of an item instead of common ones: that needs
one sparse product instead of four, and pulls similarities of items with few common users to 0 as it should. Time: as
many multiplications as there are pairs of grades of one user; memory: n_items x k weights, and a block of similarities.
"""

from dataclasses import dataclass, field

import numpy as np

from ..data.arrays import Csr, csr
from ..data.dataset import Dataset
from ..data.features import Features
from ..kernels.spread import spread
from ..kernels.topk import top_of_scores
from ..scorers.base import BLOCK
from ..scorers.bayes_factors import BayesFactors
from ..scorers.rating_neighbors import RatingNeighbors
from ..watch import Watch
from .biases import Biases
from .foretelling import RatingModel
from .graded import graded


@dataclass(frozen=True)
class RatingKNN(RatingModel):
    """k: neighbors kept of an item; firm: see scorers.rating_neighbors"""

    k: int = 100
    shrink: float = 60.0
    firm: float = 0.3
    biases: Biases = field(default_factory=Biases)

    def learned(self, train: Dataset, features: Features, rng: np.random.Generator, watch: Watch) -> RatingNeighbors:
        grades = graded(train, "RatingKNN")
        quiet = Watch(cancelled=watch.cancelled)
        biases = self.biases.learned(train, features, rng, quiet)
        found = self._nearest(_rest(grades, biases, self.biases.damping_user), watch)
        starts = found.indptr.astype(np.int64)
        return RatingNeighbors(biases, starts, found.indices.astype(np.int32), found.data, self.firm)

    def _nearest(self, rest: Csr, watch: Watch) -> Csr:
        """csr (n_items, n_items): row i holds the k nearest neighbors of i."""
        by_item, n = rest.T.tocsr(), rest.shape[1]
        lengths = np.sqrt(np.bincount(rest.indices, rest.data.astype(np.float64) ** 2, n)).astype(np.float32)
        firm = np.float32(self.shrink * float((rest.data**2).mean()) + 1e-9)
        rows, columns, weights = [], [], []
        step = max(1, BLOCK // max(1, n))
        for first in range(0, n, step):
            block = slice(first, first + step)
            alike = spread(by_item[block], (rest,)) / (np.outer(lengths[block], lengths) + firm)
            alike[np.arange(len(alike)), np.arange(first, first + len(alike))] = np.nan
            alike[~(alike > 0)] = np.nan
            best, values = top_of_scores(alike, min(self.k, n))
            at, place = np.nonzero(best >= 0)
            rows.append(at + first)
            columns.append(best[at, place])
            weights.append(values[at, place])
            watch.progress(min(first + step, n), n)
        return csr(np.concatenate(rows), np.concatenate(columns), np.concatenate(weights), (n, n))


def _rest(grades: Csr, biases: BayesFactors, damping: float) -> Csr:
    """What the biases leave of every grade."""
    n = np.diff(grades.indptr)
    owner = np.repeat(np.arange(len(n)), n)
    y = grades.data - biases.mean - biases.bias[grades.indices]
    mine = np.bincount(owner, y, len(n)) / (n + damping)
    return type(grades)(((y - mine[owner]).astype(np.float32), grades.indices, grades.indptr), shape=grades.shape)
